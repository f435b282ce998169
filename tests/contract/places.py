"""The places that the contract of targets is checked on: a cluster, a branch of a checkout, a branch of a remote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.commands import GitRepo, Runner

from gitctl.model.app import Cluster, SourceSpec
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin
from gitctl.protocols import Target
from gitctl.source.open import open_refs
from gitctl.target.branch.place import Place
from gitctl.target.branch.snapshot import Homes
from gitctl.target.branch.target import BranchTarget
from gitctl.target.kubernetes.open import open_target

OWNER, OTHER = "shop/dev/site", "shop/dev/other"


def config_map(namespace: str, name: str, data: dict[str, str]) -> Manifest:
    """A wanted ConfigMap."""
    body: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data or {"a": "1"}}
    return Manifest(ObjectRef("", "ConfigMap", namespace, name), "v1", body, Origin("all.yaml", 1), digest="d")


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """A namespace of the run's control plane, with the states in another one."""

    namespace: str
    states: str
    context: str
    kubeconfig: Path
    cache: Path
    kubectl: Runner
    owner: str = OWNER
    other: str = OTHER

    def open(self) -> Target:
        """See Place."""
        cluster = Cluster("here", self.context, kubeconfig=str(self.kubeconfig), state_namespace=self.states)
        return open_target(cluster, cache=self.cache)

    def manifest(self, name: str, **data: str) -> Manifest:
        """See Place."""
        return config_map(self.namespace, name, data)

    def write(self, manifest: Manifest | None, name: str) -> None:
        """See Place."""
        if manifest is None:
            self.kubectl("-n", self.namespace, "delete", "configmap", name)
            return
        there = self.kubectl("-n", self.namespace, "get", "configmap", name, "--ignore-not-found", "-o", "name").stdout
        if there:
            patch = json.dumps({"data": manifest.body["data"]})
            self.kubectl("-n", self.namespace, "patch", "configmap", name, "--type=merge", "--field-manager=kubectl-edit", "-p", patch)
        else:
            self.kubectl("create", "-f", "-", stdin=json.dumps(manifest.body))


@dataclass(frozen=True, slots=True)
class BranchPlace:
    """A branch of a repository. `origin`: the target is opened as a remote's, or pushes to it."""

    repo: GitRepo
    cache: Path
    origin: GitRepo | None = None
    mirrored: bool = False
    owner: str = OWNER
    other: str = OTHER

    def open(self) -> Target:
        """See Place. Both apps have the same folder."""
        spec = SourceSpec(url=str(self.origin.path)) if self.mirrored and self.origin else SourceSpec()
        refs = open_refs(self.repo.path, spec, "", cache=self.cache, push=self.origin is not None)
        folders = {OWNER: "site", OTHER: "site"}
        return BranchTarget(refs, Homes("rendered/dev", folders), cache=self.cache)

    def manifest(self, name: str, **data: str) -> Manifest:
        """See Place."""
        return config_map("site-dev", name, data)

    def write(self, manifest: Manifest | None, name: str) -> None:
        """See Place: a commit in a clone of whatever others see, pushed."""
        shared = (self.origin or self.repo).path
        clone = GitRepo(self.cache.parent / "clone")
        if not clone.path.exists():
            clone.path.mkdir()
            clone.git("init", "--quiet")
            clone.git("remote", "add", "origin", str(shared))
        clone.git("fetch", "--quiet", "origin")
        there = clone.git("for-each-ref", "--format=x", "refs/remotes/origin/rendered/dev")
        clone.git("checkout", "--quiet", *(("--detach", "origin/rendered/dev") if there else ("--orphan", "new")))
        file = clone.path / Place("rendered/dev", "site").path(config_map("site-dev", name, {}).ref)
        if manifest is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(manifest.body))
        clone.commit("by hand")
        clone.git("push", "--quiet", "origin", "HEAD:refs/heads/rendered/dev")
