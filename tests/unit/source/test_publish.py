from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, GitctlError, SourceError
from gitctl.model.app import SourceSpec
from gitctl.model.revision import Revision
from gitctl.source.open import open_publisher, open_source
from gitctl.source.publish import GitPublisher
from gitctl.source.repository import LocalSource

MakeRepo = Callable[..., GitRepo]
MESSAGE = "rollback web\n\nWhy: ünïcode.\n\ngitctl-rollback-to: abc\n"


@pytest.fixture
def repo(git_repo: MakeRepo) -> GitRepo:
    return git_repo({"apps/a.yaml": "1\n", "apps/b.yaml": "2\n", "other.txt": "o\n", "run.sh": "#!/bin/sh\n"})


def publisher_of(repo: GitRepo, branch: str = "") -> GitPublisher:
    return open_publisher(repo.path, SourceSpec(), cache=repo.path / "unused", branch=branch)


def commit(repo: GitRepo, files: Mapping[str, bytes | None], *, branch: str = "", parent: str = "HEAD") -> Revision:
    return publisher_of(repo, branch).commit(files, MESSAGE, parent=LocalSource(repo.path).resolve(parent))


def test_one_commit_that_writes_and_removes(repo: GitRepo) -> None:
    before = repo.git("rev-parse", "HEAD")
    made = commit(repo, {"apps/a.yaml": b"new\n", "apps/b.yaml": None, "apps/deep/c.yaml": b"c\n", "absent": None})
    assert repo.git("rev-parse", "HEAD") == made.sha
    assert repo.git("rev-parse", "HEAD~1") == before
    assert repo.git("status", "--porcelain") == ""
    assert repo.git("show", "--format=", "--name-status", "HEAD").split("\n") == ["M\tapps/a.yaml", "D\tapps/b.yaml", "A\tapps/deep/c.yaml"]
    assert (repo.path / "apps/a.yaml").read_text() == "new\n"
    assert not (repo.path / "apps/b.yaml").exists()
    assert (made.name, made.author, made.subject) == ("main", "Ada Author <ada@example.com>", "rollback web")


def test_the_message_is_the_callers(repo: GitRepo) -> None:
    commit(repo, {"apps/a.yaml": b"x"})
    assert repo.git("log", "-1", "--format=%B") == MESSAGE.strip()
    assert repo.git("log", "-1", "--format=%(trailers:key=gitctl-rollback-to,valueonly)") == "abc"


def test_unrelated_work_is_left_alone(repo: GitRepo) -> None:
    repo.write("other.txt", "edited\n")
    repo.write("staged.txt", "staged\n")
    repo.git("add", "staged.txt")
    repo.write("new.txt", "untracked\n")
    before = repo.git("status", "--porcelain")
    commit(repo, {"apps/a.yaml": b"new\n"})
    assert repo.git("status", "--porcelain") == before
    assert (repo.path / "other.txt").read_text() == "edited\n"
    assert repo.git("show", "--format=", "--name-only", "HEAD") == "apps/a.yaml"


@pytest.mark.parametrize(
    ("spoil", "files"),
    [
        (lambda r: r.write("apps/a.yaml", "mine"), {"apps/a.yaml": b"x"}),
        (lambda r: r.write("apps/a.yaml", "mine"), {"apps/a.yaml": None}),
        (lambda r: (r.path / "apps/a.yaml").unlink(), {"apps/a.yaml": b"x"}),
        (lambda r: r.write("apps/new.yaml", "mine"), {"apps/new.yaml": b"x"}),
        (lambda r: (r.write(".git/info/exclude", "ignored"), r.write("ignored", "mine")), {"ignored": b"x"}),
    ],
    ids=["edited", "edited, to be removed", "deleted", "untracked", "ignored"],
)
def test_uncommitted_work_is_never_lost(repo: GitRepo, spoil: Callable[[GitRepo], object], files: dict[str, bytes | None]) -> None:
    spoil(repo)
    head, status = repo.git("rev-parse", "HEAD"), repo.git("status", "--porcelain")
    with raises(ErrorId.UNCOMMITTED_CHANGES, match="1 file has uncommitted changes") as caught:
        commit(repo, files)
    assert caught.value.details == tuple(files)
    assert (repo.git("rev-parse", "HEAD"), repo.git("status", "--porcelain")) == (head, status)


def test_a_file_that_has_the_new_content_already(repo: GitRepo) -> None:
    repo.write("apps/new.yaml", "same")
    commit(repo, {"apps/new.yaml": b"same"})
    assert repo.git("status", "--porcelain") == ""


def test_nothing_to_change_makes_no_commit(repo: GitRepo) -> None:
    head = LocalSource(repo.path).resolve("HEAD")
    assert publisher_of(repo).commit({"apps/a.yaml": b"1\n", "absent": None}, "x", parent=head) == head
    assert repo.git("rev-parse", "HEAD") == head.sha


def test_the_branch_has_moved(repo: GitRepo) -> None:
    old = LocalSource(repo.path).resolve("HEAD")
    repo.commit("meanwhile", {"x": "1"})
    with pytest.raises(SourceError, match="the branch main is at"):
        publisher_of(repo).commit({"apps/a.yaml": b"x"}, "x", parent=old)


def test_the_branch_moves_while_the_commit_is_made(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last word is git's own compare and swap."""
    from gitctl.source import publish

    write = publish.write_commit

    def race(*args: object, **rest: object) -> object:
        made = write(*args, **rest)  # type: ignore[arg-type]
        repo.commit("meanwhile", {"x": "1"})
        return made

    monkeypatch.setattr(publish, "write_commit", race)
    with pytest.raises(SourceError, match="moved while the commit was made"):
        commit(repo, {"apps/a.yaml": b"x"})
    assert repo.git("log", "-1", "--format=%s") == "meanwhile"
    assert (repo.path / "apps/a.yaml").read_text() == "1\n"


def test_modes_stay(repo: GitRepo) -> None:
    repo.git("update-index", "--chmod=+x", "run.sh")
    (repo.path / "run.sh").chmod(0o755)
    repo.commit("x")
    commit(repo, {"run.sh": b"#!/bin/sh\ntrue\n"})
    assert repo.git("ls-tree", "HEAD", "run.sh").startswith("100755")
    assert os.access(repo.path / "run.sh", os.X_OK)
    assert repo.git("status", "--porcelain") == ""


def test_links(repo: GitRepo) -> None:
    (repo.path / "alias").symlink_to("apps")
    (repo.path / "link.yaml").symlink_to("apps/a.yaml")
    repo.commit("links")
    commit(repo, {"alias/a.yaml": b"through the folder\n", "link.yaml": b"own\n"})
    assert (repo.path / "alias").is_symlink()
    assert (repo.path / "apps/a.yaml").read_text() == "through the folder\n"
    assert repo.git("ls-tree", "HEAD", "link.yaml").startswith("100644")
    assert repo.git("status", "--porcelain") == ""
    with pytest.raises(GitctlError, match="two contents for one file"):
        commit(repo, {"alias/a.yaml": b"1", "apps/a.yaml": b"2"})


def test_a_folder_becomes_a_file_and_back(repo: GitRepo) -> None:
    commit(repo, {"apps/a.yaml": None, "apps/b.yaml": None, "apps": b"file"})
    assert (repo.path / "apps").read_text() == "file"
    commit(repo, {"apps": None, "apps/a.yaml": b"1"})
    assert repo.git("status", "--porcelain") == ""


def test_odd_names_and_bytes(repo: GitRepo) -> None:
    files = {'we"ird\n\t ü': b"\x00\xff\r\n", ":(top)*": b"", "-x": b"1"}
    made = commit(repo, files)
    source = LocalSource(repo.path)
    tree = source.tree(source.resolve(made.sha))
    assert {path: tree.files(path)[path] for path in files} == files
    assert repo.git("status", "--porcelain") == ""


def test_line_ends_are_committed_as_given(repo: GitRepo) -> None:
    repo.git("config", "core.autocrlf", "input")
    made = commit(repo, {"crlf": b"a\r\n"})
    assert LocalSource(repo.path).tree(made).files("crlf") == {"crlf": b"a\r\n"}


def test_another_branch_than_the_one_checked_out(repo: GitRepo) -> None:
    repo.git("branch", "rendered")
    made = commit(repo, {"apps/a.yaml": b"x"}, branch="rendered", parent="rendered")
    assert repo.git("rev-parse", "rendered") == made.sha
    assert repo.git("rev-parse", "main") != made.sha
    assert repo.git("status", "--porcelain") == ""


def test_a_branch_of_another_work_tree(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
    with raises(ErrorId.BRANCH_CHECKED_OUT, match="is checked out in"):
        commit(repo, {"a": b"x"}, branch="linked", parent="linked")
    made = commit(GitRepo(tmp_path / "linked"), {"a": b"x"})
    assert repo.git("rev-parse", "linked") == made.sha


def test_the_first_commit(git_repo: MakeRepo) -> None:
    repo = git_repo()
    repo.write("gitctl.yaml", "x")
    made = publisher_of(repo).commit({"gitctl.yaml": b"x", "a/b": b"y"}, "first", parent=Revision(str(repo.path), "", "HEAD"))
    assert repo.git("rev-list", "--count", "HEAD") == "1"
    assert (made.name, repo.git("status", "--porcelain")) == ("main", "")
    with raises(ErrorId.BRANCH_MOVED, match="not at no-commit"):
        publisher_of(repo).commit({"c": b""}, "again", parent=Revision(str(repo.path), "", "HEAD"))


def test_a_detached_head(repo: GitRepo) -> None:
    repo.git("checkout", "--quiet", "--detach")
    with raises(ErrorId.DETACHED_HEAD, match="HEAD is detached"):
        commit(repo, {"a": b"x"})


def test_an_unfinished_merge(repo: GitRepo) -> None:
    repo.write(".git/MERGE_HEAD", repo.git("rev-parse", "HEAD") + "\n")
    with raises(ErrorId.MERGE_UNFINISHED, match="merge is not finished"):
        commit(repo, {"a": b"x"})


def test_nobody_to_commit_as(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name)
    repo.git("config", "user.useConfigOnly", "true")
    with raises(ErrorId.COMMITTER_UNKNOWN, match="does not know who commits") as caught:
        commit(repo, {"a": b"x"})
    assert "git config user.name" in caught.value.hint


def test_signing_is_asked_for_when_the_user_signs(repo: GitRepo) -> None:
    repo.git("config", "commit.gpgsign", "true")
    repo.git("config", "gpg.program", "/bin/false")
    with pytest.raises(SourceError, match="the commit could not be made"):
        commit(repo, {"a": b"x"})


def test_push(repo: GitRepo, tmp_path: Path) -> None:
    remote = cloned(repo, tmp_path)
    made = commit(repo, {"apps/a.yaml": b"pushed"})
    publisher_of(repo).push(made)
    assert remote.git("rev-parse", "main") == made.sha
    publisher_of(repo).push(made)


def test_push_to_a_branch_that_has_gone_on(repo: GitRepo, tmp_path: Path) -> None:
    remote = cloned(repo, tmp_path)
    other = GitRepo(tmp_path / "other")
    repo.git("clone", "--quiet", str(remote.path), str(other.path))
    other.commit("theirs", {"x": "1"})
    other.git("push", "--quiet")
    made = commit(repo, {"apps/a.yaml": b"ours"})
    with raises(ErrorId.PUSH_REJECTED, match="has commits that are not here"):
        publisher_of(repo).push(made)
    assert remote.git("log", "-1", "--format=%s", "main") == "theirs"
    assert repo.git("rev-parse", "HEAD") == made.sha


def test_push_that_the_remote_refuses(repo: GitRepo, tmp_path: Path) -> None:
    remote = cloned(repo, tmp_path)
    remote.git("config", "receive.denyUpdateObject", "x")
    hook = remote.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho branch is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    made = commit(repo, {"apps/a.yaml": b"ours"})
    with pytest.raises(SourceError, match="does not accept the commit") as caught:
        publisher_of(repo).push(made)
    assert "branch is protected" in caught.value.details


def test_push_without_an_upstream(repo: GitRepo) -> None:
    made = commit(repo, {"a": b"x"})
    with pytest.raises(SourceError, match="has no upstream to push to") as caught:
        publisher_of(repo).push(made)
    assert caught.value.hint == "git push --set-upstream origin main"


def test_a_mirrored_remote(repo: GitRepo, tmp_path: Path) -> None:
    remote = cloned(repo, tmp_path)
    spec, cache = SourceSpec(url=f"file://{remote.path}", ref="main"), tmp_path / "cache"
    source, publisher = open_source(tmp_path, spec, cache=cache), open_publisher(tmp_path, spec, cache=cache)
    parent = source.resolve()
    made = publisher.commit({"apps/a.yaml": b"from afar"}, MESSAGE, parent=parent)
    assert remote.git("rev-parse", "main") == parent.sha
    assert source.tree(made).files("apps/a.yaml") == {"apps/a.yaml": b"from afar"}
    publisher.push(made)
    assert remote.git("rev-parse", "main") == made.sha
    assert open_source(tmp_path, spec, cache=cache).resolve().sha == made.sha
    again = publisher.commit({"apps/b.yaml": None}, "second", parent=made)
    publisher.push(again)
    assert remote.git("log", "-1", "--format=%s", "main") == "second"


def test_a_mirrored_remote_that_has_gone_on(repo: GitRepo, tmp_path: Path) -> None:
    remote = cloned(repo, tmp_path)
    spec, cache = SourceSpec(url=f"file://{remote.path}"), tmp_path / "cache"
    parent = open_source(tmp_path, spec, cache=cache).resolve()
    repo.commit("theirs", {"x": "1"})
    repo.git("push", "--quiet")
    publisher = open_publisher(tmp_path, spec, cache=cache)
    made = publisher.commit({"apps/a.yaml": b"x"}, MESSAGE, parent=parent)
    with pytest.raises(SourceError, match="has commits that are not here"):
        publisher.push(made)
    assert remote.git("log", "-1", "--format=%s", "main") == "theirs"


def test_a_tag_is_nothing_to_commit_to(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("tag", "v1")
    spec, cache = SourceSpec(url=str(repo.path), ref="v1"), tmp_path / "cache"
    parent = open_source(tmp_path, spec, cache=cache).resolve()
    with raises(ErrorId.BRANCH_UNKNOWN, match="'v1' is no branch"):
        open_publisher(tmp_path, spec, cache=cache).commit({"a": b""}, "x", parent=parent)


def cloned(repo: GitRepo, tmp_path: Path) -> GitRepo:
    """A bare remote that `main` of the repository follows."""
    remote = GitRepo(tmp_path / "remote.git")
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(remote.path))
    repo.git("remote", "add", "origin", str(remote.path))
    repo.git("fetch", "--quiet")
    repo.git("branch", "--quiet", "--set-upstream-to=origin/main")
    return remote
