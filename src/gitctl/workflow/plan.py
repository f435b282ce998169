"""Plan apps: render all, then compare each with its target. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gitctl.errors import ErrorId, GitctlError, InputError
from gitctl.model.app import App
from gitctl.model.certificate import Verify
from gitctl.model.change import Comparison, Plan, Refusal
from gitctl.model.manifest import Manifest, ObjectRef, RenderResult
from gitctl.model.rival import Rival
from gitctl.model.state import AppState, InventoryEntry
from gitctl.plan.build import PlanOptions, build
from gitctl.plan.ignore import prepare
from gitctl.protocols import CompareOptions
from gitctl.workflow.budget import deleted_today
from gitctl.workflow.lost import is_lost, rebuilt, rebuilt_note
from gitctl.workflow.moves import Arrivals, arrivals, claims
from gitctl.workflow.parts import Parts
from gitctl.workflow.references import ask_ahead, literal_notes, resolved
from gitctl.workflow.states import read_state
from gitctl.workflow.suspend import over_notes, refusal
from gitctl.workflow.tenancy import require_place, require_rules, scopes


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What the user allows and selects.

    `prune` None: as the app says. `only` are `Kind/name`; `labels` are (key, value) pairs that all must match.
    Without `moves` nothing is taken over from other apps, without `secrets` no Secret is looked at. `verify` says how many proven
    objects the server is asked about all the same. `notes` are said with the plan.
    """

    prune: bool | None = None
    adopt: bool = False
    adopt_from: frozenset[Rival] = frozenset()
    force_conflicts: bool = False
    prune_limit: int | None = None
    plan_digest: str = ""
    replace: frozenset[str] = frozenset()
    only: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    keep_additions: bool = False
    moves: bool = True
    verify: Verify = Verify.SAMPLE
    secrets: bool = True
    notes: tuple[str, ...] = ()

    def looks_at(self, ref: ObjectRef) -> bool:
        """May this object be looked at?"""
        return self.secrets or (ref.group, ref.kind) != ("", "Secret")

    @property
    def partial(self) -> bool:
        """Only some of an app's objects are looked at."""
        return bool(self.only or self.labels)


@dataclass(frozen=True, slots=True)
class Planned:
    """An app with its render, its state and its plan. `suspended`: why the plan may not be carried out now;
    `moved`: objects that it takes over from other apps (owner ids)."""

    app: App
    rendered: RenderResult
    state: AppState
    plan: Plan
    suspended: Refusal | None = None
    moved: Mapping[ObjectRef, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """An app's render, or why there is none: one broken app never hides the others."""

    app: App
    result: RenderResult | None = None
    error: GitctlError | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What a whole selection of apps creates: objects that need it are planned, not failed. `renders` are by owner id."""

    namespaces: frozenset[str]
    kinds: frozenset[tuple[str, str]]
    renders: Mapping[str, RenderResult] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AppPlan:
    """The plan of one app, or the error that stands in its place."""

    app: App
    planned: Planned | None = None
    error: GitctlError | None = None


def render_apps(apps: Iterable[App], parts: Parts) -> tuple[Rendered, ...]:
    """Render each app; errors are values."""
    return tuple(_render(app, parts) for app in apps)


def _render(app: App, parts: Parts) -> Rendered:
    try:
        require_place(app, parts)
        return Rendered(app, parts.render(app, parts.tree))
    except GitctlError as error:
        return Rendered(app, error=error)


def selection(rendered: Iterable[Rendered]) -> Selection:
    """The namespaces and kinds that the selected apps create."""
    rendered = tuple(rendered)
    manifests = [m for r in rendered if r.result for m in r.result.manifests]
    names = frozenset(m.ref.name for m in manifests if m.ref.kind == "Namespace" and not m.ref.group)
    kinds = (_defined_kind(m) for m in manifests if m.ref.kind == "CustomResourceDefinition")
    return Selection(names, frozenset(k for k in kinds if k is not None), {r.app.owner: r.result for r in rendered if r.result})


def _defined_kind(manifest: Manifest) -> tuple[str, str] | None:
    spec = manifest.body.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return None
    return str(spec.get("group", "")), str(names.get("kind", ""))


def plan_apps(apps: Sequence[App], parts: Parts, request: PlanRequest) -> tuple[AppPlan, ...]:
    """A plan for each app, in order. Errors of one app are values; ClusterErrors that hit all apps too."""
    rendered = render_apps(apps, parts)
    ask_for_all(rendered, parts, request)
    scope = selection(rendered)
    return tuple(_plan(r, parts, request, scope) for r in rendered)


def ask_for_all(rendered: Iterable[Rendered], parts: Parts, request: PlanRequest) -> None:
    """Ask stores once for what all apps refer to. Who selects some objects, or no Secrets, asks for what is left of them, app by app."""
    if request.secrets and not (request.partial or parts.branch):
        ask_ahead([(r.app, r.result.manifests) for r in rendered if r.result], parts.stores)


def _plan(rendered: Rendered, parts: Parts, request: PlanRequest, scope: Selection) -> AppPlan:
    if rendered.result is None:
        return AppPlan(rendered.app, error=rendered.error)
    try:
        return AppPlan(rendered.app, plan_app(rendered.app, rendered.result, parts, request, scope))
    except GitctlError as error:
        return AppPlan(rendered.app, error=error)


def plan_app(app: App, rendered: RenderResult, parts: Parts, request: PlanRequest, scope: Selection) -> Planned:
    """The plan of one app against its target."""
    located = parts.target.locate(rendered.manifests, kinds=scope.kinds)
    require_rules(app, located, parts)
    manifests = _resolved(app, _selected(located, request), parts, request)
    rendered = replace(rendered, manifests=manifests)
    found = _looked_at(app, [m for m in manifests if request.looks_at(m.ref)], parts, request, scope)
    state = found.state
    stale = [] if request.partial else [e for e in _stale(state.inventory, manifests) if request.looks_at(e.ref)]
    observed = parts.target.observe(app.owner, [(e.ref, e.api_version) for e in stale])
    prune = app.prune if request.prune is None else request.prune
    options = PlanOptions(
        adopt=request.adopt,
        adopt_from=request.adopt_from,
        force_conflicts=request.force_conflicts,
        prune=prune,
        prune_limit=request.prune_limit,
        plan_digest=request.plan_digest,
        replace=request.replace,
        partial=request.partial,
        stale=rendered.revision.stale_seconds is not None,
        observed=observed,
        deleted_today=deleted_today(parts.target.list_states(), parts) if stale else 0,
        moved=found.arrivals.moved,
        disputed=found.arrivals.disputed,
        claimed=claims(app, [ref for ref, live in observed.objects.items() if live], parts, scope.renders) if prune else {},
        lost=found.lost,
        limits=parts.limits,
        namespaced=scopes(app, [e.ref for e in stale], parts),
    )
    plan = build(app, rendered, found.comparisons, state, options=options)
    skipped = tuple(m.ref for m in manifests if not request.looks_at(m.ref))
    notes = (*plan.notes, *request.notes, *over_notes(app, state, parts.timestamp()), *literal_notes(manifests))
    plan = replace(plan, notes=notes, skipped=skipped)
    return Planned(app, rendered, state, plan, refusal(app, state, parts.timestamp()), found.arrivals.moved)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of an app before its plan. `lost`: what is said of a state that had to be put together again."""

    state: AppState
    comparisons: tuple[Comparison, ...]
    arrivals: Arrivals = Arrivals()
    lost: str = ""


def _looked_at(app: App, manifests: Sequence[Manifest], parts: Parts, request: PlanRequest, scope: Selection) -> _Found:
    state = read_state(app, parts)
    options = compare_options(app, request, scope)
    inventory = {e.ref: e for e in state.inventory}
    comparisons = parts.target.compare(manifests, inventory, options=options)
    if is_lost(app, state, comparisons):
        state = rebuilt(app, state, parts, (m.ref.namespace for m in manifests))
        return _Found(state, comparisons, lost=rebuilt_note(state))
    coming = arrivals(app, comparisons, parts, scope.renders) if request.moves else Arrivals()
    if coming.moved:
        # Seen as ours, with the fields that the other app applied: what it set and we do not want goes.
        options = replace(options, former=frozenset(coming.moved.values()))
        again = parts.target.compare([m for m in manifests if m.ref in coming.moved], coming.entries, options=options)
        known = {c.ref: c for c in again}
        comparisons = tuple(known.get(c.ref, c) for c in comparisons)
    return _Found(state, comparisons, coming)


def compare_options(app: App, request: PlanRequest, scope: Selection) -> CompareOptions:
    """How the target shall compare an app's objects."""
    return CompareOptions(
        owner=app.owner,
        prepare=partial(prepare, rules=app.ignore, generated=app.generated),
        namespaces=scope.namespaces,
        kinds=scope.kinds,
        adopt=request.adopt,
        adopt_from=request.adopt_from,
        keep_additions=request.keep_additions,
        verify=request.verify,
    )


def _stale(inventory: Iterable[InventoryEntry], manifests: Iterable[Manifest]) -> list[InventoryEntry]:
    wanted = {m.ref for m in manifests}
    return [e for e in inventory if e.ref not in wanted]


def _selected(manifests: tuple[Manifest, ...], request: PlanRequest) -> tuple[Manifest, ...]:
    if not request.partial:
        return manifests
    chosen = tuple(m for m in manifests if _matches(m, request))
    if not chosen:
        asked = ", ".join((*request.only, *(f"{k}={v}" for k, v in request.labels)))
        raise InputError(
            f"no object of the app matches {asked}", id=ErrorId.OBJECT_UNKNOWN, hint="`gitctl render -o name` lists the objects"
        )
    return chosen


def _resolved(app: App, manifests: Sequence[Manifest], parts: Parts, request: PlanRequest) -> tuple[Manifest, ...]:
    """Values in the place of references to stores, of what is looked at. In a branch none passes (`locate`)."""
    known = iter(resolved(app, [m for m in manifests if request.looks_at(m.ref)], parts.stores))
    return tuple(next(known) if request.looks_at(m.ref) else m for m in manifests)


def _matches(manifest: Manifest, request: PlanRequest) -> bool:
    labels = manifest.body.get("metadata", {}).get("labels") or {}
    named = not request.only or manifest.ref.short in request.only or _qualified(manifest.ref) in request.only
    return named and all(labels.get(k) == v for k, v in request.labels)


def _qualified(ref: ObjectRef) -> str:
    return f"{ref.kind}/{ref.namespace}/{ref.name}"
