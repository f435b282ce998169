"""Single commits of a repository behind a real server: fetched once, whole, within limits, and from nowhere else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises
from tests.servers.git_http import GitServer

from gitctl.errors import ErrorId, ExitCode
from gitctl.limits import Limits
from gitctl.source import objects
from gitctl.source.lock import locked
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
    assert not list((cache / "bases").glob("*.git/objects/??/*")), "all of it is in packs, whose size is limited"

    for pack in (cache / "bases").glob("*.git/objects/pack/*.pack"):
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


TOO_MUCH = {
    "a file": (Limits(file=1 << 20), "sends more than 1 MiB", lambda: os.urandom(2 << 20)),
    "memory": (Limits(memory=32 << 20), "needs more than 32 MiB of memory", lambda: bytes(64 << 20)),
    "words": (Limits(output=10), "says more than 0 MiB", None),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_a_repository_that_sends_too_much(what: str, git_repo: Callable[..., GitRepo], repo: GitRepo, server: GitServer) -> None:
    """Nothing of it stays, and what was fetched before is as it was."""
    limits, told, large = TOO_MUCH[what]
    cache, url = repo.path.parent / "cache", f"{server.url}/base"
    small = repo.git("rev-parse", "HEAD")
    PinnedCommits(repo.path, cache=cache, say=lambda _: None).tree(url, small)
    before = sorted(path for path in cache.rglob("*") if path.suffix != ".lock")

    wanted = "1" * 40
    if large:
        (repo.path / "large").write_bytes(large())
        repo.git("add", "large")
        wanted = repo.commit("large", {"a": "2"})
    bounded = PinnedCommits(repo.path, cache=cache, say=lambda _: None, limits=limits)
    with raises(ErrorId.REPOSITORY_TOO_LARGE, match=f"{url} {told}") as refused:
        bounded.tree(url, wanted)
    assert type(refused.value).exit_code is ExitCode.INPUT
    assert "copy what is needed" in refused.value.hint
    assert sorted(path for path in cache.rglob("*") if path.suffix != ".lock") == before
    assert bounded.tree(url, small).files("") == {"a": b"1"}


def test_a_run_that_was_killed_leaves_nothing_for_ever(repo: GitRepo, server: GitServer, tmp_path: Path) -> None:
    """Half a pack is thrown away by the next run that asks for the commit."""
    commit, url, cache = repo.git("rev-parse", "HEAD"), f"{server.url}/base", tmp_path / "cache"
    PinnedCommits(tmp_path, cache=cache, say=lambda _: None).tree(url, commit)
    (folder,) = (cache / "bases").glob("*.git")
    for file in (folder / "objects" / "pack").iterdir():
        file.unlink()
    half = folder / "objects" / "pack" / "tmp_pack_1234"
    half.write_bytes(bytes(1 << 20))
    assert PinnedCommits(tmp_path, cache=cache, say=lambda _: None).tree(url, commit).files("") == {"a": b"1"}
    assert not half.exists()


def test_a_commit_that_unpacks_without_end(repo: GitRepo, server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few small trees that name each other again and again. Here it is few of them, so that only the length of the list tells."""
    tree = repo.git("rev-parse", "HEAD^{tree}")
    for _ in range(2):
        (tmp_path / "tree").write_bytes(b"".join(b"40000 d%02d\0" % number + bytes.fromhex(tree) for number in range(100)))
        tree = repo.git("hash-object", "-w", "-t", "tree", str(tmp_path / "tree"))
    commit = repo.git("commit-tree", "-m", "bomb", tree)
    monkeypatch.setattr(objects, "LONGEST_LISTING", 1 << 17)
    bomb = PinnedCommits(tmp_path, cache=tmp_path / "cache", say=lambda _: None).tree(f"{server.url}/base", commit)
    with raises(ErrorId.REPOSITORY_TOO_LARGE, match="has more than 500000 files"):
        bomb.names("")


def test_what_was_not_used_for_long_makes_room(repo: GitRepo, server: GitServer, tmp_path: Path) -> None:
    """After a fetch, and never while somebody else has it in hand."""
    url, cache = f"{server.url}/base", tmp_path / "cache"
    commits = [repo.commit(name, {name: "1"}) for name in ("one", "two", "three", "four")]
    said: list[str] = []

    def fetch(commit: str) -> set[Path]:
        before = set((cache / "bases").glob("*.git"))
        PinnedCommits(tmp_path, cache=cache, say=said.append, most_bytes=1).tree(url, commit)
        return set((cache / "bases").glob("*.git")) - before

    def unused_since(folder: Path, hours: float) -> None:
        os.utime(folder, (time.time() - 3600 * hours,) * 2)

    (one,), (two,) = fetch(commits[0]), fetch(commits[1])
    assert one.exists(), "used a moment ago"
    unused_since(one, 3)
    unused_since(two, 2)
    assert fetch(commits[0]) == set()
    assert two.exists(), "room is made when something is fetched; this is a cheap moment"
    unused_since(one, 3)
    with locked(one.parent / f"{one.name[:2]}.lock", timeout=1):
        (three,) = fetch(commits[2])
    assert (one.exists(), two.exists(), three.exists()) == (True, False, True)
    assert len(fetch(commits[3])) == 1
    assert (one.exists(), three.exists()) == (False, True)
    assert len(said) == 4
