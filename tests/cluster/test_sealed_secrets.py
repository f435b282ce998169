"""Sealed Secrets on the real API server: the certificate through its proxy; health, drift, tree and pruning of SealedSecrets.

No controller runs here: the definition is our own, and what the controller would write, the test writes.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from tests.fixtures.commands import Runner
from tests.fixtures.project import Project
from tests.fixtures.sealing import Controller
from tests.servers.sealing import CertificateServer

from gitctl import sandbox
from gitctl.documents import load_all
from gitctl.errors import ErrorId
from gitctl.sandbox.server import ask

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "kanarienvogel"}}
DEFINITION = "sealedsecrets.bitnami.com"


@pytest.fixture(scope="module")
def definition(control_plane: sandbox.ControlPlane) -> None:
    """A SealedSecret as the API server needs to know it, with a status of its own. It stays: another worker may use it."""
    schema = {
        "type": "object",
        "properties": {part: {"type": "object", "x-kubernetes-preserve-unknown-fields": True} for part in ("spec", "status")},
    }
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}}}
    names = {"plural": "sealedsecrets", "singular": "sealedsecret", "kind": "SealedSecret"}
    spec = {"group": "bitnami.com", "scope": "Namespaced", "names": names, "versions": [version]}
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": DEFINITION}, "spec": spec}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    ask(control_plane, "POST", path, body)
    assert ask(control_plane, "GET", f"{path}/{DEFINITION}").code == 200


@pytest.fixture
def certificates(sealer: Controller) -> Iterator[CertificateServer]:
    with CertificateServer(sealer.cert.read_bytes()) as server:
        yield server


def test_the_certificate_comes_through_the_proxy_of_the_api_server(
    project: Project, kubectl: Runner, sealer: Controller, certificates: CertificateServer
) -> None:
    name = f"sealer-{secrets.token_hex(3)}"
    flags = ("--controller-name", name, "--controller-namespace", project.name)
    missing = project.gitctl("secret", "seal", "--fetch-cert", *flags, "--context", project.context)
    assert f"service {project.name}/{name}" in missing.error(ErrorId.CERTIFICATE_UNREACHABLE).stderr
    kubectl("-n", project.name, "create", "service", "clusterip", f"{name}-idle", "--tcp=80")
    idle = ("--controller-name", f"{name}-idle", "--controller-namespace", project.name)
    short = ("--context", project.context, "--request-timeout", "1s")
    project.gitctl("secret", "seal", "--fetch-cert", *idle, *short).error(ErrorId.CERTIFICATE_UNREACHABLE)
    certificates.publish(kubectl, project.name, name)
    fetched = project.gitctl("secret", "seal", "--fetch-cert", *flags, "--context", project.context).expect()
    assert fetched.stdout == sealer.cert.read_text()
    project.commit()
    variable = {"SEALED_SECRETS_CERT": "nowhere.pem"}
    sealed = project.run("secret", "seal", "--fetch", *flags, "-n", "shop", stdin=json.dumps(SECRET), env=variable).stdout
    opened = project.gitctl("secret", "unseal", "--recovery-private-key", sealer.key, stdin=sealed).expect().stdout
    assert load_all(opened.encode(), where="x")[0].value["metadata"] == {"name": "db", "namespace": "shop"}
    assert set(certificates.asked) == {"/v1/cert.pem"}
    certificates.pem = b"<html>\x1b[2J"
    project.gitctl("secret", "seal", "--fetch-cert", *flags, "--context", project.context).error(ErrorId.CERTIFICATE_INVALID)
    project.run("secret", "seal", "--fetch", *flags, "-n", "shop", stdin=json.dumps(SECRET), code=3)
    as_nobody = project.gitctl(
        "secret", "seal", "--fetch", *flags, "--context", project.context, "--as", "nobody", stdin=json.dumps(SECRET)
    )
    assert "may not get services" in as_nobody.error(ErrorId.FORBIDDEN).stderr


class Story:
    """An app whose one object is a SealedSecret, and what its controller does."""

    def __init__(self, project: Project, kubectl: Runner, sealer: Controller) -> None:
        self.project, self.kubectl = project, kubectl
        flags = ("--cert", sealer.cert, "-n", project.name, "-o", "json")
        sealed = project.gitctl("secret", "seal", *flags, stdin=json.dumps(SECRET)).expect().stdout
        self.sealed: dict[str, Any] = json.loads(sealed)

    def wanted(self, *objects: dict[str, Any]) -> None:
        self.project.write("web", *objects)
        self.project.commit()

    def status(self, synced: str, message: str = "", *, observed: int | None = None) -> None:
        """What the controller says about the object."""
        live = self.project.live("sealedsecret", "db")
        assert live is not None
        conditions = [{"type": "Synced", "status": synced, "message": message}]
        body = {"status": {"observedGeneration": observed or live["metadata"]["generation"], "conditions": conditions}}
        self.kubectl("-n", self.project.name, "patch", "sealedsecret", "db", "--subresource=status", "--type=merge", "-p", json.dumps(body))

    def generate(self) -> str:
        """The Secret as the controller writes it, over whatever is there; its uid."""
        live = self.project.live("sealedsecret", "db")
        assert live is not None
        owner = {"apiVersion": live["apiVersion"], "kind": live["kind"], "name": "db", "uid": live["metadata"]["uid"], "controller": True}
        metadata = {"name": "db", "namespace": self.project.name, "ownerReferences": [owner]}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "a2FuYXJpZW52b2dlbA=="}}
        verb = "replace" if self.project.live("secret", "db") else "create"
        self.kubectl(verb, "-f", "-", "--field-manager=controller", stdin=json.dumps(body))
        return self.uid()

    def uid(self) -> str:
        live = self.project.live("secret", "db")
        assert live is not None
        return str(live["metadata"]["uid"])

    def health(self) -> tuple[str, str]:
        body = self.project.run("health", "-o", "json").json()
        (one,) = [item for item in body["items"] if item["kind"] == "SealedSecret"]
        return one["state"], one["message"]


@pytest.fixture
def story(definition: None, project: Project, kubectl: Runner, sealer: Controller) -> Story:
    return Story(project, kubectl, sealer)


def test_health_and_drift_follow_the_controller(story: Story) -> None:
    story.wanted(story.sealed)
    story.project.run("sync", "--no-wait")
    assert story.health()[0] == "progressing"
    story.status("False", "no key could decrypt secret (password)")
    state, message = story.health()
    assert (state, "no key could decrypt secret (password)" in message) == ("failed", True)
    story.status("True")
    assert story.health()[0] == "healthy"
    assert story.project.run("drift-check").stdout == ""
    story.project.run("diff")
    story.sealed["spec"]["template"]["metadata"]["labels"] = {"a": "b"}
    story.wanted(story.sealed)
    story.project.run("sync", "--no-wait")
    story.status("True", observed=1)
    assert story.health()[0] == "progressing"


def test_the_generated_secret_is_owned_never_foreign_and_never_pruned(story: Story) -> None:
    story.wanted(story.sealed)
    story.project.run("sync", "--no-wait")
    uid = story.generate()
    story.status("True")
    body = story.project.run("tree", "-o", "json").json()
    (node,) = body["clusters"][0]["apps"][0]["objects"]
    assert (node["object"]["kind"], [one["object"]["kind"] for one in node["owned"]]) == ("SealedSecret", ["Secret"])
    assert "kanarienvogel" not in json.dumps(body)
    assert f"SealedSecret {story.project.name}/db" in story.project.run("trace", "secret/db", "-n", story.project.name).stdout
    assert story.project.run("drift-check", "--foreign").stdout == ""
    again = story.project.run("sync", "-o", "json").json()
    assert json.dumps(again).count('"Secret"') == 0
    assert story.uid() == uid


@pytest.mark.parametrize("mark", ["the controller's own metadata", "gitctl's marks kept"])
def test_a_secret_that_becomes_a_sealed_one_is_not_deleted(story: Story, mark: str) -> None:
    """The move of docs/secrets.md: the mark first, then the SealedSecret in the place of the Secret."""
    notes = {"sealedsecrets.bitnami.com/managed": "true", "gitctl.dev/prune": "disabled"}
    plain = SECRET | {"metadata": {"name": "db", "annotations": notes}}
    story.wanted(plain)
    story.project.run("sync")
    uid = story.uid()
    story.wanted(story.sealed)
    if mark == "the controller's own metadata":
        story.project.run("sync", "--no-wait", "--no-prune")
        assert story.generate() == uid
    story.project.run("sync", "--no-wait")
    assert story.uid() == uid
    story.project.run("sync", "--no-wait")
    assert story.uid() == uid
