"""What an app has that its rules do not let it have: objects, deletions, its cluster and its repositories. Pure.

What is checked is the final list of objects: after Lists, generators and hooks, with scopes settled. So no way of writing an object
leads around a rule. The lists of the team and of the app hold together: each allowing list has to allow, one denying list is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gitctl.errors import ErrorId, InputError, Refused, Where
from gitctl.model.app import App
from gitctl.model.change import Action, Change, Refusal
from gitctl.model.manifest import Manifest, ObjectRef
from gitctl.model.quantity import counted
from gitctl.model.reference import parse, references_in, shown
from gitctl.model.tenancy import Subject, Tenancy
from gitctl.plan.adopt import NAMESPACE_RENDERER
from gitctl.plan.escalation import RBAC, foreign_role

Namespaced = Callable[[ObjectRef], bool]

_NAMESPACE = ("", "Namespace")
_OF_ALL = "references.stores"
CORE = "core"
"""How rules call the API group without a name."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that is not kept: what is wrong, and the place of the rule. `ref` is None for the app as a whole."""

    ref: ObjectRef | None
    problem: str
    where: Where

    def __str__(self) -> str:
        return f"{self.ref}: {self.problem} ({self.where})" if self.ref else f"{self.problem} ({self.where})"


def place_breaches(app: App, cluster: str) -> tuple[Breach, ...]:
    """Is the app where it may be, and from where it may come? `cluster` is a name of gitctl.yaml, "" where none is reached."""
    rules = app.tenancy
    if not rules.binds:
        return ()
    chart, target = app.helm.chart, app.target
    repositories = [address for address in (chart.repo if chart else "", target.repo if target else "") if address]
    here = _listed(rules, Subject.CLUSTERS, cluster, f"the cluster {cluster}") if cluster and not target else ()
    sources = (one for address in repositories for one in _listed(rules, Subject.REPOSITORIES, address, f"the repository {address}"))
    return tuple(Breach(None, problem, where) for problem, where in (*here, *sources))


def object_breaches(app: App, manifests: Collection[Manifest], namespaced: Namespaced, *, reserved: str = "") -> tuple[Breach, ...]:
    """Which wanted objects the app may not have. `namespaced` says of a kind whether its objects have a namespace; `reserved` is the
    namespace of gitctl's own state, in which no team has anything."""
    if not app.tenancy.binds:
        return ()
    known = {(m.ref.kind, m.ref.namespace, m.ref.name) for m in manifests if m.ref.group == RBAC}
    found = [(m.ref, breach) for m in manifests for breach in _wanted(app, m, namespaced(m.ref), known)]
    if app.tenancy.team and reserved:
        problem = f"the namespace {reserved} holds gitctl's own state", app.tenancy.where
        found += [(m.ref, problem) for m in manifests if m.ref.namespace == reserved]
    return tuple(Breach(ref, problem, where) for ref, (problem, where) in found)


def prune_refusals(app: App, changes: Iterable[Change], namespaced: Namespaced) -> tuple[Refusal, ...]:
    """Why objects of the inventory are not deleted: it may say anything, whoever can write the state wrote it. No digest permits it."""
    if not app.tenancy.binds:
        return ()
    touched = (c for c in changes if c.action in (Action.PRUNE, Action.RELEASE))
    breaches = tuple(Breach(c.ref, p, w) for c in touched for p, w in _object(app, c.ref, namespaced(c.ref), named=_used(app, c.ref)))
    if not breaches:
        return ()
    refs = tuple(dict.fromkeys(b.ref for b in breaches if b.ref))
    message = f"{_whose(app)} do not let it delete {counted(len(refs), 'object')}: {'; '.join(map(str, breaches))}"
    return (Refusal(ErrorId.TEAM_RULES, message, refs, "widen the rule for the sync that deletes, or delete what is left by hand"),)


def defaults(app: App) -> tuple[str, ...]:
    """What holds for a team without being written."""
    rules = app.tenancy
    if not rules.team:
        return ()
    unwritten = {
        Subject.NAMESPACES: f"the namespace {app.namespace} alone" if app.namespace else "no namespace",
        Subject.KINDS: "no roles and bindings",
        Subject.CLUSTER_KINDS: "no kinds without a namespace",
        Subject.ROLES: "no bindings to roles of others",
        Subject.REFERENCES: "no references to stores",
    }
    return tuple(text for subject, text in unwritten.items() if not rules.allowed(subject))


def refuse(app: App, breaches: Collection[Breach]) -> None:
    """Raise Refused with all breaches, if there are any."""
    if breaches:
        shown = sorted(map(str, breaches))
        what = shown[0] if len(shown) == 1 else f"{counted(len({b.ref for b in breaches}), 'object')} outside of them"
        details = shown if len(shown) > 1 else []
        hint = "take it out of the app, or ask the owners of gitctl.yaml to allow it"
        raise Refused(f"{_whose(app)} forbid: {what}", id=ErrorId.TEAM_RULES, where=app.name, details=details, hint=hint)


def _whose(app: App) -> str:
    return f"the rules of team {app.tenancy.team}" if app.tenancy.team else f"the rules of app {app.name}"


_Problem = tuple[str, Where]


def _wanted(app: App, manifest: Manifest, namespaced: bool, known: Collection[tuple[str, str, str]]) -> Iterator[_Problem]:
    yield from _object(app, manifest.ref, namespaced, named=manifest.origin.renderer == NAMESPACE_RENDERER)
    for _, text in references_in(manifest):
        yield from reference_problems(app.tenancy, text)
    role = foreign_role(manifest, known)
    if role:
        yield from _role(app.tenancy, *role)


def reference_problems(rules: Tenancy, text: str) -> Iterator[_Problem]:
    """Why a reference may not be followed. One that cannot be read is told elsewhere: nobody follows it."""
    try:
        wanted = parse(text).source.pattern
    except InputError:
        return
    yield from _listed(rules, Subject.REFERENCES, wanted, f"the reference {shown(wanted)}")
    if rules.team and not any(one.where.key != _OF_ALL for one in rules.allowed(Subject.REFERENCES)):
        yield f"the reference {shown(wanted)} has to be allowed to a team by name", rules.where


def _object(app: App, ref: ObjectRef, namespaced: bool, *, named: bool) -> Iterator[_Problem]:
    """`named`: the Namespace that gitctl.yaml itself names by `create_namespace`, which is no kind that the team chose."""
    rules = app.tenancy
    namespace = ref.name if (ref.group, ref.kind) == _NAMESPACE else ref.namespace if namespaced else ""
    if namespace:
        yield from _namespace(app, namespace)
    if not named:
        yield from _kind(rules, ref, namespaced)
    for one in rules.denied(Subject.KINDS):
        if any(kind_matches(pattern, ref) for pattern in one.patterns):
            yield f"the kind {kind_text(ref)} is denied", one.where


def _namespace(app: App, namespace: str) -> Iterator[_Problem]:
    """Where a team names no namespaces, it has the one that gitctl.yaml gives the app."""
    rules = app.tenancy
    yield from _listed(rules, Subject.NAMESPACES, namespace, f"the namespace {namespace}")
    if rules.team and not rules.allowed(Subject.NAMESPACES) and namespace != app.namespace:
        yield f"the namespace {namespace} is not the app's own, and the team names no others", rules.where


def _kind(rules: Tenancy, ref: ObjectRef, namespaced: bool) -> Iterator[_Problem]:
    """A team has the kinds of namespaces, less roles and bindings, and none without: more has to be named."""
    subject, what = (Subject.KINDS, "kind") if namespaced else (Subject.CLUSTER_KINDS, "cluster-scoped kind")
    lists = rules.allowed(subject)
    for one in lists:
        if not any(kind_matches(pattern, ref) and _names_it(rules, pattern, ref) for pattern in one.patterns):
            yield f"the {what} {kind_text(ref)} is not allowed", one.where
    if rules.team and not lists and (not namespaced or ref.group == RBAC):
        yield f"the {what} {kind_text(ref)} has to be allowed to a team by name", rules.where


def _names_it(rules: Tenancy, pattern: str, ref: ObjectRef) -> bool:
    """`*` alone is no consent to rights."""
    return not rules.team or ref.group != RBAC or pattern.partition("/")[0].strip("*") != ""


def _role(rules: Tenancy, kind: str, name: str) -> Iterator[_Problem]:
    """A binding gives away what a role holds that somebody else made."""
    yield from _listed(rules, Subject.ROLES, name, f"a binding to the {kind} {name}")
    if rules.team and not rules.allowed(Subject.ROLES):
        yield f"a binding to the {kind} {name}, which the app does not bring, has to be allowed to a team by name", rules.where


def _listed(rules: Tenancy, subject: Subject, value: str, what: str) -> Iterator[_Problem]:
    yield from ((f"{what} is {'not allowed' if one.allow else 'denied'}", one.where) for one in rules.objections(subject, value))


def _used(app: App, ref: ObjectRef) -> bool:
    return app.create_namespace and (ref.group, ref.kind, ref.name) == (*_NAMESPACE, app.namespace)


def kind_matches(pattern: str, ref: ObjectRef) -> bool:
    """`Kind` (of any group), `Kind.group`, `*.group`, each with `/name` behind it or without; `core` is the group without a name."""
    kinds, _, name = pattern.partition("/")
    kind, dot, group = kinds.partition(".")
    return fnmatchcase(ref.kind, kind) and (not dot or fnmatchcase(ref.group or CORE, group)) and (not name or fnmatchcase(ref.name, name))


def kind_text(ref: ObjectRef) -> str:
    """`Deployment.apps`, `Service`: as a rule would name it."""
    return f"{ref.kind}.{ref.group}" if ref.group else ref.kind
