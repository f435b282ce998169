"""Small values for tests of planning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gitctl.model.app import App
from gitctl.model.change import Comparison, Proof
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin, RenderInputs, RenderResult
from gitctl.model.revision import Revision
from gitctl.model.rights import ServedKind
from gitctl.model.state import AppState, InventoryEntry

RBAC = "rbac.authorization.k8s.io"
KINDS = {
    (group, kind): ServedKind(group, kind, plural, namespaced)
    for group, kind, plural, namespaced in (
        ("", "ConfigMap", "configmaps", True),
        ("", "Secret", "secrets", True),
        ("", "Namespace", "namespaces", False),
        ("apps", "Deployment", "deployments", True),
        ("scheduling.k8s.io", "PriorityClass", "priorityclasses", False),
        (RBAC, "Role", "roles", True),
        (RBAC, "ClusterRole", "clusterroles", False),
        (RBAC, "RoleBinding", "rolebindings", True),
        (RBAC, "ClusterRoleBinding", "clusterrolebindings", False),
    )
}
"""What a cluster serves of some kinds."""

OWNER = "shop/prod/web"
APP = App(project="shop", env="prod", name="web", path="apps/web")
REVISION = Revision(repo="repo", sha="a" * 40, name="main")


def ref(text: str) -> ObjectRef:
    """`apps/Deployment shop/web`, `Secret shop/db`, `Namespace shop`."""
    kind, _, name = text.partition(" ")
    group, _, kind = kind.rpartition("/")
    namespace, _, name = name.rpartition("/")
    return ObjectRef(group, kind, namespace, name)


def body(of: ObjectRef, content: Json | None = None, **metadata: Any) -> Json:
    """The body of an object."""
    placed = {"name": of.name} | ({"namespace": of.namespace} if of.namespace else {})
    version = f"{of.group}/v1" if of.group else "v1"
    return {"apiVersion": version, "kind": of.kind, "metadata": {**placed, **metadata}, **(content or {})}


def manifest(text: str, content: Json | None = None, **metadata: Any) -> Manifest:
    """A wanted object."""
    wanted = body(ref(text), content, **metadata)
    return Manifest(ref(text), wanted["apiVersion"], wanted, Origin("apps/web/a.yaml", 3), digest=str(hash(str(wanted))))


def live(text: str, content: Json | None = None, *, owner: str = OWNER, uid: str = "", managed: bool = True, **metadata: Any) -> Json:
    """A live object that gitctl applied for `owner` ("" for an object of somebody else)."""
    annotations = {**metadata.pop("annotations", {}), **({"gitctl.dev/owner": owner} if owner else {})}
    entries = [{"manager": "gitctl", "operation": "Apply", "fieldsV1": {"f:spec": {}}}] if owner and managed else []
    managed_fields = metadata.pop("managedFields", entries)
    identity = {"uid": uid or f"uid {text}", "annotations": annotations, "managedFields": managed_fields}
    return body(ref(text), content, **identity, **metadata)


def entry(text: str, **options: Any) -> InventoryEntry:
    """An inventory entry that fits `live`."""
    return InventoryEntry(ref(text), "v1", uid=options.pop("uid", f"uid {text}"), **options)


def compared(wanted: Manifest, now: Json | None = None, then: Json | None = None, **options: Any) -> Comparison:
    """A comparison: without `then`, applying changes nothing."""
    merged = now if then is None else then
    owner = options.pop("owner", (now or {}).get("metadata", {}).get("annotations", {}).get("gitctl.dev/owner", ""))
    proof = Proof.SERVER if now else Proof.NONE
    return Comparison(wanted, now, merged, options.pop("sent", wanted.body), owner=owner, proof=proof, **options)


def rendered(*manifests: Manifest, **options: Any) -> RenderResult:
    """A render."""
    return RenderResult("web", options.pop("revision", REVISION), RenderInputs("plain"), manifests, digest="render", **options)


def state(*entries: InventoryEntry, **options: Any) -> AppState:
    """A state that holds an inventory."""
    return AppState(OWNER, inventory=entries, token="1", **options)


@dataclass(frozen=True)
class Seen:
    """What was observed."""

    objects: dict[ObjectRef, Json | None] = field(default_factory=dict)
    unknown: dict[ObjectRef, str] = field(default_factory=dict)
