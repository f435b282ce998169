"""Descend: what live objects own, by their `ownerReferences`: one LIST for each kind that may be owned, in each namespace of the owners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitctl.model.manifest import Json
from gitctl.model.tree import Descent, Outlined, Unseen
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import WORKERS, Client
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.exchange import JSON
from gitctl.target.kubernetes.lists import NAMES_ONLY, TOO_MANY, Unlistable, list_all
from gitctl.target.kubernetes.resource import Resource, split_api_version

MOST_OBJECTS = 5000
"""Objects of one kind in one namespace. Where there are more, that is said instead of listing them."""
MOST_RELATIVES = 20
"""Kinds of its own API family that a custom resource is looked up in."""

Key = tuple[str, str]
Place = tuple[Resource, str]

_POD: Key = ("", "Pod")
_REPLICA_SET: Key = ("apps", "ReplicaSet")
_REVISION: Key = ("apps", "ControllerRevision")
_JOB: Key = ("batch", "Job")

_BUILT_IN: Mapping[Key, tuple[Key, ...]] = {
    ("apps", "Deployment"): (_REPLICA_SET,),
    _REPLICA_SET: (_POD,),
    ("", "ReplicationController"): (_POD,),
    ("apps", "StatefulSet"): (_POD, _REVISION, ("", "PersistentVolumeClaim")),
    ("apps", "DaemonSet"): (_POD, _REVISION),
    _JOB: (_POD,),
    ("batch", "CronJob"): (_JOB,),
    ("", "Service"): (("discovery.k8s.io", "EndpointSlice"),),
    ("networking.k8s.io", "Ingress"): (("cert-manager.io", "Certificate"),),
}
# What operators make of their resources.
_MADE_BY_OPERATORS: tuple[Key, ...] = (
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    _REPLICA_SET,
    _POD,
    _JOB,
    ("batch", "CronJob"),
    ("", "Service"),
    ("", "Secret"),
    ("", "ConfigMap"),
    ("", "ServiceAccount"),
    ("", "PersistentVolumeClaim"),
    ("networking.k8s.io", "Ingress"),
    ("policy", "PodDisruptionBudget"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
)
# Being there is all that their health says; of Secrets the values would come with it.
_METADATA_ONLY = frozenset(
    {("", "Secret"), ("", "ConfigMap"), ("", "ServiceAccount"), _REVISION, ("discovery.k8s.io", "EndpointSlice")}
    | {("rbac.authorization.k8s.io", "Role"), ("rbac.authorization.k8s.io", "RoleBinding")}
)
_OURS = frozenset({"", "apps", "batch", "autoscaling", "policy", "extensions"})


def descend(client: Client, roots: Sequence[Json], served: Kinds) -> Descent:
    """What the roots own, level by level. Raises ClusterError family errors when the server cannot be used at all."""
    everywhere = tuple(dict.fromkeys(filter(None, map(_namespace, roots))))
    known = {_uid(root) for root in roots}
    owned: dict[str, list[Json]] = {}
    listed: dict[Place, None] = {}
    candidates: list[Json] = []
    unseen: list[Unseen] = []
    level: Sequence[Json] = roots
    while level:
        places = [p for p in dict.fromkeys(_places(level, everywhere, served)) if p not in listed]
        listed |= dict.fromkeys(places)
        for answer in map_bounded(lambda place: _listed(client, place), places, limit=WORKERS):
            if isinstance(answer, Unseen):
                unseen.append(answer)
            else:
                candidates += answer
        level = _claimed(candidates, known, owned)
    return Descent({uid: tuple(sorted(found, key=_order)) for uid, found in owned.items()}, tuple(unseen))


def outlines(client: Client, resource: Resource | None, namespaces: Iterable[str]) -> Outlined:
    """The objects of a kind in some namespaces, as `Descent` has them. Raises ClusterError family errors."""
    places = [(resource, namespace) for namespace in sorted(set(namespaces))] if resource else []
    found: list[Json] = []
    unseen: list[Unseen] = []
    for answer in map_bounded(lambda place: _listed(client, place), places, limit=WORKERS):
        if isinstance(answer, Unseen):
            unseen.append(answer)
        else:
            found += answer
    return Outlined(tuple(found), tuple(unseen))


def _places(level: Iterable[Json], everywhere: tuple[str, ...], served: Kinds) -> Iterator[Place]:
    """Where children of these objects may be. Those of a cluster-wide owner may be in any namespace that is looked at."""
    for group, kind, namespace in dict.fromkeys((*_key(one), _namespace(one)) for one in level):
        for resource in _may_own((group, kind), served):
            if resource.namespaced:
                yield from ((resource, place) for place in ((namespace,) if namespace else everywhere))
            elif not namespace:
                yield resource, ""


def _may_own(owner: Key, served: Kinds) -> Iterator[Resource]:
    keys = _BUILT_IN.get(owner, ())
    if not keys and not _is_built_in(owner[0]):
        keys = (*_MADE_BY_OPERATORS, *_relatives(owner, served))
    for group, kind in keys:
        resource = served.find(group, kind)
        if resource is not None and "list" in resource.verbs:
            yield resource


def _relatives(owner: Key, served: Kinds) -> list[Key]:
    """Kinds of the same family of API groups: a Certificate (cert-manager.io) owns Orders (acme.cert-manager.io)."""
    family = _family(owner[0])
    return sorted(key for key in served.served if not _is_built_in(key[0]) and _family(key[0]) == family)[:MOST_RELATIVES]


def _family(group: str) -> str:
    return group if group.endswith(".k8s.io") else ".".join(group.split(".")[-2:])


def _is_built_in(group: str) -> bool:
    return group in _OURS or (group.endswith(".k8s.io") and group.count(".") == 2)


def _listed(client: Client, place: Place) -> list[Json] | Unseen:
    resource, namespace = place
    bare = (resource.group, resource.kind) in _METADATA_ONLY
    try:
        found = list_all(client, resource.collection(namespace), accept=NAMES_ONLY if bare else JSON, most=MOST_OBJECTS)
    except Unlistable as refused:
        why = f"more than {MOST_OBJECTS}" if refused.answer.status == TOO_MANY else failure.explain(refused.answer, sensitive=False)
        return Unseen(resource.kind, namespace, why)
    return [{**item, "apiVersion": resource.api_version, "kind": resource.kind} for item in found]


def _claimed(candidates: list[Json], known: set[str], owned: dict[str, list[Json]]) -> list[Json]:
    """Candidates whose owner is known now; they leave the candidates."""
    found, left = [], []
    for one in candidates:
        owner = _owner(one, known)
        if owner and _uid(one) not in known:
            owned.setdefault(owner, []).append(one)
            found.append(one)
        elif not owner:
            left.append(one)
    candidates[:] = left
    known |= set(map(_uid, found))
    return found


def _owner(live: Json, known: set[str]) -> str:
    """The uid of the owner below which an object is shown: the one that controls it, else any that is known."""
    references = live["metadata"].get("ownerReferences") or ()
    ours = sorted((r for r in references if r.get("uid") in known), key=lambda r: not r.get("controller"))
    return str(ours[0]["uid"]) if ours else ""


def _key(live: Json) -> Key:
    return split_api_version(str(live.get("apiVersion", "")))[0], str(live.get("kind", ""))


def _namespace(live: Json) -> str:
    return str(live["metadata"].get("namespace") or "")


def _uid(live: Json) -> str:
    return str(live["metadata"].get("uid") or "")


def _order(live: Json) -> tuple[str, str]:
    return str(live.get("kind", "")), str(live["metadata"].get("name", ""))
