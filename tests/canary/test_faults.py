"""No secret leaks where things go wrong: answers that quote what was sent, runs that are killed, runs that are taken back.

The last tests switch a defence off and see the leak: without them the others would prove nothing.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from tests.canary.defences import named, no_redaction, preimages_on_disk
from tests.canary.search import Search
from tests.canary.test_cluster import JSON, TEXT, Story
from tests.canary.test_cluster import story as story
from tests.fixtures.figures import Figure
from tests.fixtures.project import config_map
from tests.servers.fault_proxy import Call, Echo, FaultProxy

BY_HAND = "Kanarie-by-hand-4711-never-in-git"
"""A value that no encrypted file has: nobody can tell the redactor to look for it."""
REAL, DRY = r"^(?!.*dryRun)", "dryRun"
CODES = (400, 403, 409, 422, 500)


def secrets(story: Story, mark: str) -> None:
    """A Secret for each status code, all with the canary in them."""
    for code in CODES:
        text = story.world.secret.replace("name: db", f"name: s{code}").replace("user: ", f"user: {mark}-")
        story.world.seal(f"plain/s{code}.yaml", text)
    story.world.repo.commit()


def echo(proxy: FaultProxy, query: str) -> None:
    """Each of the Secrets is refused with its code."""
    proxy.clear()
    for code in CODES:
        proxy.on(Echo(code), method="PATCH", path=f"/secrets/s{code}$", query=query, times=-1)


def through(story: Story, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the story's commands go through the proxy."""
    monkeypatch.setenv("KUBECONFIG", str(proxy.kubeconfig))


def edit_by_hand(story: Story, name: str) -> None:
    """A key of the Secret that only the cluster has."""
    value = base64.b64encode(BY_HAND.encode()).decode()
    patch = json.dumps({"data": {"hand": value}})
    story.kubectl("-n", story.namespace, "patch", "secret", name, "--field-manager=kubectl-edit", "--type=merge", "-p", patch)


def test_answers_that_quote_what_was_sent(story: Story, fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    through(story, fault_proxy, monkeypatch)
    secrets(story, "a")
    echo(fault_proxy, REAL)
    told = story.run("sync", *TEXT, code=8)
    assert all(f"s{code}: the server refused it ({code})" in told.stderr for code in CODES), told.stderr
    fault_proxy.clear()
    story.run("sync", *JSON, code=0)
    secrets(story, "b")
    echo(fault_proxy, DRY)
    for form in (TEXT, JSON):
        story.run("diff", *form, code=8)
    fault_proxy.clear()
    fault_proxy.on(Echo(500), method="PUT", path="/namespaces/gitctl-system/secrets/", times=-1)
    story.run("sync", *TEXT, code=6)


def test_a_run_that_is_taken_back_and_refused_while_it_is(story: Story, fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it puts back are values from the cluster, which no redactor knows."""
    through(story, fault_proxy, monkeypatch)
    secrets(story, "a")
    story.run("sync", *JSON, code=0)
    edit_by_hand(story, "s400")
    secrets(story, "b")
    late = config_map("late")
    late["metadata"]["annotations"] = {"gitctl.dev/wave": "9"}
    story.world.repo.commit(files={"plain/late.yaml": json.dumps(late)})
    fault_proxy.on(Echo(422), method="PATCH", path="/configmaps/late$", query=REAL)
    for code in CODES:
        fault_proxy.on(Echo(code), method="PATCH", path=f"/secrets/s{code}$", query=REAL, at=2, times=-1)
    told = story.run("sync", "--atomic", *TEXT, code=8)
    assert all(f"s{code}: left: putting it back was refused: the server refused it ({code})" in told.stderr for code in CODES), told.stderr
    assert Search((BY_HAND,)).text("output", told.stdout + told.stderr) == []
    fault_proxy.clear()
    story.run("sync", *TEXT, code=0)


@pytest.mark.torture
def test_what_a_killed_run_leaves(
    story: Story, fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch, long: bool, figure: Figure
) -> None:
    """Killed at the first write of a Secret, and while one is put back; the long version at every write."""
    through(story, fault_proxy, monkeypatch)
    secrets(story, "a")
    points = 1
    killed_at(story, fault_proxy, "/secrets/s422$", 1)
    story.run("sync", *JSON, code=0)
    if long:
        for number in range(1, 40):
            secrets(story, f"k{number}")
            if not killed_at(story, fault_proxy, "", number):
                break
            points += 1
            story.run("sync", *JSON, code=0)
    secrets(story, "b")
    late = config_map("late")
    late["metadata"]["annotations"] = {"gitctl.dev/wave": "9"}
    story.world.repo.commit(files={"plain/late.yaml": json.dumps(late)})
    fault_proxy.on(Echo(422), method="PATCH", path="/configmaps/late$", query=REAL)
    killed_at(story, fault_proxy, "/secrets/s409$", 2, "--atomic")
    figure("canaries in killed runs", points + 1)
    story.run("sync", *TEXT, code=0)


def killed_at(story: Story, proxy: FaultProxy, path: str, number: int, *args: str) -> bool:
    """A sync that is killed at the `number`-th write to a path; nothing of what it leaves leaks. False when it ended before."""
    world = story.world
    started: list[subprocess.Popen[bytes]] = []
    proxy.on(Call(lambda: started[0].kill()), method="PATCH", path=path, query=REAL, at=number)
    argv = (sys.executable, "-m", "gitctl", "sync", "-e", "dev", *JSON, *args)
    with world.search.watching(world.tmp, world.home / "cache") as seen:
        env = {**os.environ, **world.env}
        process = subprocess.Popen(argv, cwd=world.repo.path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        out, err = process.communicate(timeout=120)
    proxy.clear()
    found = [*world.search.text("stdout", out), *world.search.text("stderr", err), *seen, *world.leaks(plain=False), *story.state()]
    assert found == []
    return process.returncode != 0


@pytest.mark.parametrize("switched_off", [no_redaction, preimages_on_disk], ids=["redaction", "pre-images in memory"])
def test_without_the_defence_it_leaks(
    switched_off: Callable[[], None], story: Story, fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(story, fault_proxy, monkeypatch)
    story.run("sync", *JSON, code=0)
    story.change(
        **{"plain/late.yaml": json.dumps(config_map("late") | {"metadata": {"name": "late", "annotations": {"gitctl.dev/wave": "9"}}})}
    )
    fault_proxy.on(Echo(422), method="PATCH", path="/configmaps/late$", query=REAL)
    fault_proxy.on(Echo(422), method="PATCH", path="/secrets/db$", query=REAL, at=2)
    with pytest.raises(AssertionError, match="leaks"):
        story.run("sync", "--atomic", *TEXT, code=8, first=named(switched_off))
