"""The plan of one app: what was rendered, beside what the target found. Pure: the same inputs give the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gitctl.model.app import App
from gitctl.model.change import Action, Change, Comparison, Plan, Refusal
from gitctl.model.manifest import ObjectRef, RenderResult
from gitctl.model.marks import uid
from gitctl.model.state import AppState
from gitctl.plan.adopt import Ownership, foreign, managed_by, may_adopt, ownership, unowned
from gitctl.plan.digest import plan_digest
from gitctl.plan.guard import refusals
from gitctl.plan.judge import judge
from gitctl.plan.moves import move_notes
from gitctl.plan.options import PlanOptions
from gitctl.plan.order import check_waves, in_delete_order, in_waves
from gitctl.plan.prune import Pruning, pruning
from gitctl.plan.tenancy import prune_refusals

__all__ = ["PlanOptions", "build"]


@dataclass(slots=True)
class _Verdicts:
    """The wanted objects, by what is to be done about them."""

    changes: list[Change] = field(default_factory=list)
    unchanged: list[Comparison] = field(default_factory=list)
    failures: list[Comparison] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def build(app: App, rendered: RenderResult, comparisons: Sequence[Comparison], state: AppState, *, options: PlanOptions) -> Plan:
    """The plan for an app whose wanted objects were compared. Raises ManifestError for bad waves, ConfigError for bad ignore rules."""
    check_waves(rendered.manifests)
    verdicts = _judged(app, comparisons, state, options)
    stale = _pruning(app, rendered, comparisons, state, options)
    prunes = in_delete_order(stale.changes)
    digest = plan_digest(app.owner, (*verdicts.changes, *prunes), verdicts.failures)
    replaced = [change for change in verdicts.changes if change.action is Action.REPLACE]
    guards = refusals(prunes, replaced, rendered.manifests, state, stale.gone, digest=digest, options=options)
    return Plan(
        app=app.name,
        owner=app.owner,
        revision=rendered.revision,
        waves=in_waves(verdicts.changes),
        prunes=prunes,
        unchanged=tuple(verdicts.unchanged),
        failures=tuple(verdicts.failures),
        refusals=(*verdicts.refusals, *prune_refusals(app, prunes, options.namespaced), *guards),
        digest=digest,
        render_digest=rendered.digest,
        notes=(*_lost_notes(options), *stale.notes, *move_notes((*verdicts.changes, *prunes)), *_adoption_notes(verdicts.changes)),
        gone=stale.gone,
        partial=options.partial,
    )


def _judged(app: App, comparisons: Iterable[Comparison], state: AppState, options: PlanOptions) -> _Verdicts:
    found = _Verdicts()
    entries = {entry.ref: entry for entry in state.inventory}
    others: dict[Ownership, list[Comparison]] = {Ownership.FOREIGN: [], Ownership.UNOWNED: []}
    for comparison in comparisons:
        owned = ownership(comparison, app, options.moved)
        if owned is Ownership.FOREIGN or (owned is Ownership.UNOWNED and not _may_adopt(comparison, options)):
            others[owned].append(comparison)
        else:
            _sort_in(found, judge(comparison, app, owned, entries.get(comparison.ref), options))
    found.refusals[:0] = (*foreign(others[Ownership.FOREIGN], app, options.disputed), *unowned(others[Ownership.UNOWNED]))
    return found


def _may_adopt(comparison: Comparison, options: PlanOptions) -> bool:
    return may_adopt(comparison, adopt=options.adopt, adopt_from=options.adopt_from)


def _sort_in(found: _Verdicts, verdict: Change | Comparison | Refusal | None) -> None:
    match verdict:
        case Change():
            found.changes.append(verdict)
        case Comparison(error=""):
            found.unchanged.append(verdict)
        case Comparison():
            found.failures.append(verdict)
        case Refusal():
            found.refusals.append(verdict)
        case None:
            pass


def _pruning(app: App, rendered: RenderResult, comparisons: Iterable[Comparison], state: AppState, options: PlanOptions) -> Pruning:
    compared = tuple(comparisons)
    wanted: set[ObjectRef] = {c.ref for c in compared} | {m.ref for m in rendered.manifests}
    kept = {uid(c.live) for c in compared if c.live} - {""}
    return pruning(app, state, wanted, kept, options)


def _lost_notes(options: PlanOptions) -> tuple[str, ...]:
    return (options.lost,) if options.lost else ()


def _adoption_notes(changes: Iterable[Change]) -> tuple[str, ...]:
    """Tools that go on managing what is adopted would undo it."""
    tools = sorted({managed_by(c.live) for c in changes if c.action is Action.ADOPT and c.live} - {""})
    return tuple(f"adopts objects that {tool} manages: stop it there, or the two will undo each other" for tool in tools)
