"""The manifests that were last acknowledged, object by object, rendered again from the commits that the inventory names."""

from __future__ import annotations

from dataclasses import dataclass

from gitctl.errors import GitctlError
from gitctl.model.app import App
from gitctl.model.manifest import Manifest, ObjectRef, RenderResult
from gitctl.model.state import AppState
from gitctl.protocols import Tree
from gitctl.workflow.parts import Parts

DIRTY = "-dirty"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`manifests` are those whose digest is the recorded one; `unavailable` says why there is none for the others."""

    manifests: tuple[Manifest, ...]
    renders: tuple[tuple[App, RenderResult], ...]
    unavailable: tuple[tuple[ObjectRef, str], ...]


def acknowledged_manifests(app: App, state: AppState, parts: Parts) -> Acknowledgement:
    """Render each commit of the inventory once and take from each what it says about its objects."""
    renders: list[tuple[App, RenderResult]] = []
    manifests: list[Manifest] = []
    missing: list[tuple[ObjectRef, str]] = []
    for revision in dict.fromkeys(e.revision for e in state.inventory if e.uid):
        entries = [e for e in state.inventory if e.uid and e.revision == revision]
        try:
            past, result = render_at(app, revision, parts)
        except GitctlError as error:
            missing += [(e.ref, f"commit {revision[:8] or 'none'}: {error.message}") for e in entries]
            continue
        renders.append((past, result))
        located = parts.target.locate(result.manifests, kinds=frozenset())
        by_digest = {(m.ref, m.digest): m for m in located}
        for entry in entries:
            found = by_digest.get((entry.ref, entry.digest))
            if found:
                manifests.append(found)
            else:
                missing.append((entry.ref, f"commit {revision[:8] or 'none'} renders something else now (tools or files changed)"))
    return Acknowledgement(tuple(manifests), tuple(renders), tuple(missing))


def render_at(app: App, revision: str, parts: Parts) -> tuple[App, RenderResult]:
    """The app and its render at a recorded revision. Raises SourceError, ConfigError, RenderError."""
    tree = tree_at(revision, parts)
    past = parts.project.app_at(app, tree)
    return past, parts.render(past, tree)


def tree_at(revision: str, parts: Parts) -> Tree:
    """The tree of a recorded revision; what was applied with uncommitted files is looked for in the work tree that is read."""
    if parts.source is None or revision.endswith(DIRTY) or revision == parts.revision.sha:
        return parts.tree
    return parts.source.tree(parts.source.resolve(revision))
