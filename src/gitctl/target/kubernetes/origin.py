"""Origin: a live object by the words that people use for it, and who owns it, up to the top."""

from __future__ import annotations

from collections.abc import Sequence

from gitctl.errors import ErrorId, GitctlError, InputError, did_you_mean
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.tree import Ancestry
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.discover import Kinds
from gitctl.target.kubernetes.observe import get_one
from gitctl.target.kubernetes.resource import split_api_version

MOST_LEVELS = 10


def find_live(client: Client, served: Kinds, word: str, name: str, namespaces: Sequence[str]) -> tuple[Json, ...]:
    """The objects of that kind and name. Raises InputError (no such kind), Forbidden, ClusterError."""
    resource = served.called(word)
    if resource is None:
        raise InputError(f"the cluster has no kind {word!r}", id=ErrorId.KIND_UNKNOWN, hint=did_you_mean(word, served.names()))
    places = tuple(dict.fromkeys(namespaces)) if resource.namespaced else ("",)
    refs = [ObjectRef(resource.group, resource.kind, place, name) for place in places]
    found = map_bounded(lambda ref: get_one(client, resource, ref), refs)
    return tuple(live for live in found if live is not None)


def climb(client: Client, live: Json, served: Kinds) -> Ancestry:
    """The owner of an object, its owner, and so on: at each level the one that controls it, else the first."""
    chain: list[Json] = []
    while len(chain) < MOST_LEVELS:
        reference = _reference(chain[-1] if chain else live)
        if not reference:
            return Ancestry(tuple(chain))
        owner = _read(client, chain[-1] if chain else live, reference, served)
        if isinstance(owner, str):
            return Ancestry(tuple(chain), owner)
        chain.append(owner)
    return Ancestry(tuple(chain), f"more than {MOST_LEVELS} owners one above the other")


def _reference(live: Json) -> Json:
    references = sorted(live["metadata"].get("ownerReferences") or (), key=lambda r: not r.get("controller"))
    return references[0] if references else {}


def _read(client: Client, live: Json, reference: Json, served: Kinds) -> Json | str:
    """The owner as it is, or why it is not known: also when only another one of its name is left."""
    group, version = split_api_version(str(reference.get("apiVersion", "")))
    kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
    resource = served.find(group, kind, version) or served.find(group, kind)
    if resource is None:
        return f"the cluster does not serve {kind} of {reference.get('apiVersion')}"
    namespace = str(live["metadata"].get("namespace") or "") if resource.namespaced else ""
    try:
        owner = get_one(client, resource, ObjectRef(group, kind, namespace, name))
    except GitctlError as error:
        return str(error)
    same = owner is not None and owner["metadata"].get("uid") == reference.get("uid")
    return owner if owner is not None and same else f"{kind}/{name} is gone"
