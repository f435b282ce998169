"""The oracle: what the API server itself says that a forced apply would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from gitctl.model.manifest import Json
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import APPLY, Request
from gitctl.target.kubernetes.owner import marked

_QUERY = (("fieldManager", "gitctl"), ("force", "true"), ("fieldValidation", "Strict"), ("dryRun", "All"))
_TRIES = 4


def agrees(client: Client, path: str, desired: Json, live: Json, owner: str) -> tuple[bool | None, Json]:
    """Would the apply leave the object as it is, and what it would make of it. None when the object does not keep still."""
    answer: Json = {}
    for _ in range(_TRIES):
        response = client.send(Request("PATCH", path, _QUERY, marked(desired, owner), content=APPLY))
        answer = response.json()
        if response.ok and content(answer) == content(live):
            return True, answer
        now = client.get(path).json()
        if content(now) == content(live):
            return False, answer
        if _wanted(now) != _wanted(live):
            break
        live = now  # a controller wrote a status
    return None, answer


def content(body: Json) -> str:
    """The object as text, without what each write changes: its version, and when and in which order managers wrote."""
    metadata: dict[str, Any] = {k: v for k, v in body.get("metadata", {}).items() if k != "resourceVersion"}
    entries = [{k: v for k, v in entry.items() if k != "time"} for entry in metadata.get("managedFields") or ()]
    metadata["managedFields"] = sorted(json.dumps(entry, sort_keys=True) for entry in entries)
    return json.dumps({**body, "metadata": metadata}, sort_keys=True)


def _wanted(body: Json) -> str:
    return json.dumps({k: v for k, v in body.items() if k in ("spec", "data", "rules")}, sort_keys=True)


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where the server's answer differs from what is live."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from differences(one.get(key), other.get(key), f"{path}/{key}")
    elif json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        yield f"{path}: {json.dumps(one)} → {json.dumps(other)}"
