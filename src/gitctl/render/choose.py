"""Which renderer an app gets, and why."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.errors import ErrorId, InputError, SourceError, did_you_mean
from gitctl.model.app import App, RenderKind
from gitctl.protocols import Renderer, Tree


def choose(app: App, tree: Tree, renderers: Mapping[str, Renderer]) -> tuple[Renderer, str]:
    """The renderer, and the reason for `-v`. Raises InputError when two fit or none does, SourceError for a missing folder."""
    names = _relative_names(app, tree)
    if app.render is not RenderKind.AUTO:
        return _named(app.render.value, renderers), f"`render: {app.render.value}`"
    if app.helm.chart:
        return _named(RenderKind.HELM.value, renderers), "it names a chart under `helm.chart`"
    fitting = {name: why for name, r in renderers.items() if name != RenderKind.PLAIN and (why := r.detects(names))}
    if len(fitting) > 1:
        reasons = ", and ".join(fitting.values())
        raise InputError(
            f"{app.name or app.path}: {reasons}",
            id=ErrorId.RENDERER_UNDECIDED,
            where=app.path,
            hint=f"set `render` to one of {', '.join(fitting)}",
        )
    for name, why in fitting.items():
        return renderers[name], why
    return _named(RenderKind.PLAIN.value, renderers), "neither a Chart.yaml nor a kustomization is in its folder"


def _named(name: str, renderers: Mapping[str, Renderer]) -> Renderer:
    if name not in renderers:
        raise InputError(
            f"unknown renderer {name!r}",
            id=ErrorId.RENDERER_UNKNOWN,
            hint=did_you_mean(name, renderers) or f"there are {', '.join(sorted(renderers))}",
        )
    return renderers[name]


def _check_submodule(app: App, tree: Tree) -> None:
    """A submodule has no files here either, but another reason."""
    try:
        tree.files(app.path)
    except SourceError as why:
        if why.id is ErrorId.SUBMODULE:
            raise


def _relative_names(app: App, tree: Tree) -> frozenset[str]:
    names = tree.names(app.path)
    if not names and not app.helm.chart:
        _check_submodule(app, tree)
        raise SourceError(
            f"{app.path or 'the tree'} has no files in {tree.revision.name or 'the work tree'} ({tree.revision.short})",
            id=ErrorId.PATH_NOT_IN_REVISION,
            hint=f"is `path` of {app.name or 'the app'} right?",
        )
    prefix = f"{app.path}/" if app.path else ""
    return frozenset(name.removeprefix(prefix) for name in names)
