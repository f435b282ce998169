"""PURE: entries as compressed bytes: few lie in the root, many in shards that are named by their content."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gitctl.model.manifest import Json, ObjectRef

T = TypeVar("T")

INLINE = 256 * 1024
"""Compressed bytes of a root that has all entries in it. A Secret holds 1 MiB."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What was encoded: `root`, and the shards (name suffix → bytes) that it refers to."""

    root: bytes
    shards: Mapping[str, bytes]


def packed(
    head: Json,
    name: str,
    entries: Sequence[T],
    *,
    table: Callable[[Sequence[T]], Json],
    ref_of: Callable[[T], ObjectRef],
    per_shard: int,
) -> Packed:
    """The head with the entries in it, as `name`, or with the names of their shards. The same entries in the same order give the same
    bytes. `table` makes JSON of some of them."""
    root = _compressed({**head, name: table(entries)})
    if len(root) <= INLINE:
        return Packed(root, {})
    shards = {name_of(data): data for data in (_compressed(table(part)) for part in _spread(entries, ref_of, per_shard))}
    return Packed(_compressed({**head, "shards": sorted(shards)}), shards)


def name_of(data: bytes) -> str:
    """The name suffix of a shard."""
    return hashlib.sha256(data).hexdigest()[:20]


def _spread(entries: Sequence[T], ref_of: Callable[[T], ObjectRef], per_shard: int) -> list[list[T]]:
    """Entries spread by a hash of their ref: an object that comes or goes changes one shard, the others keep content and name."""
    count = 1
    while count * per_shard < len(entries):
        count *= 2
    parts: list[list[T]] = [[] for _ in range(count)]
    for entry in entries:
        ref = ref_of(entry)
        digest = hashlib.sha256(f"{ref.group}|{ref.kind}|{ref.namespace}|{ref.name}".encode()).digest()
        parts[int.from_bytes(digest[:4]) % count].append(entry)
    return [part for part in parts if part]


def _compressed(value: Json) -> bytes:
    import orjson

    return zlib.compress(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), 6)
