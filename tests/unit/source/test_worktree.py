from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, InputError
from gitctl.source.checkout import dirty_paths, find_root
from gitctl.source.git import Git
from gitctl.source.repository import LocalSource
from gitctl.source.worktree import WorkTree

MakeRepo = Callable[..., GitRepo]


@pytest.fixture
def repo(git_repo: MakeRepo) -> GitRepo:
    return git_repo({"apps/a.yaml": "1", "apps/b.yaml": "2", ".gitignore": "*.tmp\nbuild/\n"})


def test_reads_what_lies_there(repo: GitRepo) -> None:
    repo.write("apps/a.yaml", "changed")
    repo.write("apps/new.yaml", "new")
    repo.write("apps/x.tmp", "ignored")
    repo.write("build/y", "ignored")
    (repo.path / "apps/b.yaml").unlink()
    tree = WorkTree(repo.path)
    assert tree.files("apps") == {"apps/a.yaml": b"changed", "apps/new.yaml": b"new"}
    assert set(tree.names("")) == {"apps/a.yaml", "apps/new.yaml", ".gitignore"}
    assert tree.identity("apps") == ""


def test_revision_is_head_and_says_dirty(repo: GitRepo) -> None:
    head = repo.git("rev-parse", "HEAD")
    clean = WorkTree(repo.path).revision
    assert (clean.sha, clean.dirty, clean.name, clean.repo) == (head, False, "work tree", str(repo.path))
    repo.write("new", "x")
    dirty = WorkTree(repo.path).revision
    assert (dirty.sha, dirty.dirty) == (head, True)
    assert dirty.short == f"{head[:8]}-dirty"


def test_an_ignored_file_makes_nothing_dirty(repo: GitRepo) -> None:
    repo.write("x.tmp", "1")
    assert not WorkTree(repo.path).revision.dirty


def test_a_source_gives_the_work_tree_for_its_revision(repo: GitRepo) -> None:
    repo.write("apps/a.yaml", "changed")
    tree = LocalSource(repo.path).tree(WorkTree(repo.path).revision)
    assert tree.files("apps/a.yaml") == {"apps/a.yaml": b"changed"}


def test_outside_of_git(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/a.yaml").write_text("1")
    (tmp_path / ".gitignore").write_text("*.yaml")
    tree = WorkTree(tmp_path)
    assert (tree.revision.sha, tree.revision.dirty) == ("", False)
    assert tree.files("x") == {"x/a.yaml": b"1"}
    assert ".gitignore" in tree.names("")


def test_a_repository_without_a_commit(git_repo: MakeRepo) -> None:
    repo = git_repo()
    repo.write("a", "1")
    tree = WorkTree(repo.path)
    assert (tree.revision.sha, tree.revision.dirty) == ("", True)
    assert tree.files("") == {"a": b"1"}


def test_links(repo: GitRepo, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    (repo.path / "apps/link.yaml").symlink_to("a.yaml")
    assert WorkTree(repo.path).files("apps")["apps/link.yaml"] == b"1"
    (repo.path / "apps/evil.yaml").symlink_to("../../outside")
    with raises(ErrorId.LINK_UNSAFE, match="leads out of the repository") as caught:
        WorkTree(repo.path).files("apps")
    assert caught.value.where == "apps/evil.yaml"
    with WorkTree(repo.path).export({}) as folder:
        assert not (folder / "apps/evil.yaml").exists()


def test_a_tracked_folder_that_became_a_link_out(repo: GitRepo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.yaml").write_text("secret")
    for name in ("a.yaml", "b.yaml"):
        (repo.path / "apps" / name).unlink()
    (repo.path / "apps").rmdir()
    (repo.path / "apps").symlink_to(outside)
    with pytest.raises(InputError, match="leads out"):
        WorkTree(repo.path).files("apps")
    assert WorkTree(repo.path).names("apps") == ()


def test_pipes_and_devices_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_text("1")
    assert WorkTree(tmp_path).files("") == {"a": b"1"}


def test_a_repository_inside_is_not_read(repo: GitRepo) -> None:
    inner = GitRepo(repo.path / "inner")
    inner.path.mkdir()
    inner.git("init", "--quiet")
    inner.commit("x", {"secret.yaml": "1"})
    assert not any("inner" in name for name in WorkTree(repo.path).names(""))


def test_what_does_not_exist(repo: GitRepo) -> None:
    with raises(ErrorId.PATH_NOT_IN_REVISION) as caught:
        WorkTree(repo.path).files("apps/c.yaml")
    assert caught.value.hint.startswith("did you mean")


def test_export(repo: GitRepo) -> None:
    repo.write("apps/x.tmp", "ignored")
    with WorkTree(repo.path).export({"apps/a.yaml": b"masked"}) as folder:
        assert (folder / "apps/a.yaml").read_bytes() == b"masked"
        assert not (folder / "apps/x.tmp").exists()
        assert not (folder / ".git").exists()
    assert not folder.exists()


def test_find_root(repo: GitRepo, tmp_path: Path) -> None:
    assert find_root(repo.path / "apps") == repo.path
    assert find_root(tmp_path) is None
    assert find_root(repo.path / ".git") is None
    (tmp_path / "alias").symlink_to(repo.path)
    assert find_root(tmp_path / "alias" / "apps") == tmp_path / "alias"


def test_find_root_in_a_linked_work_tree(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    assert find_root(tmp_path / "linked/apps") == tmp_path / "linked"
    assert LocalSource(tmp_path / "linked").resolve("HEAD").subject == "first"


def test_a_hook_of_another_repository_does_not_mislead(repo: GitRepo, git_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """pre-commit hooks and `git rebase --exec` run us with GIT_DIR of their own repository."""
    other = git_repo({"other": "x"}, name="other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git/index"))
    assert find_root(repo.path / "apps") == repo.path
    assert LocalSource(repo.path).tree(LocalSource(repo.path).resolve("HEAD")).names("apps") == ("apps/a.yaml", "apps/b.yaml")


def test_dirty_paths(repo: GitRepo) -> None:
    repo.write("apps/a.yaml", "x")
    repo.write("new dir/ö", "x")
    assert set(dirty_paths(Git(repo.path))) == {"apps/a.yaml", "new dir/ö"}
    assert dirty_paths(Git(repo.path), "apps") == ("apps/a.yaml",)


def test_looking_does_not_write(repo: GitRepo) -> None:
    """Not even the index, whose refresh could get in the way of the user's own git."""
    os.utime(repo.path / "apps/a.yaml", (1, 1))
    before = (repo.path / ".git/index").read_bytes()
    WorkTree(repo.path).files("")
    assert (repo.path / ".git/index").read_bytes() == before


def test_a_repository_of_somebody_else(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """In containers the checkout often belongs to another user; git's own test switch stands in for one."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with raises(ErrorId.GIT_FAILED, match="cannot be read") as caught:
        find_root(repo.path)
    assert caught.value.hint == f"if you trust it: git config --global --add safe.directory {repo.path}"
