"""Remove: delete one object, after asking the live object once more whether it is ours to delete."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace

from gitctl.model.change import Change
from gitctl.model.fieldset import of_manager
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import kept_by
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import Request, Response
from gitctl.target.kubernetes.owner import has_label, owner_of
from gitctl.target.kubernetes.resource import Resource


def delete_change(client: Client, resource: Resource, change: Change, *, owner: str, dry_run: bool = False) -> Outcome:
    """Delete. DELETED means that the deletion is accepted (finalizers may hold it up) or that the object was gone already.

    `dry_run` asks for the same answer without deleting."""
    began = time.monotonic()
    return replace(_delete(client, resource, change, owner, dry_run), seconds=time.monotonic() - began)


def _delete(client: Client, resource: Resource, change: Change, owner: str, dry_run: bool) -> Outcome:
    answer = client.get(resource.path(change.ref))
    if answer.absent:
        return Outcome(change, OutcomeResult.DELETED)
    if not answer.ok:
        return _refused(client, change, answer)
    live = answer.json()
    reason = spared(live, owners=_owners(owner, change), uid=change.live_uid)
    if reason:
        return _failed(change, f"not deleted: {reason}", 409)
    answer = client.send(deletion(resource, change.ref, live["metadata"]["uid"], policy="Background", dry_run=dry_run))
    if answer.ok or answer.absent:
        return Outcome(change, OutcomeResult.DELETED)
    return _refused(client, change, answer)


def _owners(owner: str, change: Change) -> frozenset[str]:
    """The app's owner id, and that of its former name, which the plan saw on the object and allowed: same project, same environment."""
    seen = owner_of(change.live or {})
    same_place = seen.rpartition("/")[0] == owner.rpartition("/")[0]
    return frozenset({owner, seen} if seen and same_place else {owner})


def _failed(change: Change, error: str, code: int) -> Outcome:
    return Outcome(change, OutcomeResult.FAILED, error=error, code=code)


def _refused(client: Client, change: Change, answer: Response) -> Outcome:
    """What a refusal means; a missing right is told with context and server."""
    why = failure.explain(answer, sensitive=change.ref.kind == "Secret")
    denied = failure.refused_rights(answer)
    return replace(_failed(change, f"{why}: {client.where}" if denied else why, answer.status), denied=denied)


def deletion(resource: Resource, ref: ObjectRef, uid: str, *, policy: str, dry_run: bool = False) -> Request:
    """A DELETE of the object with this uid and no other. The policy is always sent: a Job's default leaves its pods running."""
    options: Json = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": policy, "preconditions": {"uid": uid}}
    if dry_run:
        # The server reads options from the body where there is one, and passes over those of the query.
        return Request("DELETE", resource.path(ref), (("dryRun", "All"),), body=options | {"dryRun": ["All"]})
    return Request("DELETE", resource.path(ref), body=options)


def spared(live: Json, *, owners: Collection[str], uid: str) -> str:
    """Why a live object must not be deleted, "" when it may. `uid` is the recorded one ("" when none was).

    `owners` are the owner ids that are the app's own.
    """
    actual = live["metadata"]["uid"]
    if uid and actual != uid:
        return "it was created anew by somebody else (its uid is not the recorded one)"
    named = owner_of(live)
    if named not in owners and not (uid and not named and any(has_label(live, o) for o in owners)):
        return f"it belongs to {named}" if named else "it carries no owner of gitctl"
    if not of_manager(live, FIELD_MANAGER):
        return "gitctl has no applied fields on it any more"
    mark = kept_by(live)
    return f"it is marked {mark}" if mark else ""
