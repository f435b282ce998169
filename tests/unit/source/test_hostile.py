"""Repositories that try to run a program: none of them may, a canary file shows it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo

from gitctl.errors import GitctlError, SourceError
from gitctl.model.app import SourceSpec
from gitctl.model.revision import Revision
from gitctl.source.checkout import find_root
from gitctl.source.open import open_publisher, open_source
from gitctl.source.repository import LocalSource
from gitctl.source.worktree import WorkTree

MakeRepo = Callable[..., GitRepo]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def bait(tmp_path: Path, canary: Path) -> Path:
    """A program that leaves the canary."""
    program = tmp_path / "bait"
    program.write_text(f"#!/bin/sh\ntouch '{canary}'\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def use_everything(root: Path, cache: Path) -> None:
    """Everything that reads or writes a repository."""
    source = LocalSource(root)
    head = source.resolve("HEAD")
    tree = source.tree(head)
    tree.files("")
    tree.identity("")
    with tree.export({}):
        pass
    work = WorkTree(root)
    work.files("")
    source.blame(head.sha, "a")
    source.changed_paths(head.sha, head.sha)
    made = open_publisher(root, SourceSpec(), cache=cache).commit({"made-by-gitctl": b"1"}, "made", parent=head)
    assert (root / "made-by-gitctl").read_bytes() == b"1"
    mirrored = open_source(root, SourceSpec(url=f"file://{root}"), cache=cache)
    assert mirrored.tree(mirrored.resolve(made.sha)).files("made-by-gitctl") == {"made-by-gitctl": b"1"}


def test_the_bait_works(git_repo: MakeRepo, bait: Path, canary: Path) -> None:
    repo = git_repo({"a": "1"})
    repo.git("config", "core.fsmonitor", str(bait))
    repo.git("status")
    assert canary.exists()


def test_monitor(git_repo: MakeRepo, bait: Path, canary: Path, tmp_path: Path) -> None:
    repo = git_repo({"a": "1"})
    repo.git("config", "core.fsmonitor", str(bait))
    use_everything(repo.path, tmp_path / "cache")
    assert not canary.exists()


HOOKS = (
    "pre-commit",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "pre-push",
    "pre-receive",
    "update",
)


@pytest.mark.parametrize("place", ["hooks", "configured"])
def test_hooks(git_repo: MakeRepo, bait: Path, canary: Path, tmp_path: Path, place: str) -> None:
    repo = git_repo({"a": "1"})
    folder = repo.path / ".git/hooks" if place == "hooks" else tmp_path / "hooks"
    folder.mkdir(exist_ok=True)
    for name in HOOKS:
        (folder / name).write_bytes(bait.read_bytes())
        (folder / name).chmod(0o700)
    if place == "configured":
        repo.git("config", "core.hooksPath", str(folder))
    use_everything(repo.path, tmp_path / "cache")
    assert not canary.exists()


def test_attributes_that_name_filters(git_repo: MakeRepo, bait: Path, canary: Path, tmp_path: Path) -> None:
    """A cloned repository can name a filter, but only the user's configuration can define it; reading commits runs neither."""
    repo = git_repo({"a": "1", ".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    repo.git("config", "filter.evil.smudge", str(bait))
    repo.git("config", "diff.evil.textconv", str(bait))
    repo.git("config", "diff.evil.command", str(bait))
    repo.git("config", "diff.external", str(bait))
    source = LocalSource(repo.path)
    head = source.resolve("HEAD")
    source.tree(head).files("")
    with source.tree(head).export({}):
        pass
    source.changed_paths(head.sha, head.sha)
    assert not canary.exists()


def test_a_bare_repository_buried_in_a_folder(git_repo: MakeRepo, bait: Path, canary: Path) -> None:
    """OVE-20210718-0001: a folder that is a bare repository comes with its own configuration."""
    repo = git_repo({"a": "1"})
    buried = repo.path / "buried"
    buried.mkdir()
    repo.git("init", "--quiet", "--bare", str(buried))
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.gitProxy"):
        repo.git("--git-dir", str(buried), "config", key, str(bait))
    repo.git("--git-dir", str(buried), "config", "core.bare", "false")
    repo.git("--git-dir", str(buried), "config", "core.worktree", str(repo.path))
    assert find_root(buried) in (None, repo.path)
    WorkTree(buried).names("")
    with pytest.raises(SourceError):
        LocalSource(buried).resolve("HEAD")
    assert not canary.exists()


def test_submodule_that_runs_a_program(git_repo: MakeRepo, bait: Path, canary: Path, tmp_path: Path) -> None:
    other = git_repo({"inner": "1"}, name="other")
    repo = git_repo({"a": "1"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    repo.git("config", "-f", ".gitmodules", "submodule.sub.update", f"!{bait}")
    repo.git("config", "submodule.sub.update", f"!{bait}")
    repo.git("config", "submodule.recurse", "true")
    repo.git("-C", "sub", "config", "core.fsmonitor", str(bait))
    repo.commit("submodule")
    canary.unlink(missing_ok=True)
    use_everything(repo.path, tmp_path / "cache")
    assert not canary.exists()


REFS = ["--upload-pack=BAIT", "-uBAIT", "--exec=BAIT", "HEAD --output=BAIT", "HEAD\n--output=BAIT", "@{", "$(BAIT)", "`BAIT`", "|BAIT"]


@pytest.mark.parametrize("ref", REFS)
def test_refs(git_repo: MakeRepo, bait: Path, canary: Path, tmp_path: Path, ref: str) -> None:
    repo = git_repo({"a": "1"})
    source = LocalSource(repo.path)
    with pytest.raises(SourceError):
        source.resolve(ref.replace("BAIT", str(bait)))
    mirrored = open_source(repo.path, SourceSpec(url=str(repo.path), ref=ref.replace("BAIT", str(bait))), cache=tmp_path / "cache")
    with pytest.raises(SourceError):
        mirrored.resolve()
    assert not canary.exists()


URLS = [
    "ext::BAIT",
    "ext::sh -c BAIT%",
    "--upload-pack=BAIT",
    "-uBAIT",
    "ssh://-oProxyCommand=BAIT/x",
    "-oProxyCommand=BAIT:x",
    "git@-oProxyCommand=BAIT:x",
    "fd::17/BAIT",
    "https://host/x\nBAIT",
    "|BAIT",
    "$(BAIT)",
    "`BAIT`",
]


@pytest.mark.parametrize("url", URLS)
def test_urls(git_repo: MakeRepo, bait: Path, canary: Path, tmp_path: Path, url: str) -> None:
    repo = git_repo({"a": "1"})
    with pytest.raises(SourceError):
        open_source(repo.path, SourceSpec(url=url.replace("BAIT", str(bait))), cache=tmp_path / "cache").resolve("HEAD")
    assert not canary.exists()


def test_a_remote_that_the_checkout_names(git_repo: MakeRepo, bait: Path, canary: Path) -> None:
    repo = git_repo({"a": "1"})
    for url in (f"ext::{bait}", f"--upload-pack={bait}"):
        repo.git("config", "remote.origin.url", url)
        with pytest.raises(GitctlError):
            LocalSource(repo.path).fetch()
        with pytest.raises(SourceError, match="unknown revision"):
            LocalSource(repo.path).resolve("0" * 39 + "1")
    assert not canary.exists()


def test_an_upload_pack_that_the_remote_configures(git_repo: MakeRepo, bait: Path, canary: Path, tmp_path: Path) -> None:
    """A local remote brings its own configuration, hooks of upload-pack included."""
    remote = git_repo({"a": "1"}, name="remote")
    remote.git("config", "uploadpack.packObjectsHook", str(bait))
    source = open_source(tmp_path, SourceSpec(url=f"file://{remote.path}"), cache=tmp_path / "cache")
    assert source.tree(source.resolve("main")).files("") == {"a": b"1"}
    assert not canary.exists()


@pytest.mark.parametrize("path", ["../x", "/etc/x", ".git/config", "a/.git/hooks/x", ".GIT/config", "x/../../y", ""])
def test_paths_that_are_committed(git_repo: MakeRepo, tmp_path: Path, path: str) -> None:
    repo = git_repo({"a": "1"})
    head = LocalSource(repo.path).resolve("HEAD")
    with pytest.raises(GitctlError, match="hostile path"):
        open_publisher(repo.path, SourceSpec(), cache=tmp_path).commit({path: b"x"}, "x", parent=head)
    assert repo.git("rev-parse", "HEAD") == head.sha


def test_a_commit_cannot_write_through_a_link(git_repo: MakeRepo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    repo = git_repo({"a": "1"})
    (repo.path / "link").symlink_to(outside)
    repo.commit("link")
    publisher = open_publisher(repo.path, SourceSpec(), cache=tmp_path)
    with pytest.raises(GitctlError, match="leads out"):
        publisher.commit({"link/x": b"x"}, "x", parent=LocalSource(repo.path).resolve("HEAD"))
    assert list(outside.iterdir()) == []


def test_what_a_commit_says_is_only_text(git_repo: MakeRepo) -> None:
    repo = git_repo({"a": "1"})
    repo.git("-c", "user.name=Evil\x1b[31m", "commit", "--quiet", "--allow-empty", "--message", "sub\x1b]0;x\x07ject\x00"[:-1])
    found = LocalSource(repo.path).resolve("HEAD")
    assert isinstance(found, Revision)
    assert found.subject.startswith("sub")
