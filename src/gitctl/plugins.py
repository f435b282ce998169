"""Built-in tables and entry points → one look-up. A plug-in is a package with an entry point in one of the groups below."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from gitctl.errors import ErrorId, InputError
from gitctl.protocols import Renderer

RENDERERS = "gitctl.renderers"
"""Entry points of this group name a class without arguments that has the methods of `protocols.Renderer`."""


def renderers() -> Mapping[str, Renderer]:
    """All renderers by name; a plug-in cannot take the name of a built-in one. Raises InputError for a plug-in that does not load."""
    from gitctl.render.run import BUILT_IN

    found = dict(BUILT_IN)
    for point in entry_points(group=RENDERERS):
        if point.name not in found:
            found[point.name] = _loaded(point)
    return found


def _loaded(point: EntryPoint) -> Renderer:
    try:
        renderer: Renderer = point.load()()
    except Exception as error:
        origin = point.dist.name if point.dist else point.value
        raise InputError(
            f"the plug-in {point.name!r} of {origin} does not load: {type(error).__name__}",
            id=ErrorId.PLUGIN_BROKEN,
            hint=f"update or remove {origin}",
        ) from error
    missing = [name for name in ("name", "repeatable", "detects", "reads", "fingerprint", "render") if not hasattr(renderer, name)]
    if missing:
        raise InputError(f"the plug-in {point.name!r} is no renderer: it lacks {', '.join(missing)}", id=ErrorId.PLUGIN_BROKEN)
    return renderer
