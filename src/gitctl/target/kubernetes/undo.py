"""Undo: put one object back as it was before a run changed or deleted it."""

from __future__ import annotations

from gitctl.model.change import Change
from gitctl.model.manifest import Json
from gitctl.model.outcome import Outcome
from gitctl.model.restoration import Restored, Undo
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.compare import apply_request
from gitctl.target.kubernetes.exchange import JSON_PATCH, Request, Response
from gitctl.target.kubernetes.extract import extract
from gitctl.target.kubernetes.observe import get_one
from gitctl.target.kubernetes.preimage import PreImage
from gitctl.target.kubernetes.resource import Resource

_TRIES = 5
_SHOWN = 5
_WITH_DATA = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition"})


def restore_object(client: Client, resource: Resource, outcome: Outcome) -> Restored:
    """Put it back; see Reversible. Raises ClusterError family errors when the server cannot be used."""
    change = outcome.change
    before = change.comparison.live if change.comparison else change.live
    if before is None:
        return Restored(change.ref, Undo.LEFT, "what was there before is not known")
    live = get_one(client, resource, change.ref)
    if live is None:
        return _created_anew(client, resource, change, before)
    if live["metadata"]["uid"] != before["metadata"]["uid"]:
        return Restored(change.ref, Undo.LEFT, "it was deleted and created anew, which cannot be undone", live)
    if live["metadata"].get("deletionTimestamp"):
        return Restored(change.ref, Undo.LEFT, "its deletion cannot be undone; its finalizers hold it", live)
    return _put_back(client, resource, change, PreImage(before, outcome.live or live))


def _put_back(client: Client, resource: Resource, change: Change, image: PreImage) -> Restored:
    body = image.body()
    body["metadata"]["uid"] = image.before["metadata"]["uid"]
    answer = client.send(apply_request(resource, change.ref, body, force=True))
    if not answer.ok:
        return _refused(change, answer)
    live = answer.json()
    for _ in range(_TRIES):
        listed = image.managed_fields(live)
        if listed is None:
            break
        answer = client.send(_ownership(resource, change, live, listed))
        if not answer.ok and answer.status != 409:
            return _refused(change, answer)
        live = answer.json() if answer.ok else get_one(client, resource, change.ref) or live
    unlike = image.unlike(live)
    return Restored(change.ref, Undo.RESTORED, f"not as before: {_some(unlike)}" if unlike else "", live)


def _ownership(resource: Resource, change: Change, live: Json, listed: list[Json]) -> Request:
    operations = [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        {"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]},
        # An empty list would change nothing: one empty entry is how the API server is told that there is no manager.
        {"op": "replace", "path": "/metadata/managedFields", "value": listed or [{}]},
    ]
    return Request("PATCH", resource.path(change.ref), (("fieldManager", "gitctl"),), operations, content=JSON_PATCH, repeatable=False)


def _created_anew(client: Client, resource: Resource, change: Change, before: Json) -> Restored:
    """What we had applied, once more. Its fields of others, its status and whatever it held are gone with it."""
    image = PreImage(before, before)
    if change.ref.kind == "Job":
        return Restored(change.ref, Undo.LEFT, "a Job that was deleted is not run once more")
    answer = client.send(apply_request(resource, change.ref, extract(before, image.ours), force=False))
    if not answer.ok:
        return _refused(change, answer)
    live = answer.json()
    lost = [f"fields of {name}" for name in image.others()]
    lost += ["what it held"] if change.ref.kind in _WITH_DATA else []
    also = f"; gone with the old one: {', '.join(lost)}" if lost else ""
    return Restored(change.ref, Undo.RECREATED, f"created anew: its uid is {live['metadata']['uid']} now{also}", live)


def _refused(change: Change, answer: Response) -> Restored:
    # What is put back may be a Secret whatever Git says of it today.
    return Restored(change.ref, Undo.LEFT, f"putting it back was refused: {failure.explain(answer, sensitive=True)}")


def _some(paths: tuple[str, ...]) -> str:
    return ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
