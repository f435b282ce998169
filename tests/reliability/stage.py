"""Stage: one app in namespaces of its own, with a second revision that does a bit of everything, and what it must look like at the end.

The change creates a definition with a custom resource and a namespace with an object in it, creates, updates, and prunes. Many stages
live in one cluster at a time: nothing of one is shared with another but the state namespace.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.fixtures import warm
from tests.fixtures.commands import GitRepo, Result
from tests.fixtures.project import config_map

from gitctl.model.marks import owner_label
from gitctl.model.record import RecordResult
from gitctl.model.state import AppState
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask, create
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.state import StateStore

Json = dict[str, Any]
STATE = "gitctl-system"
_VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "generation", "finalizers")


@dataclass(slots=True)
class Stage:
    """`name` is the project's name and its namespace; `group` holds its own custom kind."""

    plane: ControlPlane
    folder: Path
    name: str = field(default_factory=lambda: f"k-{secrets.token_hex(4)}")
    repo: GitRepo = field(init=False)
    revisions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.repo = GitRepo(self.folder / self.name)
        self.repo.path.mkdir(parents=True)
        self.repo.git("init", "--quiet", "--initial-branch=main")
        create(self.plane, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}})

    @property
    def place(self) -> Path:
        """A folder beside the repository."""
        beside = self.folder / f"{self.name}-beside"
        beside.mkdir(exist_ok=True)
        return beside

    @property
    def group(self) -> str:
        """The API group of the stage's kind."""
        return f"{self.name}.example.test"

    @property
    def owner(self) -> str:
        """The app's owner id."""
        return f"{self.name}/dev/web"

    def write(self, *objects: Json) -> None:
        """Commit the project with these objects."""
        app = {"path": "web", "namespace": self.name, "wait": "2m"}
        body = {
            "apiVersion": "gitctl.dev/v1",
            "kind": "Project",
            "name": self.name,
            "clusters": {"main": {"context": self.plane.context}},
            "environments": {"dev": {"clusters": ["main"]}},
            "apps": {"web": app},
            "limits": {"prune_per_day": 100_000},
        }
        text = "---\n".join(json.dumps(o) + "\n" for o in objects)
        sha = self.repo.commit("change", {"gitctl.yaml": json.dumps(body), "web/all.yaml": text})
        self.revisions[sha] = f"revision {len(self.revisions) + 1}"

    def first(self) -> None:
        """The first revision, in the cluster."""
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "old"}}
        self.write(config_map("change", a="1"), config_map("stay"), config_map("stay-too"), config_map("old"), account)
        self.run("sync").expect()

    def second(self) -> None:
        """The second one, in Git: 4 creates, 1 update, 2 prunes."""
        inside = config_map("inside")
        inside["metadata"]["namespace"] = f"{self.name}-extra"
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{self.name}-extra"}}
        thing = {"apiVersion": f"{self.group}/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": {"size": 3}}
        self.write(definition(self.group), thing, space, inside, config_map("change", a="2"), config_map("stay"), config_map("stay-too"))

    def begin(self, *args: str, kubeconfig: Path | None = None, **env: str) -> warm.Running:
        """Start `gitctl ARGS -e dev`, through the kubeconfig given."""
        reached = {"KUBECONFIG": str(kubeconfig or self.plane.kubeconfig)}
        return warm.Running((*args, "-e", "dev"), cwd=self.repo.path, env=os.environ | reached | env)

    def run(self, *args: str, kubeconfig: Path | None = None, **env: str) -> Result:
        """The same, to its end."""
        return Result(args, *self.begin(*args, kubeconfig=kubeconfig, **env).wait(180))

    def commits(self) -> list[str]:
        """All commits, the newest first."""
        return self.repo.git("log", "--format=%H").split()

    def state(self, owner: str = "") -> AppState:
        """What is stored of the app, or of another owner."""
        return StateStore(Client(Login(str(self.plane.kubeconfig)), timeout=30), STATE).read(owner or self.owner)

    def live(self, path: str) -> list[Json]:
        """The objects of a collection that belong to the app. After a restart a custom kind is served a moment later than others."""
        end = time.monotonic() + 60
        while (answer := ask(self.plane, "GET", f"{path}?labelSelector=gitctl.dev/app")).code != 200:
            assert time.monotonic() < end, answer
            time.sleep(0.2)
        found = answer.json()["items"]
        return [item for item in found if item["metadata"].get("annotations", {}).get("gitctl.dev/owner", self.owner) == self.owner]

    def live_definition(self) -> Json:
        """The definition of the stage's kind, {} when there is none."""
        answer = ask(self.plane, "GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{self.group}")
        return answer.json() if answer.code == 200 else {}

    def picture(self) -> Json:
        """Cluster, inventory and history after the second revision."""
        core = f"/api/v1/namespaces/{self.name}"
        collections = (f"/apis/{self.group}/v1/namespaces/{self.name}/things", f"{core}-extra/configmaps")
        live = [*self.live_below(), *(o for path in collections for o in self.live(path))]
        single = (f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{self.group}", f"{core}-extra")
        return self._pictured([*live, *(ask(self.plane, "GET", path).json() for path in single)])

    def flat_picture(self) -> Json:
        """The same of an app that has ConfigMaps and accounts in its own namespace alone."""
        return self._pictured(self.live_below())

    def live_below(self) -> list[Json]:
        """The app's ConfigMaps and accounts in the stage's namespace."""
        core = f"/api/v1/namespaces/{self.name}"
        return [o for what in ("configmaps", "serviceaccounts") for o in self.live(f"{core}/{what}")]

    def _pictured(self, live: list[Json]) -> Json:
        """Less what differs from run to run by its nature: uids, versions, times, names of the stage."""
        state = self.state()
        uids = {o["metadata"].get("uid") for o in live}
        shown = {"live": [_still(o) for o in live], "inventory": _entries(state, uids), **_history(state)}
        text = json.dumps(shown, sort_keys=True).replace(self.name, "STAGE")
        for sha, known in self.revisions.items():
            text = text.replace(sha, known)
        picture: Json = json.loads(re.sub(r"[0-9a-f]{64}", "HASH", text))
        return picture

    def drop(self) -> None:
        """Delete what the stage left, without waiting for it; its deletions count in no other test's budget."""
        for owner in (self.owner, f"{self.name}/dev/"):
            stored = f"labelSelector=gitctl.dev/state-of%3D{owner_label(owner)}"
            ask(self.plane, "DELETE", f"/api/v1/namespaces/{STATE}/secrets?{stored}")
        for path in (f"namespaces/{self.name}", f"namespaces/{self.name}-extra"):
            ask(self.plane, "DELETE", f"/api/v1/{path}")
        ask(self.plane, "DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{self.group}")


def definition(group: str) -> Json:
    """A CustomResourceDefinition of the kind Thing."""
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def _still(live: Json) -> Json:
    metadata = {key: value for key, value in live["metadata"].items() if key not in (*_VOLATILE, "managedFields")}
    ours = [m.get("fieldsV1") for m in live["metadata"]["managedFields"] if m["manager"] == "gitctl"]
    return {**{key: value for key, value in live.items() if key not in ("metadata", "status")}, "metadata": metadata, "ours": ours}


def _entries(state: AppState, uids: set[str]) -> list[Json]:
    entries = sorted(state.inventory, key=lambda e: e.ref)
    return [{**asdict(e), "uid": "of the live object" if e.uid in uids else e.uid} for e in entries]


def _history(state: AppState) -> Json:
    """Records but the interrupted ones: one run has what two had done together, so their counts are no part of it."""
    records = [
        [r.verb, r.result, r.revision, r.render_digest, r.health, r.message, r.partial, r.counts.failed, r.counts.not_tried]
        for r in state.records
        if r.result is not RecordResult.INTERRUPTED
    ]
    assert state.acknowledged
    return {
        "records": records,
        "acknowledged": [state.acknowledged.revision, state.acknowledged.render_digest],
        "deletions": sum(number for _, number in state.pruned_at),
        "hold": state.hold,
    }
