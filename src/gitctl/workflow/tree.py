"""Tree: the objects of an app with what they own, and the health of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitctl.errors import GitctlError
from gitctl.health.assess import assess
from gitctl.model.app import App
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import uid
from gitctl.model.tree import AppTree, Descent, Node
from gitctl.protocols import Lineage
from gitctl.workflow.health import inventory_health
from gitctl.workflow.parts import Parts
from gitctl.workflow.states import read_state


def tree_apps(apps: Sequence[App], parts: Parts) -> tuple[AppTree, ...]:
    """The tree of each app; an error of one app never hides the others."""
    return tuple(_tree(app, parts) for app in apps)


def _tree(app: App, parts: Parts) -> AppTree:
    try:
        return tree_of(app, parts)
    except GitctlError as error:
        return AppTree(app.name, app.owner, message=str(error), error=error)


def tree_of(app: App, parts: Parts) -> AppTree:
    """The tree of one app: what its inventory lists, in its order, and below that what those objects own."""
    state = read_state(app, parts)
    observed = parts.target.observe(app.owner, [(e.ref, e.api_version) for e in state.inventory])
    roots = [live for e in state.inventory if (live := observed.objects.get(e.ref)) is not None]
    descent = parts.target.descendants(roots) if isinstance(parts.target, Lineage) else Descent()
    nodes = []
    for entry in state.inventory:
        live = observed.objects.get(entry.ref)
        health = inventory_health(live, app, unknown=observed.unknown.get(entry.ref, ""), completed=entry.completed)
        nodes.append(Node(entry.ref, health, _created(live), _below(live, descent.owned, app, {e.ref for e in state.inventory})))
    return AppTree(app.name, app.owner, tuple(nodes), descent.unseen, "" if nodes else "never synced here, or owns nothing")


def _below(live: Json | None, owned: Mapping[str, tuple[Json, ...]], app: App, listed: set[ObjectRef]) -> tuple[Node, ...]:
    """What an object owns, less what the app lists itself."""
    mine = owned.get(uid(live), ()) if live else ()
    refs = [(ref_of(one), one) for one in mine]
    return tuple(
        Node(ref, assess(one, rules=app.health), _created(one), _below(one, owned, app, listed)) for ref, one in refs if ref not in listed
    )


def ref_of(live: Json) -> ObjectRef:
    """The identity of a live object."""
    metadata = live["metadata"]
    group, slash, _ = str(live.get("apiVersion", "")).rpartition("/")
    return ObjectRef(group if slash else "", str(live.get("kind", "")), str(metadata.get("namespace") or ""), str(metadata["name"]))


def _created(live: Json | None) -> str:
    return str(live["metadata"].get("creationTimestamp") or "") if live else ""
