"""Rbac: the accounts that apps need, with the least rights: from what they render, and from what their state still lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitctl.errors import ClusterError, ErrorId, GitctlError, InputError, raise_all
from gitctl.model.app import App
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.rights import Account, SecretReads, ServedKind
from gitctl.plan.accounts import Office, account_objects, acting_objects
from gitctl.plan.adopt import NAMESPACE_RENDERER
from gitctl.plan.escalation import RBAC
from gitctl.plan.rights import (
    NAMESPACE,
    STATE_READ,
    STATE_WRITE,
    Belongings,
    defined_kinds,
    deployer_grant,
    reader_grant,
    with_acting,
    with_state,
)
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Rendered, render_apps, selection
from gitctl.workflow.states import recorded


@dataclass(frozen=True, slots=True)
class RbacRequest:
    """Whose accounts. `app` names the one app that they are for ("" for the environment); `state` is the state namespace."""

    project: str
    env: str
    state: str
    app: str = ""
    read_only: bool = False
    secrets: SecretReads = SecretReads.NAMED

    @property
    def office(self) -> Office:
        """The names of the accounts."""
        return Office(self.project, self.env, self.state, self.app)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of some apps: the objects that make them, in the order of applying, and what a reviewer should know."""

    office: Office
    accounts: tuple[Account, ...]
    apps: tuple[str, ...]
    objects: tuple[Json, ...]
    notes: tuple[str, ...] = ()


def accounts_for(apps: Sequence[App], parts: Parts, request: RbacRequest) -> Accounts:
    """The accounts for these apps. Raises the errors of their renders, ManifestError for unknown kinds, ClusterError family errors."""
    here = [app for app in apps if app.target is None]
    if not here:
        raise InputError(
            "no app of the selection goes to the cluster", id=ErrorId.NO_CLUSTER_APP, hint="a branch needs no account of the cluster"
        )
    things = _belongings(here, parts)
    missing = _missing(things, parts)
    accounts = (Account.READER,) if request.read_only else tuple(Account)
    acting = {} if request.read_only else _by_account(here)
    grants = {Account.READER: with_state(reader_grant(things, secrets=request.secrets), request.state, STATE_READ)}
    if not request.read_only:
        own = acting.pop("", [])
        held = deployer_grant(_belongings(own, parts) if acting else things)
        grants[Account.DEPLOYER] = with_state(with_acting(held, acting), request.state, STATE_WRITE)
    others = (acting_objects(request.office, name, deployer_grant(_belongings(apps, parts))) for name, apps in acting.items())
    return Accounts(
        office=request.office,
        accounts=accounts,
        apps=tuple(app.name for app in here),
        objects=(*account_objects(request.office, grants, missing=missing), *(item for objects in others for item in objects)),
        notes=tuple(_notes(things, request)),
    )


def _by_account(apps: Sequence[App]) -> dict[str, list[App]]:
    """Apps by the service account that applies their objects; "" is gitctl's own."""
    found: dict[str, list[App]] = {}
    for app in apps:
        found.setdefault(app.tenancy.account, []).append(app)
    return found


def _belongings(apps: Sequence[App], parts: Parts) -> Belongings:
    rendered = render_apps(apps, parts)
    raise_all(r.error for r in rendered if r.error)
    coming = selection(rendered).kinds
    manifests = tuple(m for r in rendered for m in _located(r, parts, coming))
    states = {app.owner: recorded(app, parts)[1] for app in apps}
    needed = {replace(app, name=name).owner for app in apps for name in app.depends_on} - states.keys()
    things = Belongings(
        manifests=manifests,
        kinds={},
        recorded=tuple(e.ref for state in states.values() for e in state.inventory),
        depends=tuple(e.ref for owner in sorted(needed) for e in parts.target.read_state(owner).inventory),
        used=frozenset(m.ref.name for m in manifests if m.origin.renderer == NAMESPACE_RENDERER),
    )
    return replace(things, kinds=_kinds(things, parts))


def _located(rendered: Rendered, parts: Parts, coming: frozenset[tuple[str, str]]) -> tuple[Manifest, ...]:
    return parts.target.locate(rendered.result.manifests, kinds=coming) if rendered.result else ()


def _kinds(things: Belongings, parts: Parts) -> Mapping[tuple[str, str], ServedKind]:
    """How each kind is served. Raises ClusterError for a wanted kind whose API does not answer now: a rule for it cannot be written."""
    asked = {(ref.group, ref.kind) for ref in (*things.owned, *things.depends)}
    found = {**defined_kinds(things.manifests), **parts.target.served(asked)}
    raise_all(_unserved(m.ref) for m in things.manifests if (m.ref.group, m.ref.kind) not in found)
    return found


def _unserved(ref: ObjectRef) -> GitctlError:
    return ClusterError(
        f"the API of {ref.group} does not answer, so that no rule can be written for {ref.kind}",
        id=ErrorId.API_ERROR,
        hint="mend it, then try again",
    )


def _missing(things: Belongings, parts: Parts) -> list[str]:
    """Namespaces that are not there yet: roles go into them."""
    refs = [ObjectRef(*NAMESPACE, "", name) for name in things.namespaces]
    observed = parts.target.observe("", [(ref, "v1") for ref in refs])
    return [ref.name for ref in refs if ref in observed.objects and observed.objects[ref] is None]


def _notes(things: Belongings, request: RbacRequest) -> list[str]:
    """Rights that reach further than one would think."""
    if request.read_only:
        return []
    roles = [m.ref for m in things.manifests if m.ref.group == RBAC and m.ref.kind == "ClusterRole"]
    return [f"{ref}: the deployer holds its rules in the whole cluster, because only then may it write them" for ref in roles]
