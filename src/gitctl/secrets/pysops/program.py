"""Runs the sops program: its environment, its version, its failures."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from gitctl.errors import ErrorId, RenderError, ToolMissing
from gitctl.process import Command, run
from gitctl.secrets.pysops.explain import explain
from gitctl.secrets.pysops.nokey import late

OLDEST = (3, 9, 0)
"""The first version whose sub-commands have today's names."""

_HINT = f"install sops {'.'.join(map(str, OLDEST))} or newer; `gitctl doctor` says how"
_UNCHANGED = 200
# sops asks GitHub for its newest version otherwise.
_QUIET = {"SOPS_DISABLE_VERSION_CHECK": "1"}


def version() -> tuple[int, int, int]:
    """The version of the program on PATH. Raises ToolMissing when there is none, or it does not say."""
    answer = run(Command(("sops", "--version"), env=_QUIET, timeout=20))
    found = re.search(rb"sops (\d+)\.(\d+)\.(\d+)", answer.stdout)
    if found is None:
        raise ToolMissing("the sops on PATH does not tell its version", id=ErrorId.TOOL_VERSION, hint=_HINT)
    return int(found[1]), int(found[2]), int(found[3])


def sops(
    arguments: tuple[str, ...],
    content: bytes,
    *,
    name: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    wanted: tuple[str, ...] = (),
    seconds: float = 120.0,
) -> bytes:
    """Run a sub-command with `content` on stdin; the result is its stdout.

    Raises the errors of `pysops.errors`, ToolMissing, RenderError when it does not end within `seconds` and waits for no key service."""
    # Not a cwd that may have gone: sops looks for .sops.yaml upwards from there.
    command = Command(("sops", *arguments), stdin=content, cwd=str(cwd) if cwd else None, env={**_QUIET, **(env or {})}, timeout=seconds)
    try:
        done = run(command)
    except RenderError as error:
        waits = late(wanted, seconds, name=name) if error.id is ErrorId.PROGRAM_TIMEOUT else None
        if waits is None:
            raise
        raise waits from error
    if done.code not in (0, _UNCHANGED):
        _check_version()
        raise explain(done.code, done.stderr, name=name, wanted=wanted, looked=key_places(), at_hand=has_key())
    return done.stdout


def _check_version() -> None:
    """Asked after a failure only: an old sops takes our sub-commands for files, and a call costs as much as a decryption."""
    found = version()
    if found < OLDEST:
        raise ToolMissing(f"sops {'.'.join(map(str, found))} is too old", id=ErrorId.TOOL_VERSION, hint=_HINT)


def default_key_file() -> Path:
    """Where sops keeps age keys when no variable says otherwise."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    if configured:
        return Path(configured) / "sops/age/keys.txt"
    home = Path.home()
    return home / ("Library/Application Support" if sys.platform == "darwin" else ".config") / "sops/age/keys.txt"


def key_places() -> tuple[str, ...]:
    """Where sops looks for age keys, in words: no value of a variable that holds a key."""
    named = os.environ.get("SOPS_AGE_KEY_FILE")
    file = default_key_file()
    return (
        f"SOPS_AGE_KEY_FILE ({_seen(Path(named))})" if named else "SOPS_AGE_KEY_FILE (not set)",
        f"SOPS_AGE_KEY ({'set' if os.environ.get('SOPS_AGE_KEY') else 'not set'})",
        f"{file} ({'there' if file.is_file() else 'not there'})",
    )


def has_key() -> bool:
    """Is there an age key in one of these places? Whose it is is not looked at."""
    named = os.environ.get("SOPS_AGE_KEY_FILE")
    files = [default_key_file(), *([Path(named)] if named else [])]
    return bool(os.environ.get("SOPS_AGE_KEY")) or any(file.is_file() for file in files)


def _seen(file: Path) -> str:
    return str(file) if file.is_file() else f"{file}, not there"
