"""Every reader of foreign bytes, for a short while; `make fuzz` takes its time (FUZZ_SECONDS)."""

from __future__ import annotations

import os

import pytest
from tests.fixtures.figures import Figure
from tests.fuzz.campaign import Done, kept, run
from tests.fuzz.targets import CANARY, TARGETS

SAMPLE = 20.0
"""Seconds for all targets together."""


@pytest.mark.torture
@pytest.mark.parametrize("name", TARGETS)
def test_hostile_bytes_are_read_or_refused(name: str, long: bool, figure: Figure) -> None:
    total = float(os.environ.get("FUZZ_SECONDS") or (600 if long else SAMPLE))
    done = run(name, seconds=total / len(TARGETS))
    assert done.finding == "", f"keep this in tests/fuzz/corpus/{name}/ when it is fixed: {done.input!r}"
    assert done.inputs > len(kept(name))
    figure("fuzz seconds", round(total / len(TARGETS), 1))
    figure("fuzz inputs", done.inputs)
    figure("fuzz findings", 0)


def test_a_finding_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else silence would prove nothing: a target that breaks, one that hangs, one that tells a secret."""

    def breaks(data: bytes) -> None:
        assert b"sops" not in data

    monkeypatch.setitem(TARGETS, "breaks", breaks)  # type: ignore[arg-type]
    found: Done = run("breaks", seconds=5)
    assert found.finding.startswith("AssertionError")
    assert b"sops" in found.input


def test_every_target_has_a_corpus_with_its_secret_where_there_may_be_one() -> None:
    assert [name for name in TARGETS if not kept(name)] == []
    assert any(CANARY.encode() in data for data in kept("manifests"))
