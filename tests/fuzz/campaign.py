"""One target, for so many seconds: first what was kept, then inputs made from it.

Hypothesis makes and shrinks the inputs, from a seed that goes up: the same inputs in the same order everywhere, so many as time allows.
"""

from __future__ import annotations

import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.fuzz.targets import CANARY, TARGETS

CORPUS = Path(__file__).parent / "corpus"
ROUND = 60
PATIENCE = 15.0
"""Seconds for one input, on a busy machine: what is longer hangs."""
MOST_MEMORY = 1 << 30

# Pieces that mean something to one of the readers.
_WORDS = (
    "apiVersion: v1\n", "kind: Secret\n", "kind: List\nitems:\n", "metadata: {name: a}\n", "data:\n  a: ", "stringData:", "- ", "  ", "\n",
    "---\n", "...\n", "&a ", "*a", "<<: ", "!!binary ", "!!int ", "!x ", "? ", ": ", "|\n", ">-\n", "{", "}", "[", "]", ",", "'", '"', "#", "%YAML 1.2\n",
    "\t", "\r\n", "\\", "\\u0000", "\ufeff", "\u2028", "\ud83d\ude00", "1e400", "0x", "-.inf", "~", "null", "1_000", "12345678901234567890", "2001-01-01",
    '"f:spec":{}', '"k:{\\"name\\":\\"web\\"}":{}', '"v:1":{}', '"i:3":{}', '".":{}', "k:[1]", "i:x", "https://", "ssh://", "file:///", "ext::", "git@h:", "@{u}",
    "HEAD~1", "..", "~^", "-", "--", "::", "%2e", "sops", "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]", "[sops]\n", "sops_mac=", "gitctl-", "0123456789abcdef" * 2,
    "${NAME}", "${", "$${", ":=", "resources: [", "../", "/etc/passwd", "://", "?ref=", "configMapGenerator: ", "files: ", "**/", "*", "?", "[!a]", "[z-a]", "!", "$.", "[*]", "[?(@.a==1)]",
    "clusters:", "users:", "exec:", "tokenFile: /etc/hostname", "current-context: a", CANARY,
)  # fmt: skip


@dataclass(slots=True)
class Done:
    """What a campaign did: inputs tried, and the finding ("" for none)."""

    inputs: int = 0
    finding: str = ""
    input: bytes = b""


class Hangs(BaseException):
    """One input takes too long. No Exception: nothing on the way may take it for one of its own."""


def kept(name: str) -> list[bytes]:
    """The corpus of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]


def inputs(name: str) -> st.SearchStrategy[bytes]:
    """Something of the corpus with changes, or anything at all."""
    seeds = kept(name) or [b""]
    words = st.sampled_from([word.encode("utf-8", "surrogatepass") for word in _WORDS])
    piece = st.one_of(words, st.sampled_from(seeds), st.binary(max_size=8), st.text(max_size=8).map(lambda t: t.encode("utf-8", "replace")))
    change = st.tuples(st.floats(0, 1), st.integers(0, 12), piece)
    changed = st.builds(_changed, st.sampled_from(seeds), st.lists(change, min_size=1, max_size=6))
    return st.one_of(changed, st.lists(piece, max_size=12).map(b"".join))


def _changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for where, cut, piece in changes:
        at = int(where * len(data))
        data = data[:at] + piece + data[at + cut :]
    return data


def run(name: str, *, seconds: float, first_seed: int = 0) -> Done:
    """Fuzz one target: at least one round, then until the time is over."""
    done = Done()
    ends = time.monotonic() + seconds
    before = _memory()
    try:
        for data in kept(name):
            done.input = data
            _once(name, data)
            done.inputs += 1
        number = first_seed
        while number == first_seed or time.monotonic() < ends:
            _round(name, number, done, ends)
            number += 1
    except (Exception, Hangs) as found:
        done.finding = told(found)
    if _memory() - before > MOST_MEMORY:
        done.finding = done.finding or f"memory grew by {(_memory() - before) >> 20} MiB"
    return done


def told(found: BaseException) -> str:
    """A finding in a line each; hypothesis groups several."""
    several = found.exceptions if isinstance(found, BaseExceptionGroup) else (found,)
    return "\n".join(f"{type(one).__name__}: {one}" for one in several)


def _round(name: str, number: int, done: Done, ends: float) -> None:
    phases = (Phase.generate, Phase.shrink)

    @seed(number)
    @settings(max_examples=ROUND, database=None, deadline=None, phases=phases, suppress_health_check=list(HealthCheck), derandomize=False)
    @given(inputs(name))
    def one(data: bytes) -> None:
        if done.inputs > ROUND / 2 and time.monotonic() > ends and not done.finding:
            return
        done.inputs += 1
        try:
            _once(name, data)
        except (Exception, Hangs):
            done.input = data
            raise

    one()


def _once(name: str, data: bytes) -> None:
    with _patience():
        TARGETS[name](data)


@contextmanager
def _patience() -> Iterator[None]:
    def late(*_: object) -> None:
        raise Hangs(f"no end within {PATIENCE:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _memory() -> int:
    """Most memory that this process has had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
