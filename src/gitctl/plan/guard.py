"""What stops a plan before anything is deleted: a mistake in Git, or in how it is rendered, must not empty a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gitctl.errors import ErrorId
from gitctl.model.change import Action, Change, Refusal
from gitctl.model.manifest import Manifest, ObjectRef
from gitctl.model.marks import is_protected
from gitctl.model.quantity import counted
from gitctl.model.state import AppState
from gitctl.plan.adopt import NAMESPACE_RENDERER
from gitctl.plan.options import PlanOptions
from gitctl.plan.prune import is_deleting

_SMALL = 3
"""Shares are only looked at for inventories, kinds and namespaces with so many objects."""

PROTECTED_KINDS = frozenset(
    {
        ("", "Namespace"),
        ("", "PersistentVolume"),
        ("", "PersistentVolumeClaim"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apps", "StatefulSet"),
    }
)
"""Deleting one of these deletes other things or data with it."""


def deleted_since(records: Iterable[Iterable[tuple[str, int]]], *, now: str, hours: float) -> int:
    """How many objects were deleted in the last `hours`, from the (RFC 3339 time, count) pairs of all states.

    A time that cannot be read counts as now: the budget errs on the safe side.
    """
    since = _time(now) - timedelta(hours=hours)
    return sum(count for pairs in records for at, count in pairs if _time(at, default=now) > since)


def _time(text: str, default: str = "") -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        if default:
            return datetime.fromisoformat(default)
        raise


@dataclass(frozen=True, slots=True)
class _Deletes:
    """What a plan deletes. `inventory` are the entries that are not already gone, `before` the deletes that the budget counts already."""

    changes: tuple[Change, ...]
    inventory: tuple[ObjectRef, ...]
    recorded: int
    before: int
    options: PlanOptions
    digest: str

    @property
    def refs(self) -> tuple[ObjectRef, ...]:
        return tuple(change.ref for change in self.changes)


def refusals(
    prunes: Sequence[Change],
    replaced: Sequence[Change],
    manifests: Sequence[Manifest],
    state: AppState,
    gone: Sequence[ObjectRef],
    *,
    digest: str,
    options: PlanOptions,
) -> tuple[Refusal, ...]:
    """Why the deletes of a plan are refused; () when they may go ahead.

    `--prune-limit` stands in for the counts, shares and budget, and the plan's own digest permits all but an empty render.
    """
    if not options.partial and state.inventory and all(m.origin.renderer == NAMESPACE_RENDERER for m in manifests):
        return (_empty_render(state),)
    deletes = _deletes(prunes, state, gone, digest, options)
    found = (*_protected((*deletes.changes, *replaced), digest), *_limits(deletes))
    return () if options.plan_digest == digest else found


def delete_refusals(
    prunes: Sequence[Change], state: AppState, gone: Sequence[ObjectRef], *, digest: str, options: PlanOptions
) -> tuple[Refusal, ...]:
    """Why taking a whole app away is refused: the same guards, less those on shares, for all of it is what was asked for."""
    deletes = _deletes(prunes, state, gone, digest, options)
    found = (*_protected(deletes.changes, digest), *_limits(deletes, all_of_it=True))
    return () if options.plan_digest == digest else found


def _deletes(prunes: Sequence[Change], state: AppState, gone: Sequence[ObjectRef], digest: str, options: PlanOptions) -> _Deletes:
    changes = tuple(c for c in prunes if c.action is Action.PRUNE and not (c.live and is_deleting(c.live)))
    absent = set(gone)
    inventory = tuple(e.ref for e in state.inventory if e.ref not in absent)
    before = options.deleted_today + (len(absent) if state.has_died else 0)
    return _Deletes(changes, inventory, len(state.inventory), before, options, digest)


def _empty_render(state: AppState) -> Refusal:
    return Refusal(
        rule=ErrorId.EMPTY_RENDER,
        message=f"nothing is rendered, while the inventory holds {counted(len(state.inventory), 'object')}",
        refs=tuple(entry.ref for entry in state.inventory),
        hint="look at the app's path and at the revision",
    )


def _protected(changes: Iterable[Change], digest: str) -> Iterator[Refusal]:
    refs = tuple(c.ref for c in changes if _is_guarded(c))
    if refs:
        message = f"{_these(refs)} protected: deleting takes data or other objects along, or the object asks for protection"
        yield Refusal(ErrorId.PROTECTED, message, refs, f"--plan-digest {digest} permits exactly this plan", permitted_by_digest=True)


def _is_guarded(change: Change) -> bool:
    """A replacement of a StatefulSet was asked for by name; a mark on the object holds all the same."""
    by_kind = (change.ref.group, change.ref.kind) in PROTECTED_KINDS and change.action is Action.PRUNE
    return by_kind or is_protected(change.live or {})


def _limits(deletes: _Deletes, *, all_of_it: bool = False) -> tuple[Refusal, ...]:
    """The counts: `--prune-limit` replaces all of them by its own number."""
    limit, count = deletes.options.prune_limit, len(deletes.changes)
    if limit is not None:
        return tuple(_over(deletes, limit, "--prune-limit")) if count > limit else ()
    counts = (*_over(deletes, deletes.options.limits.prune_count, "the limit"), *_budget(deletes))
    if all_of_it:
        return counts
    return (
        *counts,
        *_share(deletes),
        *_whole(deletes, ErrorId.PRUNE_KIND, "kind", lambda ref: (ref.group, ref.kind)),
        *_whole(deletes, ErrorId.PRUNE_NAMESPACE, "namespace", lambda ref: ref.namespace),
    )


def _refusal(deletes: _Deletes, rule: ErrorId, message: str, refs: tuple[ObjectRef, ...]) -> Refusal:
    hint = f"--prune-limit {len(deletes.changes)} permits so many, --plan-digest {deletes.digest} permits exactly this plan"
    return Refusal(rule, message, refs, hint, permitted_by_digest=True)


def _over(deletes: _Deletes, limit: int, what: str) -> Iterator[Refusal]:
    count = len(deletes.changes)
    if count > limit:
        yield _refusal(
            deletes, ErrorId.PRUNE_COUNT, f"{counted(count, 'object')} would be deleted, more than {what} of {limit}", deletes.refs
        )


def _share(deletes: _Deletes) -> Iterator[Refusal]:
    count, there, share = len(deletes.changes), len(deletes.inventory), deletes.options.limits.prune_share
    if count and deletes.recorded >= _SMALL and count >= share * there:
        message = f"{count} of {counted(there, 'object')} would be deleted, which is {share:.0%} or more"
        yield _refusal(deletes, ErrorId.PRUNE_SHARE, message, deletes.refs)


def _whole(deletes: _Deletes, rule: ErrorId, what: str, key: Callable[[ObjectRef], Hashable]) -> Iterator[Refusal]:
    there, going = Counter(map(key, deletes.inventory)), Counter(map(key, deletes.refs))
    for name in sorted((name for name, count in going.items() if name != "" and count == there[name] >= _SMALL), key=str):
        refs = tuple(ref for ref in deletes.refs if key(ref) == name)
        label = refs[0].kind if what == "kind" else refs[0].namespace
        yield _refusal(deletes, rule, f"{_all(refs)} of {what} {label} would be deleted", refs)


def _budget(deletes: _Deletes) -> Iterator[Refusal]:
    count, before, budget = len(deletes.changes), deletes.before, deletes.options.limits.prune_per_day
    if count and before + count > budget:
        message = f"{counted(count, 'object')} would be deleted after {before} in the last 24 hours, more than the budget of {budget}"
        yield _refusal(deletes, ErrorId.PRUNE_BUDGET, message, deletes.refs)


def _all(refs: tuple[ObjectRef, ...]) -> str:
    return "the only object" if len(refs) == 1 else f"all {len(refs)} objects"


def _these(refs: tuple[ObjectRef, ...]) -> str:
    return f"{refs[0]} is" if len(refs) == 1 else f"{len(refs)} of the objects to delete are"
