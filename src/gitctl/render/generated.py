"""Fields that an app lists as random (`generated:`): left out of digests and of the search for random rendering."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gitctl.model.app import IgnoreRule
from gitctl.model.manifest import Json, ObjectRef, Path
from gitctl.model.pattern import find, parse
from gitctl.model.select import selects

_MARK = "(generated)"


def masked(body: Json, ref: ObjectRef, rules: Iterable[IgnoreRule]) -> Json:
    """The body with a constant in the place of every generated value; the argument is not changed. Raises ConfigError for a path
    that is no pattern."""
    for rule in rules:
        if selects(rule.select, ref, body):
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
