from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, SourceError
from gitctl.source.repository import LocalSource

MakeRepo = Callable[..., GitRepo]


@pytest.fixture
def repo(git_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:06Z")
    made = git_repo({"a": "1"})
    made.commit("second\n\nbody", {"a": "2"})
    made.git("tag", "--annotate", "--message", "x", "v1")
    made.commit("third", {"a": "3"})
    made.git("branch", "feature/x", "HEAD~1")
    return made


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("HEAD", "third"),
        ("main", "third"),
        ("HEAD~2", "first"),
        ("HEAD^", "second"),
        ("v1", "second"),
        ("v1~1", "first"),
        ("feature/x", "second"),
    ],
)
def test_names(repo: GitRepo, name: str, subject: str) -> None:
    found = LocalSource(repo.path).resolve(name)
    assert (found.subject, found.name, found.repo, found.dirty, found.stale_seconds) == (subject, name, str(repo.path), False, None)


def test_what_a_commit_says_of_itself(repo: GitRepo) -> None:
    found = LocalSource(repo.path).resolve("v1")
    assert found.sha == repo.git("rev-parse", "v1^{commit}")
    assert found.author == "Ada Author <ada@example.com>"
    assert found.committed_at == datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)


def test_whole_and_short_ids(repo: GitRepo) -> None:
    source, sha = LocalSource(repo.path), repo.git("rev-parse", "HEAD~1")
    assert source.resolve(sha).sha == source.resolve(sha[:7]).sha == sha


def test_the_default_name(repo: GitRepo) -> None:
    assert LocalSource(repo.path).resolve().name == "HEAD"
    assert LocalSource(repo.path, default="v1").resolve("").subject == "second"


def test_upstream(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", str(repo.path), str(tmp_path / "clone"))
    repo.commit("fourth")
    clone = LocalSource(tmp_path / "clone")
    assert clone.resolve("@{upstream}").subject == "third"
    clone.fetch()
    assert (clone.resolve("@{upstream}").subject, clone.resolve("HEAD").subject) == ("fourth", "third")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mian", "did you mean 'main'?"),
        ("v2", "known: feature/x, main, v1"),
        ("x", "did you mean 'feature/x'?"),
        ("HEAD~9", "known: feature/x, main, v1"),
    ],
)
def test_unknown_names(repo: GitRepo, name: str, hint: str) -> None:
    with raises(ErrorId.REVISION_UNKNOWN) as caught:
        LocalSource(repo.path).resolve(name)
    assert (caught.value.message, caught.value.hint) == (f"unknown revision {name!r}", hint)


def test_an_id_that_nobody_has(repo: GitRepo) -> None:
    with pytest.raises(SourceError, match="unknown revision"):
        LocalSource(repo.path).resolve("0123456789" * 4)


def test_nothing_to_fetch_from(repo: GitRepo) -> None:
    with raises(ErrorId.NO_REMOTE):
        LocalSource(repo.path).fetch()


def test_no_upstream(repo: GitRepo) -> None:
    with raises(ErrorId.NO_UPSTREAM, match="has no upstream"):
        LocalSource(repo.path).resolve("@{upstream}")


def test_a_branch_and_a_tag_of_one_name(repo: GitRepo) -> None:
    repo.git("tag", "main", "HEAD~2")
    source = LocalSource(repo.path)
    with pytest.raises(SourceError, match="'main' means more than one thing"):
        source.resolve("main")
    assert source.resolve("refs/heads/main").subject == "third"
    assert source.resolve("refs/tags/main").subject == "first"


def test_a_branch_that_looks_like_an_id_of_another_commit(repo: GitRepo) -> None:
    """Whoever can push a branch must not change what an id means."""
    sha = repo.git("rev-parse", "HEAD~2")
    for name in (sha, sha[:8]):
        repo.git("update-ref", f"refs/heads/{name}", "HEAD")
    source = LocalSource(repo.path)
    assert source.resolve(sha).sha == sha
    with raises(ErrorId.REVISION_AMBIGUOUS, match="means more than one thing"):
        source.resolve(sha[:8])


def test_a_replaced_commit_stays_what_it_is(repo: GitRepo) -> None:
    old, new = repo.git("rev-parse", "HEAD~2"), repo.git("rev-parse", "HEAD")
    repo.git("replace", old, new)
    source = LocalSource(repo.path)
    assert source.resolve(old).subject == "first"
    assert source.tree(source.resolve(old)).files("a") == {"a": b"1"}


def test_a_repository_without_a_commit(git_repo: MakeRepo) -> None:
    with raises(ErrorId.NO_COMMITS, match="no commit yet"):
        LocalSource(git_repo().path).resolve("HEAD")


def test_no_repository(tmp_path: Path) -> None:
    with raises(ErrorId.NOT_A_REPOSITORY, match="not in a Git repository"):
        LocalSource(tmp_path).resolve("HEAD")


def test_a_tag_of_a_tree_is_no_revision(repo: GitRepo) -> None:
    repo.git("tag", "tree", "HEAD^{tree}")
    with pytest.raises(SourceError, match="unknown revision"):
        LocalSource(repo.path).resolve("tree")


def test_a_shallow_clone_says_so_and_fetches_recorded_ids(repo: GitRepo, tmp_path: Path) -> None:
    old = repo.git("rev-parse", "HEAD~1")
    clone = GitRepo(tmp_path / "clone")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(clone.path))
    source = LocalSource(clone.path)
    with pytest.raises(SourceError) as caught:
        source.resolve("HEAD~1")
    assert "git fetch --unshallow" in caught.value.hint
    assert source.resolve(old).subject == "second"
    assert source.tree(source.resolve(old)).files("a") == {"a": b"2"}


def test_fetching_an_id_does_not_cut_a_whole_clone(repo: GitRepo, tmp_path: Path) -> None:
    clone = GitRepo(tmp_path / "clone")
    repo.git("clone", "--quiet", "--branch", "feature/x", "--single-branch", f"file://{repo.path}", str(clone.path))
    head = repo.git("rev-parse", "HEAD")
    assert LocalSource(clone.path).resolve(head).subject == "third"
    assert clone.git("rev-parse", "--is-shallow-repository") == "false"


def test_sha256_repositories(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "new")
    repo.path.mkdir()
    repo.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    sha = repo.commit("first", {"a": "1"})
    source = LocalSource(repo.path)
    assert len(sha) == 64
    assert source.tree(source.resolve(sha)).files("") == {"a": b"1"}


def test_changed_paths_and_blame(repo: GitRepo) -> None:
    source = LocalSource(repo.path)
    old = source.resolve("HEAD").sha
    repo.git("mv", "a", "ä ö")
    new = repo.commit("moved", {"b/c": "x\ny\n"})
    assert source.changed_paths(old, new) == ("a", "b/c", "ä ö")
    assert source.changed_paths(old, new, "b") == ("b/c",)
    repo.commit("edit", {"b/c": "x\nz\n"})
    blamed = source.blame(source.resolve("HEAD").sha, "b/c")
    assert [(line, r.subject, r.author, r.was_there) for line, r in blamed.items()] == [
        (1, "moved", "Ada Author <ada@example.com>", False),
        (2, "edit", "Ada Author <ada@example.com>", True),
    ]
    assert source.blame(new, "none") == {}


def test_blame_in_a_shallow_clone_does_not_invent_an_author(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit("more", {"a": "3\n4\n"})
    clone = tmp_path / "clone"
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(clone))
    source = LocalSource(clone)
    assert source.blame(source.resolve("HEAD").sha, "a") == {}


def test_a_commit_that_says_too_much(git_repo: MakeRepo) -> None:
    repo = git_repo({"a": "1"})
    repo.git("commit", "--quiet", "--allow-empty", "--file", str(repo.write("message", "x" * (2 << 20))))
    with raises(ErrorId.REPOSITORY_TOO_LARGE, match="git log has more than 1 MiB to say"):
        LocalSource(repo.path).resolve("HEAD")
