"""Certificates as bytes: nothing is lost, nothing damaged is believed, and 10,000 objects fit in Secrets."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from functools import cache

import pytest
from tests.unit.target.kubernetes.proof.samples import certificate

from gitctl.model.certificate import Certificate
from gitctl.model.manifest import ObjectRef
from gitctl.target.kubernetes.proof.packing import Damaged, Folder, Packed, Seen, decode, encode, merged, says_no_less, since_of
from gitctl.target.kubernetes.proof.seal import plain_hash

SECRET_BYTES = 1_048_576


@cache
def folder(count: int) -> Folder:
    """Certificates as varied as they come: no two objects have a hash in common."""
    found: dict[ObjectRef, Certificate] = {}
    for n in range(count):
        random = {key: plain_hash(secrets.token_hex(16)) for key in ("desired", "values", "whole")}
        ref = ObjectRef("apps", f"Kind{n % 20}", f"team-{n % 50}", f"object-{n}")
        found[ref] = certificate(uid=str(uuid.uuid4()), resource_version=str(10**6 + n), epoch=f"e{n % 1000}", **random)
    return Folder("key", found, {f"place-{n}": Seen(f"e{n}", n) for n in range(1000)})


@cache
def packed_folder(count: int) -> Packed:
    """The same, packed."""
    return encode(folder(count))


def test_ten_thousand_objects_fit() -> None:
    whole = folder(10_000)
    packed = packed_folder(10_000)
    sizes = [len(packed.root), *map(len, packed.shards.values())]
    print(f"10,000 certificates: {sum(sizes):,} bytes in {len(sizes)} Secrets, the largest {max(sizes):,}")
    assert max(sizes) * 4 // 3 < SECRET_BYTES
    assert decode(packed.root, packed.shards) == whole


def test_few_lie_in_the_root() -> None:
    packed = encode(folder(100))
    assert packed.shards == {}
    assert len(decode(packed.root, {}).certificates) == 100


def test_an_object_more_changes_one_shard() -> None:
    one = folder(10_000)
    more = replace(one, certificates={**one.certificates, ObjectRef("", "ConfigMap", "a", "new"): certificate()})
    assert len(packed_folder(10_000).shards.keys() - encode(more).shards.keys()) == 1


@pytest.mark.parametrize("root", [b"", b"nonsense", encode(Folder("k")).root[:-3]], ids=["nothing", "text", "cut"])
def test_what_is_damaged_is_not_believed(root: bytes) -> None:
    with pytest.raises(Damaged):
        decode(root, {})


def test_a_missing_or_exchanged_shard_is_not_believed() -> None:
    packed = packed_folder(10_000)
    with pytest.raises(Damaged):
        decode(packed.root, {})
    names = list(packed.shards)
    with pytest.raises(Damaged):
        decode(packed.root, {**packed.shards, names[0]: packed.shards[names[1]]})


def test_newer_certificates_win_and_void_ones_go() -> None:
    one, two, three = (ObjectRef("", kind, "", "x") for kind in ("One", "Two", "Three"))
    first = Folder("k", {one: certificate(minted=1), two: certificate(minted=5), three: certificate(minted=7)}, void={"/Two": 4})
    second = Folder("k", {one: certificate(minted=2), two: certificate(minted=4)}, void={"/Three": 7, "/Two": 3})
    found = merged(first, second)
    assert {ref.kind: c.minted for ref, c in found.certificates.items()} == {"One": 2, "Two": 5}
    assert found.void == {"/Two": 4, "/Three": 7}
    assert decode(encode(found).root, {}) == found


def test_an_epoch_counts_from_when_a_place_came_to_it() -> None:
    now = 1000
    assert since_of("e", [], now) == now
    assert since_of("e", [Seen("e", 10)], now) == 10
    assert since_of("e", [Seen("e", 10), Seen("e", 20)], now) == 20
    assert since_of("e", [Seen("f", 10)], now) == now
    assert since_of("e", [Seen("e", 10), Seen("f", 20)], now) == now  # it went, and came back
    assert since_of("e", [Seen("e", 20), Seen("f", 10)], now) == 20


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"minted": 999, "resource_version": "77", "generation": 9}, True),
        ({"values": "other"}, False),
        ({"epoch": "other"}, False),
        ({"identity": "other"}, False),
        ({"uid": "other"}, False),
        ({"minted": 999, "whole": "guarded"}, False),
    ],
)
def test_a_certificate_that_says_nothing_new_is_told_from_one_that_does(change: dict[str, object], says: bool) -> None:
    known = certificate(final=True, whole=str(change.get("whole", "")))
    assert says_no_less(known, replace(known, **change)) is says


def test_a_provisional_certificate_says_less_than_a_final_one() -> None:
    known = certificate(final=False, whole="")
    assert not says_no_less(known, replace(known, final=True))
    assert says_no_less(replace(known, final=True), known)
