"""Every target keeps the contract of `gitctl.testing`: a real cluster, and branches of real repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contract.places import BranchPlace, ClusterPlace
from tests.fixtures.commands import GitRepo, Runner

from gitctl import sandbox
from gitctl.testing.targets import CHECKS


@pytest.mark.parametrize("name", CHECKS)
def test_cluster(
    name: str, new_namespace: Callable[[], str], control_plane: sandbox.ControlPlane, kubeconfig: Path, kubectl: Runner, tmp_path: Path
) -> None:
    CHECKS[name](ClusterPlace(new_namespace(), new_namespace(), control_plane.context, kubeconfig, tmp_path / "cache", kubectl))


@pytest.mark.parametrize("name", CHECKS)
def test_branch_of_the_checkout(name: str, git_repo: Callable[..., GitRepo], tmp_path: Path) -> None:
    CHECKS[name](BranchPlace(git_repo({"README": "x"}), tmp_path / "cache"))


@pytest.mark.parametrize("name", CHECKS)
def test_branch_that_is_pushed(name: str, git_repo: Callable[..., GitRepo], tmp_path: Path) -> None:
    repo, origin = git_repo({"README": "x"}), git_repo(name="origin")
    repo.git("remote", "add", "origin", str(origin.path))
    CHECKS[name](BranchPlace(repo, tmp_path / "cache", origin))


# Where a mirror is another thing than a checkout: how it looks, locks, swaps and names who changed what.
@pytest.mark.parametrize(
    "name",
    [
        "state_is_compared_and_swapped",
        "lock_is_held_by_one",
        "lock_can_be_taken_away",
        "what_was_delivered_is_ours_and_unchanged",
        "what_others_change_is_told_with_who_did_it",
        "deletes_look_at_the_uid",
    ],
)
def test_branch_of_another_repository(name: str, git_repo: Callable[..., GitRepo], tmp_path: Path) -> None:
    CHECKS[name](BranchPlace(git_repo({"README": "x"}), tmp_path / "cache", git_repo({"README": "y"}, name="origin"), mirrored=True))
