from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, InputError, SourceError
from gitctl.protocols import Tree
from gitctl.source import objects
from gitctl.source.export import exported
from gitctl.source.git import Git
from gitctl.source.overlay import OverlayTree
from gitctl.source.repository import LocalSource

MakeRepo = Callable[..., GitRepo]


def tree_of(repo: GitRepo, name: str = "HEAD") -> Tree:
    source = LocalSource(repo.path)
    return source.tree(source.resolve(name))


@pytest.fixture
def repo(git_repo: MakeRepo) -> GitRepo:
    made = git_repo({"apps/web/a.yaml": "a: 1\n", "apps/web/sub/b.yaml": "b: 1\n", "base/c.yaml": "c: 1\n", "top": ""})
    (made.path / "apps/web/base").symlink_to("../../base")
    (made.path / "apps/web/top.yaml").symlink_to("../../top")
    made.commit("links")
    return made


def test_files_of_a_folder_links_followed(repo: GitRepo) -> None:
    assert tree_of(repo).files("apps/web") == {
        "apps/web/a.yaml": b"a: 1\n",
        "apps/web/base/c.yaml": b"c: 1\n",
        "apps/web/sub/b.yaml": b"b: 1\n",
        "apps/web/top.yaml": b"",
    }


def test_one_file_and_the_root(repo: GitRepo) -> None:
    tree = tree_of(repo)
    assert tree.files("base/c.yaml") == {"base/c.yaml": b"c: 1\n"}
    assert set(tree.names("")) == set(tree.files(""))
    assert tree.names("base/c.yaml") == ("base/c.yaml",)


def test_a_commit_does_not_see_the_work_tree(repo: GitRepo) -> None:
    repo.write("base/c.yaml", "changed")
    (repo.path / "base/new.yaml").touch()
    assert tree_of(repo).files("base") == {"base/c.yaml": b"c: 1\n"}


def test_what_does_not_exist(repo: GitRepo) -> None:
    tree = tree_of(repo)
    assert tree.names("apps/wbe") == ()
    with pytest.raises(SourceError) as caught:
        tree.files("apps/wbe")
    assert caught.value.hint == "did you mean 'web'?"


def test_names_with_odd_characters(git_repo: MakeRepo) -> None:
    odd = {'we"ird\tna\nme': "1", "ü ö/😀.yaml": "2", "-flag": "3", ":(glob)*": "4"}
    repo = git_repo(odd)
    assert tree_of(repo).files("") == {path: text.encode() for path, text in odd.items()}
    assert tree_of(repo).files("-flag") == {"-flag": b"3"}
    assert tree_of(repo).files(":(glob)*") == {":(glob)*": b"4"}


def test_contents_are_bytes_as_they_are(git_repo: MakeRepo) -> None:
    repo = git_repo({".gitattributes": "* text eol=crlf ident\n"})
    content = b"\xff\x00 $Id$ blob 12\nmissing\n\n"
    (repo.path / "x.bin").write_bytes(content)
    repo.git("-c", "core.autocrlf=false", "add", "x.bin")
    sha = repo.git("hash-object", "-w", "--no-filters", "x.bin")
    repo.git("update-index", "--cacheinfo", f"100644,{sha},x.bin")
    repo.git("commit", "-qm", "bytes")
    assert tree_of(repo).files("x.bin") == {"x.bin": content}


def test_identity_follows_content_and_only_content(repo: GitRepo) -> None:
    before = tree_of(repo)
    repo.commit("other", {"top": "changed"})
    after = tree_of(repo)
    assert before.identity("base") == after.identity("base") != ""
    assert before.identity("") != after.identity("")
    assert after.identity("none") == ""


def test_identity_of_a_folder_with_links_covers_where_they_lead(repo: GitRepo) -> None:
    before = tree_of(repo)
    repo.commit("base", {"base/c.yaml": "c: 2\n"})
    assert before.identity("apps/web") != tree_of(repo).identity("apps/web")


def test_two_files_that_the_disk_cannot_tell_apart() -> None:
    with raises(ErrorId.PATH_CASE) as caught, exported({"web/a.yaml": b"1", "web": b"2"}):  # a folder is in the way as a namesake is
        pass
    assert caught.value.where == "web"


def test_export_is_private_has_no_links_and_goes_away(repo: GitRepo) -> None:
    (repo.path / "evil").symlink_to("/etc/hostname")
    repo.commit("evil")
    with tree_of(repo).export({"apps/web/a.yaml": b"masked", "new/x": b"1"}) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        found = {str(p.relative_to(folder)): p for p in folder.rglob("*") if not p.is_dir()}
        assert not any(p.is_symlink() for p in folder.rglob("*"))
        assert not any(p.stat().st_mode & 0o077 for p in found.values())
        assert found["apps/web/a.yaml"].read_bytes() == b"masked"
        assert (found["apps/web/base/c.yaml"].read_bytes(), found["new/x"].read_bytes()) == (b"c: 1\n", b"1")
        assert "evil" not in found
    assert not folder.exists()


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", ".git/hooks/pre-commit", "a/.GIT/x", ""])
def test_an_overlay_cannot_leave_the_export(repo: GitRepo, path: str) -> None:
    with raises(ErrorId.PATH_UNSAFE, match="hostile path"), tree_of(repo).export({path: b""}):
        pass


def test_a_link_out_of_the_repository_is_named_and_nothing_is_read(repo: GitRepo) -> None:
    (repo.path / "apps/web/evil.yaml").symlink_to("/etc/hostname")
    repo.commit("evil")
    with pytest.raises(InputError, match="leads out of the repository") as caught:
        tree_of(repo).files("apps/web")
    assert caught.value.where == "apps/web/evil.yaml"
    assert tree_of(repo).files("base") == {"base/c.yaml": b"c: 1\n"}


def test_budgets(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("big", {"big/a": "x" * 600, "big/b": "x" * 500})
    monkeypatch.setattr(objects, "LARGEST_READ", 1000)
    with pytest.raises(InputError, match="holds more than"):
        tree_of(repo).files("big")
    assert len(tree_of(repo).files("big/a")["big/a"]) == 600
    monkeypatch.setattr(objects, "LARGEST_FILE", 550)
    with pytest.raises(InputError, match="larger than") as caught:
        tree_of(repo).files("big/a")
    assert caught.value.where == "big/a"


def test_submodules_are_not_read(repo: GitRepo, git_repo: MakeRepo) -> None:
    other = git_repo({"inner": "1"}, name="other")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "vendor/sub")
    repo.commit("submodule")
    tree = tree_of(repo)
    assert "vendor/sub/inner" not in tree.names("")
    with raises(ErrorId.SUBMODULE, match="in the submodule vendor/sub"):
        tree.files("vendor/sub")


def write_object(repo: GitRepo, kind: bytes, body: bytes) -> str:
    """Git refuses to write hostile trees, so they are written by hand."""
    data = kind + b" %d\0" % len(body) + body
    sha = sha1(data, usedforsecurity=False).hexdigest()
    place = repo.path / ".git/objects" / sha[:2] / sha[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(data))
    return sha


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b".git ", b"a/../../x", b"/etc"])
def test_a_hand_made_tree_with_a_hostile_path(git_repo: MakeRepo, name: bytes) -> None:
    repo = git_repo({"a": "1"})
    blob = bytes.fromhex(repo.git("rev-parse", "HEAD:a"))
    inner = write_object(repo, b"tree", b"100644 x\0" + blob)
    root = write_object(repo, b"tree", b"40000 " + name + b"\0" + bytes.fromhex(inner))
    commit = repo.git("commit-tree", root, "-m", "evil")
    with pytest.raises(InputError, match="hostile path"):
        tree_of(repo, commit).files("")
    with pytest.raises(InputError, match="hostile path"), tree_of(repo, commit).export({}):
        pass


def test_a_missing_blob(repo: GitRepo) -> None:
    sha = repo.git("rev-parse", "HEAD:base/c.yaml")
    (repo.path / ".git/objects" / sha[:2] / sha[2:]).unlink()
    with raises(ErrorId.REPOSITORY_DAMAGED, match="lacks the content of base/c"):
        tree_of(repo).files("base")


def test_a_thousand_files_take_three_calls(git_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo({f"apps/{n % 50}/{n}.yaml": f"n: {n}\n" for n in range(1000)})
    tree = tree_of(repo)
    calls = []
    run = tree._git.out.__func__  # type: ignore[attr-defined]
    monkeypatch.setattr(type(tree._git), "out", lambda self, *a, **k: calls.append(a[0]) or run(self, *a, **k))  # type: ignore[attr-defined]
    assert len(tree.files("apps")) == 1000
    assert calls == ["ls-tree", "cat-file", "cat-file"]


def test_overlay(repo: GitRepo) -> None:
    tree = OverlayTree(tree_of(repo), {"base/c.yaml": None, "base/d.yaml": b"d", "top": b"new", "only/x": b"x"})
    assert tree.files("base") == {"base/d.yaml": b"d"}
    assert tree.files("only") == {"only/x": b"x"}
    assert set(tree.names("")) == set(tree.files(""))
    assert tree.identity("base") == ""
    assert tree.revision == tree_of(repo).revision
    with pytest.raises(SourceError):
        tree.files("nothing")
    with tree.export({"top": b"mask"}) as folder:
        assert not (folder / "base/c.yaml").exists()
        assert ((folder / "top").read_bytes(), (folder / "only/x").read_bytes()) == (b"mask", b"x")
    assert OverlayTree(tree_of(repo), {}).identity("base") == tree_of(repo).identity("base")


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes")
def test_a_file_name_that_is_no_utf8(git_repo: MakeRepo) -> None:
    repo = git_repo({"a": "1"})
    Path(os.fsdecode(os.fsencode(repo.path) + b"/\xff.yaml")).write_text("x")
    repo.commit("odd")
    (name,) = (n for n in tree_of(repo).names("") if n != "a")
    assert os.fsencode(name) == b"\xff.yaml"
    with tree_of(repo).export({}) as folder:
        assert (folder / name).read_text() == "x"


def fleet(git_repo: MakeRepo) -> GitRepo:
    """Twelve folders beside each other, a large file among them, and one that no app reads."""
    files = {f"apps/app-{n:02d}/a.yaml": f"a: {n}\n" for n in range(12)}
    return git_repo(files | {"apps/large.bin": "x" * (1 << 20) + "y", "elsewhere/b.yaml": "b: 1\n"})


def test_many_folders_are_read_by_few_git_processes(git_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tree_of(fleet(git_repo))
    tree.names("")
    asked: list[str] = []
    real = Git.run
    monkeypatch.setattr(Git, "run", lambda self, *args, **options: (asked.append(args[0]), real(self, *args, **options))[1])
    for n in range(12):
        assert tree.files(f"apps/app-{n:02d}") == {f"apps/app-{n:02d}/a.yaml": f"a: {n}\n".encode()}
    assert asked == ["cat-file"] * 8  # two for each of three folders, two for the rest
    assert len(tree.files("apps/large.bin")["apps/large.bin"]) == (1 << 20) + 1
    assert tree.files("elsewhere") == {"elsewhere/b.yaml": b"b: 1\n"}
    assert asked == ["cat-file"] * 12


def test_reading_ahead_fails_nobody_who_does_not_need_the_file(git_repo: MakeRepo) -> None:
    repo = fleet(git_repo)
    lost = repo.git("rev-parse", "HEAD:apps/app-11/a.yaml").strip()
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    tree = tree_of(repo)
    for n in range(11):
        assert tree.files(f"apps/app-{n:02d}")
    with raises(ErrorId.REPOSITORY_DAMAGED):
        tree.files("apps/app-11")
