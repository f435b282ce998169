"""Owned: everything in a cluster that carries an owner id and our fields, whatever any state says. One LIST a kind."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gitctl.model.fieldset import of_manager
from gitctl.model.managers import FIELD_MANAGER
from gitctl.model.manifest import Json
from gitctl.model.marks import OWNER_LABEL, owner_label
from gitctl.model.state import InventoryEntry
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.exchange import Response
from gitctl.target.kubernetes.labelled import ref_of
from gitctl.target.kubernetes.lists import NAMES_ONLY, Unlistable, list_all
from gitctl.target.kubernetes.owner import owner_of
from gitctl.target.kubernetes.resource import Resource

_NEVER = frozenset({"events", "endpointslices", "endpoints"})
"""Made by controllers, which copy labels; nobody applies them."""


def owned(client: Client, kinds: Kinds, owner: str, namespaces: Collection[str]) -> tuple[InventoryEntry, ...]:
    """The objects as inventory entries, without revision and digest, which only a state knows.

    Kinds that the account may not list in the whole cluster are listed in `namespaces`; what it may not list at all it could not
    delete either. Raises ClusterError when the server cannot say.
    """
    resources = [served[0] for served in kinds.served.values() if _is_listable(served[0])]
    first = _lists(client, owner, [(r, "") for r in resources])
    narrow = [(r, ns) for (r, _), answer in first if _forbidden(answer) and r.namespaced for ns in sorted(namespaces)]
    found: dict[str, InventoryEntry] = {}
    for (resource, _), answer in (*first, *_lists(client, owner, narrow)):
        for live in _answered(client, answer, resource):
            if owner_of(live) == owner and of_manager(live, FIELD_MANAGER):
                found.setdefault(live["metadata"]["uid"], _entry(live, resource))
    return tuple(sorted(found.values(), key=lambda e: e.ref))


def _is_listable(resource: Resource) -> bool:
    return {"list", "delete"} <= resource.verbs and resource.plural not in _NEVER


Asked = tuple[Resource, str]
Answer = list[Json] | Response


def _lists(client: Client, owner: str, asked: Sequence[Asked]) -> list[tuple[Asked, Answer]]:
    selector = (("labelSelector", f"{OWNER_LABEL}={owner_label(owner)}"),)

    def listed(one: Asked) -> Answer:
        try:
            return list_all(client, one[0].collection(one[1]), selector, accept=NAMES_ONLY)
        except Unlistable as refused:
            return refused.answer

    return list(zip(asked, map_bounded(listed, asked, limit=WORKERS), strict=True))


def _forbidden(answer: Answer) -> bool:
    return isinstance(answer, Response) and answer.status == 403


def _answered(client: Client, answer: Answer, resource: Resource) -> list[Json]:
    if isinstance(answer, list):
        return answer
    if answer.status in (403, 404, 405):
        return []
    raise failure.error(answer, f"list {resource.plural}", where=client.where)


def _entry(live: Json, resource: Resource) -> InventoryEntry:
    return InventoryEntry(
        ref=ref_of(live, resource),
        api_version=resource.api_version,
        uid=live["metadata"]["uid"],
        fields=of_manager(live, FIELD_MANAGER).canonical(),
    )
