"""Release: let go of one object: our label, our annotation and our field entry go, the object stays as it is."""

from __future__ import annotations

import time
from dataclasses import replace

from gitctl.model.change import Change
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import OWNER_ANNOTATION, OWNER_LABEL, annotation, label
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import JSON_PATCH, Request
from gitctl.target.kubernetes.observe import get_one
from gitctl.target.kubernetes.owner import owner_of
from gitctl.target.kubernetes.resource import Resource

_TRIES = 5


def release_change(client: Client, resource: Resource, change: Change, *, owner: str) -> Outcome:
    """Release. What is gone, or another app's by now, needs nothing. Raises ClusterError family errors."""
    began = time.monotonic()
    return replace(_release(client, resource, change, owner), seconds=time.monotonic() - began)


def _release(client: Client, resource: Resource, change: Change, owner: str) -> Outcome:
    owners = {owner, owner_of(change.live or {}), ""}
    for _ in range(_TRIES):
        live = get_one(client, resource, change.ref)
        if live is None or live["metadata"]["uid"] != change.live_uid or owner_of(live) not in owners:
            return Outcome(change, OutcomeResult.APPLIED, live=live)
        answer = client.send(_request(resource, change.ref, live))
        if answer.ok:
            return Outcome(change, OutcomeResult.APPLIED, live=answer.json())
        if answer.status != 409:
            why = failure.explain(answer, sensitive=change.ref.kind == "Secret")
            denied = failure.refused_rights(answer)
            error = f"{why}: {client.where}" if denied else why
            return Outcome(change, OutcomeResult.FAILED, error=error, code=answer.status, denied=denied)
    return Outcome(change, OutcomeResult.FAILED, error="it changes too fast to be released", code=409)


def _request(resource: Resource, ref: ObjectRef, live: Json) -> Request:
    """One patch, under the version that was read: nobody sees an object that is half released."""
    metadata = live["metadata"]
    others = [e for e in metadata.get("managedFields") or () if (e.get("manager"), e.get("operation")) != (FIELD_MANAGER, "Apply")]
    operations: list[Json] = [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        {"op": "test", "path": "/metadata/uid", "value": metadata["uid"]},
        # An empty list would change nothing: one empty entry is how the API server is told that there is no manager.
        {"op": "replace", "path": "/metadata/managedFields", "value": others or [{}]},
    ]
    if label(live, OWNER_LABEL):
        operations.append({"op": "remove", "path": f"/metadata/labels/{_escaped(OWNER_LABEL)}"})
    if annotation(live, OWNER_ANNOTATION):
        operations.append({"op": "remove", "path": f"/metadata/annotations/{_escaped(OWNER_ANNOTATION)}"})
    return Request("PATCH", resource.path(ref), (("fieldManager", FIELD_MANAGER),), operations, content=JSON_PATCH, repeatable=False)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
