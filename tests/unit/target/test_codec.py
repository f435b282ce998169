"""The state as bytes: round trips, size, unknown fields, damage."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises

from gitctl.errors import ClusterError, ErrorId
from gitctl.model.manifest import ObjectRef, RenderInputs
from gitctl.model.record import Counts, Record, RecordResult, RecordVerb
from gitctl.model.state import SCHEMA_VERSION, Acknowledged, AppState, Hold, InventoryEntry
from gitctl.target import codec, shards
from gitctl.target.codec import decode, encode, shard_names

names = st.text("abcdefgh-.", min_size=1, max_size=12)
words = st.text(max_size=12)
refs = st.builds(ObjectRef, st.sampled_from(["", "apps", "example.com"]), st.sampled_from(["Deployment", "Widget"]), names, names)
entries = st.builds(
    InventoryEntry,
    ref=refs,
    api_version=st.sampled_from(["v1", "apps/v1", "example.com/v1beta1"]),
    uid=words,
    fields=words,
    revision=words,
    digest=words,
    completed=st.booleans(),
    sensitive=st.lists(st.lists(words | st.integers(0, 9), max_size=3).map(tuple), max_size=2).map(tuple),
)
inputs = st.builds(
    RenderInputs, words, st.lists(st.tuples(words, words), max_size=2).map(tuple), words, st.lists(words, max_size=2).map(tuple)
)
records = st.builds(
    Record,
    number=st.integers(1, 10**6),
    verb=st.sampled_from(RecordVerb),
    result=st.sampled_from(RecordResult),
    revision=words,
    revision_name=words,
    repo=words,
    subject=words,
    author=words,
    actor=words,
    started=words,
    inputs=inputs,
    counts=st.builds(Counts, created=st.integers(0, 99)),
    read_set=st.lists(words, max_size=2).map(tuple),
)
states = st.builds(
    AppState,
    owner=words,
    inventory=st.lists(entries, max_size=8, unique_by=lambda e: e.ref).map(tuple),
    records=st.lists(records, max_size=3, unique_by=lambda r: r.number).map(tuple),
    acknowledged=st.none() | st.builds(Acknowledged, words, words, words, words, inputs, words, words),
    hold=st.none() | st.builds(Hold, words, words, words, words, words),
    pruned_at=st.lists(st.tuples(words, st.integers(0, 9)), max_size=2).map(tuple),
)


def ordered(state: AppState) -> AppState:
    """The state with its inventory in the order that it is stored in."""
    return replace(state, inventory=tuple(sorted(state.inventory, key=lambda e: e.ref)))


@given(states)
def test_what_is_encoded_is_decoded(state: AppState) -> None:
    packed = encode(state)
    assert decode(packed.root, packed.shards) == ordered(state)
    assert encode(ordered(state)) == packed


@settings(max_examples=20)
@given(st.lists(entries, min_size=1, max_size=30, unique_by=lambda e: e.ref))
def test_shards_hold_each_entry_once(inventory: list[InventoryEntry]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "INLINE", 0)
        patch.setattr(codec, "_SHARD_OBJECTS", 4)
        packed = encode(AppState("o", tuple(inventory)))
    assert set(shard_names(packed.root)) == packed.shards.keys()
    assert decode(packed.root, packed.shards).inventory == tuple(sorted(inventory, key=lambda e: e.ref))


def document(root: bytes) -> dict[str, Any]:
    """The JSON in a root."""
    found: dict[str, Any] = json.loads(zlib.decompress(root))
    return found


def record(number: int) -> Record:
    """A record."""
    return Record(number, RecordVerb.SYNC, RecordResult.SUCCEEDED, "a", "main", "r", "s", "a", "b", "t")


def test_fields_of_a_newer_version_stay_where_they_are() -> None:
    raw = document(encode(AppState("o", records=(record(1), record(2)), hold=Hold("d", "r", "why", "who", "when"))).root)
    raw["certificates"] = {"kept": True}
    raw["records"][1]["approvals"] = ["ada"]
    raw["records"][1]["inputs"]["sbom"] = "x"
    raw["hold"]["until"] = "tomorrow"
    state = decode(zlib.compress(json.dumps(raw).encode()), {})
    grown = replace(state, records=(record(1), record(2), record(3)))
    again = document(encode(grown).root)
    assert again["certificates"] == {"kept": True}
    assert again["records"][1]["approvals"] == ["ada"]
    assert again["records"][1]["inputs"]["sbom"] == "x"
    assert "approvals" not in again["records"][0]
    assert again["hold"]["until"] == "tomorrow"
    assert document(encode(replace(grown, hold=None, records=(record(3),))).root)["hold"] is None


def test_a_newer_schema_is_refused() -> None:
    raw = document(encode(AppState("o")).root) | {"schema": SCHEMA_VERSION + 1}
    with raises(ErrorId.STATE_NEWER, match="newer gitctl"):
        decode(zlib.compress(json.dumps(raw).encode()), {})


@pytest.mark.parametrize("more", [{"schema": "x"}, {"shards": 5}, {"shards": [{}]}, {"shards": [["a"]]}], ids=str)
def test_another_shape_is_damage(more: dict[str, object]) -> None:
    with raises(ErrorId.STATE_DAMAGED, match="damaged"):
        decode(zlib.compress(json.dumps({"owner": "o", **more}).encode()), {})


@pytest.mark.parametrize("root", [b"", b"junk", zlib.compress(b"junk"), zlib.compress(b"[]")], ids=["empty", "raw", "not JSON", "a list"])
def test_damage_is_an_error(root: bytes) -> None:
    with raises(ErrorId.STATE_DAMAGED, match="damaged"):
        decode(root, {})


@pytest.mark.parametrize(
    "change",
    [{"records": [{"number": "one"}]}, {"inventory": {"rows": [[0]]}}, {"inventory": {}}, {"shards": ["missing"], "inventory": None}],
    ids=["record", "row", "table", "shard"],
)
def test_a_state_that_was_edited_is_an_error(change: dict[str, Any]) -> None:
    raw = document(encode(AppState("o")).root) | change
    raw = {k: v for k, v in raw.items() if v is not None or k != "inventory"}
    with pytest.raises(ClusterError):
        decode(zlib.compress(json.dumps(raw).encode()), {})


def test_a_shard_with_other_content_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "INLINE", 0)
    packed = encode(AppState("o", (InventoryEntry(ObjectRef("", "A", "n", "x"), "v1"),)))
    (name,) = packed.shards
    with pytest.raises(ClusterError, match="missing or damaged"):
        decode(packed.root, {name: zlib.compress(b"{}")})


def test_repeated_field_sets_are_written_once() -> None:
    fields = json.dumps({"f:data": {f"f:{n}": {} for n in range(200)}})
    inventory = tuple(InventoryEntry(ObjectRef("", "ConfigMap", "n", str(i)), "v1", fields=fields) for i in range(500))
    assert len(encode(AppState("o", inventory)).root) < 10_000
