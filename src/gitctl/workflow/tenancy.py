"""The rules of teams, asked before anything is compared: nothing outside of them is looked at, sent as a dry run, or written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from gitctl.model.app import App
from gitctl.model.manifest import Manifest, ObjectRef
from gitctl.plan.tenancy import Breach, object_breaches, place_breaches, refuse
from gitctl.protocols import Permissions
from gitctl.render.scope import CLUSTER_SCOPED
from gitctl.workflow.parts import Parts


def require_place(app: App, parts: Parts) -> None:
    """Raise Refused when the app may not be on this cluster, or come from where it comes from. Before anything is fetched."""
    refuse(app, place_breaches(app, parts.cluster))


def require_rules(app: App, manifests: Sequence[Manifest], parts: Parts) -> None:
    """Raise Refused for objects (located) that the app may not have."""
    reserved = parts.target.state_namespace if isinstance(parts.target, Permissions) else ""
    refuse(app, object_breaches(app, manifests, scopes(app, [m.ref for m in manifests], parts), reserved=reserved))


def rule_breaches(app: App, manifests: Collection[Manifest]) -> tuple[Breach, ...]:
    """The same without a target: scopes are those of the built-in kinds."""
    return object_breaches(app, manifests, _by_table)


def scopes(app: App, refs: Iterable[ObjectRef], parts: Parts) -> Callable[[ObjectRef], bool]:
    """Does a kind have a namespace? As the cluster says. A kind that it does not serve yet counts as one without: that is the one that
    has to be allowed by name."""
    if not app.tenancy.binds or parts.branch:
        return _by_table
    served = parts.target.served({(ref.group, ref.kind) for ref in refs})
    return lambda ref: (ref.group, ref.kind) in served and served[ref.group, ref.kind].namespaced


def _by_table(ref: ObjectRef) -> bool:
    return bool(ref.namespace) and (ref.group, ref.kind) not in CLUSTER_SCOPED
