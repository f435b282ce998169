"""kill -9 at any step of git while an app goes to a branch: the next run makes of it what an uninterrupted one makes."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures import warm
from tests.fixtures.branch import BRANCH, BranchProject
from tests.fixtures.commands import GitRepo, Result
from tests.fixtures.figures import Figure
from tests.fixtures.project import config_map

SEED = 2
STEP = 31
"""About every fifteenth call, in turn before and after."""

# A git that counts gitctl's calls and kills gitctl at one of them: before git has done anything, or when it has done all.
SHIM = """#!/bin/sh
echo >> {count}
if [ "$(wc -l < {count})" = {step} ]; then
  [ {when} = before ] || {real} "$@" > /dev/null
  kill -9 $PPID
  exit 1
fi
exec {real} "$@"
"""


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill point: the number of the call, from 1 (0: none), and on which side of git's work."""

    number: int
    when: str = "before"


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended: `died` says that the kill point was reached; `calls` of git were counted."""

    kill: Kill
    died: bool
    calls: int
    picture: Any


@pytest.fixture
def template(branch_project: BranchProject) -> Path:
    """A folder with a repository and its remote: the first revision is in the branch and pushed, the second one in Git alone."""
    p = branch_project
    folder = p.repo.path.parent / "template"
    folder.mkdir()
    remote = GitRepo(folder / "remote.git")
    p.release("one", config_map("change", a="1"), config_map("stay"), config_map("stay-too"), config_map("old"))
    p.repo.git("clone", "--quiet", "--bare", str(p.repo.path), str(remote.path))
    shutil.copytree(p.repo.path, folder / "repo")
    repo = GitRepo(folder / "repo")
    repo.git("remote", "add", "origin", "../remote.git")
    q = BranchProject(repo, p.gitctl)
    q.run("sync", "--push")
    q.release("two", config_map("change", a="2"), config_map("stay"), config_map("stay-too"), config_map("new"))
    return folder


def play(template: Path, kill: Kill) -> Ending:
    """Sync and push, killed at one call of git; run it again; look at what is there."""
    folder = template.with_name(f"kill-{kill.number}-{kill.when}")
    shutil.copytree(template, folder)
    count, shim = folder / "count", folder / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(SHIM.format(real=shutil.which("git"), count=count, step=kill.number, when=kill.when))
    shim.chmod(0o700)
    first = sync(folder / "repo", f"{shim.parent}:{os.environ['PATH']}")
    assert first.code in ((0, -9) if kill.number else (0,)), f"{kill}: exit {first.code}\n{first.stdout}\n{first.stderr}"
    calls = len(count.read_text().splitlines())
    if first.code:
        again = sync(folder / "repo", os.environ["PATH"])
        assert again.code == 0, f"{kill}: the next run ended with {again.code}\n{again.stdout}\n{again.stderr}"
    ending = Ending(kill, first.code < 0, calls, picture(folder))
    shutil.rmtree(folder)
    return ending


def sync(repo: Path, path: str) -> Result:
    """`gitctl sync --push` with this PATH."""
    args = ("sync", "--push", "-e", "dev")
    return Result(args, *warm.Running(args, cwd=repo, env={**os.environ, "PATH": path}).wait(120))


def picture(folder: Path) -> Any:
    """Branch, state and history at the remote, less times and the names of commits.

    What is here may lag behind after a push (the next look takes the newer of both), but never has anything of its own.
    """
    here, there = GitRepo(folder / "repo"), GitRepo(folder / "remote.git")
    for line in here.git("for-each-ref", "--format=%(refname) %(objectname)", f"refs/heads/{BRANCH}", "refs/gitctl/state").split("\n"):
        ref, sha = line.split()
        there.git("merge-base", "--is-ancestor", sha, ref)
    return looks(there)


def looks(repo: GitRepo) -> Any:
    """See picture."""
    state_ref = repo.git("for-each-ref", "--format=%(refname)", "refs/gitctl/state")
    state = json.loads(repo.git("show", f"{state_ref}:state.json"))
    records = [
        [r["verb"], r["result"], r["subject"], r["render_digest"], bool(r.get("commit"))]
        for r in state["state"]["records"]
        if r["result"] != "interrupted"
    ]
    known = {key: value for key, value in state["state"].items() if key not in ("records", "acknowledged", "pruned_at")}
    deletions = sum(number for _, number in state["state"].get("pruned_at", ()))
    return [
        repo.git("rev-parse", f"{BRANCH}^{{tree}}"),
        repo.git("log", "--format=%s", BRANCH).split("\n"),
        records,
        deletions,
        re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", json.dumps(known, sort_keys=True)),
        state["seen"] == repo.git("rev-parse", BRANCH),
    ]


def play_all(template: Path, kills: Sequence[Kill]) -> list[Ending | AssertionError]:
    """Each kill point; a failure is a value, so that one does not hide the others."""

    def one(kill: Kill) -> Ending | AssertionError:
        try:
            return play(template, kill)
        except AssertionError as failure:
            return failure

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, kills))


@pytest.mark.torture
def test_killed_at_any_step_of_git_the_next_run_converges(template: Path, long: bool, figure: Figure) -> None:
    whole = play(template, Kill(0))
    points = [Kill(number, when) for number in range(1, whole.calls + 1) for when in ("before", "after")]
    endings = play_all(template, points if long else points[SEED % STEP :: STEP])
    ended = [one for one in endings if isinstance(one, Ending)]
    figure("kill points", sum(one.died for one in ended))
    assert [str(one) for one in endings if not isinstance(one, Ending)] == []
    for one in ended:
        assert one.picture == whole.picture, one.kill
    assert sum(one.died for one in ended) > len(ended) // 2
