"""Which commit a command reads, and where it comes from. No cluster is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Result, Runner
from tests.servers.git_http import GitServer

TOKEN = "s3cr3t-t0ken-value"


def project(url: str = "", *apps: str) -> str:
    """gitctl.yaml with these apps (default: web) of one environment without clusters."""
    source = {"source": {"url": url, "ref": "main"}} if url else {}
    body = {"apiVersion": "gitctl.dev/v1", "kind": "Project", "name": "shop", "environments": {"dev": {}}, **source}
    return json.dumps(body | {"apps": {name: {"path": f"apps/{name}"} for name in apps or ("web",)}})


def settings(value: str, name: str = "settings") -> str:
    """A ConfigMap."""
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"release": value}})


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    """Releases one, two and three: `one` is tagged v1, `two` is the tip of the branch next, `three` is main."""
    made = git_repo({"gitctl.yaml": project(), "apps/web/all.yaml": settings("one")})
    made.git("tag", "-m", "first", "v1")
    made.commit("two", {"apps/web/all.yaml": settings("two")})
    made.git("branch", "next")
    made.commit("three", {"apps/web/all.yaml": settings("three")})
    return made


@pytest.fixture
def render(repo: GitRepo, gitctl: Runner) -> Callable[..., Result]:
    """`gitctl render web -e dev` in the repository."""
    return lambda *args, **options: gitctl("render", "web", "-e", "dev", *args, **{"cwd": repo.path} | options)


@pytest.mark.parametrize(
    ("name", "found"), [("v1", "one"), ("next", "two"), ("main", "three"), ("HEAD~2", "one"), ("HEAD", "three"), ("main^", "two")]
)
def test_revisions_are_branches_tags_and_relatives(render: Callable[..., Result], name: str, found: str) -> None:
    assert f"release: {found}" in render("--revision", name).expect().stdout


def test_revisions_are_commit_ids_whole_and_short(repo: GitRepo, render: Callable[..., Result]) -> None:
    sha = repo.git("rev-parse", "v1^{commit}")
    for name in (sha, sha[:9]):
        assert "release: one" in render("--revision", name).expect().stdout


def test_the_upstream_is_a_revision(repo: GitRepo, render: Callable[..., Result], tmp_path: Path) -> None:
    assert "no upstream" in render("--revision", "@{upstream}").expect(4).stderr
    repo.git("clone", "--quiet", "--branch=next", str(repo.path), str(tmp_path / "clone"))
    clone = GitRepo(tmp_path / "clone")
    clone.commit("ahead", {"apps/web/all.yaml": settings("ahead")})
    assert "release: two" in render("--revision", "@{upstream}", cwd=clone.path).expect().stdout


def test_an_unknown_revision_is_exit_4_with_a_suggestion(render: Callable[..., Result]) -> None:
    assert "did you mean 'main'" in render("--revision", "mian").expect(4).stderr
    assert render("--revision", "--upload-pack=x").expect(4).stderr


def test_uncommitted_files_are_read_with_worktree_only(repo: GitRepo, render: Callable[..., Result]) -> None:
    repo.write("apps/web/all.yaml", settings("uncommitted"))
    assert "release: three" in render().expect().stdout
    assert "release: uncommitted" in render("--worktree").expect().stdout


def test_two_revisions_are_compared_with_no_cluster(repo: GitRepo, gitctl: Runner) -> None:
    def diff(*args: str) -> Result:
        return gitctl("diff", "-e", "dev", *args, cwd=repo.path)

    told = diff("--from", "v1", "--to", "main").expect(1)
    assert "one" in told.stdout
    assert "three" in told.stdout
    diff("--from", "main", "--to", "HEAD").expect(0)
    assert "--from and --to" in diff("--from", "main").expect(2).stderr
    diff("--from", "v1", "--to", "nowhere").expect(4)


def test_an_app_that_only_one_side_has_is_all_new_or_all_gone(repo: GitRepo, gitctl: Runner) -> None:
    repo.commit("api", {"gitctl.yaml": project("", "web", "api"), "apps/api/all.yaml": settings("one", "api-settings")})

    def actions(*args: str) -> dict[str, list[str]]:
        body = gitctl("diff", "-e", "dev", "-o", "json", *args, cwd=repo.path).expect(1).json()
        return {app["app"]: [c["action"] for c in app["changes"]] for app in body["apps"] if app["changes"]}

    assert actions("--from", "main~1", "--to", "main") == {"api": ["create"]}
    assert actions("--from", "main", "--to", "main~1", "api") == {"api": ["prune"]}


@pytest.fixture
def far(repo: GitRepo, git_repo: Callable[..., GitRepo]) -> Callable[[str], GitRepo]:
    """A checkout of nothing but gitctl.yaml whose source is a remote."""

    def make(url: str) -> GitRepo:
        repo.commit("remote", {"gitctl.yaml": project(url)})
        return git_repo({"gitctl.yaml": project(url)}, name="far")

    return make


def test_a_remote_is_read_through_a_mirror(repo: GitRepo, far: Callable[[str], GitRepo], render: Callable[..., Result]) -> None:
    here = far(f"file://{repo.path}")
    assert "release: three" in render(cwd=here.path).expect().stdout
    repo.commit("four", {"apps/web/all.yaml": settings("four")})
    assert "release: four" in render(cwd=here.path).expect().stdout
    assert "release: one" in render("--revision", "v1", cwd=here.path).expect().stdout


def test_a_private_remote_is_opened_by_the_token_which_is_never_shown(
    repo: GitRepo, far: Callable[[str], GitRepo], render: Callable[..., Result]
) -> None:
    with GitServer(repo.path.parent, user="x-access-token", password=TOKEN) as server:
        here = far(f"{server.url}/repo/.git")
        refused = render(cwd=here.path).expect(4)
        assert "refuses the credentials" in refused.stderr
        assert "GITCTL_GIT_TOKEN" in refused.stderr
        wrong = render(cwd=here.path, env={"GITCTL_GIT_TOKEN": "wr0ng-t0ken-value"}).expect(4)
        assert "wr0ng" not in wrong.stdout + wrong.stderr
        told = render("-vvv", cwd=here.path, env={"GITCTL_GIT_TOKEN": TOKEN}).expect()
        assert "release: three" in told.stdout
        assert TOKEN not in told.stdout + told.stderr


def test_the_token_is_masked_wherever_it_turns_up(repo: GitRepo, render: Callable[..., Result]) -> None:
    repo.commit("oops", {"apps/web/all.yaml": settings(TOKEN)})
    assert TOKEN not in render(env={"GITCTL_GIT_TOKEN": TOKEN}).expect().stdout


def test_a_remote_that_is_away_is_read_from_the_cache_and_said_to_be_stale(
    repo: GitRepo, far: Callable[[str], GitRepo], render: Callable[..., Result]
) -> None:
    here = far(f"file://{repo.path}")
    render(cwd=here.path).expect()
    repo.path.rename(repo.path.with_name("away"))
    told = render(cwd=here.path).expect()
    assert "release: three" in told.stdout
    assert "stale, fetched" in told.stderr
    assert " ago" in told.stderr


def test_a_remote_that_is_away_and_was_never_fetched_is_exit_4(
    repo: GitRepo, far: Callable[[str], GitRepo], render: Callable[..., Result]
) -> None:
    here = far(f"file://{repo.path}-nowhere")
    render(cwd=here.path).expect(4)
