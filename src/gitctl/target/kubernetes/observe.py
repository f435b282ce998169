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
from gitctl.parallel import map_bounded
from gitctl.protocols import Observed
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.exchange import JSON, Response
from gitctl.target.kubernetes.labelled import WIDE_FROM, Labelled, Place, Wanted
from gitctl.target.kubernetes.lists import NAMES_ONLY, Unlistable, list_all
from gitctl.target.kubernetes.resource import NAMESPACES, Resource

_LIST_FROM = 3
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


def observe(labelled: Labelled, client: Client, wanted: Sequence[Wanted]) -> Observed:
    """Look at objects, those that `labelled` brings by LISTs first. Raises ClusterError family errors when the server cannot be used at
    all."""
    found = _Found()
    groups = _grouped(wanted, lambda w: w.resource)
    by_label = {r: group for r, group in groups.items() if max(len(group), labelled.expected(r)) >= _LIST_FROM}
    _by_label(labelled, by_label, found)
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


def _by_label(labelled: Labelled, by_resource: Mapping[Resource, list[Wanted]], found: _Found) -> None:
    """One LIST a kind: in each of a few namespaces, else in the whole cluster, else (refused) in each namespace after all."""
    lists = [(r, ns) for r, group in by_resource.items() for ns in labelled.scopes(r, _namespaces(group))]
    refused = _take(labelled, lists, by_resource, found)
    narrow = [(r, ns) for r, scope in refused if r.namespaced and not scope for ns in _namespaces(by_resource[r])]
    _take(labelled, narrow, by_resource, found)


def _take(labelled: Labelled, lists: Sequence[Place], by_resource: Mapping[Resource, list[Wanted]], found: _Found) -> list[Place]:
    """Make lists and keep what was asked for; returns the lists that were not allowed."""
    refused = []
    for (resource, namespace), answer in zip(lists, labelled.read(lists), strict=True):
        asked = {w.ref: w for w in by_resource[resource] if namespace in ("", w.ref.namespace)}
        if isinstance(answer, dict):
            found.objects.update((ref, answer[ref]) for ref in asked if ref in answer)
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


def _namespaces(group: Iterable[Wanted]) -> list[str]:
    return sorted({w.ref.namespace for w in group})


def _absent_by_name(client: Client, wanted: Sequence[Wanted], found: _Found) -> None:
    """Settle what certainly does not exist: what would be in a namespace that is not there, then by LISTs that carry names only.

    A LIST that is refused or long settles nothing.
    """
    _in_no_namespace(client, wanted, found)
    left = _grouped([w for w in wanted if found.lacks(w.ref)], lambda w: w.resource)
    wide = [group for group in left.values() if group[0].resource.namespaced and len(_namespaces(group)) >= WIDE_FROM]
    _settle(client, [("", group) for group in wide], found)
    rest = [w for group in left.values() for w in group if found.lacks(w.ref)]
    narrow = [g for g in _grouped(rest, lambda w: (w.resource, w.ref.namespace)).values() if len(g) >= _LIST_FROM]
    _settle(client, [(group[0].ref.namespace, group) for group in narrow], found)


def _in_no_namespace(client: Client, wanted: Sequence[Wanted], found: _Found) -> None:
    """Before a first sync whole namespaces are missing: one LIST says so, whatever is to be in them."""
    inside = [w for w in wanted if w.ref.namespace]
    if len(_namespaces(inside)) < WIDE_FROM:
        return
    answer = _listed(client, NAMESPACES.collection(), (), accept=NAMES_ONLY)
    if isinstance(answer, list):
        there = {item["metadata"]["name"] for item in answer}
        found.objects.update((w.ref, None) for w in inside if w.ref.namespace not in there)


def _settle(client: Client, groups: Sequence[tuple[str, list[Wanted]]], found: _Found) -> None:
    """Groups of one kind, each in a namespace or ("") in all: those whose names a LIST does not bring do not exist."""
    answers = map_bounded(lambda one: _names(client, *one), groups, limit=WORKERS)
    for (_, group), answer in zip(groups, answers, strict=True):
        if isinstance(answer, list):
            there = {(item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in answer}
            found.objects.update((w.ref, None) for w in group if (w.ref.namespace, w.ref.name) not in there)


def _names(client: Client, namespace: str, group: Sequence[Wanted]) -> list[Json] | Response:
    return _listed(client, group[0].resource.collection(namespace), (), accept=NAMES_ONLY, most=_WORTH * len(group))


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


def _grouped(items: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
