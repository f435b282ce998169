"""Which fields differ between two bodies of one object; the door of deepdiff.

Maps and lists with merge keys are walked here, because a list item has a name (`containers[name=web]`) that a general
comparison does not know. Lists without names are aligned first; deepdiff finds what changed inside their items.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from gitctl.model.change import FieldChange, FieldKind
from gitctl.model.fieldpath import MISSING
from gitctl.model.listkeys import item_key, key_fields
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.model.marks import COPIES, annotation

_SERVER_METADATA = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"})
_PLAIN_STEP = re.compile(r"[A-Za-z0-9_$-]+")
_LONGEST_ALIGNED = 2000
"""Lists with more items are shown as a whole: aligning takes quadratic time."""


def path_text(path: Path) -> str:
    """`spec.template.spec.containers[name=web].image`; keys with other signs in quotes: `metadata.labels["a.b/c"]`."""
    return "".join(_step_text(step) for step in path).removeprefix(".")


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if step.startswith("[") and step.endswith("]"):
        return step
    return f".{step}" if _PLAIN_STEP.fullmatch(step) else f"[{json.dumps(step, ensure_ascii=False)}]"


def field_changes(old: Json, new: Json, *, ref: ObjectRef, sensitive: Iterable[Path] = ()) -> tuple[FieldChange, ...]:
    """The fields by which `new` differs from `old`, sorted by path.

    Status and what the server keeps in metadata are left out. `sensitive` are paths of either (indexes or merge keys); they
    and the data of a Secret come leaf by leaf, marked, with their real values: whoever shows them masks them. So do annotations
    in which other tools keep a copy of such an object.
    """
    if old is new or same(old, new):
        return ()
    old, new = _settable(old), _settable(new)
    hidden = [*_secret_paths(ref), *(named_path(body, path) for path in sensitive for body in (old, new))]
    if hidden:
        hidden += [("metadata", "annotations", name) for name in sorted(COPIES) if annotation(old, name) or annotation(new, name)]
    walk = _Walk(tuple(dict.fromkeys(hidden)), ref.kind == "Secret")
    return tuple(walk.value(old, new, ()))


def same(one: Any, other: Any) -> bool:
    """JSON equality. Python's would take true for 1."""
    # The same text settles nearly all cases, at a tenth of the price of the walk.
    return bool(one == other) and (json.dumps(one) == json.dumps(other) or _same_types(one, other))


def _same_types(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return all(_same_types(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return all(map(_same_types, one, other))
    return isinstance(one, bool) == isinstance(other, bool)


def _settable(body: Json) -> Json:
    metadata = body.get("metadata")
    kept = {key: value for key, value in body.items() if key != "status"}
    if isinstance(metadata, dict):
        kept["metadata"] = {key: value for key, value in metadata.items() if key not in _SERVER_METADATA}
    return kept


def _secret_paths(ref: ObjectRef) -> tuple[Path, ...]:
    return (("data",), ("stringData",)) if ref.kind == "Secret" else ()


def named_path(body: Any, path: Path) -> Path:
    """The path with list indexes as merge keys. It ends before an index of a list without names: items may stand elsewhere there."""
    named: list[str | int] = []
    for step in path:
        if isinstance(body, list) and isinstance(step, int):
            fields = key_fields(str(named[-1]) if named else "", [body])
            key = item_key(body[step], fields) if fields and step < len(body) else None
            if key is None:
                return tuple(named)
            named.append(key)
            body = body[step]
        else:
            named.append(step)
            body = body.get(step) if isinstance(body, dict) else None
    return tuple(named)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One comparison. `sensitive` paths have merge keys; `secret`: what is compared is a Secret."""

    sensitive: tuple[Path, ...]
    secret: bool

    def value(self, old: Any, new: Any, path: Path) -> Iterator[FieldChange]:
        """Changes at `path` and below. `MISSING` stands for what is not there."""
        if same(old, new):
            return
        if self._opens(old, new, path):
            old, new = (_emptied(old or new) if value is MISSING else value for value in (old, new))
        if isinstance(old, dict) and isinstance(new, dict):
            for key in sorted(old.keys() | new.keys()):
                yield from self.value(old.get(key, MISSING), new.get(key, MISSING), (*path, key))
        elif isinstance(old, list) and isinstance(new, list):
            yield from self._lists(old, new, path)
        else:
            yield self._change(old, new, path)

    def _opens(self, old: Any, new: Any, path: Path) -> bool:
        """Is this a map or list that appears or goes, with something sensitive in it? Then it is shown leaf by leaf."""
        present = old or new
        return MISSING in (old, new) and isinstance(present, dict | list) and bool(present) and self._holds_secret(path)

    def _holds_secret(self, path: Path) -> bool:
        """Does a sensitive path lead through `path`, or to it, or end above it?"""
        return any(all(map(_may_be_same, path, secret)) for secret in self.sensitive)

    def _change(self, old: Any, new: Any, path: Path, kind: FieldKind | None = None) -> FieldChange:
        kind = kind or (FieldKind.ADDED if old is MISSING else FieldKind.REMOVED if new is MISSING else FieldKind.CHANGED)
        old, new = (None if value is MISSING else value for value in (old, new))
        encoded = self.secret and path[:1] == ("data",)
        return FieldChange(path, kind, old, new, sensitive=self._holds_secret(path), encoded=encoded)

    def _lists(self, old: list[Any], new: list[Any], path: Path) -> Iterator[FieldChange]:
        fields = key_fields(str(path[-1]) if path else "", [old, new])
        if fields:
            yield from self._named(_by_key(old, fields), _by_key(new, fields), path)
        elif sorted(map(_text, old)) == sorted(map(_text, new)):
            yield self._change(old, new, path, FieldKind.MOVED)
        elif max(len(old), len(new)) > _LONGEST_ALIGNED:
            yield self._change(old, new, path)
        else:
            yield from self._unnamed(old, new, path)

    def _named(self, old: dict[str, Any], new: dict[str, Any], path: Path) -> Iterator[FieldChange]:
        kept = [key for key in old if key in new]
        order = [key for key in new if key in old]
        if kept != order:
            yield FieldChange(path, FieldKind.MOVED, _bare(kept), _bare(order))
        for key in sorted(old.keys() | new.keys()):
            yield from self.value(old.get(key, MISSING), new.get(key, MISSING), (*path, key))

    def _unnamed(self, old: list[Any], new: list[Any], path: Path) -> Iterator[FieldChange]:
        matcher = SequenceMatcher(None, [_text(item) for item in old], [_text(item) for item in new], autojunk=False)
        for operation, i, i_end, j, j_end in matcher.get_opcodes():
            if operation == "equal":
                continue
            pairs = min(i_end - i, j_end - j)
            for n in range(pairs):
                yield from self._inside(old[i + n], new[j + n], (*path, j + n))
            yield from (self._change(old[n], MISSING, (*path, n)) for n in range(i + pairs, i_end))
            yield from (self._change(MISSING, new[n], (*path, n)) for n in range(j + pairs, j_end))

    def _inside(self, old: Any, new: Any, path: Path) -> Iterator[FieldChange]:
        """What differs inside an item that has no name of its own."""
        for inner, before, after in _deep_differences(old, new):
            yield self._change(before, after, (*path, *inner))


def _emptied(value: Any) -> Any:
    return {} if isinstance(value, dict) else []


def _may_be_same(step: str | int, other: str | int) -> bool:
    """Equal steps; an index may stand for any named item."""
    return step == other or (isinstance(step, int) and isinstance(other, str) and other.startswith("["))


def _by_key(items: Sequence[Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {str(item_key(item, fields)): item for item in items}


def _bare(keys: Sequence[str]) -> list[str]:
    """`[name=web]` → `web`, where the key has one field."""
    return [key[1:-1].partition("=")[2] if "," not in key else key[1:-1] for key in keys]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _deep_differences(old: Any, new: Any) -> list[tuple[Path, Any, Any]]:
    """(path, before, after) of what differs inside two values, in the order of the paths."""
    from deepdiff import DeepDiff
    from deepdiff.helper import NotPresent

    found = []
    for levels in DeepDiff(old, new, view="tree").values():
        for level in levels:
            before, after = (MISSING if isinstance(v, NotPresent) or v is NotPresent else v for v in (level.t1, level.t2))
            if not (_is_number(before) and _is_number(after) and before == after):
                found.append((tuple(level.path(output_format="list")), before, after))
    return sorted(found, key=lambda item: [str(step) for step in item[0]])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
