"""Observe: the live objects of some refs, with as few requests as the cluster allows.

First one LIST a kind by owner label. What it does not bring may exist without the label (adoption) or not at all (first apply):
many in one namespace are looked up by a LIST of names, few by a GET each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gitctl.errors import GitctlError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import OWNER_LABEL, owner_label
from gitctl.parallel import map_bounded
from gitctl.protocols import Observed
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.exchange import JSON, Response
from gitctl.target.kubernetes.lists import NAMES_ONLY, Unlistable, list_all
from gitctl.target.kubernetes.resource import Resource

_LIST_FROM = 3
_WIDE_FROM = 4
_WORTH = 50
"""Names read for each object that a LIST may save a GET for."""

T = TypeVar("T")
K = TypeVar("K")


@dataclass(slots=True)
class _Found:
    """What is known so far."""

    objects: dict[ObjectRef, Json | None] = field(default_factory=dict)
    unknown: dict[ObjectRef, str] = field(default_factory=dict)
    denied: set[ObjectRef] = field(default_factory=set)

    def observed(self) -> Observed:
        return Observed(self.objects, self.unknown, frozenset(self.denied))

    def lacks(self, ref: ObjectRef) -> bool:
        return ref not in self.objects and ref not in self.unknown


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object to look at, and the resource that serves it."""

    ref: ObjectRef
    resource: Resource


def observe(client: Client, owner: str, wanted: Sequence[Wanted]) -> Observed:
    """Look at objects. Raises ClusterError family errors when the server cannot be used at all."""
    found = _Found()
    by_label = [w for group in _grouped(wanted, lambda w: w.resource).values() if len(group) >= _LIST_FROM for w in group]
    _by_label(client, owner, by_label, found)
    _by_name(client, [w for w in wanted if found.lacks(w.ref)], found)
    return found.observed()


def look_up(client: Client, wanted: Sequence[Wanted]) -> Observed:
    """Look at objects whatever their labels. Raises ClusterError family errors."""
    found = _Found()
    _by_name(client, wanted, found)
    return found.observed()


def _by_name(client: Client, wanted: Sequence[Wanted], found: _Found) -> None:
    _absent_by_name(client, wanted, found)
    _one_by_one(client, [w for w in wanted if found.lacks(w.ref)], found)


def _by_label(client: Client, owner: str, wanted: Sequence[Wanted], found: _Found) -> None:
    """One LIST a kind: in each of a few namespaces, else in the whole cluster, else (refused) in each namespace after all."""
    by_resource = _grouped(wanted, lambda w: w.resource)
    lists = [(r, ns) for r, group in by_resource.items() for ns in _scopes(group)]
    refused = _take(client, owner, lists, by_resource, found)
    narrow = [(r, ns) for r, scope in refused if r.namespaced and not scope for ns in _namespaces(by_resource[r])]
    _take(client, owner, narrow, by_resource, found)


def _take(
    client: Client,
    owner: str,
    lists: Sequence[tuple[Resource, str]],
    by_resource: Mapping[Resource, list[Wanted]],
    found: _Found,
) -> list[tuple[Resource, str]]:
    """Make lists and keep what was asked for; returns the lists that were not allowed."""
    selector = (("labelSelector", f"{OWNER_LABEL}={owner_label(owner)}"),)
    answers = map_bounded(lambda one: _listed(client, one[0].collection(one[1]), selector), lists, limit=WORKERS)
    refused = []
    for (resource, namespace), answer in zip(lists, answers, strict=True):
        asked = {w.ref: w for w in by_resource[resource] if namespace in ("", w.ref.namespace)}
        if isinstance(answer, list):
            found.objects.update((ref, item) for ref, item in ((ref_of(i, resource), i) for i in answer) if ref in asked)
        elif answer.status == 403:
            refused.append((resource, namespace))
        else:
            found.unknown.update((ref, _reason(answer, one)) for ref, one in asked.items())
    return refused


def _listed(client: Client, path: str, query: Iterable[tuple[str, str]], *, accept: str = JSON, most: int = 0) -> list[Json] | Response:
    try:
        return list_all(client, path, query, accept=accept, most=most)
    except Unlistable as refused:
        return refused.answer


def _scopes(group: Sequence[Wanted]) -> list[str]:
    """Namespaces to list in: each of a few, else "" for the whole cluster."""
    namespaces = _namespaces(group)
    return namespaces if len(namespaces) < _WIDE_FROM else [""]


def _namespaces(group: Iterable[Wanted]) -> list[str]:
    return sorted({w.ref.namespace for w in group})


def _absent_by_name(client: Client, wanted: Sequence[Wanted], found: _Found) -> None:
    """Settle what certainly does not exist, by LISTs that carry names only. A LIST that is refused or long settles nothing."""
    groups = [g for g in _grouped(wanted, lambda w: (w.resource, w.ref.namespace)).values() if len(g) >= _LIST_FROM]
    answers = map_bounded(lambda g: _names(client, g), groups, limit=WORKERS)
    for group, answer in zip(groups, answers, strict=True):
        if isinstance(answer, list):
            names = {item["metadata"]["name"] for item in answer}
            found.objects.update((w.ref, None) for w in group if w.ref.name not in names)


def _names(client: Client, group: Sequence[Wanted]) -> list[Json] | Response:
    path = group[0].resource.collection(group[0].ref.namespace)
    return _listed(client, path, (), accept=NAMES_ONLY, most=_WORTH * len(group))


def _one_by_one(client: Client, wanted: Sequence[Wanted], found: _Found) -> None:
    answers = map_bounded(lambda w: client.get(w.resource.path(w.ref)), wanted, limit=WORKERS)
    for one, answer in zip(wanted, answers, strict=True):
        if answer.ok:
            found.objects[one.ref] = answer.json()
        elif answer.absent:
            found.objects[one.ref] = None
        else:
            found.unknown[one.ref] = _reason(answer, one)
            found.denied |= {one.ref} if failure.refused_rights(answer) else set()


def _reason(answer: Response, one: Wanted) -> str:
    return failure.explain(answer, sensitive=one.ref.kind == "Secret")


def get_one(client: Client, resource: Resource, ref: ObjectRef) -> Json | None:
    """One live object, None when it does not exist. Raises Forbidden, ClusterError."""
    answer = client.get(resource.path(ref))
    if answer.absent:
        return None
    if not answer.ok:
        raise refusal(client, answer, "get", resource, ref)
    return answer.json()


def refusal(client: Client, answer: Response, verb: str, resource: Resource, ref: ObjectRef) -> GitctlError:
    """The error for a refused request about one object."""
    return failure.error(answer, f"{verb} {failure.ref_text(ref, resource.plural)}", where=client.where)


def ref_of(live: Json, resource: Resource) -> ObjectRef:
    """The identity of a live object."""
    metadata = live["metadata"]
    return ObjectRef(resource.group, resource.kind, metadata.get("namespace", "") if resource.namespaced else "", metadata["name"])


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
