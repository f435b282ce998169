"""Who may write: many runs at once, clocks that are wrong, processes that were stopped, locks that are taken away. Real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.test_lock_and_interrupt import MANY, STATE, Slow, applied, records
from tests.cluster.test_lock_and_interrupt import slow as slow
from tests.fixtures.commands import GitRepo
from tests.fixtures.figures import Figure
from tests.fixtures.isolation import ROOT
from tests.fixtures.project import Project, config_map
from tests.servers.fault_proxy import Reset

from gitctl.errors import ErrorId

# Read by every Python that has the folder on its path: all that a process sees of the time is moved.
SHIFTED = """
import datetime, time
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds={seconds})
datetime.datetime = Shifted
real = time.time
time.time = lambda: real() + {seconds}
"""
HASTY = """
import gitctl.target.kubernetes.lock as lock
lock.GRACE = 1.5
"""


def customized(folder: Path, code: str) -> Mapping[str, str]:
    """An environment in which every Python runs this first."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "src")))}


def lease(project: Project) -> dict[str, Any]:
    """The lease of the app."""
    listed = json.loads(project.kubectl("-n", STATE, "get", "leases", "-o", "json").stdout)["items"]
    (found,) = [one for one in listed if one["metadata"].get("annotations", {}).get("gitctl.dev/owner") == f"{project.name}/dev/web"]
    return dict(found)


def give_lease(project: Project, patch: Mapping[str, Any]) -> None:
    """Change the lease by hand."""
    name = lease(project)["metadata"]["name"]
    project.kubectl("-n", STATE, "patch", "lease", name, "--type=merge", "-p", json.dumps(patch))


def age_notes(seconds: float) -> None:
    """Let the time pass that this machine has seen every lock silent."""
    for note in Path(os.environ["XDG_CACHE_HOME"]).rglob("locks/*.json"):
        noted = json.loads(note.read_text())
        note.write_text(json.dumps(noted | {"seen": noted["seen"] - seconds}))


@pytest.mark.torture
def test_many_at_once_have_one_winner_at_a_time_and_lose_nothing(project: Project, tmp_path: Path, long: bool, figure: Figure) -> None:
    """Half of them have a commit of their own, half have the same one and wait."""
    for round_ in range(5 if long else 1):
        count = 10 if long else 3
        project.write("web", config_map("m", a=f"{round_}"), *(config_map(f"o{i}") for i in range(10)))
        project.commit(f"round {round_}")
        before = len(records(project))
        places = [tmp_path / f"{round_}-{i}" for i in range(count)]
        for i, place in enumerate(places):
            project.repo.git("clone", "--quiet", str(project.repo.path), str(place))
            if i % 2:
                (place / "apps/web/all.yaml").write_text(json.dumps(config_map("m", a=f"{round_}-{i}")))
                subprocess.run(["git", "-C", place, "commit", "-aqm", f"by {i}"], check=True)
        waits = ("--lock-timeout", "120s")
        runs = [spawn(place, *(() if i % 2 else waits), "--prune-limit", "50") for i, place in enumerate(places)]
        ended = [(run.communicate(timeout=180), run.returncode) for run in runs]
        assert {code for _, code in ended} <= {0, 10}, [out for out, code in ended if code not in (0, 10)]
        won = [p for p, (_, code) in zip(places, ended, strict=True) if code == 0]
        assert won, ended
        made = list(reversed(records(project)))[before:]
        assert [r["number"] for r in made] == list(range(before + 1, before + len(made) + 1))
        assert {r["result"] for r in made} == {"succeeded"}
        heads = {GitRepo(place).git("rev-parse", "HEAD"): place for place in won}
        assert {r["revision"] for r in made} <= set(heads), "who was refused has written nothing"
        last = made[-1]["revision"] if made else ""
        wanted = GitRepo(heads[last]).git("show", f"{last}:apps/web/all.yaml") if last else ""
        data = (project.live("configmap", "m") or {})["data"]
        assert json.dumps(data["a"]) in wanted or not last
        figure("races", count)


def spawn(place: Path, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """`gitctl sync` in a folder."""
    argv = (sys.executable, "-m", "gitctl", "sync", "-e", "dev", *args)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(argv, cwd=place, env={**os.environ, **(env or {})}, text=True, **pipes)


@pytest.mark.torture
def test_a_wrong_clock_neither_loses_nor_wins_a_lock(
    project: Project, slow: Callable[..., Slow], tmp_path: Path, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder's clock is an hour behind, its rival's an hour ahead; the long version has it the other way round too."""
    for hours in (-1, 1) if long else (-1,):
        with monkeypatch.context() as wrong:
            wrong.setenv("PYTHONPATH", customized(tmp_path / f"holder{hours}", SHIFTED.format(seconds=hours * 3600))["PYTHONPATH"])
            run = slow(seconds=2).held()
        renewed = lease(project)["spec"]["renewTime"]
        off = (time.mktime(time.strptime(renewed[:19], "%Y-%m-%dT%H:%M:%S")) - time.time()) / 3600
        assert abs(off - hours) < 0.2, "else nothing is proved"
        # On another machine, as far as the rival knows.
        give_lease(project, {"metadata": {"annotations": {"holder.gitctl.dev/boot": "another"}}})
        env = customized(tmp_path / f"rival{hours}", SHIFTED.format(seconds=-hours * 3600))
        project.run("sync", env=env, code=10).error(ErrorId.LOCKED)
        run.let_go()
        out, err = run.process.communicate(timeout=90)
        assert run.process.returncode == 0, out + err
        run.proxy.clear()
        if long:
            project.run("delete", "web", "--yes", "--prune-limit", "100")


@pytest.mark.torture
def test_a_process_that_was_stopped_and_woken_writes_nothing(project: Project, slow: Callable[..., Slow], long: bool) -> None:
    """Its lock was taken meanwhile, and the connections of what it had under way are broken: it must not send that once more.

    In the long version nobody takes the lock: two minutes have passed, which it sees by the clock that goes on in sleep."""
    project.kubectl("create", "namespace", STATE, code=None)
    run = slow()
    run.proxy.on(Reset(), method="PATCH", path=f"/namespaces/{project.name}/configmaps", times=-1)
    run.in_mid_run()
    run.process.send_signal(signal.SIGSTOP)
    if long:
        time.sleep(125)
    else:
        give_lease(project, {"spec": {"holderIdentity": "eve@elsewhere:1"}})
        time.sleep(1.5)
    before = len(run.proxy.requests)
    run.process.send_signal(signal.SIGCONT)
    out, err = run.process.communicate(timeout=90)
    written = [f"{r.method} {r.path}" for r in run.proxy.requests[before:] if r.method not in ("GET", "HEAD") and "dryRun" not in r.query]
    assert [w for w in written if "/leases/" not in w] == []
    assert run.process.returncode == 10, out + err
    assert f"see: gitctl explain {ErrorId.LOCK_LOST}\n" in err
    assert applied(project) == 0
    assert [r["result"] for r in records(project)] == ["open"]


def test_unlock_names_the_holder_and_what_it_does_and_marks_its_record(project: Project, slow: Callable[..., Slow]) -> None:
    run = slow().in_mid_run()
    run.stop(signal.SIGKILL)
    env = {"KUBECONFIG": str(run.proxy.kubeconfig)}
    give_lease(project, {"metadata": {"annotations": {"holder.gitctl.dev/boot": "x", "holder.gitctl.dev/host": "ci-7"}}})
    project.run("sync", env=env, code=10).error(ErrorId.LOCKED)
    age_notes(61)
    run.proxy.clear()
    told = project.run("unlock", "web", env=env, code=7).error(ErrorId.CONSENT_NEEDED)
    identity = lease(project)["spec"]["holderIdentity"]
    for part in (f"locked by {identity}", "ci-7, process ", "silent for 6", "record 1, sync of ", "'change' by ", "started 20"):
        assert part in told.stderr, part
    assert lease(project)["spec"]["holderIdentity"] == identity
    (place,) = project.run("unlock", "web", "--yes", "-o", "json", env=env).json()["clusters"]
    asked = [r for r in run.proxy.requests if "/leases" in r.path]
    assert {r.method for r in asked} == {"GET", "PUT", "DELETE"}, "the verbs that `gitctl rbac` gives"
    assert all("/leases/" in r.path for r in asked), "no LIST"
    assert (place["evicted"], place["record"], place["holder"]["life"], place["run"]["verb"]) == (True, 1, "silent", "sync")
    (record,) = records(project)
    assert record["result"] == "interrupted"
    assert f"{identity} was evicted by " in record["message"]
    assert "not locked" in project.run("unlock", "web").stdout
    project.run("sync")


def test_unlock_refuses_while_the_holder_lives_and_can_be_made_to(project: Project, slow: Callable[..., Slow], tmp_path: Path) -> None:
    run = slow(seconds=5).in_mid_run()
    refused = project.run("unlock", "web", "--yes", code=7).error(ErrorId.HOLDER_ALIVE)
    assert f"end the process {run.process.pid} on this machine" in refused.stderr
    taken = ("unlock", "web", "--yes", "--dangerous-evict-running")
    told = project.run(*taken, env=customized(tmp_path / "hasty", HASTY))
    assert "was evicted; record 1 is marked as interrupted" in told.stdout
    begun = len(run.proxy.requests)
    out, err = run.process.communicate(timeout=60)
    assert run.process.returncode == 10, out + err
    assert f"see: gitctl explain {ErrorId.LOCK_LOST}\n" in err
    assert [r.path for r in run.proxy.requests[begun:] if r.method != "GET"] == [], "nothing new was begun"
    assert 0 < applied(project) < len(MANY)
    assert [r["result"] for r in records(project)] == ["interrupted"]
    run.proxy.clear()
    project.run("sync")
    assert project.run("drift-check").stdout == ""
