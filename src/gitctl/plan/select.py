"""Is an object one that a rule is about?"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gitctl.model.app import IgnoreRule, ObjectSelector
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import label


def selects(selector: ObjectSelector, ref: ObjectRef, body: Json) -> bool:
    """True when every field of the selector that is not empty fits. Kind, namespace and name are shell patterns."""
    pairs = ((ref.kind, selector.kind), (ref.namespace, selector.namespace), (ref.name, selector.name))
    fits = selector.group in (None, ref.group) and all(fnmatchcase(text, pattern or "*") for text, pattern in pairs)
    return fits and all(label(body, key) == value for key, value in selector.labels)


def patterns_of(rules: Iterable[IgnoreRule], ref: ObjectRef, body: Json) -> tuple[str, ...]:
    """The JSON pointers and JSONPaths of the rules that are about an object."""
    return tuple(path for rule in rules if selects(rule.select, ref, body) for path in (*rule.paths, *rule.json_paths))


def managers_of(rules: Iterable[IgnoreRule], ref: ObjectRef, body: Json) -> frozenset[str]:
    """The field managers whose fields the rules leave alone on an object."""
    return frozenset(name for rule in rules if selects(rule.select, ref, body) for name in rule.managers)
