"""`sync --atomic`: refused as a whole before the first write, or taken back: values, owners of fields, objects. On the real API server."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from tests.cluster.test_lock_and_interrupt import Slow, records
from tests.fixtures.project import Project, config_map, deployment
from tests.servers.fault_proxy import Call, FaultProxy, Status

from gitctl.errors import ErrorId
from gitctl.model.fieldset import entries

LATE = config_map("z", late="yes")
LATE["metadata"]["annotations"] = {"gitctl.dev/wave": "9"}
REAL = r"^(?!.*dryRun)"
"""A query that writes."""


def service(name: str, port: int, **labels: str) -> dict[str, Any]:
    """A Service whose port leaves its protocol, a key of the list, to the server."""
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {"a": "b"}, "ports": [{"port": port}]}}


def secret(name: str, **data: str) -> dict[str, Any]:
    """A Secret."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def synced(project: Project, *objects: dict[str, Any]) -> None:
    """A first version that runs."""
    project.write("web", *objects)
    project.commit("first")
    project.run("sync")


def through(proxy: FaultProxy) -> dict[str, str]:
    """The environment of a command that goes through the fault proxy."""
    return {"KUBECONFIG": str(proxy.kubeconfig)}


def content(live: dict[str, Any] | None) -> Any:
    """All but what the server counts, and who owns what: the sets, without times."""
    assert live is not None
    kept = {k: v for k, v in live.items() if k not in ("metadata", "status")}
    metadata = {k: live["metadata"].get(k) for k in ("labels", "annotations", "uid")}
    (metadata["annotations"] or {}).pop("deployment.kubernetes.io/revision", None)  # counted by the controller
    owners = {(o.manager, o.operation): fields.canonical() for o, fields in entries(live) if not o.subresource}
    return kept, {k: v for k, v in metadata.items() if v}, owners


def test_everything_is_tried_before_the_first_write(project: Project) -> None:
    synced(project, config_map("m1", a="1"))
    bad = [deployment(name, selector={"matchLabels": {"other": "label"}}) for name in ("bad1", "bad2")]
    project.write("web", config_map("m1", a="2"), config_map("m2"), *bad)
    project.commit()
    told = project.run("sync", "--atomic", "-o", "json", code=8).error(ErrorId.ATOMIC_REFUSED)
    (error,) = told.json()["errors"]
    assert [d.partition(":")[0].rpartition("/")[2] for d in error["details"]] == ["bad1", "bad2"]
    assert "2 objects would be refused; nothing was written" in error["message"]
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "1"}
    assert project.live("configmap", "m2") is None
    assert [r["result"] for r in records(project)] == ["succeeded"]
    assert project.run("sync", code=8).code == 8, "without --atomic the rest is applied"
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "2"}


def test_a_failure_in_apply_is_taken_back_with_values_and_owners(project: Project, fault_proxy: FaultProxy) -> None:
    """Kinds with server defaults in list keys, atomic parts and Secrets; a field that somebody else owned; one added by hand."""
    synced(project, config_map("m1", a="1", b="1"), deployment("d"), service("s", 80, tier="x"), secret("k", p="old"), LATE | {"data": {}})
    project.edit("configmap", "m1", {"data": {"c": "by hand"}})
    project.edit("deployment", "d", {"spec": {"minReadySeconds": 3}}, manager="some-controller")
    before = {name: content(project.live(*name)) for name in (("configmap", "m1"), ("deployment", "d"), ("service", "s"), ("secret", "k"))}
    changed = (config_map("m1", a="2", n="new"), deployment("d", image="example.test/web:2", minReadySeconds=9), service("s", 81))
    project.write("web", *changed, secret("k", p="new", q="more"), config_map("made"), LATE)
    project.commit()
    fault_proxy.on(Status(400, reason="BadRequest"), method="PATCH", path="/configmaps/z$", query=REAL)
    told = project.run("sync", "--atomic", "--force-conflicts", "-o", "json", env=through(fault_proxy), code=8).error(ErrorId.RESTORED)
    (app,) = told.json()["clusters"][0]["apps"]
    assert app["restoration"]["complete"], app["restoration"]
    assert {o["object"]["name"]: o["result"] for o in app["restoration"]["objects"]} == {
        "d": "restored",
        "k": "restored",
        "m1": "restored",
        "made": "deleted",
        "s": "restored",
        "z": "restored",
    }
    assert project.live("configmap", "made") is None
    assert {name: content(project.live(*name)) for name in before} == before
    assert [(r["verb"], r["result"]) for r in records(project)] == [("restore", "succeeded"), ("sync", "failed"), ("sync", "succeeded")]
    drift = project.run("drift-check", "-o", "json", code=1).json()["clusters"][0]["apps"][0]["objects"]
    assert [o["object"]["name"] for o in drift] == ["m1"], "only what was added by hand before"
    project.run("sync", "--atomic", "--force-conflicts")
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "2", "n": "new"}
    assert project.run("drift-check").stdout == ""


def test_bad_health_is_taken_back(project: Project) -> None:
    synced(project, deployment("d", image="example.test/web:1"))
    project.write("web", deployment("d", image="example.test/web:2", simulate="never-ready"), config_map("made"))
    project.commit()
    told = project.run("sync", "--atomic", "--timeout", "2s", code=8).error(ErrorId.RESTORED)
    assert "1 of 2 objects not healthy; what was there before is back" in told.stderr
    assert "taken back: 1 restored, 1 deleted again (record 3)" in told.stdout
    live = project.live("deployment", "d") or {}
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == "example.test/web:1"
    assert "annotations" not in live["spec"]["template"]["metadata"]
    assert project.live("configmap", "made") is None
    assert project.run("status", "-o", "json").json()["clusters"][0]["apps"][0]["state"] == "pending"


def test_what_cannot_be_taken_back_is_listed(project: Project, fault_proxy: FaultProxy) -> None:
    """A pruned object comes back under another uid; a claim that the run made stays, in the inventory too."""
    synced(project, config_map("gone", a="1"), config_map("kept", a="1"), config_map("m", a="1"))
    uid = (project.live("configmap", "gone") or {})["metadata"]["uid"]
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "claim"}, "spec": spec}
    job_spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "j", "image": "example.test/j:1"}]}}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": job_spec}
    project.write("web", config_map("m", a="2"), claim, job)
    project.commit()
    fault_proxy.on(Status(400, reason="BadRequest"), method="DELETE", path="/configmaps/kept$", query=REAL)
    run = ("sync", "--atomic", "--prune-limit", "2", "-o", "json")
    told = project.run(*run, env=through(fault_proxy), code=8).error(ErrorId.RESTORED_IN_PART)
    found = {o["object"]["name"]: o for o in told.json()["clusters"][0]["apps"][0]["restoration"]["objects"]}
    assert {name: one["result"] for name, one in found.items()} == {
        "claim": "left",
        "gone": "recreated",
        "job": "deleted",
        "m": "restored",
    }
    assert "could delete data" in found["claim"]["reason"]
    assert "what it did" in found["job"]["reason"]
    assert found["m"]["reason"] == ""
    again = project.live("configmap", "gone") or {}
    assert again["data"] == {"a": "1"}
    assert again["metadata"]["uid"] == found["gone"]["uid"] != uid
    assert (project.live("configmap", "kept") or {})["data"] == {"a": "1"}
    project.run("sync", "--prune-limit", "2")
    assert (project.live("configmap", "gone"), project.live("configmap", "kept")) == (None, None)
    assert project.run("drift-check").stdout == ""


def test_a_run_that_is_killed_while_it_restores_says_so_and_the_next_converges(project: Project, fault_proxy: FaultProxy) -> None:
    synced(project, config_map("m1", a="1"), deployment("d"))
    project.write("web", config_map("m1", a="2"), config_map("made"), deployment("d", image="example.test/web:2"))
    project.commit()
    run = Slow(project, fault_proxy, "--atomic", seconds=0)
    fault_proxy.on(Status(400, reason="BadRequest"), method="PATCH", path="/deployments/d$", query=REAL)
    # The second write to m1 is its restoration.
    fault_proxy.on(Call(run.process.kill), method="PATCH", path="/configmaps/m1$", query=REAL, at=2)
    run.process.communicate(timeout=60)
    assert [(r["verb"], r["result"]) for r in records(project)] == [("restore", "open"), ("sync", "failed"), ("sync", "succeeded")]
    project.run("sync")
    newest = records(project)
    assert [(r["verb"], r["result"]) for r in newest[:3]] == [("sync", "succeeded"), ("restore", "interrupted"), ("sync", "failed")]
    assert "puts back what was there before record 2" in newest[1]["message"]
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "2"}
    assert project.run("drift-check").stdout == ""


@pytest.mark.parametrize("recorded", [0, 1], ids=["nothing", "the attempt"])
def test_a_restoration_that_cannot_be_recorded_is_done_and_told(project: Project, fault_proxy: FaultProxy, recorded: int) -> None:
    """What was restored, and that it is not recorded. The record of the attempt, or of the restoration, is open: the next run says so."""
    synced(project, config_map("m1", a="1"))
    project.write("web", config_map("m1", a="2"), config_map("made"), LATE)
    project.commit()
    fault_proxy.on(Status(400, reason="BadRequest"), method="PATCH", path="/configmaps/z$", query=REAL)
    # The first write of the state opens the record.
    state = Status(403, reason="Forbidden")
    fault_proxy.on(state, method="PUT", path="/gitctl-system/secrets/", at=2 + recorded, times=-1)
    told = project.run("sync", "--atomic", "-o", "json", env=through(fault_proxy), code=8).error(ErrorId.RESTORED)
    (app,) = told.json()["clusters"][0]["apps"]
    assert {o["object"]["name"]: o["result"] for o in app["restoration"]["objects"]} == {"m1": "restored", "made": "deleted"}
    assert (app["restoration"]["complete"], app["restoration"]["record"]) == (True, 0)
    assert {o["object"]["name"]: o["result"] for o in app["outcomes"]} == {"m1": "applied", "made": "applied", "z": "failed"}
    assert "what was put back is not recorded" in told.stderr
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "1"}
    assert project.live("configmap", "made") is None
    fault_proxy.clear()
    project.run("sync")
    newest = [(r["verb"], r["result"]) for r in records(project)]
    assert newest[:2] == [("sync", "succeeded"), ("restore" if recorded else "sync", "interrupted")]
    assert project.run("drift-check").stdout == ""


def test_a_state_that_somebody_else_wrote_meanwhile_ends_the_restoration_before_it_begins(
    project: Project, fault_proxy: FaultProxy
) -> None:
    """Then the app is somebody else's by now. What the run did, and that nothing was put back, is told all the same."""
    synced(project, config_map("m1", a="1"))
    project.write("web", config_map("m1", a="2"), LATE)
    project.commit()
    fault_proxy.on(Status(400, reason="BadRequest"), method="PATCH", path="/configmaps/z$", query=REAL)
    fault_proxy.on(Status(409, reason="Conflict"), method="PUT", path="/gitctl-system/secrets/", at=2, times=-1)
    told = project.run("sync", "--atomic", "-o", "json", env=through(fault_proxy), code=10).error(ErrorId.STATE_MOVED)
    (app,) = told.json()["clusters"][0]["apps"]
    assert {o["object"]["name"]: o["result"] for o in app["outcomes"]} == {"m1": "applied", "z": "failed"}
    assert [(o["object"]["name"], o["result"]) for o in app["restoration"]["objects"]] == [("m1", "left")]
    assert "what was put back is not recorded" in told.stderr
    assert (project.live("configmap", "m1") or {})["data"] == {"a": "2"}


def test_what_was_adopted_belongs_to_who_had_it_before(project: Project, fault_proxy: FaultProxy) -> None:
    """Adoption moves whole entries of earlier managers into ours, and marks the object."""
    project.kubectl("-n", project.name, "apply", "-f", "-", stdin=json.dumps(config_map("m1", a="1", mine="x")))
    before = content(project.live("configmap", "m1"))
    project.write("web", config_map("m1", a="2"), LATE)
    project.commit()
    fault_proxy.on(Status(400, reason="BadRequest"), method="PATCH", path="/configmaps/z$", query=REAL)
    project.run("sync", "--atomic", "--adopt", env=through(fault_proxy), code=8).error(ErrorId.RESTORED)
    assert content(project.live("configmap", "m1")) == before
    project.run("sync", code=7).error(ErrorId.NOT_OURS)


@pytest.mark.parametrize(("flag", "word"), [("--continue-on-error", "--continue-on-error"), ("--no-wait", "--no-wait")])
def test_what_contradicts_it(project: Project, flag: str, word: str) -> None:
    told = project.run("sync", "--atomic", flag, code=2).error(ErrorId.FLAGS_CONFLICT)
    assert f"--atomic and {word} contradict" in told.stderr


def test_one_bad_object_or_app_never_hides_the_rest(project: Project) -> None:
    """Every app gets a result, and the gravest exit code counts; with --continue-on-error later waves go on."""
    project.configure({"broken": {}, "refused": {}, "well": {}})
    project.repo.write("apps/broken/all.yaml", "a: [")
    bad = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "bad", "labels": {"x": "not a label"}}}
    project.write("refused", bad, config_map("later"))
    project.write("well", config_map("w"))
    project.commit()
    result = project.run("sync", "-o", "json", code=8).json()
    apps = {a["app"]: a for a in result["clusters"][0]["apps"]}
    assert apps["broken"]["error"]["exitCode"] == 3
    assert apps["refused"]["error"]["exitCode"] == 8
    assert "error" not in apps["well"]
    assert project.live("configmap", "w") is not None
    assert project.live("configmap", "later") is None
    outcomes = project.run("sync", "refused", "--continue-on-error", "-o", "json", code=8).json()["clusters"][0]["apps"][0]["outcomes"]
    assert {o["object"]["name"]: o["result"] for o in outcomes} == {"bad": "failed", "later": "applied"}


def test_ctrl_c_takes_it_back(project: Project, fault_proxy: FaultProxy) -> None:
    many = [config_map(f"m{i:02}") for i in range(40)]
    synced(project, config_map("m00", a="1"))
    project.write("web", config_map("m00", a="2"), *many[1:])
    project.commit()
    code, out, err = Slow(project, fault_proxy, "--atomic", "--lock-timeout", "5s").in_mid_run().stop(signal.SIGTERM)
    assert code == 143, out + err
    assert "interrupted; what was there before is back" in err
    assert project.kubectl("-n", project.name, "get", "configmaps", "-o", "name").stdout.count("/m") == 1
    assert (project.live("configmap", "m00") or {})["data"] == {"a": "1"}
    assert [(r["verb"], r["result"]) for r in records(project)][:2] == [("restore", "succeeded"), ("sync", "failed")]
