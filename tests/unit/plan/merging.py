"""A small model of server-side apply, for property tests: granular maps, lists of maps keyed by `name`, `atom…` fields as atomic wholes.

It follows what the API server was seen to do: merge, then take away what the manager owned before, does not send now, and nobody
else owns. The real server is asked in tests/cluster.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from gitctl.model.fieldpath import FieldPath
from gitctl.model.fieldset import FieldSet

Leaves = dict[FieldPath, Any]
Owner = tuple[str, str, str]


def flat(body: Any, path: FieldPath = ()) -> Leaves:
    """Leaf paths and values; an empty map or list is a leaf."""
    if isinstance(body, dict) and body and not _is_atomic(path):
        return {leaf: value for key, below in body.items() for leaf, value in flat(below, (*path, f"f:{key}")).items()}
    if isinstance(body, list) and body and not _is_atomic(path):
        pairs = ((item, (*path, "k:" + json.dumps({"name": item["name"]}, separators=(",", ":")))) for item in body)
        return {leaf: value for item, at in pairs for leaf, value in flat(item, at).items()}
    return {path: body}


def _is_atomic(path: FieldPath) -> bool:
    return bool(path) and path[-1].startswith("f:atom")


def owned_by(body: Any) -> FieldSet:
    """What applying a body owns: its leaves (an empty list is none), and its list items."""
    leaves = [leaf for leaf, value in flat(body).items() if value != []]
    items = {leaf[:n] for leaf in leaves for n in range(1, len(leaf) + 1) if leaf[n - 1].startswith("k:")}
    return FieldSet(frozenset(leaves) | items) if body else FieldSet()


def nested(leaves: Leaves) -> Any:
    """The body that has these leaves."""
    body: Any = {}
    for path, value in leaves.items():
        node = body
        for segment, following in zip(path, (*path[1:], None), strict=True):
            node = _step(node, segment, value if following is None else [] if following.startswith("k:") else {})
    return body


def _step(node: Any, segment: str, empty: Any) -> Any:
    if segment.startswith("f:"):
        return node.setdefault(segment[2:], empty)
    keys = json.loads(segment[2:])
    found = [item for item in node if item.get("name") == keys["name"]]
    if not found:
        node.append(dict(keys))
    return found[0] if found else node[-1]


@dataclass
class Server:
    """One object and its managers."""

    leaves: Leaves = field(default_factory=dict)
    managers: dict[Owner, FieldSet] = field(default_factory=dict)

    def apply(self, owner: Owner, body: Any) -> None:
        """Forced server-side apply of a whole body."""
        before, now = self.managers.get(owner, FieldSet()), owned_by(body)
        self._take(owner, flat(body) if body else {})
        self.managers[owner] = now
        lost = before - now
        for leaf in [leaf for leaf in self.leaves if any(leaf[: len(m)] == m for m in lost)]:
            if not any(leaf in fields for fields in self.managers.values()):
                del self.leaves[leaf]

    def update(self, owner: Owner, body: Any) -> None:
        """Set some fields, as kubectl patch or a controller does: the manager owns what it changed."""
        changed = {leaf: value for leaf, value in flat(body).items() if self.leaves.get(leaf) != value} if body else {}
        self._take(owner, changed)
        self.managers[owner] = self.managers.get(owner, FieldSet()) | (owned_by(nested(changed)) if changed else FieldSet())

    def _take(self, owner: Owner, leaves: Leaves) -> None:
        for leaf, value in leaves.items():
            if value in ({}, []) and any(other[: len(leaf)] == leaf for other in self.leaves):
                continue
            for other, fields in self.managers.items():
                if other != owner and self.leaves.get(leaf) != value:
                    self.managers[other] = fields - FieldSet(frozenset({leaf}))
            for above in [leaf[:n] for n in range(len(leaf))]:
                self.leaves.pop(above, None)
            self.leaves[leaf] = value

    def live(self) -> Any:
        """The object as it is read."""
        listed = [
            {"manager": manager, "operation": operation, "subresource": subresource, "fieldsV1": fields.tree()}
            for (manager, operation, subresource), fields in self.managers.items()
            if fields
        ]
        return {**nested(self.leaves), "metadata": {"managedFields": listed}}
