from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises
from tests.servers.git_http import GitServer

from gitctl.errors import ErrorId, SourceError
from gitctl.model.app import SourceSpec
from gitctl.source.lock import locked
from gitctl.source.names import parse_remote
from gitctl.source.open import open_publisher, open_source
from gitctl.source.repository import MirrorSource
from gitctl.source.token import with_trust
from gitctl.source.transport import transport_to

MakeRepo = Callable[..., GitRepo]
TOKEN = "s3cr3t-t0ken-value"


@pytest.fixture
def repo(git_repo: MakeRepo) -> GitRepo:
    return git_repo({"a": "1"}, name="shop")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def server(repo: GitRepo) -> Iterator[GitServer]:
    """The repository over HTTP behind a password; pushing is allowed."""
    repo.git("config", "http.receivepack", "true")
    repo.git("config", "receive.denyCurrentBranch", "ignore")
    with GitServer(repo.path.parent, user="robot", password=TOKEN) as running:
        yield running


def source_of(url: str, cache: Path, *, ref: str = "", timeout: float = 60) -> MirrorSource:
    source = open_source(cache.parent, SourceSpec(url, ref), cache=cache, timeout=timeout)
    assert isinstance(source, MirrorSource)
    return source


def http(server: GitServer, user: str = "robot", password: str = TOKEN) -> str:
    return server.url.replace("://", f"://{user}:{password}@" if password else "://") + "/shop"


def test_follows_the_remote(repo: GitRepo, cache: Path) -> None:
    url = f"file://{repo.path}"
    assert source_of(url, cache).resolve("main").subject == "first"
    repo.git("tag", "v1")
    repo.commit("second", {"a": "2"})
    repo.git("branch", "feature")
    source = source_of(url, cache)
    assert source.resolve("main").subject == "second"
    assert (source.resolve("v1").subject, source.resolve("feature~1").subject) == ("first", "first")
    assert source.tree(source.resolve("main")).files("") == {"a": b"2"}
    assert source.resolve("main").repo == url


def test_head_is_the_default_branch(repo: GitRepo, cache: Path) -> None:
    repo.git("branch", "--move", "main", "trunk")
    assert source_of(str(repo.path), cache).resolve().subject == "first"
    assert source_of(str(repo.path), cache, ref="trunk").resolve().name == "trunk"
    repo.git("branch", "--move", "trunk", "renamed")
    assert source_of(str(repo.path), cache).resolve("HEAD").subject == "first"


def test_rewritten_and_removed_branches_and_moved_tags(repo: GitRepo, cache: Path) -> None:
    repo.git("branch", "gone")
    repo.git("tag", "v1")
    old = source_of(str(repo.path), cache).resolve("gone").sha
    repo.git("commit", "--quiet", "--amend", "--message", "rewritten")
    repo.git("branch", "--delete", "--force", "gone")
    repo.git("tag", "--force", "v1")
    source = source_of(str(repo.path), cache)
    assert (source.resolve("main").subject, source.resolve("v1").subject) == ("rewritten", "rewritten")
    with pytest.raises(SourceError, match="unknown revision 'gone'"):
        source.resolve("gone")
    assert source.resolve(old).subject == "first"


def test_the_cache_is_private(repo: GitRepo, cache: Path) -> None:
    source = source_of(str(repo.path), cache)
    source.resolve("main")
    assert stat.S_IMODE((cache / "git").stat().st_mode) == 0o700
    assert stat.S_IMODE(source.mirror.folder.stat().st_mode) == 0o700


def test_one_fetch_a_source(repo: GitRepo, cache: Path) -> None:
    source = source_of(str(repo.path), cache)
    source.resolve("main")
    repo.commit("second", {"a": "2"})
    assert source.resolve("main").subject == "first"
    source.fetch()
    assert source.resolve("main").subject == "second"


def test_nothing_is_fetched_before_the_first_question(cache: Path) -> None:
    source_of("file:///nowhere", cache)
    assert not cache.exists()


def test_unreachable_with_a_cache_is_stale(repo: GitRepo, cache: Path) -> None:
    sha = source_of(str(repo.path), cache).resolve("main").sha
    stamp = next((cache / "git").glob("*.git/gitctl-fetched"))
    stamp.write_text(f"{time.time() - 720}")
    repo.path.rename(repo.path.with_name("away"))
    source = source_of(str(repo.path), cache)
    found = source.resolve("main")
    assert found.stale_seconds is not None
    assert 720 <= found.stale_seconds < 780
    assert source.tree(found).files("") == {"a": b"1"}
    assert source.resolve(sha).stale_seconds is None, "an id names the same for ever"
    with pytest.raises(SourceError, match="cannot be reached"):
        source.fetch()


def test_unreachable_without_a_cache(cache: Path) -> None:
    with raises(ErrorId.REMOTE_UNREACHABLE, match="cannot be reached"):
        source_of("file:///nowhere/at/all", cache).resolve("main")
    assert list((cache / "git").glob("*.git")) == []
    assert list((cache / "git").glob("new-*")) == []


def test_a_server_that_does_not_answer(repo: GitRepo, server: GitServer, cache: Path) -> None:
    source_of(http(server), cache).resolve("main")
    server.stop()
    assert source_of(http(server), cache, timeout=5).resolve("main").stale_seconds is not None


def test_a_failure_that_passes_is_tried_again(server: GitServer, cache: Path) -> None:
    source_of(http(server), cache).resolve("main")
    server.broken = 2
    assert source_of(http(server), cache).resolve("main").stale_seconds is None
    assert server.broken == 0


@pytest.mark.parametrize("damage", ["pack", "loose", "head", "refs", "objects", "config"])
def test_a_broken_mirror_is_made_anew(repo: GitRepo, cache: Path, damage: str) -> None:
    for n in range(3):
        repo.commit(str(n), {"a": str(n)})
    url = f"file://{repo.path}"
    source = source_of(url, cache)
    source.resolve("main")
    spoil(source.mirror.folder, damage)
    again = source_of(url, cache)
    found = again.resolve("main")
    assert (found.subject, again.tree(found).files("a")) == ("2", {"a": b"2"})
    assert source_of(url, cache).resolve("main").stale_seconds is None


def spoil(mirror: Path, damage: str) -> None:
    if damage == "pack":
        subprocess.run(["git", "--git-dir", mirror, "repack", "-adq"], check=True)
        for pack in mirror.glob("objects/pack/*.pack"):
            pack.chmod(0o600)
            pack.write_bytes(pack.read_bytes()[:40])
    elif damage == "loose":
        for pack in list(mirror.glob("objects/pack/*.pack")):
            moved = mirror / pack.name
            pack.rename(moved)
            with moved.open("rb") as stream:
                subprocess.run(["git", "--git-dir", mirror, "unpack-objects", "-q"], stdin=stream, check=True)
        for part in mirror.glob("objects/??/*"):
            part.chmod(0o600)
            part.write_bytes(b"")
    elif damage == "head":
        (mirror / "HEAD").unlink()
    elif damage == "refs":
        (mirror / "refs/heads/main").write_text("0" * 39 + "1\n")
    elif damage == "objects":
        shutil.rmtree(mirror / "objects")
        (mirror / "objects").mkdir()
    else:
        (mirror / "config").write_text("[core\n")


def test_a_mirror_that_breaks_after_it_was_opened(repo: GitRepo, cache: Path) -> None:
    source = source_of(str(repo.path), cache)
    tree = source.tree(source.resolve("main"))
    spoil(source.mirror.folder, "objects")
    assert tree.files("") == {"a": b"1"}


def test_a_commit_that_no_branch_holds_is_fetched_by_its_id(repo: GitRepo, cache: Path) -> None:
    old = repo.git("rev-parse", "HEAD")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repo.git("commit", "--quiet", "--amend", "--message", "rewritten")
    source = source_of(f"file://{repo.path}", cache)
    assert source.resolve(old).subject == "first"
    with pytest.raises(SourceError, match="unknown revision"):
        source.resolve("0123456789" * 4)


def test_credentials_of_the_url(server: GitServer, cache: Path) -> None:
    source = source_of(http(server), cache)
    assert source.resolve("main").repo == f"{server.url}/shop"
    assert {user for _, user in server.seen} == {"robot"}
    kept = b"".join(p.read_bytes() for p in cache.rglob("*") if p.is_file())
    assert TOKEN.encode() not in kept


def test_the_token_of_the_environment(server: GitServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCTL_GIT_TOKEN", TOKEN)
    monkeypatch.setenv("GITCTL_GIT_USER", "robot")
    assert source_of(f"{server.url}/shop", cache).resolve("main").subject == "first"


def test_the_users_own_credential_helper(server: GitServer, cache: Path, isolated: Path) -> None:
    (isolated / ".gitconfig").write_text(f"[credential]\n\thelper = \"!printf 'username=robot\\\\npassword={TOKEN}\\\\n' #\"\n")
    assert source_of(f"{server.url}/shop", cache).resolve("main").subject == "first"


def test_the_token_wins_over_a_helper_with_an_old_one(
    server: GitServer, cache: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (isolated / ".gitconfig").write_text("[credential]\n\thelper = \"!printf 'username=robot\\\\npassword=old\\\\n' #\"\n")
    monkeypatch.setenv("GITCTL_GIT_TOKEN", TOKEN)
    monkeypatch.setenv("GITCTL_GIT_USER", "robot")
    assert source_of(f"{server.url}/shop", cache).resolve("main").subject == "first"


def test_settings_that_are_in_the_environment_already_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    env = transport_to(parse_remote("https://host/x", base=Path("/"))).env
    assert "GIT_CONFIG_KEY_0" not in env
    assert env["GIT_CONFIG_COUNT"] == "3"


@pytest.mark.parametrize("password", ["", "wrong-but-s3cret"])
def test_refused_credentials_are_an_error_and_not_shown(server: GitServer, cache: Path, password: str) -> None:
    with raises(ErrorId.REMOTE_CREDENTIALS, match="refuses the credentials") as caught:
        source_of(http(server, password=password), cache).resolve("main")
    shown = " ".join([str(caught.value), caught.value.hint, *caught.value.details])
    assert "wrong-but-s3cret" not in shown
    assert "GITCTL_GIT_TOKEN" in caught.value.hint


def test_credentials_that_are_refused_later_are_no_stale_cache(server: GitServer, cache: Path) -> None:
    source_of(http(server), cache).resolve("main")
    server.password = "changed"
    with pytest.raises(SourceError, match="refuses the credentials"):
        source_of(http(server), cache).resolve("main")


def test_a_repository_that_is_not_there(server: GitServer, cache: Path) -> None:
    with raises(ErrorId.REMOTE_REPOSITORY, match="no such repository"):
        source_of(http(server).replace("/shop", "/none"), cache).resolve("main")


def test_a_redirect_does_not_get_the_token(server: GitServer, cache: Path, repo: GitRepo) -> None:
    with GitServer(repo.path.parent, user="robot", password="other") as thief:
        server.redirect = thief.url
        with pytest.raises(SourceError):
            source_of(http(server), cache).resolve("main")
        assert thief.authorizations == []


def test_the_token_does_not_travel_over_plain_http_to_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCTL_GIT_TOKEN", TOKEN)
    assert TOKEN not in transport_to(parse_remote("http://example.com/x", base=Path("/"))).env.values()
    assert TOKEN in transport_to(parse_remote("https://example.com/x", base=Path("/"))).env.values()
    assert TOKEN not in transport_to(parse_remote("ssh://git@example.com/x", base=Path("/"))).env.values()


def test_the_token_is_in_no_command_line(server: GitServer, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that notes how it is called, in front of the real one."""
    real = shutil.which("git")
    spy = tmp_path / "bin/git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {tmp_path}/calls\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}{os.pathsep}{os.environ['PATH']}")
    source = source_of(http(server), cache)
    head = source.resolve("main")
    publisher = open_publisher(tmp_path, SourceSpec(http(server)), cache=cache)
    publisher.push(publisher.commit({"b": b"1"}, "pushed", parent=head))
    calls = (tmp_path / "calls").read_text()
    assert "fetch" in calls
    assert "push" in calls
    assert TOKEN not in calls


def test_push_over_http(server: GitServer, cache: Path, repo: GitRepo) -> None:
    source, publisher = source_of(http(server), cache), open_publisher(cache, SourceSpec(http(server)), cache=cache)
    made = publisher.commit({"b": b"1"}, "pushed", parent=source.resolve("main"))
    publisher.push(made)
    assert repo.git("rev-parse", "main") == made.sha


def test_ssh_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = parse_remote("git@host:x", base=Path("/"))
    assert "BatchMode=yes" in transport_to(remote).env["GIT_SSH_COMMAND"]
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    assert "GIT_SSH_COMMAND" not in transport_to(remote).env


def test_fetch_over_ssh(repo: GitRepo, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for ssh that runs the command on this machine: `ssh [options] host command`."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nfor last; do :; done\necho "$@" >> "$0.calls"\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(ssh))
    assert source_of(f"ssh://git@host{repo.path}", cache).resolve("main").subject == "first"
    assert "git@host" in (tmp_path / "ssh.calls").read_text()


def test_the_lock_is_waited_for_and_let_go(tmp_path: Path) -> None:
    place = tmp_path / "lock"
    hold = (
        "import sys, time; from pathlib import Path; from gitctl.source.lock import locked\n"
        "with locked(Path(sys.argv[1]), timeout=5): print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, place], stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with raises(ErrorId.REMOTE_BUSY, match="another gitctl is still fetching"), locked(place, timeout=0.3):
            pass
        other.kill()
        with locked(place, timeout=5):
            pass


def test_several_processes_at_once(repo: GitRepo, cache: Path) -> None:
    ask = (
        "import sys; from pathlib import Path; from gitctl.model.app import SourceSpec; from gitctl.source.open import open_source\n"
        "source = open_source(Path('/'), SourceSpec(sys.argv[1]), cache=Path(sys.argv[2]))\n"
        "print(source.tree(source.resolve('main')).files('a')['a'])"
    )
    started = [subprocess.Popen([sys.executable, "-c", ask, f"file://{repo.path}", cache], stdout=subprocess.PIPE) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in started] == [b"b'1'"] * 2


@pytest.mark.parametrize(
    ("remotes", "named", "sent"),
    [
        ((), "", True),
        (("https://127.0.0.1/own",), "", True),
        (("git@127.0.0.1:own.git",), "", True),
        (("https://git.example.com/own",), "", False),
        (("https://git.example.com/own",), "127.0.0.1", True),
        (("https://127.0.0.1/own",), "git.example.com", False),
    ],
    ids=str,
)
def test_the_token_is_for_hosts_that_no_commit_can_name(
    git_repo: MakeRepo,
    server: GitServer,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    remotes: tuple[str, ...],
    named: str,
    sent: bool,
) -> None:
    checkout = git_repo({"gitctl.yaml": ""}, name="checkout")
    for number, url in enumerate(remotes):
        checkout.git("remote", "add", f"r{number}", url)
    monkeypatch.setenv("GITCTL_GIT_TOKEN", TOKEN)
    monkeypatch.setenv("GITCTL_GIT_USER", "robot")
    monkeypatch.setenv("GITCTL_GIT_HOST", named)
    source = open_source(checkout.path, SourceSpec(f"{server.url}/shop"), cache=cache)
    if sent:
        assert source.resolve("main").subject == "first"
    else:
        with raises(ErrorId.REMOTE_CREDENTIALS) as caught:
            source.resolve("main")
        assert "if it is meant for 127.0.0.1: GITCTL_GIT_HOST=127.0.0.1" in caught.value.hint
    assert bool(server.authorizations) is sent


@pytest.mark.parametrize(("url", "given"), [("https://git.example.com/other", True), ("https://evil.example.net/x", False)])
def test_a_url_elsewhere_in_the_project_gets_the_token_of_the_sources_host_only(
    url: str, given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the branch that an app is rendered into."""
    monkeypatch.setenv("GITCTL_GIT_TOKEN", TOKEN)
    remote = with_trust(parse_remote(url, base=tmp_path), tmp_path, known="https://git.example.com/shop")
    assert (transport_to(remote).secret == (TOKEN,)) is given
