"""Remote bases end to end: gitctl.yaml lists a repository, a kustomization pins a commit of it, a real server has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Result, Runner
from tests.servers.git_http import GitServer

from gitctl.errors import ErrorId

BASE = {
    "deploy/kustomization.yaml": "resources: [one.yaml]\nnamePrefix: x-\n",
    "deploy/one.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n",
}


class World:
    """A project and a repository of bases behind a server."""

    def __init__(self, make: Callable[..., GitRepo], gitctl: Runner, server: GitServer) -> None:
        self.base, self.own = make(BASE, name="base"), make(name="own")
        self.server = server
        self._gitctl = gitctl

    def write(self, reference: str, *listed: str, **extra: str) -> str:
        """Commit an app with this base, and a list of repositories."""
        body = {
            "apiVersion": "gitctl.dev/v1",
            "kind": "Project",
            "name": "shop",
            "environments": {"dev": {}},
            "apps": {"web": {"path": "web"}},
            "remote_bases": list(listed),
        }
        return self.own.commit(
            "change", {"gitctl.yaml": json.dumps(body), "web/kustomization.yaml": f"resources:\n- {reference}\n", **extra}
        )

    def run(self, *args: str, **env: str) -> Result:
        """gitctl in the project."""
        done: Result = self._gitctl(*args, "-e", "dev", cwd=self.own.path, env=env)
        return done


@pytest.fixture
def world(git_repo: Callable[..., GitRepo], gitctl: Runner, tmp_path: Path) -> World:
    return World(git_repo, gitctl, GitServer(tmp_path))


def test_from_the_list_to_the_objects(world: World) -> None:
    with world.server as server:
        head, url, everything = world.base.git("rev-parse", "HEAD"), f"{server.url}/base", f"{server.url}/*"
        pinned = f"{url}//deploy?ref={head}"
        world.write(f"{url}//deploy?ref=main", everything)
        refused = world.run("render").error(ErrorId.REMOTE_BASE)
        assert "web/kustomization.yaml:2:3: a remote base or file" in refused.stderr
        assert f"git ls-remote {url} main" in refused.stderr
        assert server.seen == [], "nothing is asked before it is allowed"

        first = world.write(pinned, everything)
        wanted = world.run("render").expect().stdout
        assert "name: x-one" in wanted
        asked = len(server.seen)
        world.run("render", "--changed", "web/kustomization.yaml").expect()
        assert len(server.seen) == asked, "a pinned commit is fetched once"
        vendored = {f"web/vendor/{path}": text for path, text in BASE.items()}
        world.write("vendor/deploy", **vendored)
        assert world.run("render").expect().stdout == wanted, "as a copy in the repository renders"

        world.write(pinned, f"{server.url}/other")
        world.run("render", "--revision", first).error(ErrorId.REMOTE_BASE)  # the list of today binds older commits
        world.write(pinned, everything)
    assert world.run("render", "--no-cache").expect().stdout == wanted, "without the server, from what is kept"
    cold = world.run("render", GITCTL_CACHE_DIR=str(world.own.path.parent / "cold")).error(ErrorId.REMOTE_UNREACHABLE)
    assert "web/kustomization.yaml:2:3" in cold.stderr
