"""Rollback: a commit that restores what record N's render read, then a sync of it. Never rewrites history.

Steps: choose the record → render it again (its digest must be the recorded one) → the files to restore → the other apps that
this changes → commit (and push) → sync. `--no-commit` applies the old render at once and marks the app held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gitctl.errors import ErrorId, GitctlError, Refused, RenderError, SourceError
from gitctl.history.find import left_behind, rollback_record
from gitctl.model.app import App
from gitctl.model.manifest import RenderResult
from gitctl.model.record import Record, RecordVerb
from gitctl.model.reference import references_in
from gitctl.model.revision import Revision
from gitctl.model.state import Hold
from gitctl.protocols import Tree
from gitctl.workflow.acknowledged import render_at, tree_at, with_inputs
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Planned, Rendered, plan_app, selection
from gitctl.workflow.publish import publisher_of, require_seen
from gitctl.workflow.states import read_state
from gitctl.workflow.suspend import require_active
from gitctl.workflow.sync import AppRun, Confirm, SyncRequest, check_plan, sync_rendered

Overlay = Callable[[Tree, Mapping[str, bytes | None]], Tree]


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """`to` is a record number or a revision ("" for the newest good one); `hold` applies without a commit."""

    to: str = ""
    push: bool = False
    hold: bool = False
    sync: SyncRequest = SyncRequest()


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What a rollback would do: the record, its render, the plan against the target, the files, the other apps that change; `notes`
    are said of it."""

    record: Record
    current: int
    planned: Planned
    files: Mapping[str, bytes | None]
    others: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Secrets whose value changes: what they open elsewhere is not changed back."""
        return tuple(str(c.ref) for c in self.planned.plan.changes if c.ref.kind == "Secret")


def plan_rollback(app: App, parts: Parts, request: RollbackRequest, *, overlay: Overlay) -> RollbackPlan:
    """Everything about a rollback before anything is written. Raises Refused, SourceError, RenderError."""
    state = read_state(app, parts)
    require_active(app, state, parts.timestamp())
    record = rollback_record(state, to=request.to, resolve=lambda name: _sha(name, parts))
    past, rendered = _reproduced(app, record, parts)
    files: Mapping[str, bytes | None] = {}
    others: tuple[str, ...] = ()
    if not request.hold:
        require_seen(parts, id=ErrorId.ROLLBACK_NEEDS_PUSH, push=request.push, instead="--no-commit")
        files = restored_files(record, rendered, app, parts)
        past, rendered, files = _as_committed(app, record, files, parts, overlay)
        others = changed_apps(app, overlay(parts.tree, files), parts)
    scope = selection([Rendered(past, rendered)])
    notes = _notes(rendered, app, parts)
    planned = plan_app(past, rendered, parts, replace(request.sync.plan, notes=notes), scope)
    return RollbackPlan(record, left_behind(state).number, planned, files, others, notes)


def carry_out(plan: RollbackPlan, parts: Parts, request: RollbackRequest, *, confirm: Confirm) -> AppRun:
    """Commit (unless held), then sync. Raises Refused, SourceError."""
    sync = replace(request.sync, plan=replace(request.sync.plan, notes=plan.notes))
    options = replace(sync, verb=RecordVerb.ROLLBACK, rollback_to=plan.record.number, rolled_back_from=plan.current, ignore_hold=True)
    planned = plan.planned
    if request.hold:
        return sync_rendered(planned.app, planned.rendered, _at_past(parts, planned), replace(options, hold=_hold(plan, parts)), confirm)
    check_plan(planned, options)
    if not confirm(planned):
        return AppRun(planned.app, declined=True)
    revision = publish(plan, parts, push=request.push)
    assert parts.source is not None
    tree = parts.source.tree(revision)
    committed = replace(parts, tree=tree)
    result = replace(parts.render(planned.app, tree), revision=revision)
    # From here on Git says what runs: an earlier hold is over.
    return sync_rendered(planned.app, result, committed, replace(options, release=True), lambda _again: True)


def _notes(rendered: RenderResult, app: App, parts: Parts) -> tuple[str, ...]:
    """What does not go back: values of the stores that the record, or the render of today, refers to."""
    try:
        now = parts.render(app, parts.tree).manifests
    except GitctlError:
        now = ()
    names = dict.fromkeys(str(m.ref) for m in (*rendered.manifests, *now) if any(references_in(m)))
    return (f"values in stores are as they are now, not rolled back: {', '.join(names)}",) if names else ()


def publish(plan: RollbackPlan, parts: Parts, *, push: bool) -> Revision:
    """The commit that restores the files; nothing is committed when Git has them already. Raises SourceError, Refused."""
    if not plan.files:
        return parts.revision
    publisher = publisher_of(parts, instead="--no-commit")
    revision = publisher.commit(plan.files, message(plan), parent=parts.revision)
    if push:
        publisher.push(revision)
    return revision


def message(plan: RollbackPlan) -> str:
    """The commit's message; the trailer names the commit that is gone back to."""
    app, record = plan.planned.app, plan.record
    subject = f"rollback {app.name} in {app.env} to record {record.number}"
    return f"{subject}\n\nBack to {record.revision[:8]}: {record.subject}\n\ngitctl-rollback-to: {record.revision}\n"


def restored_files(record: Record, rendered: RenderResult, app: App, parts: Parts) -> Mapping[str, bytes | None]:
    """What has to be written (None: removed) so that everything the recorded render read is as it was."""
    past_tree = tree_at(record.revision, parts)
    places = dict.fromkeys((*rendered.read_set, *_read_now(app, parts)))
    before, after = _contents(parts.tree, places), _contents(past_tree, places)
    changed = {path: content for path, content in after.items() if before.get(path) != content}
    return changed | {path: None for path in before if path not in after}


def _read_now(app: App, parts: Parts) -> tuple[str, ...]:
    """What the render reads now; of a release that cannot even be rendered, the app's folder."""
    try:
        return parts.render(app, parts.tree).read_set
    except GitctlError:
        return (app.path,)


def _contents(tree: Tree, places: Mapping[str, None]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for place in places:
        folder = place.rstrip("/")
        if tree.names(folder):
            found.update(tree.files(folder))
    return found


def changed_apps(app: App, after: Tree, parts: Parts) -> tuple[str, ...]:
    """The other apps and environments (`app in env`) whose render the restored files change."""
    now = {a.owner: a for a in parts.project.all_apps(parts.tree)}
    changed = []
    for other in parts.project.all_apps(after):
        if other.owner != app.owner and _digest(now.get(other.owner), parts.tree, parts) != _digest(other, after, parts):
            changed.append(f"{other.name} in {other.env}")
    return tuple(changed)


def _digest(app: App | None, tree: Tree, parts: Parts) -> str:
    if app is None:
        return ""
    try:
        return parts.render(app, tree).digest
    except GitctlError as error:
        return f"error: {error}"


def _reproduced(app: App, record: Record, parts: Parts) -> tuple[App, RenderResult]:
    past, rendered = render_at(app, record.revision, parts, inputs=record.inputs)
    if rendered.digest != record.render_digest:
        tools = ", ".join(f"{name} {version}" for name, version in record.inputs.tools)
        raise RenderError(
            f"record {record.number} cannot be reproduced: {record.revision[:8]} renders something else now",
            id=ErrorId.NOT_REPRODUCIBLE,
            hint=f"it was rendered with {tools or 'other files'}; choose another record with --to",
        )
    return past, rendered


Files = Mapping[str, bytes | None]


def _as_committed(app: App, record: Record, files: Files, parts: Parts, overlay: Overlay) -> tuple[App, RenderResult, Files]:
    """The app, its render and the files once committed; with the app's settings and the variables that it used in gitctl.yaml as they
    were, where files do not do."""
    past, now = tree_at(record.revision, parts), overlay(parts.tree, files)
    settings = parts.project.settings_at(app, past, now)
    variables = parts.project.settings_at(app, past, now, variables=record.inputs.variables)
    for more in ({}, settings, variables):
        after = overlay(parts.tree, {**files, **more})
        rendered = _rendered(app, record, after, parts)
        if rendered is not None and rendered[1].digest == record.render_digest:
            return *rendered, {**files, **more}
    raise Refused(
        f"restoring the files of {app.name} does not give record {record.number} again: gitctl.yaml changed outside of the app too",
        id=ErrorId.ROLLBACK_CONFIG,
        hint="go back in gitctl.yaml by hand, or use --no-commit",
    )


def _rendered(app: App, record: Record, tree: Tree, parts: Parts) -> tuple[App, RenderResult] | None:
    try:
        there = with_inputs(parts.project.app_at(app, tree), record.inputs)
        return there, parts.render(there, tree)
    except GitctlError:
        return None


def _hold(plan: RollbackPlan, parts: Parts) -> Hold:
    return Hold(
        render_digest=plan.record.render_digest,
        revision=plan.record.revision,
        reason=f"rolled back to record {plan.record.number} without a commit",
        actor=parts.actor,
        at=parts.timestamp(),
    )


def _at_past(parts: Parts, planned: Planned) -> Parts:
    return replace(parts, tree=tree_at(planned.rendered.revision.sha, parts))


def _sha(name: str, parts: Parts) -> str:
    if parts.source is None:
        raise SourceError("a folder outside a project has no revisions", id=ErrorId.NOT_A_PROJECT, hint="name a record with --to")
    return parts.source.resolve(name).sha
