"""Find random rendering: two renders of the same files must give the same objects, the fields listed as generated aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gitctl.errors import ErrorId, RenderError
from gitctl.model.app import App
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.render.generated import masked
from gitctl.render.normal import normal
from gitctl.render.raw import Raw
from gitctl.render.scope import group_of

_MOST = 20


def check_repeatable(app: App, one: Sequence[Raw], other: Sequence[Raw]) -> None:
    """Raises RenderError naming objects and fields that differ; never their values."""
    first, second = _by_ref(app, one), _by_ref(app, other)
    found = [f"{ref} is not in every render" for ref in sorted(first.keys() ^ second.keys())]
    for ref in sorted(first.keys() & second.keys()):
        found += [f"{ref} {_pointer(path)}" for path in _differences(first[ref], second[ref], ())]
    if found:
        raise RenderError(
            f"{app.name or app.path}: two renders of the same files differ",
            id=ErrorId.RENDER_RANDOM,
            details=found[:_MOST] + ([f"({len(found) - _MOST} more)"] if len(found) > _MOST else []),
            hint="give the values in Git, or list the fields under `generated:` (the live value is then kept)",
        )


def _by_ref(app: App, objects: Sequence[Raw]) -> dict[ObjectRef, Json]:
    found: dict[ObjectRef, Json] = {}
    for raw in objects:
        ref = loose_ref(raw.body, app.namespace)
        found[ref] = masked(normal(raw.body), ref, app.generated)
    return found


def loose_ref(body: Json, namespace: str) -> ObjectRef:
    """The identity of an object that nothing has checked yet."""
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    group = group_of(str(body.get("apiVersion", "")))
    return ObjectRef(group, str(body.get("kind", "")), str(metadata.get("namespace") or namespace), str(metadata.get("name", "")))


def _differences(one: Any, other: Any, path: Path) -> Iterator[Path]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _differences(one.get(key), other.get(key), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _differences(a, b, (*path, number))
    elif one != other:
        yield path


def _pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
