"""Applying what a plan shows gives the object that was shown, also where people's fields are taken away: parents that go with them,
defaults that come back."""

from __future__ import annotations

from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab
from tests.cluster.target.bench import deployment
from tests.oracle.shown import unlike_shown

from gitctl.model.manifest import Json

NUMBERS: Json = {"type": "object", "additionalProperties": {"type": "integer"}}
FIELDS: Json = {
    "plain": {"type": "object", "properties": {"x": NUMBERS}},
    "inner": {"type": "object", "properties": {"x": {**NUMBERS, "default": {"c": 1}}}},
    "outer": {"type": "object", "properties": {"x": NUMBERS}, "default": {"x": {"d": 1}}},
    "free": {"type": "object", "additionalProperties": NUMBERS},
    "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"x": NUMBERS}},
}
WANTED: tuple[Json | None, ...] = ({"x": {"a": 1}}, {"x": {}}, {}, None)
MERGE, APPLY = "application/merge-patch+json", "application/apply-patch+yaml"


def unlike(lab: Lab, *bodies: Json) -> dict[str, list[str]]:
    """Apply what is shown; where the outcome is another object than was shown."""
    found = lab.look(*bodies)
    changed = [c for c in found if c.additions]
    assert changed
    outcomes = [(c, lab.last.apply(c, force=True)) for c in changed]
    assert [o.error for _, o in outcomes if o.error] == []
    return {c.ref.name: lines for c, o in outcomes if (lines := list(unlike_shown(c, o.live or {})))}


def test_what_goes_with_a_field_that_people_added(lab: Lab, kind: Kind) -> None:
    kind.redefine(spec=FIELDS)
    added = {field: {"x": {"d": 7}} for field in FIELDS}
    bodies = []
    for number, wanted in enumerate(WANTED):
        for how in ("merge", "apply"):
            spec = {} if wanted is None else dict.fromkeys(FIELDS, wanted)
            bodies.append(kind.thing(f"{how}-{number}", text="a", **spec))
    lab.sync(*bodies)
    for body in bodies:
        name = body["metadata"]["name"]
        path = kind.path(lab.namespace, name)
        if name.startswith("merge"):
            lab.send("PATCH", path, {"spec": added}, content=MERGE, query="fieldManager=kubectl-edit")
        else:
            lab.send("PATCH", path, kind.thing(name, **added), content=APPLY, query="fieldManager=kubectl&force=true")
    assert unlike(lab, *bodies) == {}


def test_a_part_of_an_item_that_the_server_filled_in(lab: Lab, kind: Kind) -> None:
    """Nobody has the list: it goes whole, and its default comes back."""
    item = {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "v": {"type": "string", "default": "a"}}}
    listed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": item}
    kind.redefine(spec={"f": {"type": "object", "properties": {"x": listed}, "default": {"x": [{"k": "1", "v": "b"}]}}})
    body = kind.thing("item")
    lab.sync(body)
    path = kind.path(lab.namespace, "item")
    lab.send("PATCH", path, {"spec": {"f": {"x": [{"k": "1", "v": "c"}]}}}, content=MERGE, query="fieldManager=kubectl-edit")
    (found,) = lab.look(body)
    assert (found.merged or {})["spec"]["f"] == {"x": [{"k": "1", "v": "b"}]}
    assert unlike(lab, body) == {}


def test_a_part_of_what_the_server_filled_in(lab: Lab) -> None:
    """Nobody has `strategy`: the server takes it away whole, and fills it in anew."""
    body = deployment("filled")
    lab.sync(body)
    patch = {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 3}}, "minReadySeconds": 4}}
    path = f"/apis/apps/v1/namespaces/{lab.namespace}/deployments/filled"
    lab.send("PATCH", path, patch, content=MERGE, query="fieldManager=kubectl-edit")
    (found,) = lab.look(body)
    assert found.merged is not None
    assert found.merged["spec"]["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert unlike(lab, body) == {}
