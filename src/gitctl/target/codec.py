"""PURE: the state as JSON; and as compressed bytes: small inventories lie in the root, large ones in shards named by their content.

A field that this version does not know is kept in `AppState.extra`, at the same place, and written back.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gitctl.errors import ClusterError, ErrorId, Refused
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.state import SCHEMA_VERSION, AppState, InventoryEntry
from gitctl.target.shards import Packed, name_of, packed

_SHARD_OBJECTS = 1000
_LONGEST = 256 * 1024 * 1024


def to_json(state: AppState) -> Json:
    """The whole state as JSON, without its token."""
    return {**_head(state), "inventory": pack(sorted(state.inventory, key=_ref_of))}


def encode(state: AppState) -> Packed:
    """Encode. The same state gives the same bytes."""
    entries = sorted(state.inventory, key=_ref_of)
    return packed(_head(state), "inventory", entries, table=pack, ref_of=_ref_of, per_shard=_SHARD_OBJECTS)


def _ref_of(entry: InventoryEntry) -> ObjectRef:
    return entry.ref


def shard_names(root: bytes) -> tuple[str, ...]:
    """The shards that a root refers to. Raises ClusterError for bytes that are no state."""
    names = _plain(root).get("shards") or ()
    if not (isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)):
        raise _damaged()
    return tuple(names)


def decode(root: bytes, shards: Mapping[str, bytes]) -> AppState:
    """Decode. Raises ClusterError for damaged bytes, Refused for a state of a newer, incompatible gitctl."""
    raw = _plain(root)
    _check_schema(raw)
    tables = [raw["inventory"]] if "inventory" in raw else [_plain(_verified(name, shards)) for name in shard_names(root)]
    return _state(raw, tables)


def from_json(raw: Json) -> AppState:
    """The state that `to_json` wrote. Raises as `decode` does."""
    _check_schema(raw)
    return _state(raw, [raw["inventory"]])


def _check_schema(raw: Json) -> None:
    if not isinstance(raw.get("schema", 0), int):
        raise _damaged()
    if raw.get("schema", 0) > SCHEMA_VERSION:
        raise Refused(
            f"the state of {raw.get('owner')} was written by a newer gitctl (schema {raw['schema']}, known: {SCHEMA_VERSION})",
            id=ErrorId.STATE_NEWER,
            hint="update gitctl",
        )


def _state(raw: Json, tables: Iterable[Json]) -> AppState:
    import msgspec

    inventory = sorted((entry for table in tables for entry in unpack(table)), key=lambda e: e.ref)
    try:
        known = msgspec.convert({k: v for k, v in raw.items() if k not in ("inventory", "shards", "extra", "token")}, AppState)
    except msgspec.ValidationError as error:
        raise ClusterError("a stored state cannot be read", id=ErrorId.STATE_DAMAGED, hint="was it edited by hand?") from error
    extra = _unknown(raw, _head(known) | {"inventory": None, "shards": None})
    return replace(known, inventory=tuple(inventory), extra=extra)


def _head(state: AppState) -> Json:
    """All but the inventory, with what newer versions wrote merged in."""
    import msgspec

    known = msgspec.to_builtins(replace(state, inventory=(), extra={}, token=""))
    for gone in ("inventory", "extra", "token"):
        del known[gone]
    merged: Json = _merged(known, state.extra)
    return merged


def _unknown(raw: Any, known: Any) -> Any:
    """What `raw` has and `known` has not. Lists of records are matched by their number."""
    if isinstance(raw, list) and isinstance(known, list | tuple):
        raw, known = _numbered(raw), _numbered(known)
        raw = {number: record for number, record in raw.items() if number in known}
    if not (isinstance(raw, dict) and isinstance(known, dict)):
        return {}
    found = {k: _unknown(v, known[k]) if k in known else v for k, v in raw.items()}
    return {k: v for k, v in found.items() if k not in known or v}


def _numbered(records: Iterable[Any]) -> dict[str, Any]:
    return {str(r["number"]): r for r in records if isinstance(r, dict) and "number" in r}


def _merged(known: Any, extra: Any) -> Any:
    if isinstance(known, list | tuple) and isinstance(extra, Mapping):
        return [_merged(k, extra.get(str(k.get("number")), {})) if isinstance(k, dict) else k for k in known]
    if isinstance(known, dict) and isinstance(extra, Mapping):
        together = {k: _merged(v, extra[k]) if k in extra else v for k, v in known.items()}
        return together | {k: v for k, v in extra.items() if k not in known}
    return known


def pack(entries: Sequence[InventoryEntry]) -> Json:
    """Entries as a table: texts that repeat (kinds, namespaces, field sets, revisions) are written once."""
    kinds, places, fields, revisions = _Texts(), _Texts(), _Texts(), _Texts()
    rows = [
        [
            kinds.number(f"{e.ref.group}|{e.ref.kind}|{e.api_version}"),
            places.number(e.ref.namespace),
            e.ref.name,
            e.uid,
            fields.number(e.fields),
            revisions.number(e.revision),
            e.digest,
            e.completed,
            *([e.sensitive] if e.sensitive else ()),
        ]
        for e in entries
    ]
    return {"kinds": kinds.texts, "namespaces": places.texts, "fields": fields.texts, "revisions": revisions.texts, "rows": rows}


def unpack(table: Json) -> list[InventoryEntry]:
    """Entries of a table. Cells that newer versions appended are left out. Raises ClusterError for a damaged one."""
    try:
        return [_entry(table, row) for row in table["rows"]]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ClusterError("a stored inventory cannot be read", id=ErrorId.STATE_DAMAGED, hint="was it edited by hand?") from error


def _entry(table: Json, row: Sequence[Any]) -> InventoryEntry:
    group, kind, api_version = table["kinds"][row[0]].split("|")
    return InventoryEntry(
        ref=ObjectRef(group, kind, table["namespaces"][row[1]], row[2]),
        api_version=api_version,
        uid=row[3],
        fields=table["fields"][row[4]],
        revision=table["revisions"][row[5]],
        digest=row[6],
        completed=row[7],
        sensitive=tuple(map(tuple, row[8])) if len(row) > 8 else (),
    )


class _Texts:
    """Distinct texts, numbered as they come."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return self._numbers[text]


def _plain(data: bytes) -> Json:
    import orjson

    try:
        opened = zlib.decompressobj()
        value = orjson.loads(opened.decompress(data, _LONGEST))
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise _damaged() from error
    if not isinstance(value, dict):
        raise _damaged()
    return value


def _damaged() -> ClusterError:
    return ClusterError("a stored state is damaged", id=ErrorId.STATE_DAMAGED, hint="was it edited by hand?")


def _verified(name: str, shards: Mapping[str, bytes]) -> bytes:
    data = shards.get(name, b"")
    if name_of(data) != name:
        raise ClusterError(
            f"shard {name} of a stored state is missing or damaged", id=ErrorId.STATE_DAMAGED, hint="was it deleted by hand?"
        )
    return data
