"""Lists: all objects of a collection, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitctl.errors import ClusterError, ErrorId
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import JSON, Response

PAGE = 2000
"""Objects a page. Servers before 1.34 read every page but the first from etcd, so small pages are dear."""

NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
TOO_MANY = 413
"""The status of our own answer where a collection is longer than was asked for (`most`)."""
_RESTARTS = 3


class Unlistable(Exception):
    """A LIST was refused, or is too long to be worth it; carries the server's answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


def list_all(client: Client, path: str, query: Iterable[tuple[str, str]] = (), *, accept: str = JSON, most: int = 0) -> list[Json]:
    """All objects of a collection; from the start again when a page has expired: two halves of different times are no list.

    `most` (0: no limit) gives up after the first page when more objects remain. Raises Unlistable, ClusterError.
    """
    for _ in range(_RESTARTS):
        found = _pages(client, path, tuple(query), accept, most)
        if found is not None:
            return found
    return typed(_whole(_answered(client, path, tuple(query), accept)))


def pages(client: Client, path: str, query: tuple[tuple[str, str], ...], *, accept: str = JSON) -> Iterator[Json]:
    """A collection page by page, all of one moment, as the server answers it. Raises Unlistable (410: expired meanwhile), ClusterError."""
    token = ""
    while True:
        answer = client.get(path, (*query, ("limit", str(PAGE)), *((("continue", token),) if token else ())), accept=accept)
        if not answer.ok:
            raise Unlistable(answer)
        body = _whole(answer)
        yield body
        token = body.get("metadata", {}).get("continue") or ""
        if not token:
            return


def _pages(client: Client, path: str, query: tuple[tuple[str, str], ...], accept: str, most: int) -> list[Json] | None:
    items: list[Json] = []
    try:
        for body in pages(client, path, query, accept=accept):
            items += typed(body)
            if most and (body.get("metadata", {}).get("remainingItemCount") or 0) > most:
                raise Unlistable(Response(TOO_MANY, b"", {}))
    except Unlistable as refused:
        if refused.answer.status == 410 and items:
            return None
        raise
    return items


def _answered(client: Client, path: str, query: tuple[tuple[str, str], ...], accept: str) -> Response:
    """Without pages: for a collection that changes faster than it can be paged through."""
    answer = client.get(path, query, accept=accept)
    if not answer.ok:
        raise Unlistable(answer)
    return answer


def _whole(answer: Response) -> Json:
    """A list. Raises ClusterError for any other object: `{}` from somebody in between must not read as "there are none"."""
    body = answer.json()
    if "items" not in body:
        raise ClusterError(
            "a list was asked for, and the answer is none",
            id=ErrorId.NOT_KUBERNETES,
            hint="check the server's address in the kubeconfig, and what stands in between",
        )
    return body


def typed(body: Json) -> list[Json]:
    """The items of a list with apiVersion and kind, which lists of built-in kinds leave out."""
    given = {"apiVersion": body.get("apiVersion"), "kind": str(body.get("kind", "")).removesuffix("List")}
    return [item if "kind" in item else {**given, **item} for item in body.get("items") or ()]
