"""The manifests that were last acknowledged, object by object, rendered again from the commits that the inventory names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gitctl.errors import ExitCode, GitctlError, SourceError, exit_code_of
from gitctl.model.app import App
from gitctl.model.drift import Unavailable
from gitctl.model.manifest import Manifest, ObjectRef, RenderInputs, RenderResult
from gitctl.model.state import AppState, InventoryEntry
from gitctl.protocols import Tree
from gitctl.workflow.parts import Parts

DIRTY = "-dirty"


@dataclass(frozen=True, slots=True)
class PastRender:
    """What a recorded revision renders now; `recorded` is how the inventory spells that revision, `result` is located."""

    recorded: str
    app: App
    result: RenderResult


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`manifests` are those whose digest is the recorded one; `unavailable` says why there is none for the others. `state` is what was
    stored."""

    manifests: tuple[Manifest, ...]
    renders: tuple[PastRender, ...]
    unavailable: tuple[tuple[ObjectRef, Unavailable], ...]
    state: AppState

    def places(self, recorded: str) -> tuple[str, ...]:
        """The files and folders that the render of a recorded revision read."""
        return next((r.result.read_set for r in self.renders if r.recorded == recorded), ())


def acknowledged_manifests(app: App, state: AppState, parts: Parts) -> Acknowledgement:
    """Render each commit of the inventory once and take from each what it says about its objects."""
    renders: list[PastRender] = []
    manifests: list[Manifest] = []
    missing: list[tuple[ObjectRef, Unavailable]] = []
    for recorded in dict.fromkeys(e.revision for e in state.inventory if e.uid):
        entries = [e for e in state.inventory if e.uid and e.revision == recorded]
        try:
            past, result = render_at(app, recorded, parts, inputs=inputs_of(recorded, state))
            # A kind that the cluster lost since must not hide what it still has.
            kinds = frozenset((m.ref.group, m.ref.kind) for m in result.manifests)
            result = replace(result, manifests=parts.target.locate(result.manifests, kinds=kinds))
        except GitctlError as error:
            lack = Unavailable(_why(recorded, error), unreached=exit_code_of(error) is ExitCode.CLUSTER)
            missing += [(e.ref, lack) for e in entries]
            continue
        renders.append(PastRender(recorded, past, result))
        same, other = _compared(entries, result)
        manifests += same
        lack = Unavailable(f"commit {recorded[:8] or 'none'} renders something else now (tools or files changed)")
        missing += [(ref, lack) for ref in other]
    return Acknowledgement(tuple(manifests), tuple(renders), tuple(missing), state)


def inputs_of(recorded: str, state: AppState) -> RenderInputs | None:
    """What the render of a recorded revision depended on besides."""
    if state.acknowledged and state.acknowledged.revision == recorded:
        return state.acknowledged.inputs
    return next((r.inputs for r in reversed(state.records) if r.revision == recorded), None)


def _why(recorded: str, error: GitctlError) -> str:
    hint = " (--fetch asks the remote for commits that are not here)" if isinstance(error, SourceError) else ""
    return f"commit {recorded[:8] or 'none'}: {error.message}{hint}"


def _compared(entries: Iterable[InventoryEntry], result: RenderResult) -> tuple[list[Manifest], list[ObjectRef]]:
    """The manifests that are what was recorded, and the objects of which that cannot be said."""
    found = {(m.ref, m.digest): m for m in result.manifests}
    pairs = [(entry.ref, found.get((entry.ref, entry.digest))) for entry in entries]
    return [m for _, m in pairs if m], [ref for ref, m in pairs if not m]


def render_at(app: App, revision: str, parts: Parts, *, inputs: RenderInputs | None) -> tuple[App, RenderResult]:
    """The app as a recorded revision has it, with today's name and suspensions, and its render with the recorded inputs (None: not known).

    Raises SourceError, ConfigError, RenderError.
    """
    tree = tree_at(revision, parts)
    past = with_inputs(parts.project.app_at(app, tree), inputs)
    now = replace(past, name=app.name, renamed_from=app.renamed_from, suspensions=app.suspensions)
    return now, parts.render(past, tree)


def with_inputs(app: App, inputs: RenderInputs | None) -> App:
    """The app with the variables of the process environment as they were then: those of today are another input."""
    return replace(app, environment=inputs.environment) if inputs and app.vars_from_env else app


def tree_at(revision: str, parts: Parts) -> Tree:
    """The tree of a recorded revision; what was applied with uncommitted files is looked for in the work tree that is read."""
    if parts.source is None or revision.endswith(DIRTY) or revision == parts.revision.sha:
        return parts.tree
    return parts.source.tree(parts.source.resolve(revision))
