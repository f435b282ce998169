"""PURE: certificates as bytes: tables, compressed. Few lie in the root, many in shards that are named by their content."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, NamedTuple

from gitctl.model.certificate import Certificate
from gitctl.model.manifest import Json, ObjectRef
from gitctl.target.shards import Packed, name_of, packed

_SHARD_OBJECTS = 2000
_LONGEST = 128 * 1024 * 1024
_SCHEMA = 2


class Damaged(Exception):
    """The bytes are not what was written. Certificates are a cache: there are none, then."""


class Seen(NamedTuple):
    """The epoch that a place (a kind in a namespace) was last seen in, and since when (seconds since 1970)."""

    digest: str
    since: int


@dataclass(frozen=True, slots=True)
class Folder:
    """The certificates of an owner, and the epochs that were last seen. `key` names the key of the hashes.

    `void` maps kinds to a time (seconds since 1970): certificates of these kinds that were minted until then count no more.
    """

    key: str
    certificates: Mapping[ObjectRef, Certificate] = field(default_factory=dict)
    epochs: Mapping[str, Seen] = field(default_factory=dict)
    void: Mapping[str, int] = field(default_factory=dict)


def encode(folder: Folder) -> Packed:
    """Encode. The same folder gives the same bytes."""
    epochs = {place: list(seen) for place, seen in folder.epochs.items()}
    head = {"schema": _SCHEMA, "key": folder.key, "epochs": epochs, "void": dict(folder.void)}
    pairs = sorted(folder.certificates.items())
    return packed(head, "certificates", pairs, table=_table, ref_of=itemgetter(0), per_shard=_SHARD_OBJECTS)


def shard_names(root: bytes) -> tuple[str, ...]:
    """The shards that a root refers to. Raises Damaged."""
    return tuple(_plain(root).get("shards") or ())


def decode(root: bytes, shards: Mapping[str, bytes]) -> Folder:
    """Decode. Raises Damaged, also for what a newer gitctl wrote."""
    raw = _plain(root)
    if raw.get("schema") != _SCHEMA:
        raise Damaged
    names = raw.get("shards") or ()
    if any(name_of(shards.get(name, b"")) != name for name in names):
        raise Damaged
    tables = [_plain(shards[name]) for name in names] or [raw["certificates"]]
    try:
        found = dict(pair for table in tables for pair in _pairs(table))
        epochs = {str(k): Seen(str(v[0]), int(v[1])) for k, v in raw["epochs"].items()}
        return Folder(str(raw["key"]), found, epochs, {str(k): int(v) for k, v in raw["void"].items()})
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Damaged from error


def _table(pairs: Iterable[tuple[ObjectRef, Certificate]]) -> Json:
    """Texts that repeat (kinds, namespaces, field sets, epochs, identities) are written once."""
    texts: dict[str, int] = {}

    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    rows = [
        [
            *map(number, (ref.group, ref.kind, ref.namespace)),
            ref.name,
            c.uid,
            *map(number, (c.api_version, c.fields, c.epoch, c.identity)),
            c.desired,
            c.values,
            c.whole,
            c.version,
            c.resource_version,
            c.generation,
            c.minted,
            c.final,
        ]
        for ref, c in pairs
    ]
    return {"texts": list(texts), "rows": rows}


def _pairs(table: Json) -> Iterable[tuple[ObjectRef, Certificate]]:
    texts = table["texts"]
    for row in table["rows"]:
        group, kind, namespace = (texts[n] for n in row[:3])
        api_version, fields, epoch, identity = (texts[n] for n in row[5:9])
        yield (
            ObjectRef(group, kind, namespace, row[3]),
            Certificate(
                uid=row[4],
                api_version=api_version,
                desired=row[9],
                fields=fields,
                values=row[10],
                whole=row[11],
                version=row[12],
                resource_version=row[13],
                generation=row[14],
                identity=identity,
                epoch=epoch,
                minted=row[15],
                final=row[16] is True,
            ),
        )


def _plain(data: bytes) -> Json:
    import orjson

    opened = zlib.decompressobj()
    try:
        value: Any = orjson.loads(opened.decompress(data, _LONGEST))
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise Damaged from error
    if not opened.eof or not isinstance(value, dict):
        raise Damaged
    return value


def merged(old: Folder, new: Folder) -> Folder:
    """A folder with the newer certificates and epochs of another in it, and without those that are void."""
    void = {kind: max(folder.void.get(kind, 0) for folder in (old, new)) for kind in {*old.void, *new.void}}
    known = dict(old.certificates)
    known |= {ref: c for ref, c in new.certificates.items() if ref not in known or c.minted > known[ref].minted}
    kept = {ref: c for ref, c in known.items() if c.minted > void.get(kind_of(ref), 0)}
    return Folder(old.key, kept, {**old.epochs, **new.epochs}, void)


def says_no_less(known: Certificate, new: Certificate) -> bool:
    """Is the older certificate as good as the newer one? Only where one may grow too old does it matter when it was minted."""
    same = replace(new, minted=known.minted, resource_version=known.resource_version, generation=known.generation, final=known.final)
    return same == known and not new.whole and (known.final or not new.final)


def kind_of(ref: ObjectRef) -> str:
    """A kind, as `void` names it."""
    return f"{ref.group}/{ref.kind}"


def since_of(digest: str, records: Iterable[Seen], now: int) -> int:
    """Since when a place is known to be in an epoch, from what several observers saw last; `now` where it came to it unseen.

    Epochs come back: a policy that is deleted leaves the place as it was before it. So it counts when the place came to this epoch.
    """
    seen = list(records)
    same = [record.since for record in seen if record.digest == digest]
    other = [record.since for record in seen if record.digest != digest]
    return max(same) if same and max(same) > max(other, default=-1) else now
