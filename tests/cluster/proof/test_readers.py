"""Who may only look: proven is final, the rest is compared on this side, and what may not be read proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cluster.proof.lab import Lab
from tests.cluster.target.bench import configmap, deployment, secret

from gitctl.model.change import Proof
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask, create

RBAC = "/apis/rbac.authorization.k8s.io/v1"
EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
BODIES = (configmap(), deployment(), secret())

MakeUser = Callable[[str], str]


@pytest.fixture
def reader(control_plane: ControlPlane, namespace: str) -> Iterator[MakeUser]:
    """`reader("ClusterRole")` or `reader("Role")`: a user who may look at everything, in the cluster or in the namespace."""
    made: list[str] = []

    def make(kind: str) -> str:
        name = f"reader-{kind.lower()}-{namespace}"
        root = f"{RBAC}/namespaces/{namespace}" if kind == "Role" else RBAC
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "rules": EVERYTHING}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
        binding = {**role, "kind": f"{kind}Binding", "subjects": [subject], "roleRef": reference}
        del binding["rules"]
        for plural, body in ((f"{kind.lower()}s", role), (f"{kind.lower()}bindings", binding)):
            create(control_plane, f"{root}/{plural}", body)
            made.append(f"{root}/{plural}/{name}")
        return name

    yield make
    for path in made:
        ask(control_plane, "DELETE", path)


def stored(lab: Lab) -> None:
    """All is proven, and the certificates lie in the cluster."""
    lab.warm(*BODIES)
    lab.sync(*BODIES)


def test_a_reader_needs_no_right_to_patch(lab: Lab, reader: MakeUser, tmp_path: Path) -> None:
    user = reader("ClusterRole")
    stored(lab)
    home = tmp_path / "reader"
    assert set(lab.proofs(*BODIES, impersonate=user, home=home)) == {Proof.CERTIFICATE}
    changed = lab.look(configmap(a="2"), *BODIES[1:], impersonate=user, home=home)
    assert [c.proof for c in changed] == [Proof.LOCAL, Proof.CERTIFICATE, Proof.CERTIFICATE]
    assert (changed[0].merged or {})["data"] == {"a": "2"}


def test_who_may_not_read_the_rules_has_no_proof(lab: Lab, reader: MakeUser, tmp_path: Path) -> None:
    user = reader("Role")
    stored(lab)
    found = lab.look(*BODIES, impersonate=user, home=tmp_path / "reader")
    assert {c.proof for c in found} == {Proof.LOCAL}
    assert all(c.merged == c.live for c in found)


def test_a_reader_is_refused_once_for_each_kind(lab: Lab, reader: MakeUser, tmp_path: Path) -> None:
    """And not for each object, of which none is proven here."""
    user, counts = reader("Role"), []
    for number in (4, 30):
        bodies = [make(f"n{n}") for n in range(number) for make in (configmap, deployment)]
        lab.sync(*bodies)
        found = lab.look(*bodies, impersonate=user, home=tmp_path / "reader")
        assert {c.proof for c in found} == {Proof.LOCAL}
        counts.append(lab.last.target.requests)
    assert counts[1] - counts[0] < 5


def test_who_may_apply_some_objects_by_name_is_asked_about_those(lab: Lab, control_plane: ControlPlane, reader: MakeUser) -> None:
    user = reader("Role")
    rule = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["n2"], "verbs": ["patch"]}
    for plural, kind, part in (
        ("roles", "Role", {"rules": [rule]}),
        (
            "rolebindings",
            "RoleBinding",
            {
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "by-name"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
            },
        ),
    ):
        body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "by-name"}, **part}
        create(control_plane, f"{RBAC}/namespaces/{lab.namespace}/{plural}", body)
    bodies = [configmap(f"n{n}") for n in range(4)]
    lab.sync(*bodies)
    assert lab.proofs(*bodies, impersonate=user) == [Proof.LOCAL, Proof.LOCAL, Proof.SERVER, Proof.LOCAL]


def test_the_requests_of_a_look_do_not_grow_with_the_objects(lab: Lab) -> None:
    counts = []
    for number in (5, 40):
        bodies = [make(f"n{n}") for n in range(number) for make in (configmap, secret, deployment)]
        lab.warm(*bodies)
        found = lab.look(*bodies)
        assert {c.proof for c in found} == {Proof.CERTIFICATE}
        counts.append(lab.last.target.requests)
    assert counts[0] == counts[1] <= 50


def test_others_certificates_do_not_count_under_another_key(lab: Lab, tmp_path: Path) -> None:
    """Without the key of the state namespace nothing in it means anything; a look then starts with a key of its own."""
    stored(lab)
    lab.send("DELETE", f"/api/v1/namespaces/{lab.namespace}/secrets/gitctl-certificate-key")
    home = tmp_path / "other"
    assert set(lab.proofs(*BODIES, home=home)) == {Proof.SERVER}
    lab.later(61)
    lab.look(*BODIES, home=home)
    assert set(lab.proofs(*BODIES, home=home)) == {Proof.CERTIFICATE}
    (file,) = (home / "certificates").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    file.write_text(file.read_text().replace("A", "B", 1))
    assert set(lab.proofs(*BODIES, home=home)) == {Proof.SERVER}


def test_certificates_lie_apart_from_the_state_and_go_with_it(lab: Lab) -> None:
    stored(lab)
    types = [s["type"] for s in lab.send("GET", f"/api/v1/namespaces/{lab.namespace}/secrets")["items"]]
    assert types.count("gitctl.dev/certificates") == 2  # the key, the root
    assert lab.run().target.list_states() == ()
    lab.run().target.remove_state(lab.owner)
    assert set(lab.proofs(*BODIES, home=lab.home / "new")) == {Proof.SERVER}
