"""Drift-check: live against what was last acknowledged; and its fix, which applies exactly that again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gitctl.errors import GitctlError
from gitctl.model.app import App
from gitctl.model.certificate import Verify
from gitctl.model.drift import AppDrift, DriftedField, DriftVerdict, ObjectDrift
from gitctl.model.manifest import Manifest, Origin
from gitctl.model.record import RecordVerb
from gitctl.model.state import AppState
from gitctl.plan.covered import covered_at
from gitctl.plan.drift import classify
from gitctl.plan.foreign import foreign_fields
from gitctl.workflow.acknowledged import DIRTY, Acknowledgement, PastRender, acknowledged_manifests, tree_at
from gitctl.workflow.lost import lost_objects
from gitctl.workflow.overview import overview
from gitctl.workflow.parts import Parts, WantedField
from gitctl.workflow.plan import PlanRequest, Selection, compare_options
from gitctl.workflow.references import ask_ahead, resolved_as_far
from gitctl.workflow.states import recorded
from gitctl.workflow.suspend import require_active
from gitctl.workflow.sync import AppRun, Confirm, SyncRequest, sync_rendered

_FIXABLE = frozenset({DriftVerdict.DRIFTED, DriftVerdict.MISSING})


@dataclass(frozen=True, slots=True)
class DriftLook:
    """How to look: how many proven objects the server is asked about all the same, whether at Secrets, and also at foreign fields."""

    verify: Verify = Verify.SAMPLE
    secrets: bool = True
    foreign: bool = False

    @property
    def request(self) -> PlanRequest:
        """The look as a plan has it."""
        return PlanRequest(verify=self.verify, secrets=self.secrets)


PLAIN_LOOK = DriftLook()


@dataclass(frozen=True, slots=True)
class DriftRun:
    """What drift-check found in one app, or the error that stands in its place; `fixes` are the runs of --fix; `state` is what was
    stored when it looked."""

    app: App
    drift: AppDrift | None = None
    error: GitctlError | None = None
    fixes: tuple[AppRun, ...] = ()
    state: AppState | None = None


def drift_apps(apps: Sequence[App], parts: Parts, look: DriftLook = PLAIN_LOOK) -> tuple[DriftRun, ...]:
    """Check apps one by one; an app's error is a value."""
    try:
        with overview(apps, parts):
            return tuple(_run(app, measure, parts, look) for app, measure in measures(apps, parts, look))
    except GitctlError as error:
        return tuple(DriftRun(app, error=error) for app in apps)


def _run(app: App, measure: Measure | GitctlError, parts: Parts, look: DriftLook) -> DriftRun:
    if isinstance(measure, GitctlError):
        return DriftRun(app, error=measure)
    try:
        return DriftRun(app, drift_of(measure, parts, look), state=measure.known.state)
    except GitctlError as error:
        return DriftRun(app, error=error)


@dataclass(frozen=True, slots=True)
class Measure:
    """What an app is measured against: `there` is the app under the name that its state has, `known` what was acknowledged."""

    app: App
    there: App
    known: Acknowledgement

    def manifests(self, look: DriftLook) -> list[Manifest]:
        """Those that are looked at."""
        return [m for m in self.known.manifests if look.request.looks_at(m.ref)]


def measures(apps: Sequence[App], parts: Parts, look: DriftLook = PLAIN_LOOK) -> tuple[tuple[App, Measure | GitctlError], ...]:
    """What each app is measured against; an app's error is a value. Stores are asked once, for what all of them refer to."""
    found = tuple((app, _measure(app, parts)) for app in apps)
    ask_ahead([(app, one.manifests(look)) for app, one in found if isinstance(one, Measure)], parts.stores)
    return found


def _measure(app: App, parts: Parts) -> Measure | GitctlError:
    try:
        there, state = recorded(app, parts)
        return Measure(app, there, acknowledged_manifests(there, state, parts))
    except GitctlError as error:
        return error


def drift_of(measure: Measure, parts: Parts, look: DriftLook = PLAIN_LOOK) -> AppDrift:
    """The drift of one app."""
    app, there, known, state = measure.app, measure.there, measure.known, measure.known.state
    inventory = {e.ref: e for e in state.inventory}
    request = look.request
    options = compare_options(there, request, Selection(frozenset(), frozenset()))
    wanted, unread = resolved_as_far(app, measure.manifests(look), parts.stores)
    comparisons = parts.target.compare(wanted, inventory, options=options)
    unavailable = {ref: why for ref, why in known.unavailable if request.looks_at(ref)}
    unavailable |= unread
    observed = parts.target.observe(there.owner, [(e.ref, e.api_version) for e in state.inventory if e.ref in unavailable])
    objects = classify(
        state.inventory,
        comparisons,
        observed=observed.objects,
        unknown=observed.unknown,
        unavailable=unavailable,
        ignore=(*app.ignore, *app.generated),
        skipped=frozenset(ref for ref in inventory if not request.looks_at(ref)),
    )
    revision = state.acknowledged.revision if state.acknowledged else ""
    found = tuple(_blamed(o, known, parts) for o in objects)
    foreign = tuple(fields for c in comparisons for fields in foreign_fields(c)) if look.foreign else ()
    return AppDrift(app.name, app.owner, revision, found, lost_objects(app, state, parts), foreign)


def _blamed(found: ObjectDrift, known: Acknowledgement, parts: Parts) -> ObjectDrift:
    if found.origin is None or found.revision.endswith(DIRTY):
        return found
    places = known.places(found.revision)
    manifest = next((m for m in known.manifests if m.ref == found.ref), None)
    return replace(found, fields=tuple(_blamed_field(f, found, found.origin, places, parts, manifest) for f in found.fields))


def _blamed_field(
    field: DriftedField, found: ObjectDrift, origin: Origin, places: tuple[str, ...], parts: Parts, manifest: Manifest | None
) -> DriftedField:
    change = field.change
    if change.new is None:
        return field
    value = None if change.sensitive else change.new
    covered = covered_at(manifest, change.path) if manifest and change.sensitive else ""
    return replace(field, wanted_by=parts.blame(WantedField(found.revision, origin, change.path, value, places, covered=covered)))


def fix(run: DriftRun, parts: Parts, request: SyncRequest, *, confirm: Confirm) -> DriftRun:
    """Apply what was acknowledged to the objects that drifted or are missing; nothing else, and nothing is pruned."""
    if run.drift is None or not any(o.verdict in _FIXABLE for o in run.drift.objects):
        return run
    try:
        there, state = recorded(run.app, parts)
        require_active(run.app, state, parts.timestamp())
        known = acknowledged_manifests(there, state, parts)
        runs = [_fix_one(past, run.drift, parts, request, confirm) for past in known.renders]
    except GitctlError as error:
        return replace(run, error=error)
    return replace(run, fixes=tuple(r for r in runs if r))


def _fix_one(past: PastRender, drift: AppDrift, parts: Parts, request: SyncRequest, confirm: Confirm) -> AppRun | None:
    wanted = {m.ref for m in past.result.manifests}
    here = [o for o in drift.objects if o.verdict in _FIXABLE and o.ref in wanted and o.revision == past.recorded]
    if not here:
        return None
    only = tuple(f"{o.ref.kind}/{o.ref.namespace}/{o.ref.name}" for o in here)
    options = replace(request, plan=replace(request.plan, only=only, prune=False, moves=False), verb=RecordVerb.FIX, ignore_hold=True)
    try:
        return sync_rendered(past.app, past.result, replace(parts, tree=tree_at(past.recorded, parts)), options, confirm)
    except GitctlError as error:
        return AppRun(past.app, error=error)
