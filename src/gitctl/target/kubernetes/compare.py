"""Compare: for each wanted object what is there, what an apply would leave, and who would lose fields.

The server says it: a forced server-side apply as a dry-run. What is missing is a create and needs no dry-run; of what a certificate
proves to be in sync, only a sample is asked (`verify.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitctl.model.certificate import Standing
from gitctl.model.change import Comparison, Proof
from gitctl.model.fieldset import FieldSet, of_manager
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.rival import rival_managers, rival_of
from gitctl.model.state import InventoryEntry
from gitctl.protocols import CompareOptions, Observed
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.approximate import approximate
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import APPLY, JSON_PATCH, Request, Response
from gitctl.target.kubernetes.fold import operations, risen, without
from gitctl.target.kubernetes.local import compared_here
from gitctl.target.kubernetes.observe import get_one
from gitctl.target.kubernetes.owner import has_label, marked, owner_of
from gitctl.target.kubernetes.ownership import Claim, Verdict, judge
from gitctl.target.kubernetes.proof.proofs import Proofs
from gitctl.target.kubernetes.proof.still import is_unchanged
from gitctl.target.kubernetes.resource import Resource
from gitctl.target.kubernetes.trials import Trials

_LOOKS = 3
"""How often an object that changes between LIST and dry-run is looked at anew."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A manifest with what is known about it. `resource` is None for a kind that is not served yet.

    `coming`: the selection itself defines the kind, so a version that is not served yet may come.
    """

    manifest: Manifest
    resource: Resource | None
    entry: InventoryEntry | None
    coming: bool = False

    @property
    def is_early(self) -> bool:
        """Is the object there, but the wanted version of its kind not yet?"""
        return self.coming and self.resource is not None and self.resource.api_version != self.manifest.api_version


@dataclass(frozen=True, slots=True)
class Desk:
    """What objects are compared with. `proofs` answer first, and learn from what the server answers."""

    client: Client
    observed: Observed
    options: CompareOptions
    proofs: Proofs
    trials: Trials


def proven(desk: Desk, pair: Pair) -> Comparison | None:
    """The comparison of an object of which a certificate proves that an apply would change nothing; None for every other."""
    options, live = desk.options, desk.observed.objects.get(pair.manifest.ref)
    if live is None or pair.resource is None or pair.resource.api_version != pair.manifest.api_version:
        return None
    found = _before(pair, live, options)
    if found.owner != options.owner or owner_of(live) != options.owner:
        return None
    if desk.proofs.standing(options.owner, found.ref, pair.resource, found.sent, live) is not Standing.IN_SYNC:
        return None
    if judge(live, live, _claim(found, pair.entry, options)) != Verdict():
        return None  # people added something, or earlier managers are to be folded
    return replace(found, merged=live, proof=Proof.CERTIFICATE)


def _before(pair: Pair, live: Json, options: CompareOptions) -> Comparison:
    """What is known of an existing object before anybody is asked."""
    sent = marked(options.prepare(pair.manifest, live), options.owner)
    return Comparison(pair.manifest, live, None, sent, owner=_owner(live, pair.entry, options.owner))


def ask(desk: Desk, pair: Pair) -> Comparison:
    """The comparison that the server makes, by a forced dry-run where the object is there."""
    client, observed, options = desk.client, desk.observed, desk.options
    manifest = pair.manifest
    live = observed.objects.get(manifest.ref)
    if manifest.ref in observed.unknown:
        denied = manifest.ref in observed.denied
        error, code = observed.unknown[manifest.ref], 403 if denied else 503
        return Comparison(manifest, None, None, manifest.body, error=error, error_code=code, denied=denied)
    if pair.resource is None:
        return _missing(manifest, options.owner)
    for _ in range(_LOOKS):
        if live is None:
            return _missing(manifest, options.owner)
        found = _before(pair, live, options)
        if pair.is_early:
            return replace(found, merged=approximate(live, found.sent), proof=Proof.LOCAL)
        if not found.deleting:
            found = _dry_run(desk, found, pair.resource, pair.entry)
        if _is_one_moment(found):
            return found
        live = get_one(client, pair.resource, manifest.ref)
    return found


def _missing(manifest: Manifest, owner: str) -> Comparison:
    return Comparison(manifest, None, None, marked(manifest.body, owner))


def _is_one_moment(found: Comparison) -> bool:
    """Were both sides read from the same version? A dry-run answers with the version that it started from."""
    if found.proof is not Proof.SERVER or found.live is None or found.merged is None:
        return True
    return bool(found.live["metadata"]["resourceVersion"] == found.merged["metadata"].get("resourceVersion"))


def _owner(live: Json, entry: InventoryEntry | None, owner: str) -> str:
    """The owner id on the object. An object of ours that lost the annotation by hand is still ours."""
    named = owner_of(live)
    if named or entry is None or entry.uid != live.get("metadata", {}).get("uid"):
        return named
    return owner if has_label(live, owner) or of_manager(live, FIELD_MANAGER) else ""


def _dry_run(desk: Desk, found: Comparison, resource: Resource, entry: InventoryEntry | None) -> Comparison:
    assert found.live is not None  # only existing objects are tried
    client, options, place = desk.client, desk.options, (resource, found.ref.namespace)
    claim = _claim(found, entry, options)
    if desk.trials.refused(place):
        return compared_here(found, found.live, entry, claim)
    answer = client.send(apply_request(resource, found.ref, found.sent, force=True, dry_run=True))
    if failure.refused_rights(answer):
        desk.trials.note_refusal(place)
    if failure.refused_rights(answer) or failure.refused_dry_run(answer):
        return compared_here(found, found.live, entry, claim)
    if not answer.ok:
        return _refused(found, answer)
    after = answer.json()
    verdict = judge(found.live, after, claim)
    if verdict == Verdict() and found.owner == options.owner and is_unchanged(found.live, after):
        scene = desk.proofs.scene(options.owner, found.ref, resource)
        desk.proofs.learn(options.owner, found.ref, found.sent, after, found.live, scene)
    settled = _settled(client, found, resource, after, risen(verdict.leaving, found.live, after, claim))
    if settled.error:
        return settled
    return replace(
        settled,
        proof=Proof.SERVER,
        conflicts=verdict.conflicts,
        taken=verdict.taken,
        additions=verdict.additions,
        fold=verdict.fold,
    )


def _claim(found: Comparison, entry: InventoryEntry | None, options: CompareOptions) -> Claim:
    fields = entry.fields if entry else ""
    if found.owner == options.owner or found.owner in options.former:
        return Claim(fields, keep_additions=options.keep_additions)  # nothing is adopted, so nobody's rival matters
    live = found.live or {}
    rival = rival_of(live)
    adopt = rival in options.adopt_from if rival else options.adopt
    return Claim(fields, adopt, keep_additions=options.keep_additions or not adopt, rivals=rival_managers(live))


def _refused(found: Comparison, answer: Response) -> Comparison:
    error = failure.explain(answer, sensitive=is_sensitive(found.desired))
    return replace(found, proof=Proof.SERVER, error=error, error_code=answer.status, immutable=failure.immutable(answer))


def is_sensitive(manifest: Manifest) -> bool:
    """May the server's words about this object hold a secret?"""
    return manifest.ref.kind == "Secret" or bool(manifest.sensitive)


def _settled(client: Client, found: Comparison, resource: Resource, after: Json, leaving: FieldSet) -> Comparison:
    """With what will be there at the end. Of fields that leave the server is asked: they may have a default, or not be allowed to go."""
    steps = operations(found.live or {}, without(after, leaving)) if leaving else []
    if not steps:
        return replace(found, merged=after)
    query = (("fieldManager", FIELD_MANAGER), ("dryRun", "All"))
    answer = client.send(Request("PATCH", resource.path(found.ref), query, steps, content=JSON_PATCH))
    if not answer.ok:
        return _refused(found, answer)
    merged = answer.json()
    return replace(found, merged={**merged, "metadata": {**merged["metadata"], "managedFields": after["metadata"]["managedFields"]}})


def apply_request(resource: Resource, ref: ObjectRef, body: Json, *, force: bool, dry_run: bool = False) -> Request:
    """A server-side apply. Doing it twice changes nothing, so it may be repeated."""
    query = [("fieldManager", FIELD_MANAGER), ("force", "true" if force else "false"), ("fieldValidation", "Strict")]
    if dry_run:
        query.append(("dryRun", "All"))
    return Request("PATCH", resource.path(ref), tuple(query), body, content=APPLY)
