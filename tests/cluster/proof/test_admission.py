"""Policies that change or refuse what is applied: each time the server would change something, and a certificate must not say otherwise.

Each test first has an object proven, or tries to; then something happens that only admission notices; then the server says that a forced
apply would not leave the object as it is.
"""

from __future__ import annotations

import pytest
from tests.cluster.proof.kinds import Kind, annotate
from tests.cluster.proof.lab import Lab
from tests.cluster.target.bench import configmap

from gitctl.model.change import Proof
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import create

MERGE = "application/merge-patch+json"
NOT_EXEMPT = '!has(request.options.fieldManager) || request.options.fieldManager != "exempt"'


def refute(lab: Lab, kind: Kind, body: dict[str, object]) -> None:
    """The server would change the object, or refuse it; we do not say that it is in sync."""
    kind.wait(lambda: lab.would_change(body))
    assert lab.proofs(body) == [Proof.SERVER]


def test_a_policy_that_sees_updates_alone_is_not_hidden_by_the_create(lab: Lab, kind: Kind) -> None:
    kind.mutating(annotate("seen", "update"))
    lab.sync(kind.thing("first"))
    kind.wait(lambda: lab.would_change(kind.thing("first")))
    lab.look(kind.thing("first"))  # the epoch is known from now on
    lab.later(61)
    lab.sync(kind.thing("second"))
    assert lab.would_change(kind.thing("second"))
    assert lab.proofs(kind.thing("second")) == [Proof.SERVER]


def test_an_edited_parameter_is_seen(lab: Lab, kind: Kind) -> None:
    lab.send("POST", f"/api/v1/namespaces/{lab.namespace}/configmaps", configmap("rules", most="5"))
    param = {"name": "rules", "namespace": lab.namespace, "parameterNotFoundAction": "Deny"}
    kind.validating("object.spec.replicas <= int(params.data.most)", param=param)
    body = kind.thing(replicas=3)
    lab.warm(body)
    lab.send("PATCH", f"/api/v1/namespaces/{lab.namespace}/configmaps/rules", {"data": {"most": "1"}}, content=MERGE)
    refute(lab, kind, body)


def test_a_label_of_the_namespace_that_switches_a_policy_on_is_seen(lab: Lab, kind: Kind) -> None:
    kind.mutating(annotate("seen", "label"), selector={"matchLabels": {"strict": lab.namespace}})
    lab.warm(kind.thing())
    lab.send("PATCH", f"/api/v1/namespaces/{lab.namespace}", {"metadata": {"labels": {"strict": lab.namespace}}}, content=MERGE)
    refute(lab, kind, kind.thing())


def test_what_an_exempted_writer_took_away_is_seen(lab: Lab, kind: Kind) -> None:
    lab.sync(kind.thing())
    kind.mutating(annotate("keep", "me"), condition=NOT_EXEMPT)
    kind.wait(lambda: lab.would_change(kind.thing()))
    lab.warm(kind.thing())
    patch = {"metadata": {"annotations": {"keep": None}}}
    lab.send("PATCH", kind.path(lab.namespace), patch, content=MERGE, query="fieldManager=exempt")
    refute(lab, kind, kind.thing())


def test_a_scale_below_the_minimum_of_a_policy_is_seen(lab: Lab, kind: Kind) -> None:
    patch = '[JSONPatch{op: "replace", path: "/spec/replicas", value: 2}]'
    kind.mutating(patch, condition="has(object.spec.replicas) && object.spec.replicas < 2")
    body = kind.thing()
    lab.sync(body)
    lab.send("PATCH", kind.path(lab.namespace), {"spec": {"replicas": 5}}, content=MERGE)
    lab.warm(body)
    scaled = {"spec": {"replicas": 1}}
    lab.send("PATCH", kind.path(lab.namespace) + "/scale", scaled, content=MERGE)
    refute(lab, kind, body)


def test_a_value_that_a_validating_policy_forbids_is_seen_though_another_set_it(lab: Lab, kind: Kind) -> None:
    kind.validating("!has(object.spec.replicas) || object.spec.replicas < 5", condition=NOT_EXEMPT)
    lab.warm(kind.thing())
    lab.send("PATCH", kind.path(lab.namespace), {"spec": {"replicas": 9}}, content=MERGE, query="fieldManager=exempt")
    refute(lab, kind, kind.thing())


def test_a_certificate_is_for_who_minted_it_where_policies_judge_by_user(lab: Lab, kind: Kind, control_plane: ControlPlane) -> None:
    user = f"proof-{lab.namespace}"
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
    create(control_plane, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    kind.made.append(f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{user}")
    kind.mutating(annotate("by", "ci"), condition=f'request.userInfo.username == "{user}"')
    lab.warm(kind.thing())
    kind.wait(lambda: lab.would_change(kind.thing(), impersonate=user))
    assert lab.proofs(kind.thing(), impersonate=user) == [Proof.SERVER]
    assert lab.proofs(kind.thing()) == [Proof.CERTIFICATE]


def test_a_new_policy_is_not_trusted_to_be_in_force_at_once(lab: Lab, kind: Kind) -> None:
    lab.warm(kind.thing())
    kind.mutating(annotate("late", "yes"))
    lab.look(kind.thing())  # perhaps the policy is not in force yet, and this answer knows nothing of it
    kind.wait(lambda: lab.would_change(kind.thing()))
    lab.later(30)
    assert lab.proofs(kind.thing()) == [Proof.SERVER]
    lab.later(61)
    assert lab.proofs(kind.thing()) == [Proof.SERVER]


def test_a_deleted_policy_is_not_trusted_to_be_out_of_force_at_once(lab: Lab, kind: Kind) -> None:
    lab.sync(kind.thing())
    kind.mutating('[JSONPatch{op: "replace", path: "/spec/text", value: "theirs"}]')
    kind.wait(lambda: lab.dry_run(kind.thing()).json()["spec"]["text"] == "theirs")
    lab.sync(kind.thing())  # from now on the policy's value is what a forced apply leaves
    assert not lab.would_change(kind.thing())
    lab.later(61)
    kind.clean()
    lab.look(kind.thing())  # within the moment in which the policy may still be in force
    refute(lab, kind, kind.thing())


@pytest.mark.parametrize("hours", [23, 25])
def test_where_admission_may_see_an_object_certificates_age(lab: Lab, kind: Kind, hours: int) -> None:
    kind.validating("true")
    lab.warm(kind.thing())
    lab.later(hours * 3600)
    assert lab.proofs(kind.thing()) == [Proof.CERTIFICATE if hours < 24 else Proof.SERVER]


def test_one_edited_policy_leaves_other_kinds_alone(lab: Lab, kind: Kind) -> None:
    other = Kind(lab.plane)
    try:
        lab.warm(kind.thing(), other.thing())
        kind.validating("true")
        assert lab.proofs(kind.thing(), other.thing()) == [Proof.SERVER, Proof.CERTIFICATE]
    finally:
        other.drop()
