"""Single commits of a repository behind a real server: fetched once, whole, and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises
from tests.servers.git_http import GitServer

from gitctl.errors import ErrorId
from gitctl.source.pinned import PinnedCommits

TOKEN = "s3cr3t-t0ken-value"


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    return git_repo({"a": "1"}, name="base")


@pytest.fixture
def server(repo: GitRepo) -> Iterator[GitServer]:
    with GitServer(repo.path.parent) as running:
        yield running


def test_a_commit_is_fetched_once_and_found_without_the_server(repo: GitRepo, server: GitServer, tmp_path: Path) -> None:
    said: list[str] = []
    old, url, cache = repo.git("rev-parse", "HEAD"), f"{server.url}/base", tmp_path / "cache"
    new = repo.commit("second", {"a": "2", "b": "2"})

    def opened() -> PinnedCommits:
        return PinnedCommits(tmp_path, cache=cache, say=said.append)

    bases = opened()
    assert bases.tree(url, old).files("") == {"a": b"1"}
    assert bases.tree(url, new).files("") == {"a": b"2", "b": b"2"}
    assert (bases.tree(url, new) is bases.tree(url, new), len(said)) == (True, 2)
    assert opened().tree(url, old).files("") == {"a": b"1"}
    assert len(said) == 2

    pack = max((cache / "bases").glob("*.git/objects/pack/*.pack"), default=None) or max((cache / "bases").glob("*.git/objects/??/*"))
    pack.chmod(0o600)
    pack.write_bytes(b"")
    assert opened().tree(url, old).files("") == {"a": b"1"}, "a copy that is broken is made anew"

    server.stop()
    assert opened().tree(url, old).files("") == {"a": b"1"}
    with raises(ErrorId.REMOTE_UNREACHABLE):
        PinnedCommits(tmp_path, cache=tmp_path / "other", say=said.append).tree(url, old)


def test_a_commit_that_is_not_there(repo: GitRepo, server: GitServer, tmp_path: Path) -> None:
    bases = PinnedCommits(tmp_path, cache=tmp_path / "cache", say=lambda _: None)
    with raises(ErrorId.REVISION_UNKNOWN, match="has no commit 1111") as unknown:
        bases.tree(f"{server.url}/base", "1" * 40)
    assert "git ls-remote" in unknown.value.hint
    with raises(ErrorId.REVISION_UNKNOWN):
        bases.tree(f"{server.url}/base", repo.git("rev-parse", "HEAD:a"))  # an id, but not of a commit
    with raises(ErrorId.REMOTE_REPOSITORY):
        bases.tree(f"{server.url}/none", "1" * 40)


def test_the_token_is_for_hosts_that_no_kustomization_names(
    repo: GitRepo, server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.user, server.password = "x-access-token", TOKEN
    monkeypatch.setenv("GITCTL_GIT_TOKEN", TOKEN)
    commit, url = repo.git("rev-parse", "HEAD"), f"{server.url}/base"
    with raises(ErrorId.REMOTE_CREDENTIALS):
        PinnedCommits(tmp_path, cache=tmp_path / "cache", say=lambda _: None).tree(url, commit)
    with raises(ErrorId.REMOTE_CREDENTIALS):
        PinnedCommits(tmp_path, cache=tmp_path / "cache", say=lambda _: None, known="https://git.example.com/x").tree(url, commit)
    assert server.authorizations == []
    known = PinnedCommits(tmp_path, cache=tmp_path / "cache", say=lambda _: None, known=f"{server.url}/project")
    assert known.tree(url, commit).files("") == {"a": b"1"}


def test_a_cache_that_cannot_be_written(server: GitServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    with raises(ErrorId.CACHE_UNWRITABLE):
        PinnedCommits(tmp_path, cache=tmp_path / "cache", say=lambda _: None).tree(f"{server.url}/base", "1" * 40)


def test_a_hostile_tree(repo: GitRepo, server: GitServer, tmp_path: Path) -> None:
    """A link to a file of this machine, and a submodule."""
    (repo.path / "link.yaml").symlink_to("/etc/hostname")
    repo.git("add", "--all")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},sub")
    repo.git("commit", "--quiet", "--message", "hostile")
    tree = PinnedCommits(tmp_path, cache=tmp_path / "cache", say=lambda _: None).tree(f"{server.url}/base", repo.git("rev-parse", "HEAD"))
    with raises(ErrorId.LINK_UNSAFE):
        tree.files("")
    with raises(ErrorId.SUBMODULE):
        tree.files("sub/deploy")
