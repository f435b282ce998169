from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.servers.git_http import GitServer

from gitctl.errors import InputError, Refused, SourceError, StateMoved
from gitctl.model.app import SourceSpec
from gitctl.refs import RefMove, Refs
from gitctl.source.open import open_refs

BRANCH, STATE, LOCK = "refs/heads/rendered/dev", "refs/gitctl/state/x", "refs/gitctl/lock/x"
ALL = (BRANCH, "refs/gitctl/state/")


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    return git_repo({"README": "x"})


@pytest.fixture
def origin(repo: GitRepo, git_repo: Callable[..., GitRepo]) -> GitRepo:
    """The remote of `repo`, with nothing in it."""
    made = git_repo(name="origin")
    repo.git("remote", "add", "origin", str(made.path))
    return made


def refs_of(repo: GitRepo, *, push: bool = False, url: str = "") -> Refs:
    return open_refs(repo.path, SourceSpec(), url, cache=repo.path.parent / "cache", push=push)


def write(refs: Refs, text: str) -> str:
    """A commit on the branch and a note, in one step; the commit."""
    tips = refs.tips(*ALL)
    commit = refs.commit({"a/b.yaml": text.encode()}, f"{text}\n\nGitctl-App: me\n", parent=tips.get(BRANCH, ""))
    note = refs.note({"state": text.encode()}, "note\n", parent=tips.get(STATE, ""))
    refs.move([RefMove(BRANCH, tips.get(BRANCH, ""), commit), RefMove(STATE, tips.get(STATE, ""), note)])
    return commit


def test_refs_move_together_or_not_at_all(repo: GitRepo) -> None:
    first = write(refs_of(repo), "one")
    late = refs_of(repo)
    tips = dict(late.tips(*ALL))
    second = write(refs_of(repo), "two")
    with pytest.raises(StateMoved):
        late.move([RefMove("refs/heads/new", "", first), RefMove(STATE, tips[STATE], first)])
    assert repo.git("for-each-ref", "--format=%(refname)", "refs/heads/new") == ""
    assert refs_of(repo).tips(*ALL)[BRANCH] == second
    assert refs_of(repo).files(second, ("a/",)) == {"a/b.yaml": b"two"}
    assert refs_of(repo).files(second, ("a/b.yaml", "absent")) == {"a/b.yaml": b"two"}
    assert repo.git("log", "-1", "--format=%an", STATE) == "gitctl"


def test_what_a_caller_saw_counts_not_what_is_there_now(repo: GitRepo) -> None:
    refs = refs_of(repo)
    stale = write(refs, "one")
    write(refs_of(repo), "two")
    refs.tips(*ALL)
    with pytest.raises(StateMoved):
        refs.move([RefMove(BRANCH, stale, stale)])


def test_pushes_reach_the_remote_first_and_lose_races(repo: GitRepo, origin: GitRepo) -> None:
    commit = write(refs_of(repo, push=True), "one")
    assert origin.git("rev-parse", BRANCH) == repo.git("rev-parse", BRANCH) == commit
    late = refs_of(repo, push=True)
    tips = dict(late.tips(*ALL))
    other = GitRepo(repo.path.parent / "clone")
    repo.git("clone", "--quiet", str(origin.path), str(other.path))
    second = write(refs_of(other, push=True), "two")
    mine = late.commit({"a/b.yaml": b"mine"}, "mine", parent=commit)
    with pytest.raises(StateMoved):
        late.move([RefMove("refs/heads/new", "", mine), RefMove(STATE, tips[STATE], mine)])
    assert origin.git("for-each-ref", "refs/heads/new") == ""
    assert origin.git("rev-parse", BRANCH) == second
    assert refs_of(repo).tips(*ALL)[BRANCH] == second
    assert repo.git("rev-parse", BRANCH) == commit


def test_a_remote_that_forbids_such_refs_is_no_lost_race(repo: GitRepo, origin: GitRepo) -> None:
    origin.git("config", "transfer.hideRefs", "refs/gitctl")
    refs = refs_of(repo, push=True)
    with pytest.raises(SourceError, match="does not accept the push") as refused:
        refs.move([RefMove(LOCK, "", refs.note({"x": b"1"}, "lock", parent=""))])
    assert refused.value.details == ("deny updating a hidden ref",)


def test_what_is_at_the_remote_only_stays_there_without_a_push(repo: GitRepo, origin: GitRepo) -> None:
    write(refs_of(repo, push=True), "one")
    repo.git("update-ref", "-d", STATE)
    refs = refs_of(repo)
    state = refs.tips(*ALL)[STATE]
    refs.move([RefMove(STATE, state, ""), RefMove("refs/heads/new", "", state)])
    assert origin.git("rev-parse", STATE) == state
    pushing = refs_of(repo, push=True)
    pushing.tips(*ALL)
    pushing.move([RefMove(STATE, state, "")])
    assert origin.git("for-each-ref", STATE) == ""


def test_what_was_left_here_is_published_later(repo: GitRepo, origin: GitRepo) -> None:
    commit = write(refs_of(repo), "one")
    refs = refs_of(repo, push=True)
    refs.tips(*ALL)
    assert set(refs.publish()) == {BRANCH, STATE}
    assert origin.git("rev-parse", BRANCH) == commit
    assert refs.publish() == ()
    unpushed = refs_of(repo)
    unpushed.tips(*ALL)
    assert unpushed.publish() == ()


def test_two_lines_of_history_are_told_with_the_way_out(repo: GitRepo, origin: GitRepo) -> None:
    write(refs_of(repo, push=True), "one")
    clone = GitRepo(repo.path.parent / "clone")
    repo.git("clone", "--quiet", str(origin.path), str(clone.path))
    write(refs_of(clone, push=True), "theirs")
    repo.git("remote", "set-url", "origin", str(repo.path.parent / "away"))
    write(refs_of(repo), "mine")
    repo.git("remote", "set-url", "origin", str(origin.path))
    with pytest.raises(SourceError, match="was never pushed") as diverged:
        refs_of(repo).tips(*ALL)
    for command in diverged.value.details:
        repo.git(*command.split()[1:])
    assert refs_of(repo).files(refs_of(repo).tips(*ALL)[BRANCH], ("/",)) == {"a/b.yaml": b"theirs"}


def test_a_lock_is_looked_for_where_it_is_taken(repo: GitRepo, origin: GitRepo) -> None:
    here, there = refs_of(repo), refs_of(repo, push=True)
    note = here.note({"x": b"1"}, "lock", parent="")
    assert here.tips(LOCK, merged=False) == {}
    here.move([RefMove(LOCK, "", note)])
    assert here.tips(LOCK, merged=False) == {LOCK: note}
    assert there.tips(LOCK, merged=False) == {}
    there.move([RefMove(LOCK, "", note)])
    there.move([RefMove(LOCK, note, "")])
    assert origin.git("for-each-ref", LOCK) == ""
    assert here.tips(LOCK, merged=False) == {LOCK: note}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with GitServer(tmp_path) as made:
        yield made


def test_a_remote_that_is_away_is_a_warning_unless_it_is_written_to(repo: GitRepo, server: GitServer) -> None:
    commit = write(refs_of(repo), "one")
    repo.git("remote", "add", "origin", f"{server.url}/nothing")
    server.stop()
    refs = refs_of(repo)
    assert refs.tips(*ALL)[BRANCH] == commit
    assert "cannot be reached" in refs.warnings[0]
    with pytest.raises(SourceError, match="cannot be reached"):
        refs_of(repo, push=True).tips(*ALL)


def test_a_push_needs_a_remote(repo: GitRepo) -> None:
    with pytest.raises(SourceError, match="no remote `origin` to push to"):
        refs_of(repo, push=True).tips(*ALL)
    repo.git("remote", "add", "origin", "exotic::somewhere")
    refs = refs_of(repo)
    assert refs.tips(*ALL) == {}
    assert "is no URL that gitctl fetches from" in refs.warnings[0]


def test_a_branch_in_use_is_not_moved(repo: GitRepo) -> None:
    write(refs_of(repo), "one")
    refs_of(repo).require_writable(BRANCH)
    with pytest.raises(Refused, match="checked out in"):
        refs_of(repo).require_writable("refs/heads/main")
    repo.git("worktree", "add", "--quiet", "../hand", "rendered/dev")
    with pytest.raises(Refused, match="hand"):
        refs_of(repo).require_writable(BRANCH)


def test_nobody_commits_without_a_name(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name)
    repo.git("config", "user.useConfigOnly", "true")
    with pytest.raises(SourceError, match="does not know who commits"):
        refs_of(repo).require_writable(BRANCH)


def test_touches_name_authors_and_apps(repo: GitRepo) -> None:
    refs = refs_of(repo)
    first = write(refs, "one")
    repo.git("worktree", "add", "--quiet", "../hand", "rendered/dev")
    hand = GitRepo(repo.path.parent / "hand")
    second = hand.commit("a \x01 quick, fix", {"a/b.yaml": "2", "elsewhere": "x"})
    hand.commit("elsewhere", {"elsewhere": "y"})
    tip = hand.commit("both", {"a/c.yaml": "3"})
    found = refs.touches(first, tip, "a")
    assert found is not None
    assert [(t.by.sha, sorted(t.paths), t.owners) for t in found] == [(tip, ["a/c.yaml"], ()), (second, ["a/b.yaml"], ())]
    assert found[1].by.author == "Ada Author <ada@example.com>"
    assert [t.owners for t in refs.touches("", first, "") or ()] == [("me",)]
    assert refs.touches(tip, first, "a") is None
    assert refs.touches("1" * 40, first, "a") is None


def test_links_are_neither_read_nor_followed(repo: GitRepo) -> None:
    (repo.path / "link.yaml").symlink_to("README")
    (repo.path / "site").symlink_to("elsewhere")
    tip = repo.commit("links")
    refs = refs_of(repo)
    assert refs.files(tip, ("/",)) == {"README": b"x"}
    with pytest.raises(InputError, match="a link in the branch"):
        refs.commit({"site/a.yaml": b"1"}, "x", parent=tip)
    with pytest.raises(InputError, match="hostile"):
        refs.commit({"../a.yaml": b"1"}, "x", parent=tip)


def test_a_mirror_sees_what_was_pushed_and_is_never_written_alone(repo: GitRepo, origin: GitRepo) -> None:
    mirror = refs_of(repo, url=str(origin.path))
    assert mirror.shared
    commit = write(mirror, "one")
    assert origin.git("rev-parse", BRANCH) == commit
    again = refs_of(repo, url=str(origin.path))
    assert dict(again.tips(*ALL)) == {BRANCH: commit, STATE: origin.git("rev-parse", STATE)}


def test_a_mirror_whose_remote_is_away_is_read_and_not_written(tmp_path: Path, repo: GitRepo, server: GitServer) -> None:
    repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "shop.git"))
    url = f"{server.url}/shop.git"
    assert refs_of(repo, url=url).tips("refs/heads/main")
    server.stop()
    refs = refs_of(repo, url=url)
    assert refs.tips("refs/heads/main") == {"refs/heads/main": repo.git("rev-parse", "main")}
    assert "cannot be reached" in refs.warnings[0]
    with pytest.raises(SourceError, match="cannot be reached"):
        refs.move([RefMove(BRANCH, "", repo.git("rev-parse", "main"))])
