"""No command that reaches a cluster leaks a secret: in no form of output, no failure, nor in the state that it leaves behind.

The stories go the way of a release: what one command leaves is what the next one finds. Secrets are where users have them: encrypted
in Git, put into Secrets by hand, in the answers of the API server.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.canary.world import World, build
from tests.fixtures.aws import NO_KMS, of_a_key_service
from tests.fixtures.commands import Result, Runner
from tests.fixtures.project import config_map
from tests.fixtures.secrets import AgeKey

from gitctl import sandbox
from gitctl.errors import ErrorId

TEXT = ("-vvv",)
JSON = ("-o", "json", "-vvv", "--log-format", "json")
MARKDOWN = ("-o", "markdown", "-v")


class Story:
    """A world of secrets on a cluster, in a namespace of its own."""

    def __init__(self, world: World, kubectl: Runner, namespace: str, context: str) -> None:
        self.world = world
        self.kubectl = kubectl
        self.namespace = namespace
        config = {
            "apiVersion": "gitctl.dev/v1",
            "kind": "Project",
            "name": namespace,
            "clusters": {"main": {"context": context}},
            "environments": {"dev": {"clusters": ["main"]}},
            "apps": {"plain": {"path": "plain", "namespace": namespace, "wait": "20s"}},
        }
        world.repo.commit(files={"gitctl.yaml": json.dumps(config)})

    def change(self, **more: str) -> None:
        """Another value of the Secret, and whatever else is wanted, committed. The core stays in it."""
        marks = len(self.world.repo.git("log", "--format=%h").splitlines())
        self.world.seal("plain/secret.yaml", self.world.secret.replace("user: ", f"user: n{marks}-"))
        self.world.repo.commit(files=more)

    def run(self, *args: str, code: int, first: str = "", env: Mapping[str, str] | None = None) -> Result:
        """A command that ends with this code and leaks nothing anywhere. `first` as for `warm.answer`."""
        result, seen = self.world.gitctl(*args, "-e", "dev", first=first, env=env)
        assert result.code == code, f"{' '.join(result.args)}: exit {result.code}\n{result.stdout}\n{result.stderr}"
        search = self.world.search
        found = [*search.text("stdout", result.stdout), *search.text("stderr", result.stderr), *seen]
        assert [*found, *self.world.leaks(plain=False), *self.state()] == [], f"{' '.join(result.args)} leaks"
        return result

    def state(self) -> list[str]:
        """Leaks in all that gitctl keeps in the cluster, decoded, and in the marks on the objects that it manages."""
        listed = json.loads(self.kubectl("-n", "gitctl-system", "get", "secrets,leases,configmaps", "-o", "json", code=None).stdout or "{}")
        mine = [o for o in listed.get("items", ()) if self.namespace in json.dumps(o["metadata"])]
        found = [leak for o in mine for leak in self.world.search.text(f"state {o['metadata']['name']}", _decoded(o))]
        objects = json.loads(self.kubectl("-n", self.namespace, "get", "secrets,configmaps", "-o", "json", "--show-managed-fields").stdout)
        for one in objects["items"]:
            found += self.world.search.text(f"metadata of {one['metadata']['name']}", json.dumps(one["metadata"]))
        events = self.kubectl("-n", self.namespace, "get", "events", "-o", "json").stdout
        return [*found, *self.world.search.text("events", events)]


def _decoded(body: dict[str, Any]) -> bytes:
    raw = json.dumps(body).encode()
    for value in (body.get("data") or {}).values():
        data = base64.b64decode(value) if body["kind"] == "Secret" else value.encode()
        raw += data
        for unpack in (gzip.decompress, zlib.decompress):
            try:
                raw += unpack(data)
            except (OSError, zlib.error):
                continue
    return raw


@pytest.fixture
def story(
    tmp_path: Path,
    isolated: Path,
    runtime_folder: Path,
    age_key: AgeKey,
    control_plane: sandbox.ControlPlane,
    kubeconfig: Path,
    namespace: str,
    kubectl: Runner,
) -> Story:
    """A fresh repository full of secrets, and a namespace for it."""
    del kubeconfig
    return Story(build(tmp_path, isolated, runtime_folder, age_key), kubectl, namespace, control_plane.context)


def test_a_release_drift_and_a_way_back(story: Story) -> None:
    story.run("diff", *TEXT, code=1)
    story.run("sync", "--dry-run", *JSON, code=1)
    story.run("sync", *TEXT, code=0)
    live = json.loads(story.kubectl("-n", story.namespace, "get", "secret", "db", "-o", "json").stdout)
    assert base64.b64decode(live["data"]["password"]).decode() == story.world.value, "else nothing is proved"
    story.change()
    for form in (TEXT, JSON, MARKDOWN):
        story.run("diff", *form, code=1)
    assert "*** (" in story.run("diff", "--external", *TEXT, code=1).stdout
    story.run("diff", "--from", "HEAD~1", "--to", "HEAD", *JSON, code=1)
    story.run("diff", "--from", "HEAD~1", "--to", "HEAD", "--external", *TEXT, code=1)
    story.run("sync", *JSON, code=0)
    by_hand = base64.b64encode(f"by hand {story.world.tail}".encode()).decode()
    patch = json.dumps({"data": {"password": by_hand, "added": by_hand}})
    story.kubectl("-n", story.namespace, "patch", "secret", "db", "--field-manager=kubectl-edit", "--type=merge", "-p", patch)
    told = story.run("drift-check", *TEXT, code=1)
    assert "password" in told.stdout
    story.run("drift-check", *JSON, code=1)
    story.run("status", "plain", *JSON, code=0)
    story.run("secret", "audit", "--live", *JSON, code=1)
    story.run("tree", "plain", *JSON, code=0)
    for form in (TEXT, JSON):
        assert "***" in story.run("trace", "secret/db", "--field", "data.password", *form, code=0).stdout
    story.run("drift-check", "--fix", *TEXT, code=0)
    story.run("rollback", "plain", "--yes", *TEXT, code=0)
    story.run("history", "plain", *JSON, code=0)
    assert "password *** (" in story.run("history", "plain", "--secrets", "1", *TEXT, code=0).stdout
    story.run("health", *JSON, code=0)
    story.run("delete", "plain", "--dry-run", *TEXT, code=1)
    story.run("delete", "plain", "--orphan", "--yes", *JSON, code=0)


def test_a_wrong_key_a_silent_key_service_and_a_broken_mac_apply_nothing(story: Story, stranger: AgeKey) -> None:
    as_stranger = {"SOPS_AGE_KEY_FILE": str(stranger.file), "XDG_CONFIG_HOME": str(stranger.file.parent)}
    story.run("sync", *TEXT, code=3, env=as_stranger).error(ErrorId.WRONG_KEY)
    file = story.world.repo.path / "plain/secret.yaml"
    sealed = file.read_text()
    file.write_text(of_a_key_service(sealed))
    story.world.repo.commit()
    told = story.run("sync", *TEXT, code=6, env=NO_KMS).error(ErrorId.KEY_SERVICE_UNREACHABLE)
    assert told.stderr.count("error: ") == 1
    file.write_text(sealed.replace("name: db", "name: dc"))
    story.world.repo.commit(files={"plain/web.yaml": json.dumps(config_map("web"))})
    told = story.run("sync", code=3).error(ErrorId.SECRET_TAMPERED)
    assert told.stderr.count("error: ") == 1
    made = story.kubectl("-n", story.namespace, "get", "secrets,configmaps", "-l", "gitctl.dev/app", "-o", "name").stdout
    assert (made, story.run("history", "plain", "-o", "json", code=0).json()["clusters"][0]["records"]) == ("", [])


def test_refusals_of_the_api_server(story: Story) -> None:
    """It quotes what a type of Secret must hold and does not, on a create and on the dry-run of an update."""
    world = story.world
    typed = world.secret.replace("stringData:", "type: kubernetes.io/dockerconfigjson\nstringData:")
    world.seal("plain/secret.yaml", typed.replace("password:", "password: a, .dockerconfigjson:"))
    world.repo.commit()
    assert "Secret" in story.run("sync", *TEXT, code=8).stderr
    world.seal("plain/secret.yaml", typed.replace("password:", ".dockerconfigjson: '{}', password:"))
    world.repo.commit()
    story.run("sync", *JSON, code=0)
    world.seal("plain/secret.yaml", typed.replace("password:", "password: a, .dockerconfigjson:"))
    world.repo.commit()
    for form in (TEXT, JSON, MARKDOWN):
        story.run("diff", *form, code=8)


def test_refusals_of_admission(story: Story) -> None:
    """A policy that quotes the value in its message."""
    name = f"{story.namespace}-quotes"
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["secrets"]}]
    validation = {"expression": "false", "messageExpression": "'bad value ' + string(object.data.password)"}
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    spec = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": rules}, "validations": [validation]}
    place = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": story.namespace}}}
    items = [
        head | {"kind": "ValidatingAdmissionPolicy", "spec": spec},
        head
        | {
            "kind": "ValidatingAdmissionPolicyBinding",
            "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": place},
        },
    ]
    story.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    try:
        probe = ("-n", story.namespace, "create", "secret", "generic", "probe", "--from-literal=password=x", "--dry-run=server")
        for _ in range(100):
            refused = story.kubectl(*probe, code=None)
            if refused.code:
                break
        assert "bad value" in refused.stderr
        story.run("sync", *JSON, code=8)
    finally:
        story.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def test_unhealthy_workloads_and_a_dump(story: Story) -> None:
    """Health reads objects, events and logs: of a Secret only that it is there."""
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}, "annotations": {"gitctl.dev/simulate": "never-ready"}},
                "spec": {"containers": [{"name": "web", "image": "example.test/web:1"}]},
            },
        },
    }
    story.world.repo.commit(files={"plain/web.yaml": json.dumps(body)})
    story.run("sync", "--timeout", "2s", *TEXT, code=9)
    dump = story.world.tmp.parent / "dump.json"
    dump.write_text(story.kubectl("-n", story.namespace, "get", "secrets,deployments,configmaps", "-o", "json").stdout)
    for form in (TEXT, JSON, ("-o", "name")):
        story.run("health", "-f", str(dump), *form, code=0)
