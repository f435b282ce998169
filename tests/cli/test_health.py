"""`gitctl health -f`: a dump as kubectl or the API writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fixtures.commands import Runner

from gitctl.errors import ErrorId

DUMP = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: settings, namespace: shop}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop, generation: 1}
  spec: {replicas: 5}
  status:
    observedGeneration: 1
    replicas: 5
    updatedReplicas: 5
    readyReplicas: 3
    conditions:
    - {type: Available, status: "False", reason: MinimumReplicasUnavailable, message: too few}
---
apiVersion: v1
kind: Pod
metadata: {name: once, namespace: shop}
status: {phase: Failed, reason: Evicted}
"""

TABLE = """\
OBJECT                     HEALTH        MESSAGE                                                                        RULE
ConfigMap shop/settings    healthy                                                                                      kind without status
apps/Deployment shop/web   progressing   3 of 5 replicas ready; Available=False (MinimumReplicasUnavailable): too few   workload/Deployment
Pod shop/once              failed        phase Failed; Evicted                                                          workload/Pod
"""


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A dump of three objects in two documents."""
    file = tmp_path / "live.yaml"
    file.write_text(DUMP)
    return file


def test_a_table(gitctl: Runner, dump: Path) -> None:
    done = gitctl("health", "-f", dump.name).expect(0)
    assert done.stdout == TABLE
    assert done.stderr == "3 objects: 1 healthy, 1 progressing, 1 failed\n"


def test_json_has_one_entry_an_object_in_order(gitctl: Runner, dump: Path) -> None:
    body = gitctl("health", "-f", dump, "-o", "json").expect(0).json()
    assert (body["apiVersion"], body["kind"], body["health"]) == ("gitctl.dev/v1", "HealthResult", "failed")
    assert [(i["name"], i["state"]) for i in body["items"]] == [("settings", "healthy"), ("web", "progressing"), ("once", "failed")]
    web = body["items"][1]
    assert web["message"] == "3 of 5 replicas ready; Available=False (MinimumReplicasUnavailable): too few"
    assert (web["group"], web["kind"], web["namespace"], web["rule"]) == ("apps", "Deployment", "shop", "workload/Deployment")


def test_the_exit_code_tells_only_when_asked_to(gitctl: Runner, dump: Path) -> None:
    done = gitctl("health", "-f", dump, "--exit-code", "-q", "-o", "name").expect(1)
    assert (done.stdout, done.stderr) == ("ConfigMap/settings\nDeployment/web\nPod/once\n", "")
    gitctl("health", "-f", "-", "--exit-code", stdin="{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").expect(0)


def test_control_characters_of_a_cluster_are_not_printed(gitctl: Runner) -> None:
    item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "status": {"phase": "Failed", "message": "\x1b[31mred\x07"}}
    done = gitctl("health", "-f", "-", stdin=json.dumps(item)).expect(0)
    assert "\x1b" not in done.stdout
    assert "red" in done.stdout


def test_bad_input(gitctl: Runner, dump: Path) -> None:
    assert "nowhere.yaml" in gitctl("health", "-f", "nowhere.yaml").error(ErrorId.FILE_UNREADABLE).stderr
    assert "exclude each other" in gitctl("health", "web", "-f", dump).expect(2).stderr
