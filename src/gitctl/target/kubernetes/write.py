"""Write: create, update, adopt or replace one object. An object's own failure is a value; a lost connection is raised."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from gitctl.model.change import Action, Change, Comparison
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.model.rival import rival_managers
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.compare import apply_request, is_sensitive
from gitctl.target.kubernetes.exchange import JSON_PATCH, Request, Response
from gitctl.target.kubernetes.fold import folded
from gitctl.target.kubernetes.observe import get_one
from gitctl.target.kubernetes.owner import marked
from gitctl.target.kubernetes.ownership import Claim
from gitctl.target.kubernetes.remove import deletion
from gitctl.target.kubernetes.resource import Resource

GONE_SECONDS = 120.0
"""How long an object that must go before it is created anew may take."""

_ACCOUNT_SECONDS = 10.0
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Failed(Exception):
    """A step was refused."""

    error: str
    code: int = 0
    denied: bool = False


def apply_change(client: Client, resource: Resource, change: Change, *, owner: str, force: bool) -> Outcome:
    """Carry out a change that creates or updates. Raises ClusterError family errors when the server cannot be used."""
    began = time.monotonic()
    try:
        live = _carry_out(client, resource, _signed(change, owner), force)
        outcome = Outcome(change, OutcomeResult.APPLIED, live=live)
    except Failed as failed:
        outcome = Outcome(change, OutcomeResult.FAILED, error=failed.error, code=failed.code, denied=failed.denied)
    return replace(outcome, seconds=time.monotonic() - began)


def _signed(change: Change, owner: str) -> Change:
    """The change with our marks on what is sent, whoever made the comparison."""
    comparison = change.comparison
    return replace(change, comparison=replace(comparison, sent=marked(comparison.sent, owner))) if comparison else change


def _carry_out(client: Client, resource: Resource, change: Change, force: bool) -> Json:
    comparison = change.comparison
    if comparison is None:
        raise Failed(f"{change.action} of an object that is not wanted")
    if comparison.deleting:
        _wait_gone(client, resource, change.ref)
        return _create(client, resource, comparison)
    match change.action:
        case Action.CREATE:
            return _create(client, resource, comparison)
        case Action.REPLACE:
            _delete(client, resource, comparison)
            return _create(client, resource, comparison)
        case Action.ADOPT | Action.UPDATE:
            if comparison.fold:
                _fold(client, resource, comparison, adopt=change.action is Action.ADOPT)
            return _update(client, resource, comparison, force=force or bool(comparison.taken) or comparison.fold)
        case Action.PRUNE | Action.ORPHAN | Action.RELEASE | Action.UNCHANGED:
            raise Failed(f"{change.action} is not an apply")


def _create(client: Client, resource: Resource, comparison: Comparison) -> Json:
    """Create. Not by force: should somebody have made the object since the plan, differing fields are a conflict, not ours."""
    end = time.monotonic() + _ACCOUNT_SECONDS
    while True:
        answer = client.send(apply_request(resource, comparison.ref, comparison.sent, force=False))
        if answer.ok or not _lacks_account(answer) or time.monotonic() > end:
            return _accepted(client, answer, comparison)
        time.sleep(0.2)


def _lacks_account(answer: Response) -> bool:
    """A pod in a namespace that is seconds old: its service account is still on its way."""
    return answer.status == 403 and b"error looking up service account" in answer.body


def _update(client: Client, resource: Resource, comparison: Comparison, *, force: bool) -> Json:
    """Update the very object that the plan saw: with its uid, an apply neither touches a namesake nor creates anything."""
    assert comparison.live is not None  # an update is planned for what exists
    body = {**comparison.sent, "metadata": {**comparison.sent["metadata"], "uid": comparison.live["metadata"]["uid"]}}
    return _accepted(client, client.send(apply_request(resource, comparison.ref, body, force=force)), comparison)


def _accepted(client: Client, answer: Response, comparison: Comparison) -> Json:
    if answer.ok:
        return answer.json()
    owned = failure.conflicts(answer)
    if owned:
        places = ", ".join(f"{field} by {manager}" for manager, field in owned)
        raise Failed(f"fields are owned by others since the plan was made: {places}", answer.status)
    if failure.names_field(answer, "metadata.uid") or b"uid mismatch" in answer.body:
        raise Failed("it is gone, or another object by now, since the plan was made", 409)
    raise _refused(client, answer, comparison)


def _refused(client: Client, answer: Response, comparison: Comparison) -> Failed:
    """What a refusal means; a missing right is told with context and server."""
    why = failure.explain(answer, sensitive=is_sensitive(comparison.desired))
    denied = failure.refused_rights(answer)
    return Failed(f"{why}: {client.where}" if denied else why, answer.status, denied)


def _fold(client: Client, resource: Resource, comparison: Comparison, *, adopt: bool) -> None:
    """Make earlier managers' fields ours, so that the apply that follows removes what Git does not have.

    Two requests are not one, but a run that dies between them loses nothing: what is ours and not in Git goes at the next apply.
    """
    live = comparison.live
    claim = Claim(adopt=adopt, rivals=rival_managers(live or {}))
    for _ in range(_FOLDS):
        if live is None:
            raise Failed("it was deleted since the plan was made", 404)
        listed = folded(live, comparison.merged, claim)
        if listed is None:
            return
        answer = client.send(_fold_request(resource, comparison.ref, live, listed))
        if answer.ok:
            return
        if answer.status != 409:
            raise _refused(client, answer, comparison)
        live = get_one(client, resource, comparison.ref)
    raise Failed("it changes too fast to take over its fields", 409)


def _fold_request(resource: Resource, ref: ObjectRef, live: Json, listed: list[Json]) -> Request:
    operations = [
        # The version in the patch is a precondition: 409 when the object was changed since.
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        {"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": listed},
    ]
    return Request("PATCH", resource.path(ref), (("fieldManager", "gitctl"),), operations, content=JSON_PATCH, repeatable=False)


def _delete(client: Client, resource: Resource, comparison: Comparison) -> None:
    """Delete the object that the plan saw, and wait until its dependants are gone as well."""
    assert comparison.live is not None  # a replacement is planned for what exists
    answer = client.send(deletion(resource, comparison.ref, comparison.live["metadata"]["uid"], policy="Foreground"))
    if not answer.ok and answer.status != 404:
        raise _refused(client, answer, comparison)
    _wait_gone(client, resource, comparison.ref)


def _wait_gone(client: Client, resource: Resource, ref: ObjectRef) -> None:
    end = time.monotonic() + GONE_SECONDS
    waiting = 0.05
    while True:
        live = get_one(client, resource, ref)
        if live is None:
            return
        if time.monotonic() > end:
            finalizers = ", ".join(live["metadata"].get("finalizers") or ()) or "none"
            raise Failed(f"it is still being deleted after {GONE_SECONDS:g} s; its finalizers: {finalizers}", 409)
        time.sleep(waiting)
        waiting = min(1.0, waiting * 2)
