"""PURE: a certificate, from a request and what the server answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitctl.model.certificate import Certificate, Epoch
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.owned import Untold, facts, has_empty_list, is_shared, managers, our_entry
from gitctl.target.kubernetes.proof.seal import Seal, plain_hash, same
from gitctl.target.kubernetes.proof.still import is_unchanged, version_hash
from gitctl.target.kubernetes.proof.veil import is_veiled, veiled

SETTLED_SECONDS = 60
"""A new policy is enforced half a second after the server accepted it, one that was deleted is so for as long. A wide margin."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Under what circumstances an object is looked at: the rules in force, who asks, the server's clock, and the key of the hashes.

    `since` is when this place is known to have come to this epoch, in seconds since 1970.
    """

    epoch: Epoch
    identity: str
    now: int
    since: int
    seal: Seal

    @property
    def settled(self) -> bool:
        """Is what was seen of the rules what the server goes by?"""
        return self.now - self.since >= SETTLED_SECONDS

    @property
    def steady(self) -> bool:
        """Is no admission among the rules, and all that they are made of old enough to be in force, whoever saw it before?"""
        changed = self.epoch.changed
        return not self.epoch.guarded and changed is not None and self.now - changed >= SETTLED_SECONDS


def mint(sent: Json, answer: Json, before: Json | None, scene: Scene, known: Iterable[Certificate] = ()) -> Certificate | None:
    """The certificate for an answer to a forced apply, or to one that met no conflict; None where nothing could be proven by it.

    `before` is the object that was there, as LISTed. The epoch must have been read before the request was made. An answer that equals
    the object before is final: the server has shown that it changes nothing. Any other answer is so only where no admission may see
    the object, and where all our values came back as they were sent: what the server spells anew when an object is created or changed
    it might refuse, or spell otherwise, the second time. `known` are earlier certificates about it: they tell how old this version is.
    """
    metadata = answer.get("metadata", {})
    if metadata.get("deletionTimestamp") or answer.get("apiVersion") != sent.get("apiVersion"):
        return None
    fields, values = (sealed_values(answer, scene.seal) if sole_version(answer) else None) or ("", "")
    told = bool(fields) and _is_told(sent, answer, before)
    still = before is not None and is_unchanged(before, answer)
    by_version = before is not None and still and not told and our_entry(before) is not None
    version = version_hash(before, scene.seal) if before is not None and by_version else ""
    desired = desired_hash(sent, scene.seal)
    whole = whole_hash(answer, scene.seal) if scene.epoch.guarded else ""
    if not desired or (scene.epoch.guarded and not whole) or not (fields or version):
        return None
    seen = min((c.minted for c in known if version and c.version == version), default=scene.now)
    final = (told or bool(version)) and _is_final(sent, answer, before if still else None, scene, told=told, seen=seen)
    return Certificate(
        uid=str(metadata.get("uid", "")),
        api_version=str(answer.get("apiVersion", "")),
        desired=desired,
        fields=fields,
        values=values,
        whole=whole,
        version=version,
        resource_version=str(metadata.get("resourceVersion", "")),
        generation=int(metadata.get("generation") or 0),
        identity=scene.identity,
        epoch=scene.epoch.digest,
        minted=scene.now if final else seen,
        final=final,
    )


def _is_told(sent: Json, answer: Json, before: Json | None) -> bool:
    """Do our fields tell all that an apply would go by? Where they do not, only the very same version of the object proves anything."""
    if has_empty_list(sent) or not (as_sent(sent, answer) or (_has_time(answer) and not is_shared(answer))):
        return False
    return before is None or same(before, answer) or not is_unchanged(before, answer)


def _is_final(sent: Json, answer: Json, still: Json | None, scene: Scene, *, told: bool, seen: int) -> bool:
    """Is it certain that the same request changes nothing the next time?

    `still` is the object before when the answer left it as it was; `seen` is when it is known to have been there.
    """
    sure = as_sent(sent, answer)
    if still is not None and scene.settled:
        return sure or scene.now - _applied_at(still, otherwise=seen) >= SETTLED_SECONDS
    return not scene.epoch.guarded and sure and told and (scene.settled or scene.steady)


def as_sent(sent: Json, answer: Json) -> bool:
    """Are all our values what was sent, letter by letter?"""
    entry = our_entry(answer)
    try:
        return entry is not None and same(facts(entry["fieldsV1"], sent), facts(entry["fieldsV1"], answer))
    except Untold:
        return False


def _has_time(answer: Json) -> bool:
    """Does our entry say when it was written? An apply that only makes fields ours that were set before leaves it without."""
    return bool((our_entry(answer) or {}).get("time"))


def _applied_at(answer: Json, *, otherwise: int) -> int:
    """When we last changed something, in seconds since 1970: a value that is not what was sent may be a policy's, deleted since."""
    try:
        return int(datetime.fromisoformat(str((our_entry(answer) or {}).get("time", ""))).timestamp())
    except ValueError:
        return otherwise


def desired_hash(sent: Json, seal: Seal) -> str:
    """Over what a forced apply would send."""
    return seal.hash("desired", [FIELD_MANAGER, True, veiled(sent)])


def sealed_values(live: Json, seal: Seal) -> tuple[str, str] | None:
    """The hashes over our field set and over what it holds; None where the two do not fit together, or nothing is ours."""
    entry = our_entry(live)
    if entry is None or not entry.get("fieldsV1"):
        return None
    tree: Any = entry["fieldsV1"]
    try:
        values = seal.hash("values", facts(tree, veiled(live)))
    except Untold:
        return None
    fields = plain_hash(tree)
    return (fields, values) if fields and values else None


def sole_version(live: Json) -> bool:
    """Did all managers write at the version of the object? What another one wrote at an older version may make an apply fail."""
    return all(entry.get("apiVersion") == live.get("apiVersion") for entry in managers(live))


def whole_hash(live: Json, seal: Seal) -> str:
    """Over all that admission can see: everything but the bookkeeping of writes. Status is in it: policies may read that too.

    Of a Secret that bookkeeping alone: each write shows in it. (A version number may come again when an etcd is put back from a copy,
    but not with the same times of all managers.)
    """
    if is_veiled(live):
        return seal.hash("whole", [live["metadata"].get(key) for key in ("uid", "resourceVersion", "managedFields")])
    left_out = ("managedFields", "resourceVersion")
    metadata = {k: v for k, v in live.get("metadata", {}).items() if k not in left_out}
    return seal.hash("whole", {**live, "metadata": metadata})
