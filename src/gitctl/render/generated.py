"""Fields that an app lists as random (`generated:`): left out of digests and of the search for random rendering."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from gitctl.model.app import IgnoreRule, ObjectSelector
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.model.marks import label
from gitctl.model.pattern import find, parse

_MARK = "(generated)"


def masked(body: Json, ref: ObjectRef, rules: Iterable[IgnoreRule]) -> Json:
    """The body with a constant in the place of every generated value; the argument is not changed. Raises ConfigError for a path
    that is no pattern."""
    for rule in rules:
        if _selects(rule.select, ref, body):
            for pattern in (*rule.paths, *rule.json_paths):
                for path in list(find(parse(pattern), body)):
                    body = _put(body, path)
    return body


def _put(value: Any, path: Path) -> Any:
    if not path:
        return _MARK
    step, *rest = path
    if isinstance(value, list):
        return [_put(item, tuple(rest)) if n == step else item for n, item in enumerate(value)]
    return {key: _put(item, tuple(rest)) if key == step else item for key, item in value.items()}


def _selects(selector: ObjectSelector, ref: ObjectRef, body: Json) -> bool:
    pairs = ((ref.kind, selector.kind), (ref.namespace, selector.namespace), (ref.name, selector.name))
    fits = selector.group in (None, ref.group) and all(fnmatchcase(text, pattern or "*") for text, pattern in pairs)
    return fits and all(label(body, key) == value for key, value in selector.labels)
