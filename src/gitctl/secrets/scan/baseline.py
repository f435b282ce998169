"""The baseline: what was found before somebody began to scan, and is known. Only what is new is told.

An entry is a place without its line (lines move) and a size; never a value or its hash, which could be guessed from. So another secret
of the same size in the same place would not be noticed: change known ones and drop them from the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gitctl.documents import load_all, to_json
from gitctl.errors import ErrorId, InputError, ManifestError
from gitctl.model.exposure import Exposure

API_VERSION = "gitctl.dev/v1"
KIND = "SecretScanBaseline"
REASON = "in the baseline"

Entry = tuple[str, str, str, str, int]
"""File, kind, object, key, size in bytes."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Known findings: how often each is there."""

    entries: Counter[Entry]


def read_baseline(content: bytes, *, where: str) -> Baseline:
    """The baseline in a file. Raises InputError."""
    try:
        values = [loaded.value for loaded in load_all(content, where=where)]
        body = values[0]
        if body["kind"] != KIND or body["apiVersion"] != API_VERSION:
            raise KeyError
        rows = [(f["file"], f["kind"], f["object"], f["key"], f["bytes"]) for f in body["findings"]]
        if any(not isinstance(part, str) for row in rows for part in row[:4]) or any(not isinstance(row[4], int) for row in rows):
            raise TypeError
    except (KeyError, IndexError, TypeError, ManifestError):
        hint = "make it anew: gitctl secret scan --write-baseline FILE"
        raise InputError("not a baseline of secret scan", id=ErrorId.BASELINE_INVALID, where=where, hint=hint) from None
    return Baseline(Counter(rows))


def write_baseline(exposures: Iterable[Exposure]) -> bytes:
    """A baseline of these findings, in an order that does not depend on the run."""
    rows = sorted(_entry(exposure) for exposure in exposures)
    findings = [dict(zip(("file", "kind", "object", "key", "bytes"), row, strict=True)) for row in rows]
    return to_json({"apiVersion": API_VERSION, "kind": KIND, "findings": findings}).encode() + b"\n"


def known(exposures: Iterable[Exposure], baseline: Baseline) -> tuple[tuple[Exposure, ...], int]:
    """The exposures, those of the baseline accepted; and how many of its entries were not found any more."""
    left = Counter(baseline.entries)
    found = []
    for exposure in exposures:
        entry = _entry(exposure)
        if not exposure.accepted and left[entry] > 0:
            left[entry] -= 1
            exposure = replace(exposure, accepted=REASON)
        found.append(exposure)
    return tuple(found), sum(left.values())


def _entry(exposure: Exposure) -> Entry:
    return exposure.path, exposure.kind.value, exposure.object, exposure.key, exposure.size
