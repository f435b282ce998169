"""Names of branches and tags, for completion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fixtures.commands import GitRepo

from gitctl.source.refs import ref_names


def test_branches_and_tags_are_listed_from_a_folder_inside(git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo({"apps/web/a.yaml": "a: 1\n"})
    repo.git("branch", "feature/x")
    repo.git("tag", "v1")
    assert ref_names(repo.path / "apps" / "web")[0] == "HEAD"
    assert set(ref_names(repo.path)) == {"HEAD", "main", "feature/x", "v1"}


def test_outside_a_repository_there_are_none(tmp_path: Path) -> None:
    assert ref_names(tmp_path) == ()
