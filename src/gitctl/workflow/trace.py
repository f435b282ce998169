"""Trace: from a live object up to the app that applied it, and from there to the commit and the line that want it so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gitctl.errors import ErrorId, GitctlError, InputError, UsageError
from gitctl.health.assess import assess
from gitctl.model.app import App
from gitctl.model.deployers import deployers
from gitctl.model.fieldpath import MISSING, look, shown
from gitctl.model.fieldset import FieldSet, entries
from gitctl.model.manifest import Json, Manifest, Path
from gitctl.model.marks import OWNER_ANNOTATION, annotation, uid
from gitctl.model.pattern import find, parse
from gitctl.model.state import AppState, InventoryEntry
from gitctl.model.trace import Applied, FieldTrace, Trace
from gitctl.plan.covered import covered_at
from gitctl.plan.fields import named_path
from gitctl.protocols import Lineage
from gitctl.redact import mask_object
from gitctl.workflow.acknowledged import DIRTY, inputs_of, render_at
from gitctl.workflow.parts import Parts, WantedField
from gitctl.workflow.tree import ref_of

_MERGE_KEY = re.compile(r"\[(\w+)=([^\]'\"]*)\]")


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """`kind` as people type it; without `namespace` those of the apps are looked at. `field`: a JSONPath or pointer, "" for none."""

    kind: str
    name: str
    namespace: str = ""
    field: str = ""


def trace(apps: Sequence[App], parts: Parts, request: TraceRequest) -> Trace:
    """Trace one object. Raises InputError (not there, or there more than once), UsageError, ClusterError."""
    target = parts.target
    if not isinstance(target, Lineage):
        hint = "what goes to a branch is traced by `git log`"
        raise InputError("only objects of a cluster can be traced", id=ErrorId.NO_CLUSTER_APP, hint=hint)
    states = target.list_states()
    live = _the_one(target.find(request.kind, request.name, _namespaces(apps, states, request, parts)), request)
    ancestry = target.ancestors(live)
    chain = (live, *ancestry.owners)
    found = Trace(ref_of(live), assess(live), tuple(map(ref_of, ancestry.owners)), gap=ancestry.gap)
    for one in chain:
        for state in states:
            entry = state.entry(ref_of(one))
            if entry is not None and entry.uid in ("", uid(one)):
                return _of_app(found, one, entry, state, apps, parts, request.field)
    return _foreign(found, chain)


def _namespaces(apps: Sequence[App], states: Sequence[AppState], request: TraceRequest, parts: Parts) -> tuple[str, ...]:
    if request.namespace:
        return (request.namespace,)
    owners = {app.owner for app in apps}
    used = [e.ref.namespace for state in states if state.owner in owners for e in state.inventory]
    return tuple(dict.fromkeys(filter(None, (*used, *(a.namespace for a in apps), parts.target.namespace or "default"))))


def _the_one(found: Sequence[Json], request: TraceRequest) -> Json:
    where = f" in {request.namespace}" if request.namespace else " in the namespaces of these apps"
    if not found:
        hint = "" if request.namespace else "name its namespace with -n"
        raise InputError(f"there is no {request.kind}/{request.name}{where}", id=ErrorId.OBJECT_UNKNOWN, hint=hint)
    if len(found) > 1:
        places = ", ".join(str(one["metadata"].get("namespace", "")) for one in found)
        what = f"{request.kind}/{request.name} is in several namespaces: {places}"
        raise InputError(what, id=ErrorId.OBJECT_AMBIGUOUS, hint="name one with -n")
    return found[0]


def _of_app(found: Trace, live: Json, entry: InventoryEntry, state: AppState, apps: Sequence[App], parts: Parts, field: str) -> Trace:
    known = state.acknowledged
    record = next((r for r in reversed(state.records) if r.revision == entry.revision), None)
    applied = Applied(
        app=state.owner.rsplit("/", 1)[-1],
        owner=state.owner,
        ref=entry.ref,
        revision=entry.revision,
        acknowledged=known.revision if known else "",
        acknowledged_name=known.revision_name if known else "",
        record=record,
    )
    found = replace(found, applied=applied)
    app = next((a for a in apps if state.owner == a.owner or _was_called(a, state.owner)), None)
    if app is None:
        return replace(found, gap=_elsewhere(state))
    try:
        return _to_source(found, live, entry, state, app, parts, field)
    except GitctlError as error:
        if isinstance(error, UsageError):
            raise
        return replace(found, gap=f"commit {entry.revision[:8] or 'none'}: {error.message}")


def _elsewhere(state: AppState) -> str:
    project, environment, *_ = state.owner.split("/")
    if project == "path":
        return f"{state.owner} was applied from a folder: no commit is known"
    repository = f", whose repository is {state.acknowledged.repo}" if state.acknowledged else ""
    return f"{state.owner} is no app of this environment{repository}; try -e {environment} there"


def _was_called(app: App, owner: str) -> bool:
    return owner in {f"{app.project}/{app.env}/{old}" for old in app.renamed_from}


def _to_source(found: Trace, live: Json, entry: InventoryEntry, state: AppState, app: App, parts: Parts, field: str) -> Trace:
    """The manifest as the applied commit has it, and who wrote it."""
    _, result = render_at(app, entry.revision, parts, inputs=inputs_of(entry.revision, state))
    located = parts.target.locate(result.manifests, kinds=frozenset((m.ref.group, m.ref.kind) for m in result.manifests))
    manifest = next((m for m in located if m.ref == entry.ref), None)
    if manifest is None:
        return replace(found, gap=f"commit {entry.revision[:8] or 'none'} does not render {entry.ref} any more (tools or files changed)")
    about = WantedField(entry.revision.removesuffix(DIRTY), manifest.origin, (), None, result.read_set, manifest.ref)
    dirty = entry.revision.endswith(DIRTY)
    return replace(
        found,
        origin=manifest.origin,
        written=None if dirty else parts.blame(about),
        fields=tuple(_fields(field, manifest, live, about, parts, dirty=dirty)) if field else (),
        gap="applied with uncommitted files: no commit has them" if dirty else found.gap,
    )


def _fields(text: str, manifest: Manifest, live: Json, about: WantedField, parts: Parts, *, dirty: bool) -> Iterator[FieldTrace]:
    """A field that the manifest or the live object has. Raises UsageError when neither does."""
    pattern = parse(_spelled(text))
    paths = dict.fromkeys(named_path(body, path) for body in (manifest.body, live) for path in find(pattern, body))
    if not paths:
        hint = "write spec.replicas or spec.containers[name=web].image"
        raise UsageError(f"{manifest.ref} has no field {text}", id=ErrorId.ARGUMENT_INVALID, hint=hint)
    masked = mask_object(manifest.body, manifest.sensitive)
    for path in paths:
        value, mask = look(manifest.body, path), look(masked, path)
        wanted = None if value is MISSING else mask
        plain = value if value == mask and value is not MISSING else None
        field = replace(about, path=path, value=plain, covered=covered_at(manifest, path))
        written = None if dirty or value is MISSING else parts.blame(field)
        yield FieldTrace(path, wanted, written, tuple(o for o, fields in entries(live) if _holds(fields, path)))


def _spelled(text: str) -> str:
    """`spec.containers[name=web].image`, as gitctl prints paths, as a JSONPath."""
    if text[:1] in "/$":
        return text
    return "$." + _MERGE_KEY.sub(r"[?(@.\1=='\2')]", text.lstrip("."))


def _holds(fields: FieldSet, path: Path) -> bool:
    """Does a manager own a field, something below it, or the atomic whole that it is part of?"""
    leaves = map(shown, fields.leaves())
    return any(leaf[: len(path)] == path or path[: len(leaf)] == leaf for leaf in leaves)


def _foreign(found: Trace, chain: Sequence[Json]) -> Trace:
    """No app's inventory lists it: who else may have made it, as marks and field managers say."""
    marks = [f"{name} (mark on {ref_of(one)})" for one in chain for name in deployers(one)]
    top = chain[-1]
    owner = annotation(top, OWNER_ANNOTATION)
    ours = [f"{ref_of(top)} carries the owner id {owner}, but no inventory here lists it"] if owner else []
    managers = dict.fromkeys(o.manager for o, _ in entries(top) if not o.subresource)
    return replace(found, others=(*ours, *marks, *(f"field manager {name}" for name in managers)))
