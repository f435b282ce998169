"""Comparing with the real API server: dry-runs, ownership, adoption, refusals."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from tests.cluster.target.bench import Bench, configmap, deployment, secret
from tests.fixtures.commands import Runner

from gitctl.errors import ManifestError
from gitctl.model.change import Action, Comparison, Proof
from gitctl.model.outcome import OutcomeResult


def test_a_missing_object_is_a_create_without_a_dry_run(bench: Bench) -> None:
    before = bench.target.requests
    found = bench.one(configmap())
    assert (found.live, found.merged, found.error) == (None, None, "")
    assert bench.target.requests - before <= 4  # discovery twice, the object, its namespace


def test_an_applied_object_is_in_sync(bench: Bench) -> None:
    bench.sync(configmap(), deployment(), secret())
    for found in bench.compare(configmap(), deployment(), secret()):
        assert found.merged == found.live
        assert found.proof is Proof.SERVER
        assert (found.owner, found.taken, found.conflicts, found.additions) == (bench.owner, (), (), ())


def test_the_marks_lie_on_the_object_and_not_on_its_pods(bench: Bench) -> None:
    (live,) = bench.sync(deployment())
    assert live["metadata"]["annotations"]["gitctl.dev/owner"] == bench.owner
    assert "gitctl.dev/app" in live["metadata"]["labels"]
    assert live["spec"]["template"]["metadata"] == {"labels": {"app": "web"}}


def test_a_dry_run_shows_what_the_server_would_make(bench: Bench) -> None:
    bench.sync(deployment())
    found = bench.one(deployment(image="nginx:2"))
    assert found.live is not None
    assert found.merged is not None
    assert found.live["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:1"
    assert found.merged["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:2"


def test_a_field_of_ours_that_somebody_changed_is_taken_back(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap(a="1", b="2"))
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--field-manager=operator", "--type=merge", "-p", '{"data":{"a":"changed"}}')
    found = bench.one(configmap(a="1", b="2"))
    assert [(c.path, c.owner.manager) for c in found.taken] == [(("data", "a"), "operator")]
    assert found.conflicts == ()
    assert bench.apply(found).result is OutcomeResult.APPLIED
    assert (bench.look(configmap()) or {})["data"] == {"a": "1", "b": "2"}


def test_a_field_that_another_manager_owns_and_we_never_did_is_a_conflict(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap(a="1"))
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--field-manager=operator", "--type=merge", "-p", '{"data":{"b":"theirs"}}')
    found = bench.one(configmap(a="1", b="ours"))
    assert [(c.path, c.owner.manager) for c in found.conflicts] == [(("data", "b"), "operator")]
    assert found.taken == ()
    outcome = bench.apply(found)
    assert (outcome.result, outcome.code) == (OutcomeResult.FAILED, 409)
    assert "operator" in outcome.error
    assert ".data.b" in outcome.error
    assert bench.apply(found, force=True).result is OutcomeResult.APPLIED
    assert (bench.look(configmap()) or {})["data"] == {"a": "1", "b": "ours"}


def test_two_managers_that_agree_are_no_conflict(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap(a="1"))
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--field-manager=operator", "--type=merge", "-p", '{"data":{"b":"2"}}')
    found = bench.one(configmap(a="1", b="2"))
    assert (found.conflicts, found.taken) == ((), ())


def test_what_a_person_adds_is_an_addition_and_goes(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap(a="1"))
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--field-manager=kubectl-edit", "--type=merge", "-p", '{"data":{"extra":"x"}}')
    found = bench.one(configmap(a="1"))
    assert [(a.path, a.owner.manager) for a in found.additions] == [(("data", "extra"), "kubectl-edit")]
    assert found.merged is not None
    assert found.merged["data"] == {"a": "1"}
    assert found.fold
    bench.apply(found)
    assert (bench.look(configmap()) or {})["data"] == {"a": "1"}
    assert bench.one(configmap(a="1")).additions == ()


def test_additions_can_be_kept(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap(a="1"))
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--field-manager=kubectl-edit", "--type=merge", "-p", '{"data":{"extra":"x"}}')
    found = bench.one(configmap(a="1"), keep_additions=True)
    assert (found.additions, found.fold) == ((), False)
    assert found.merged == found.live


def test_a_sidecar_added_by_hand_is_one_addition(bench: Bench, kubectl: Runner) -> None:
    bench.sync(deployment())
    patch = '{"spec":{"template":{"spec":{"hostNetwork":true,"containers":[{"name":"evil","image":"evil:1"}]}}}}'
    kubectl("patch", "deploy", "web", "-n", bench.namespace, "--field-manager=kubectl-edit", "-p", patch)
    found = bench.one(deployment())
    pod = ("spec", "template", "spec")
    assert {a.path for a in found.additions} == {(*pod, "containers", "[name=evil]"), (*pod, "hostNetwork")}
    bench.apply(found)
    live = bench.look(deployment())
    assert live is not None
    assert [c["name"] for c in live["spec"]["template"]["spec"]["containers"]] == ["web"]
    assert "hostNetwork" not in live["spec"]["template"]["spec"]
    assert found.merged is not None
    assert found.merged["spec"]["template"]["spec"] == live["spec"]["template"]["spec"]


def test_an_added_field_with_a_default_falls_back_to_it(bench: Bench, kubectl: Runner) -> None:
    bench.sync(deployment())
    patch = '{"spec":{"minReadySeconds":7,"progressDeadlineSeconds":90}}'
    kubectl("patch", "deploy", "web", "-n", bench.namespace, "--field-manager=kubectl-edit", "-p", patch)
    found = bench.one(deployment())
    assert found.merged is not None
    assert found.merged["spec"]["progressDeadlineSeconds"] == 600
    assert "minReadySeconds" not in found.merged["spec"]


def test_an_added_field_that_cannot_be_taken_away_is_said_before_anything_is_written(bench: Bench, kubectl: Runner) -> None:
    """The apply alone would leave the field: what is refused is what the plan would show, and only trying that out tells."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "web"}, "spec": spec}
    by_hand = {**claim, "spec": {**spec, "storageClassName": "by-hand"}}
    kubectl("create", "-n", bench.namespace, "--field-manager=kubectl-edit", "-f", "-", stdin=json.dumps(by_hand))
    found = bench.one(claim, adopt=True)
    assert (found.immutable, found.error_code) == (("spec",), 422)
    assert "immutable" in found.error


def test_a_restart_by_kubectl_and_a_label_are_no_additions(bench: Bench, kubectl: Runner) -> None:
    bench.sync(deployment())
    kubectl("rollout", "restart", "deploy/web", "-n", bench.namespace)
    kubectl("label", "deploy/web", "-n", bench.namespace, "team=a")
    assert bench.one(deployment()).additions == ()


def test_a_field_of_a_controller_is_no_addition(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap(a="1"))
    kubectl("patch", "cm", "web", "-n", bench.namespace, "--field-manager=some-controller", "--type=merge", "-p", '{"data":{"c":"x"}}')
    found = bench.one(configmap(a="1"))
    assert (found.additions, found.fold) == ((), False)


def test_adoption_from_kubectl_removes_what_git_does_not_have(bench: Bench, kubectl: Runner) -> None:
    kubectl("apply", "-n", bench.namespace, "-f", "-", stdin=json.dumps(configmap(a="1", old="2")))
    found = bench.one(configmap(a="1"), adopt=True)
    assert (found.owner, found.fold, found.conflicts) == ("", True, ())
    assert found.merged is not None
    assert found.merged["data"] == {"a": "1"}
    assert "kubectl.kubernetes.io/last-applied-configuration" not in found.merged["metadata"]["annotations"]
    outcome = bench.apply(found, action=Action.ADOPT)
    assert outcome.live is not None
    assert outcome.live["data"] == {"a": "1"}
    assert [e["manager"] for e in outcome.live["metadata"]["managedFields"]] == ["gitctl"]


def test_after_adoption_a_key_removed_from_git_goes(bench: Bench, kubectl: Runner) -> None:
    kubectl("create", "-n", bench.namespace, "-f", "-", stdin=json.dumps(configmap(a="1", b="2")))
    bench.apply(bench.one(configmap(a="1", b="2"), adopt=True), action=Action.ADOPT)
    bench.sync(configmap(a="1"))
    assert (bench.look(configmap()) or {})["data"] == {"a": "1"}


def test_adopting_a_deployment_shows_no_defaults_as_changes(bench: Bench, kubectl: Runner) -> None:
    kubectl("apply", "-n", bench.namespace, "-f", "-", stdin=json.dumps(deployment()))
    found = bench.one(deployment(), adopt=True)
    assert found.live is not None
    assert found.merged is not None
    assert found.merged["spec"] == found.live["spec"]
    outcome = bench.apply(found, action=Action.ADOPT)
    assert outcome.live is not None
    assert outcome.live["spec"] == found.live["spec"]


def test_another_owner_is_seen(bench: Bench) -> None:
    bench.sync(configmap())
    assert bench.renamed("other/dev/app").one(configmap()).owner == bench.owner


def test_an_object_that_lost_our_annotation_by_hand_is_still_ours(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap())
    kubectl("annotate", "cm/web", "-n", bench.namespace, "gitctl.dev/owner-")
    found = bench.one(configmap())
    assert found.owner == bench.owner
    bench.inventory.clear()
    assert bench.one(configmap()).owner == ""


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (deployment(), deployment(selector={"matchLabels": {"app": "other"}}, template={
            "metadata": {"labels": {"app": "other"}}, "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}), "spec.selector"),
        (
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.7.8", "ports": [{"port": 80}]}},
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.7.7", "ports": [{"port": 80}]}},
            "spec.clusterIPs[0]",
        ),
        ({**configmap(), "immutable": True}, {**configmap(a="2"), "immutable": True}, "data"),
        ({**secret(), "immutable": True}, {**secret(p="d29ybGQ="), "immutable": True}, "data"),
    ],
    ids=["Deployment selector", "Service clusterIP", "ConfigMap", "Secret"],
)  # fmt: skip
def test_an_immutable_field_is_named(bench: Bench, before: dict[str, object], after: dict[str, object], field: str) -> None:
    bench.sync(before)
    found = bench.one(after)
    assert field in found.immutable
    assert found.error_code == 422


def test_the_whole_of_a_job_and_a_statefulset_are_immutable(bench: Bench) -> None:
    pod = {"metadata": {"labels": {"app": "x"}}, "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a:1"}]}}
    other = {**pod, "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "a:2"}]}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {"suspend": False, "template": pod}}
    stateful = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {"replicas": 0, "serviceName": "db", "selector": {"matchLabels": {"app": "x"}}, "template": {
            "metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}},
    }  # fmt: skip
    bench.sync(job, stateful)
    assert "spec.template" in bench.one({**job, "spec": {"suspend": False, "template": other}}).immutable
    assert bench.one({**stateful, "spec": {**stateful["spec"], "serviceName": "else"}}).immutable == ("spec.serviceName",)  # type: ignore[dict-item]


def test_a_refusal_is_a_value_with_the_servers_words(bench: Bench) -> None:
    bench.sync(deployment())
    found = bench.one(deployment(replicas=-1))
    assert "spec.replicas" in found.error
    assert found.error_code == 422
    assert found.immutable == ()


def test_an_unknown_field_is_refused(bench: Bench) -> None:
    bench.sync(deployment())
    found = bench.one(deployment(replicass=3))
    assert "replicass" in found.error


@pytest.mark.parametrize("value", [12345678, 1.2345678901234567e19, ["hunter2"], {"k": "hunter2"}, "hunter2!"], ids=str)
def test_a_secrets_value_is_never_in_an_error(bench: Bench, value: object) -> None:
    bench.sync(secret())
    body = secret()
    body["data"]["password"] = value
    found = bench.one(body)
    assert found.error
    assert not any(text in found.error for text in ("12345678", "hunter2", "e+19"))
    assert str(found.error_code) in found.error


def test_a_webhook_that_is_down_is_named_and_the_others_go_on(bench: Bench, kubectl: Runner) -> None:
    bench.sync(configmap("held", a="1"), configmap("free", a="1"))
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": bench.namespace},
        "webhooks": [{
            "name": "down.example.com",
            "clientConfig": {"url": "https://127.0.0.1:1/"},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"]}],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": bench.namespace}},
            "objectSelector": {"matchLabels": {"held": "yes"}},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 1,
        }],
    }  # fmt: skip
    labelled = configmap("held", a="2")
    labelled["metadata"]["labels"] = {"held": "yes"}
    kubectl("apply", "-f", "-", stdin=json.dumps(hook))
    try:
        held = _until_error(bench, labelled)
        assert "down.example.com" in held.error
        assert held.error_code == 500
        assert bench.one(configmap("free", a="2")).error == ""
    finally:
        kubectl("delete", "validatingwebhookconfiguration", bench.namespace)


def _until_error(bench: Bench, body: dict[str, object]) -> Comparison:
    """A new webhook is called about half a second after it was made."""
    end = time.monotonic() + 10
    while not (found := bench.one(body)).error and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_a_missing_namespace_is_found_while_planning(bench: Bench) -> None:
    body = configmap()
    body["metadata"]["namespace"] = "nowhere"
    assert "namespace nowhere does not exist" in bench.one(body).error
    assert bench.one(body, namespaces=frozenset({"nowhere"})).error == ""
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "nowhere"}}
    assert [c.error for c in bench.compare(made, body)] == ["", ""]


def test_a_reader_gets_a_local_answer(bench: Bench, open_bench: Callable[..., Bench], kubectl: Runner) -> None:
    bench.sync(deployment(), configmap(a="1", b="2"))
    kubectl("create", "rolebinding", "read", "-n", bench.namespace, "--clusterrole=view", "--user=reader")
    reader = open_bench(impersonate="reader")
    reader.inventory = bench.inventory
    same = reader.one(deployment())
    assert same.proof is Proof.LOCAL
    assert same.merged == same.live
    changed = reader.one(configmap(a="3"))
    assert changed.merged is not None
    assert changed.merged["data"] == {"a": "3"}
    assert changed.error == ""


def test_an_unknown_kind_names_its_likely_definition(bench: Bench) -> None:
    with pytest.raises(ManifestError) as caught:
        bench.locate({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "x"}})
    assert "certificates.cert-manager.io" in caught.value.hint
    with pytest.raises(ManifestError) as caught:
        bench.locate({"apiVersion": "apps/v1", "kind": "Deploymnet", "metadata": {"name": "x"}})
    assert "Deployment" in caught.value.hint
    with pytest.raises(ManifestError) as caught:
        bench.locate({"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": {"name": "x"}})
    assert "apps" in caught.value.hint
    with pytest.raises(ManifestError) as caught:
        bench.locate({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "x"}})
    assert "apps/v1" in caught.value.hint


def test_scope_is_settled(bench: Bench) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "x"}, "rules": []}
    (located,) = bench.locate(role)
    assert located.ref.namespace == ""
    assert "namespace" not in located.body["metadata"]
