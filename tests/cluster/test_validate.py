"""validate against the schemas of a real API server; diff and drift-check as reports for CI."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import Runner
from tests.fixtures.project import Project, config_map
from tests.fixtures.widget import definition, widget
from tests.servers.fault_proxy import FaultProxy, Reset

pytestmark = pytest.mark.cluster


def test_schemas_of_the_cluster_are_kept_by_their_hash(project: Project, kubectl: Runner, tmp_path: Path) -> None:
    group = f"{project.name}.test"
    kubectl("apply", "-f", "-", stdin=json.dumps(definition(group)))
    kubectl("wait", "--for=condition=established", f"crd/widgets.{group}", "--timeout=60s")
    kubectl("wait", "--for=condition=namesaccepted", f"crd/widgets.{group}", "--timeout=60s")
    project.write(
        "web", widget(group, size=0), config_map("a", a="1"), {"apiVersion": "nope.test/v1", "kind": "A", "metadata": {"name": "a"}}
    )
    project.commit()
    env = {"GITCTL_CACHE_DIR": str(tmp_path / "cache")}
    body = served(project, env)
    assert {f["rule"] for f in body["findings"]} == {"wrong-value", "unknown-kind"}
    assert body["schemas"] == [f"{project.context} (Kubernetes 1.37)"]
    kept = sorted((tmp_path / "cache" / "openapi").iterdir())
    assert len(kept) >= 3
    before = [file.stat().st_mtime_ns for file in kept if not file.name.startswith("index")]
    assert served(project, env)["findings"] == body["findings"]
    assert [file.stat().st_mtime_ns for file in kept if not file.name.startswith("index")] == before
    # Offline the same is known, but no more than was kept: what is not there may be served all the same.
    offline = project.run("validate", "--offline", "-o", "json", env=env, code=1).json()
    assert {f["rule"] for f in offline["findings"]} == {"wrong-value", "no-schema"}
    assert offline["schemas"] == [f"{project.context} (Kubernetes 1.37, as kept from an earlier run)"]
    # Of what was not kept, the shipped schemas are used.
    project.repo.write("late.json", json.dumps({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spek": {}}))
    late = project.run("validate", "./late.json", "--offline", "-o", "json", env=env, code=1).json()
    assert [f["rule"] for f in late["findings"]] == ["unknown-field"]
    named = project.run("validate", "--kubernetes-version", "1.37", "-o", "json", env=env).json()
    assert {f["rule"] for f in named["findings"]} == {"no-schema"}


def served(project: Project, env: dict[str, str]) -> Any:
    """The result, as soon as the API server publishes the new kind: that takes it a moment."""
    for _ in range(60):
        body = project.run("validate", "-o", "json", env=env, code=1).json()
        if "wrong-value" in {f["rule"] for f in body["findings"]}:
            return body
    raise AssertionError("the kind was never published")


def test_a_cluster_that_cannot_be_reached_is_said_and_no_failure(project: Project, fault_proxy: FaultProxy, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(config_map("a", a="1") | {"dat": {}}))
    env = {"KUBECONFIG": str(fault_proxy.kubeconfig), "GITCTL_CACHE_DIR": str(tmp_path / "cache")}
    args = ("validate", file, "--context", fault_proxy.context)
    assert "(Kubernetes 1.37): 1 error" in project.gitctl(*args, env=env).expect(1).stdout
    fault_proxy.on(Reset(), times=-1)
    done = project.gitctl(*args, env=env).expect(1)
    assert "cannot be reached" in done.stderr
    assert "as kept from an earlier run): 1 error" in done.stdout
    (tmp_path / "cache").rename(tmp_path / "lost")
    assert "against Kubernetes 1.37: 1 error" in project.gitctl(*args, env=env).expect(1).stdout


def test_reports_of_diff_and_drift(project: Project) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "hunter2hunter2"}}
    written = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: '1'\n---\n"
    project.repo.write("apps/web/all.yaml", written + "\n---\n".join(map(json.dumps, (config_map("b", x="1"), secret))))
    project.commit()
    created = project.run("diff", "-o", "github", code=1).stdout.splitlines()
    assert [row.split("::")[1].split(",")[0] for row in created] == ["notice file=apps/web/all.yaml"] * 3
    project.run("sync")
    project.edit("configmap", "a", {"data": {"x": "2"}})
    project.edit("secret", "s", {"data": {"a": "aHVudGVyMw=="}})
    root = ElementTree.fromstring(project.run("drift-check", "-o", "junit", code=1).stdout)
    assert (root.attrib["tests"], root.attrib["failures"]) == ("3", "2")
    log = json.loads(project.run("drift-check", "-o", "sarif", code=1).stdout)
    results = {r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: r for r in log["runs"][0]["results"]}
    found = results[f"ConfigMap {project.name}/a.data.x"]
    assert found["ruleId"] == "drifted"
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("apps/web/all.yaml", 5)
    assert "set by kubectl-edit; wanted: " in found["message"]["text"]
    assert "aHVudGVy" not in json.dumps(log)
    project.write("web", secret)
    project.commit()
    root = ElementTree.fromstring(project.run("diff", "-o", "junit", code=7).stdout)
    kinds = {
        case.attrib["name"].removeprefix(f"ConfigMap {project.name}/"): [e.attrib["type"] for e in case] for case in root.iter("testcase")
    }
    assert kinds == {"a": ["differs"], "b": ["differs"], f"Secret {project.name}/s": ["differs"], "prune-share": ["refused"]}
