"""--no-cache: what was rendered is neither read nor kept, before the verb, after it, and by its variable."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.test_revisions import project, settings
from tests.fixtures.commands import GitRepo, Runner


def kept() -> list[Path]:
    """Entries of the render cache."""
    folder = Path(os.environ["GITCTL_CACHE_DIR"]) / "render" / "objects"
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(("before", "after", "variable"), [(("--no-cache",), (), ""), ((), ("--no-cache",), ""), ((), (), "1")])
def test_nothing_is_kept_and_nothing_is_believed(
    before: tuple[str, ...], after: tuple[str, ...], variable: str, git_repo: Callable[..., GitRepo], gitctl: Runner
) -> None:
    repo = git_repo({"gitctl.yaml": project(), "apps/web/all.yaml": settings("one")})
    argv = (*before, "render", "web", "-e", "dev", *after)
    env = {"GITCTL_NO_CACHE": variable} if variable else {}
    assert "release: one" in gitctl(*argv, cwd=repo.path, env=env).expect().stdout
    assert kept() == []
    shown = gitctl("render", "web", "-e", "dev", cwd=repo.path).expect().stdout
    (entry,) = kept()
    when = entry.stat().st_mtime_ns
    assert gitctl(*argv, cwd=repo.path, env=env).expect().stdout == shown
    assert entry.stat().st_mtime_ns == when  # a use is noted there
