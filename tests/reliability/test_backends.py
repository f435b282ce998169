"""What the API server asks is down: an admission webhook, a conversion webhook, an aggregated API. Never pruned, never "in sync"."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import Runner
from tests.fixtures.project import config_map
from tests.reliability.kills import uninterrupted
from tests.reliability.stage import Stage, definition

from gitctl.model.record import RecordResult
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask

DEAD = "https://127.0.0.1:1/"
BRIEF = ("--request-timeout", "2s")
"""A LIST of a kind that cannot be converted is answered 429, which is worth another try: no longer than this."""


@pytest.fixture
def stage(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    """A stage with nothing on it yet."""
    made = Stage(control_plane, tmp_path)
    yield made
    made.drop()


def until(check: Callable[[], Any], *, limit: float = 20) -> Any:
    """The first true answer; rules of a server take a moment to come into force."""
    end = time.monotonic() + limit
    while not (answer := check()):
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)
    return answer


@pytest.fixture
def hook(stage: Stage, kubectl: Runner) -> Iterator[Callable[[], None]]:
    """`hook()` makes an admission webhook that nobody answers, for updates in the stage's namespace; it goes with the test."""
    name = f"down.{stage.name}.example.test"

    def make() -> None:
        body = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": stage.name},
            "webhooks": [{
                "name": name,
                "clientConfig": {"url": DEAD},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"]}],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": stage.name}},
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "timeoutSeconds": 1,
            }],
        }  # fmt: skip
        kubectl("apply", "-f", "-", stdin=json.dumps(body))
        until(lambda: kubectl("-n", stage.name, "annotate", "--dry-run=server", "cm", "stay", "a=b", code=None).code)

    yield make
    kubectl("delete", "validatingwebhookconfiguration", stage.name, "--ignore-not-found")


def test_an_admission_webhook_is_down(
    stage: Stage, hook: Callable[[], None], kubectl: Runner, control_plane: ControlPlane, tmp_path: Path
) -> None:
    stage.first()
    stage.second()
    hook()
    assert stage.run("diff").code == 8
    done = stage.run("sync")
    assert done.code == 8, done.stderr
    assert f"down.{stage.name}.example.test" in done.stderr
    record = stage.state().records[-1]
    assert (record.result, record.counts.pruned) == (RecordResult.PARTIAL, 0)
    assert {o["metadata"]["name"] for o in stage.live(f"/api/v1/namespaces/{stage.name}/configmaps")} >= {"old", "stay", "change"}
    kubectl("delete", "validatingwebhookconfiguration", stage.name)
    until(lambda: kubectl("-n", stage.name, "annotate", "--dry-run=server", "cm", "stay", "a=b", code=None).code == 0)
    stage.run("sync").expect()
    whole, now = uninterrupted(control_plane, tmp_path).picture, stage.picture()
    assert (now["live"], now["inventory"], now["deletions"]) == (whole["live"], whole["inventory"], whole["deletions"])


def convert(stage: Stage, kubectl: Runner, conversion: dict[str, Any]) -> None:
    """Let the API server convert in another way."""
    kubectl(
        "patch",
        "crd",
        f"things.{stage.group}",
        "--type=json",
        "-p",
        json.dumps([{"op": "replace", "path": "/spec/conversion", "value": conversion}]),
    )


def path_of_things(stage: Stage) -> str:
    return f"/apis/{stage.group}/v1/namespaces/{stage.name}/things"


def with_thing(stage: Stage, *, thing: bool = True, stored_as: str = "v1") -> None:
    """A revision: a custom resource at v1, beside config maps; or the same without it."""
    crd = definition(stage.group)
    (version,) = crd["spec"]["versions"]
    if stored_as != "v1":
        crd["spec"]["versions"] = [{**version, "storage": False}, {**version, "name": stored_as}]
    body = {"apiVersion": f"{stage.group}/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": {"size": 3}}
    stage.write(*([body] if thing else []), *map(config_map, "abc"))
    if not stage.live_definition():
        ask(stage.plane, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
        until(lambda: ask(stage.plane, "GET", path_of_things(stage)).code == 200)


def refuses_to_prune(stage: Stage, done_again: Callable[[], None]) -> None:
    """While the kind cannot be read: drift is not denied, and what leaves Git stays; afterwards it goes."""
    looked = stage.run("drift-check", *BRIEF)
    assert looked.code in (1, 6, 8), looked.stdout + looked.stderr
    assert "Thing" in looked.stdout + looked.stderr
    with_thing(stage, thing=False)
    done = stage.run("sync", *BRIEF)
    kept = [e.ref.name for e in stage.state().inventory if e.ref.kind == "Thing"]
    assert kept == ["one"], done.stdout + done.stderr
    assert "Thing" in done.stdout + done.stderr
    done_again()
    until(lambda: ask(stage.plane, "GET", path_of_things(stage)).code == 200)
    assert [o["metadata"]["name"] for o in ask(stage.plane, "GET", path_of_things(stage)).json()["items"]] == ["one"]
    until(lambda: not stage.run("sync").code and not ask(stage.plane, "GET", path_of_things(stage)).json()["items"])
    assert [e.ref.name for e in stage.state().inventory if e.ref.kind == "Thing"] == []


def test_a_conversion_webhook_is_down(stage: Stage, kubectl: Runner) -> None:
    with_thing(stage, stored_as="v2")
    stage.run("sync").expect()
    webhook = {"clientConfig": {"url": DEAD}, "conversionReviewVersions": ["v1"]}
    # What is stored was written as v2: reading it at v1 needs the webhook now.
    convert(stage, kubectl, {"strategy": "Webhook", "webhook": webhook})
    until(lambda: ask(stage.plane, "GET", path_of_things(stage)).code in (429, 500))
    refuses_to_prune(stage, lambda: convert(stage, kubectl, {"strategy": "None"}))


def test_an_aggregated_api_is_down(stage: Stage, kubectl: Runner) -> None:
    with_thing(stage)
    stage.run("sync").expect()
    name = f"v1.{stage.group}"
    service = {"name": "nobody", "namespace": stage.name}
    kubectl("label", "apiservice", name, "kube-aggregator.kubernetes.io/automanaged-")
    kubectl("patch", "apiservice", name, "--type=merge", "-p", json.dumps({"spec": {"service": service, "insecureSkipTLSVerify": True}}))
    try:
        until(lambda: ask(stage.plane, "GET", path_of_things(stage)).code == 503)
        refuses_to_prune(stage, lambda: kubectl("delete", "apiservice", name))
    finally:
        kubectl("delete", "apiservice", name, "--ignore-not-found")
