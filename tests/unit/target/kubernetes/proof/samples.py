"""A live object, a certificate for it, and the circumstances, for tests of the pure part."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from gitctl.model.certificate import Certificate, Epoch
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.mint import Scene, mint
from gitctl.target.kubernetes.proof.seal import Seal

NOW = 1_800_000_000
SCENE = Scene(Epoch("e", guarded=False), "me", NOW, NOW - 3600, Seal(b"k" * 32))
GUARDED = replace(SCENE, epoch=Epoch("e", guarded=True))

SENT: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "finalizers": ["a", "b"]},
    "spec": {
        "replicas": 1,
        "paused": False,
        "containers": [{"name": "web", "image": "nginx"}, {"name": "log", "image": "log"}],
        "whole": {"x": [1, 2]},
    },
}
FIELDS: Json = {
    "f:metadata": {"f:finalizers": {".": {}, 'v:"a"': {}, 'v:"b"': {}}},
    "f:spec": {
        "f:replicas": {},
        "f:paused": {},
        "f:containers": {
            'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}},
            'k:{"name":"log"}': {".": {}, "f:name": {}, "f:image": {}},
        },
        "f:whole": {},
    },
}


def entry(fields: Json, *, manager: str = "gitctl", operation: str = "Apply", version: str = "apps/v1") -> Json:
    """A managedFields entry."""
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": version,
        "time": "2026-11-26T10:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


def live() -> Json:
    """The object as the server has it."""
    body = copy.deepcopy(SENT)
    body["metadata"] |= {"uid": "u", "resourceVersion": "7", "generation": 2, "managedFields": [entry(copy.deepcopy(FIELDS))]}
    body["spec"]["default"] = "of the server"
    body["status"] = {"ready": 1}
    return body


def certificate(scene: Scene = SCENE, **changes: Any) -> Certificate:
    """The certificate of a no-op."""
    minted = mint(SENT, live(), live(), scene)
    assert minted is not None
    assert minted.final
    return replace(minted, **changes)
