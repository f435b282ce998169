"""Parameters: the objects that bindings of policies refer to. They decide as much as a policy, whose generation does not show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitctl.model.manifest import Json
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.resource import Resource, split_api_version

List = Callable[[Resource, str, str], Iterable[Json]]
"""Lists a kind in a namespace, and one name only where one is given."""


class Unreadable(Exception):
    """Something that an epoch is made of may not be read."""


def parameters_of(policies: Iterable[tuple[Json, list[Json]]], namespace: str, kinds: Kinds, listed: List) -> tuple[Json, ...]:
    """The parameters of policies for objects in a namespace, by name and uid. Selectors are not evaluated: all that they may mean.

    Raises Unreadable.
    """
    found: dict[str, Json] = {}
    for policy, bindings in policies:
        kind = (policy.get("spec") or {}).get("paramKind")
        references = [r for r in ((b.get("spec") or {}).get("paramRef") for b in bindings) if r]
        if kind and references:
            resource = _resource(kind, kinds)
            for reference in references:
                found |= {_key(item): item for item in _referred(resource, reference, namespace, listed)}
    return tuple(found[key] for key in sorted(found))


def _resource(kind: Json, kinds: Kinds) -> Resource:
    group, version = split_api_version(str(kind.get("apiVersion", "")))
    resource = kinds.find(group, str(kind.get("kind", "")), version)
    if resource is None:
        raise Unreadable
    return resource


def _referred(resource: Resource, reference: Json, namespace: str, listed: List) -> Iterable[Json]:
    """Without a namespace of its own a reference means the object's; for one in no namespace it then means nothing."""
    place = str(reference.get("namespace") or namespace) if resource.namespaced else ""
    if resource.namespaced and not place:
        return ()
    return listed(resource, place, str(reference.get("name") or ""))


def _key(item: Json) -> str:
    metadata = item["metadata"]
    return f"{item.get('kind', '')}/{metadata.get('namespace', '')}/{metadata['name']}/{metadata.get('uid', '')}"
