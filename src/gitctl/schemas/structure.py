"""What a schema says beyond JSON Schema: lists without duplicates, and CEL rules; as a tree that is walked beside the object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitctl.model.finding import Problem, Rule
from gitctl.model.manifest import Json, Path
from gitctl.schemas.openapi import target_of


@dataclass(frozen=True, slots=True)
class CelRule:
    """A rule of `x-kubernetes-validations`."""

    rule: str
    message: str = ""
    expression: str = ""
    optional_old: bool = False


@dataclass(slots=True)
class Node:
    """A mapping or list of the schema. `keys` are those of a list map, with `defaults` for items that leave some out."""

    schema: Json
    keys: tuple[str, ...] = ()
    defaults: Json = field(default_factory=dict)
    is_set: bool = False
    rules: tuple[CelRule, ...] = ()
    fields: dict[str, Node] = field(default_factory=dict)
    items: Node | None = None
    values: Node | None = None


def tree_of(components: Mapping[str, Json], name: str) -> Node:
    """The tree of a component. Schemas that contain themselves give trees that do."""
    known: dict[str, Node] = {}

    def resolve(schema: Json) -> Node:
        reference = target_of(schema)
        if not reference:
            return fill(Node(schema), schema)
        if reference not in known:
            found = components.get(reference, {})
            known[reference] = Node(found)
            fill(known[reference], found)
        return known[reference]

    def fill(node: Node, schema: Json) -> Node:
        node.rules = tuple(_rule(r) for r in schema.get("x-kubernetes-validations") or ())
        node.fields = {k: resolve(v) for k, v in (schema.get("properties") or {}).items()}
        extra, items = schema.get("additionalProperties"), schema.get("items")
        node.values = resolve(extra) if isinstance(extra, dict) else None
        node.items = resolve(items) if isinstance(items, dict) else None
        if node.items is not None:
            node.is_set = schema.get("x-kubernetes-list-type") == "set"
            node.keys = tuple(schema.get("x-kubernetes-list-map-keys") or ()) if schema.get("x-kubernetes-list-type") == "map" else ()
            item = node.items.schema.get("properties") or {}
            node.defaults = {k: item[k]["default"] for k in node.keys if "default" in item.get(k, {})}
        return node

    return resolve({"$ref": name})


def _rule(entry: Json) -> CelRule:
    return CelRule(entry.get("rule", ""), entry.get("message", ""), entry.get("messageExpression", ""), bool(entry.get("optionalOldSelf")))


def nodes(root: Node) -> Iterator[Node]:
    """Every node of a tree, each once."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        one = todo.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            todo += [n for n in (*one.fields.values(), one.items, one.values) if n is not None]


def duplicates(node: Node, value: Any, path: Path = ()) -> Iterator[Problem]:
    """Items that are in a list twice where server-side apply refuses that. Only mappings and lists are looked into."""
    if isinstance(value, dict):
        for key, item in value.items():
            below = node.fields.get(key, node.values) if isinstance(item, dict | list) else None
            if below is not None:
                yield from duplicates(below, item, (*path, key))
    elif isinstance(value, list) and node.items is not None:
        if node.keys or node.is_set:
            yield from _twice(node, value, path)
        for number, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from duplicates(node.items, item, (*path, number))


def _twice(node: Node, items: list[Any], path: Path) -> Iterator[Problem]:
    first: dict[Any, int] = {}
    for number, item in enumerate(items):
        key = _key(node, item)
        if key is None:
            continue
        if key in first:
            what = f"the same {' and '.join(node.keys)} as" if node.keys else "the same as"
            yield Problem(Rule.DUPLICATE, f"{what} item {first[key] + 1} of the list", (*path, number))
        first.setdefault(key, number)


def _key(node: Node, item: Any) -> Any:
    """What makes an item unique; None where that cannot be said."""
    if not node.keys:
        return None if isinstance(item, dict | list) else (type(item).__name__, item)
    if not isinstance(item, dict):
        return None
    values = tuple(item.get(k, node.defaults.get(k)) for k in node.keys)
    return None if any(isinstance(v, dict | list) for v in values) else tuple((type(v).__name__, v) for v in values)
