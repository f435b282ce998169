"""A sample of the campaign (`make oracle`), cases that it found, and that it would find something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab
from tests.oracle.campaign import Campaign
from tests.oracle.case import Case, is_false
from tests.oracle.oracle import differences

from gitctl.model.certificate import Standing
from gitctl.model.manifest import Json
from gitctl.sandbox import ControlPlane
from gitctl.target.kubernetes.proof import proofs

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))
SEED = 7
FEWEST = 50
"""Of some 150. Policies of other tests, which may see all kinds, can make a few looks ask the server."""


@pytest.fixture
def campaign(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Campaign]:
    """A small campaign."""
    made = Campaign(control_plane, tmp_path / "home", seed=SEED, objects=40, kinds=2)
    yield made
    made.close()


def test_what_a_certificate_says_is_what_the_server_says(campaign: Campaign) -> None:
    campaign.begin()
    campaign.round(environment=False)
    campaign.round(environment=True)
    shown = [(v.subject, v.mutation, v.environment, list(differences(v.live, v.answer)), v.history) for v in campaign.tally.violations]
    assert shown == [], f"seed {SEED}"
    assert campaign.tally.unlike == [], f"seed {SEED}"
    assert campaign.tally.total >= FEWEST


def test_a_wrong_verdict_would_be_found(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(_certificate: object, _sent: Json, live: Json | None, _scene: object) -> Standing:
        return Standing.MISSING if live is None else Standing.IN_SYNC

    campaign.repair()
    monkeypatch.setattr(proofs, "judge", careless)
    campaign.round(environment=False)
    assert campaign.tally.violations


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_that_was_found_stays_right(control_plane: ControlPlane, namespace: str, tmp_path: Path, path: Path) -> None:
    case = Case.read(path)
    kind = Kind(control_plane)
    try:
        if case.properties is not None:
            kind.redefine(spec=case.properties)
        assert not is_false(Lab(control_plane, namespace, f"project/dev/{namespace}", tmp_path), kind, case)
    finally:
        kind.drop()
