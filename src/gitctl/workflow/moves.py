"""An object that goes from one app to another of the same environment: it is handed over, never deleted and made anew.

The app that wants it takes it as soon as the other no longer has it in Git; the app that had it leaves it until then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitctl.errors import GitctlError
from gitctl.model.app import App
from gitctl.model.change import Comparison
from gitctl.model.manifest import ObjectRef, RenderResult
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.model.state import AppState, InventoryEntry
from gitctl.plan.adopt import Ownership, owners_of, ownership
from gitctl.workflow.acknowledged import DIRTY, tree_at
from gitctl.workflow.budget import hand_down
from gitctl.workflow.parts import Parts
from gitctl.workflow.states import read_state
from gitctl.workflow.suspend import refusal

Renders = Mapping[str, RenderResult]
"""Owner id → a render that was made already."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Wanted objects that carry the owner id of another app: `moved` come from it (its owner id), `disputed` say why they cannot."""

    moved: Mapping[ObjectRef, str] = field(default_factory=dict)
    disputed: Mapping[ObjectRef, str] = field(default_factory=dict)
    entries: Mapping[ObjectRef, InventoryEntry] = field(default_factory=dict)


def arrivals(app: App, comparisons: Iterable[Comparison], parts: Parts, renders: Renders) -> Arrivals:
    """Which objects of other apps of the same environment the app may take over."""
    foreign = [c for c in comparisons if ownership(c, app) is Ownership.FOREIGN and _place(c.owner) == _place(app.owner)]
    if not foreign:
        return Arrivals()
    siblings = {owner: s for s in parts.project.siblings(app, parts.tree) for owner in owners_of(s)}
    if app.owner not in siblings:
        return Arrivals()  # a folder without a project: nobody can say who wants what
    moved: dict[ObjectRef, str] = {}
    disputed: dict[ObjectRef, str] = {}
    entries: dict[ObjectRef, InventoryEntry] = {}
    for owner in sorted({c.owner for c in foreign}):
        refs = [c.ref for c in foreign if c.owner == owner]
        state = parts.target.read_state(owner)
        why = _kept(siblings.get(owner), refs, parts, renders) | _newer(state, refs, parts)
        disputed |= why
        moved |= {ref: owner for ref in refs if ref not in why}
        entries |= {e.ref: e for e in state.inventory if moved.get(e.ref) == owner}
    return Arrivals(moved, disputed, entries)


def _place(owner: str) -> str:
    return owner.rpartition("/")[0]


def _kept(donor: App | None, refs: Sequence[ObjectRef], parts: Parts, renders: Renders) -> dict[ObjectRef, str]:
    """Why the other app does not give its objects away. One that left gitctl.yaml wants nothing."""
    if donor is None:
        return {}
    stopped = refusal(donor, read_state(donor, parts), parts.timestamp())
    if stopped:
        return dict.fromkeys(refs, stopped.message)
    try:
        wanted = _wanted(donor, parts, renders)
    except GitctlError as error:
        return dict.fromkeys(refs, f"{donor.name} may still want it: {error.message}")
    return {ref: f"{donor.name} still has it in Git" for ref in refs if ref in wanted}


def _newer(state: AppState, refs: Sequence[ObjectRef], parts: Parts) -> dict[ObjectRef, str]:
    """An older revision takes nothing from an app that got it since."""
    known, here = state.acknowledged, parts.revision.committed_at
    if known is None or parts.source is None or here is None:
        return {}
    try:
        there = parts.source.resolve(known.revision.removesuffix(DIRTY)).committed_at
    except GitctlError:
        return {}
    if there is None or there <= here:
        return {}
    has = {e.ref for e in state.inventory if e.revision == known.revision}
    return {ref: f"it was synced at {known.revision[:8]}, which is newer than {parts.revision.short}" for ref in refs if ref in has}


def claims(app: App, refs: Collection[ObjectRef], parts: Parts, renders: Renders) -> dict[ObjectRef, str]:
    """Why objects that left the app in Git are not its to delete: another app of the environment wants them, or may."""
    found: dict[ObjectRef, str] = {}
    for sibling in parts.project.siblings(app, parts.tree) if refs else ():
        if sibling.owner == app.owner:
            continue
        try:
            wanted = _wanted(sibling, parts, renders)
        except GitctlError as error:
            doubt = f"{sibling.name} may want it, but cannot be rendered: {error.message}"
            found = dict.fromkeys(refs, doubt) | found
        else:
            found |= dict.fromkeys(wanted & set(refs), f"{sibling.name} has it in Git now and takes it over at its next sync")
    return found


def _wanted(app: App, parts: Parts, renders: Renders) -> frozenset[ObjectRef]:
    """All objects that an app wants now. Raises GitctlError when that cannot be found out."""
    try:
        rendered = renders.get(app.owner) or parts.render(app, parts.tree)
    except GitctlError:
        unchanged = _unchanged(app, parts)
        if unchanged is None:
            raise
        return unchanged
    kinds = frozenset((m.ref.group, m.ref.kind) for m in rendered.manifests)
    return frozenset(m.ref for m in parts.target.locate(rendered.manifests, kinds=kinds))


def _unchanged(app: App, parts: Parts) -> frozenset[ObjectRef] | None:
    """What the app has, when nothing that its render reads has changed since: whoever has no key for its secrets can tell all the same."""
    state = read_state(app, parts)
    known = state.acknowledged
    record = next((r for r in reversed(state.records) if known and r.render_digest == known.render_digest and r.read_set), None)
    if known is None or record is None:
        return None
    past = tree_at(known.revision, parts)
    same = all(past.identity(p.rstrip("/")) == parts.tree.identity(p.rstrip("/")) != "" for p in record.read_set)
    return frozenset(e.ref for e in state.inventory) if same and not parts.project.settings_at(app, past, parts.tree) else None


def hand_over(app: App, moved: Mapping[ObjectRef, str], outcomes: Iterable[Outcome], parts: Parts) -> None:
    """What was taken over leaves the inventories that it was in. Their locks are held. Raises StateMoved, ClusterError."""
    taken = {o.change.ref for o in outcomes if o.result is OutcomeResult.APPLIED} & moved.keys()
    known = {owner for s in parts.project.siblings(app, parts.tree) for owner in owners_of(s)}
    for owner in sorted({moved[ref] for ref in taken}):
        state = parts.target.read_state(owner)
        kept = tuple(e for e in state.inventory if e.ref not in taken)
        if kept or owner in known:
            parts.target.write_state(replace(state, inventory=kept))
        elif state.token:
            hand_down(app, state, 0, parts)
            parts.target.remove_state(owner)
