"""What others do to a live object, as requests. All but `send` is pure."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.cluster.proof.lab import Lab
from tests.oracle.edits import Path, edited
from tests.oracle.templates import path_of

from gitctl.model.manifest import Json
from gitctl.target.kubernetes.exchange import Request

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
PLAIN = "application/json"
MANAGERS = ("operator", "kubectl-edit", "kustomize-controller", "gitctl", "helm")
ROOTS: tuple[Path, ...] = (
    ("spec",),
    ("data",),
    ("rules",),
    ("template",),
    ("endpoints",),
    ("subjects",),
    ("metadata", "labels"),
    ("metadata", "annotations"),
    ("metadata", "finalizers"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One request on an object; `path` comes after the object's own. `name` says what kind of mutation it is part of."""

    name: str
    method: str
    body: Any
    content: str = PLAIN
    manager: str = "operator"
    path: str = ""
    force: bool = False
    version: str = ""


def random_steps(rng: Random, live: Json, desired: Json) -> list[Step]:
    """One mutation of a live object."""
    acts = (
        [_put] * 4
        + [_merge] * 4
        + [_there_and_back] * 3
        + [_json_patch] * 3
        + [_apply] * 4
        + [_apply_and_leave] * 2
        + [_strategic] * 2
        + [_metadata] * 3
        + [_strip, _forge, _forge, _status, _status, _scale, _delete, _anew, _other_version, _noop_apply, _same_write]
    )
    return rng.choice(acts)(rng, live, desired)


def _manager(rng: Random) -> str:
    return rng.choice(MANAGERS)


def clean(live: Json) -> Json:
    """A body to send: without what the server writes."""
    body = {k: v for k, v in copy.deepcopy(live).items() if k != "status"}
    body["metadata"] = {
        k: v for k, v in body["metadata"].items() if k in ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
    }
    return body


def _put(rng: Random, live: Json, _: Json) -> list[Step]:
    what, body = edited(rng, clean(live), ROOTS)
    return [Step(f"put: {what.split()[0]}", "PUT", body, manager=_manager(rng))]


def _difference(one: Any, other: Any) -> Any:
    """A merge patch that leads from one to the other."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    changed = {k: _difference(one.get(k), v) for k, v in other.items() if k not in one or one[k] != v or type(one[k]) is not type(v)}
    return changed | {k: None for k in one if k not in other}


def _merge(rng: Random, live: Json, _: Json) -> list[Step]:
    what, body = edited(rng, clean(live), ROOTS)
    return [Step(f"merge: {what.split()[0]}", "PATCH", _difference(clean(live), body), MERGE, _manager(rng))]


def _there_and_back(rng: Random, live: Json, _: Json) -> list[Step]:
    what, body = edited(rng, clean(live), ROOTS)
    name = f"there and back: {what.split()[0]}"
    back = clean(live)
    return [Step(name, "PUT", body, manager=_manager(rng)), Step(name, "PUT", back, manager=_manager(rng))]


def _json_patch(rng: Random, live: Json, _: Json) -> list[Step]:
    what, body = edited(rng, clean(live), ROOTS)
    patch = [
        {"op": "replace", "path": f"/{key}", "value": body[key]}
        for key in ("spec", "data", "rules")
        if key in body and body[key] != live.get(key)
    ]
    return [Step(f"json patch: {what.split()[0]}", "PATCH", patch, JSON_PATCH, _manager(rng))]


def _part(rng: Random, desired: Json) -> Json:
    """What another tool applies: some of what we want, changed at times."""
    body = clean(desired)
    for root in ("spec", "data"):
        if isinstance(body.get(root), dict) and rng.random() < 0.7:
            body[root] = {k: v for k, v in body[root].items() if rng.random() < 0.6}
    return edited(rng, body, ROOTS)[1] if rng.random() < 0.6 else body


def _apply(rng: Random, _: Json, desired: Json) -> list[Step]:
    return [Step("apply", "PATCH", _part(rng, desired), APPLY, _manager(rng), force=True)]


def _apply_and_leave(rng: Random, _: Json, desired: Json) -> list[Step]:
    body, manager = _part(rng, desired), _manager(rng)
    bare = {k: v for k, v in clean(desired).items() if k in ("apiVersion", "kind", "metadata")}
    bare["metadata"] = {k: v for k, v in bare["metadata"].items() if k in ("name", "namespace")}
    return [Step("apply and leave", "PATCH", b, APPLY, manager, force=True) for b in (body, bare)]


def _noop_apply(rng: Random, live: Json, desired: Json) -> list[Step]:
    return [Step("apply what is there", "PATCH", clean(live if rng.random() < 0.5 else desired), APPLY, _manager(rng), force=True)]


def _same_write(rng: Random, live: Json, _: Json) -> list[Step]:
    return [Step("put what is there", "PUT", clean(live), manager=_manager(rng))]


def _strategic(rng: Random, live: Json, _: Json) -> list[Step]:
    what, body = edited(rng, clean(live), ROOTS)
    content = MERGE if "." in live["apiVersion"].split("/")[0] else STRATEGIC
    return [
        Step(
            f"strategic: {what.split()[0]}",
            "PATCH",
            {k: v for k, v in body.items() if k in ("spec", "data", "rules")},
            content,
            _manager(rng),
        )
    ]


def _metadata(rng: Random, live: Json, _: Json) -> list[Step]:
    patch = rng.choice(
        (
            {"labels": {"example.com/x": rng.choice("ab")}},
            {"annotations": {"example.com/x": rng.choice("ab")}},
            {"finalizers": [*live["metadata"].get("finalizers", ()), f"example.com/{rng.choice('pq')}"]},
            {"finalizers": live["metadata"].get("finalizers", [])[::-1]},
            {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": f"u{rng.randrange(3)}"}]},
            {"labels": None},
            {"annotations": None},
        )
    )
    return [Step(f"metadata: {next(iter(patch))}", "PATCH", {"metadata": patch}, MERGE, _manager(rng))]


def _strip(rng: Random, live: Json, _: Json) -> list[Step]:
    return [Step("strip managers", "PATCH", {"metadata": {"managedFields": [{}]}}, MERGE)]


def _forge(rng: Random, live: Json, _: Json) -> list[Step]:
    """Somebody writes managedFields as he likes them."""
    entries = copy.deepcopy(live["metadata"].get("managedFields") or [])
    if not entries:
        return []
    entry = rng.choice(entries)
    match rng.randrange(6):
        case 0:
            entries.remove(entry)
        case 1:
            entry["manager"] = rng.choice(MANAGERS)
        case 2:
            entry["operation"] = rng.choice(("Apply", "Update"))
        case 3:
            entry["time"] = "2020-01-01T00:00:00Z"
        case 4:
            _, entry["fieldsV1"] = edited(rng, entry["fieldsV1"], ((),))
        case 5:
            entries.append({**copy.deepcopy(entry), "manager": "forged"})
    return [Step("forge managers", "PATCH", {"metadata": {"managedFields": entries}}, MERGE)]


def _status(rng: Random, live: Json, _: Json) -> list[Step]:
    body = {"status": {"x": rng.randrange(3), "replicas": rng.randrange(3), "observedGeneration": rng.randrange(9)}}
    return [Step("status", "PATCH", body, MERGE, _manager(rng), path="/status")]


def _scale(rng: Random, _: Json, __: Json) -> list[Step]:
    return [Step("scale", "PATCH", {"spec": {"replicas": rng.randrange(3)}}, MERGE, _manager(rng), path="/scale")]


def _delete(rng: Random, live: Json, _: Json) -> list[Step]:
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    return [Step("delete, held", "PATCH", hold, MERGE), Step("delete, held", "DELETE", None)]


def _other_version(rng: Random, live: Json, _: Json) -> list[Step]:
    return [
        Step(
            "other version",
            "PATCH",
            {"metadata": {"annotations": {"example.com/old": rng.choice("ab")}}},
            MERGE,
            _manager(rng),
            version="v1beta1",
        )
    ]


def _anew(rng: Random, live: Json, desired: Json) -> list[Step]:
    """Deleted, and made by another, or by somebody who calls himself gitctl."""
    body = clean(live)
    return [Step("made anew", "DELETE", None), Step("made anew", "PATCH", body, APPLY, rng.choice(("operator", "gitctl")), force=True)]


def send(lab: Lab, body: Json, step: Step) -> bool:
    """Do a step on an object; was it accepted?"""
    query = (("fieldManager", step.manager), *((("force", "true"),) if step.force else ()))
    path = path_of(lab.namespace, body, step.version) + step.path
    return lab.client.send(Request(step.method, path, query, step.body, content=step.content)).ok  # type: ignore[arg-type]
