"""Lab: one owner's objects, synced and looked at by runs of their own, as separate commands would; time passes when told to."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cluster.target.bench import Bench

from gitctl.model.app import Cluster
from gitctl.model.certificate import Verify
from gitctl.model.change import Comparison, Proof
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.state import InventoryEntry
from gitctl.sandbox import ControlPlane
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import APPLY, Request, Response
from gitctl.target.kubernetes.owner import marked
from gitctl.target.kubernetes.proof.seal import same
from gitctl.target.kubernetes.target import KubernetesTarget


class Lab:
    """Runs on one namespace. `home` is the user's cache folder, `impersonate` the user; each run has a target of its own."""

    def __init__(self, plane: ControlPlane, namespace: str, owner: str, home: Path, *, impersonate: str = "") -> None:
        self.plane = plane
        self.namespace = namespace
        self.owner = owner
        self.home = home
        self.impersonate = impersonate
        self.inventory: dict[ObjectRef, InventoryEntry] = {}
        self.ahead = 0
        self.client = Client(Login(str(plane.kubeconfig), plane.context), timeout=30)
        self.last = self.run()

    def run(self, *, home: Path | None = None, impersonate: str = "", kubeconfig: Path | None = None, account: str = "") -> Bench:
        """A bench with a fresh target, as a new process has it."""
        user = impersonate or self.impersonate
        client = Client(Login(str(kubeconfig or self.plane.kubeconfig), self.plane.context, user), timeout=30)
        cluster = Cluster("test", self.plane.context, state_namespace=self.namespace)
        accounts = {self.owner: account} if account else {}
        target = KubernetesTarget(cluster, client, cache=home or self.home, accounts=accounts, clock=lambda now: now + self.ahead)
        bench = Bench(target, client, self.owner, self.namespace)
        bench.inventory = self.inventory
        return bench

    def sync(self, *bodies: Json, **run: Any) -> list[Json]:
        """One sync of objects, changed ones only; what it learnt is kept in the cluster."""
        self.last = self.run(**run)
        changed = [c for c in self.last.compare(*bodies) if not same(c.live, c.merged) or c.live is None]
        outcomes = [self.last.apply(c) for c in changed]
        assert [o.error for o in outcomes if o.error] == []
        self.last.target.keep_proofs(self.owner)
        return [o.live for o in outcomes if o.live]

    def look(self, *bodies: Json, verify: Verify = Verify.NONE, **run: Any) -> tuple[Comparison, ...]:
        """One diff."""
        self.last = self.run(**run)
        return self.last.compare(*bodies, verify=verify)

    def proofs(self, *bodies: Json, **settings: Any) -> list[Proof]:
        """What the comparisons of one diff rest on."""
        return [c.proof for c in self.look(*bodies, **settings)]

    def warm(self, *bodies: Json, **run: Any) -> None:
        """Sync, let the epoch settle, look: from then on all is proven. Policies that were deleted before go out of force meanwhile."""
        self.sync(*bodies, **run)
        end = time.monotonic() + 60
        while set(self.proofs(*bodies, **run)) != {Proof.CERTIFICATE}:
            assert time.monotonic() < end, "what nobody touches was not proven"
            self.later(61)
            time.sleep(0.1)

    def epochs(self, *bodies: Json) -> list[str]:
        """The epochs of the objects' kinds, as of now."""
        bench = self.run()
        refs = [(m.ref, bench.target._catalogue.resource(m.ref, m.api_version)) for m in bench.locate(*bodies)]
        bench.target._proofs.begin(self.owner, [(resource, ref.namespace) for ref, resource in refs if resource])
        scenes = [bench.target._proofs.scene(self.owner, ref, resource) for ref, resource in refs if resource]
        return [scene.epoch.digest if scene else "" for scene in scenes]

    def later(self, seconds: int) -> None:
        """Let time pass."""
        self.ahead += seconds

    def dry_run(self, body: Json, **run: Any) -> Response:
        """The oracle: the answer to the forced apply that gitctl would make. Nothing is learnt from it."""
        bench = self.run(**run)
        (manifest,) = bench.locate(body)
        sent = marked(manifest.body, self.owner)
        resource = bench.target._catalogue.resource(manifest.ref, manifest.api_version)
        assert resource is not None
        query = (("fieldManager", "gitctl"), ("force", "true"), ("fieldValidation", "Strict"), ("dryRun", "All"))
        return bench.client.send(Request("PATCH", resource.path(manifest.ref), query, sent, content=APPLY))

    def live(self, body: Json) -> Json:
        """The live object now."""
        found = self.run().look(body)
        assert found is not None
        return found

    def would_change(self, body: Json, **run: Any) -> bool:
        """Would a forced apply change something, or fail?"""
        answer = self.dry_run(body, **run)
        return not answer.ok or not same(answer.json(), self.live(body))

    def send(self, method: str, path: str, body: Any = None, *, content: str = "application/json", query: str = "") -> Json:
        """A request of an administrator; asserts that it succeeds."""
        pairs = tuple(tuple(p.split("=", 1)) for p in query.split("&") if p)
        answer = self.client.send(Request(method, path, pairs, body, content=content))  # type: ignore[arg-type]
        assert answer.ok, (answer.status, answer.body[:400])
        return answer.json()


MakeLab = Callable[..., Lab]
