"""Definitions that change under objects: new defaults, other merge rules, a second version and somebody who writes at the old one."""

from __future__ import annotations

import copy

from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab

from gitctl.model.change import Proof

MERGE = "application/merge-patch+json"
GRANULAR = {"map": {"type": "object", "additionalProperties": {"type": "string"}}}
ATOMIC = {"map": {**GRANULAR["map"], "x-kubernetes-map-type": "atomic"}}
DEFAULTED = {"dflt": {"type": "string", "default": "x"}}


def test_a_map_that_becomes_one_value(lab: Lab, kind: Kind) -> None:
    """Without the definition in the epoch all would still fit: our key, its value, our field set. The apply drops the other's key."""
    kind.redefine(spec=GRANULAR)
    body = kind.thing(map={"ours": "1"})
    lab.warm(body)
    lab.send("PATCH", kind.path(lab.namespace), {"spec": {"map": {"theirs": "1"}}}, content=MERGE, query="fieldManager=operator")
    assert lab.proofs(body) == [Proof.CERTIFICATE]
    kind.redefine(spec=ATOMIC)
    kind.wait(lambda: lab.would_change(body))
    assert lab.proofs(body) == [Proof.SERVER]


def test_a_new_default_and_a_new_rule_are_asked_about_once(lab: Lab, kind: Kind) -> None:
    lab.warm(kind.thing())
    kind.redefine(spec=DEFAULTED)
    assert lab.proofs(kind.thing()) == [Proof.SERVER]
    lab.warm(kind.thing())
    kind.redefine(spec={**DEFAULTED, "more": {"type": "string", "x-kubernetes-validations": [{"rule": "self != 'b'"}]}})
    assert lab.proofs(kind.thing()) == [Proof.SERVER]


def test_somebody_writes_at_an_older_version(lab: Lab, kind: Kind) -> None:
    """The forced apply fails then: the older version does not know a field that the newer one fills in."""
    kind.redefine(spec=DEFAULTED, old={})
    lab.warm(kind.thing())
    old = copy.deepcopy(lab.live(kind.thing()))
    old = {**old, "apiVersion": f"{kind.group}/v1beta1", "spec": {**old["spec"], "replicas": 3}}
    del old["metadata"]["managedFields"]
    lab.send("PUT", kind.path(lab.namespace, version="v1beta1"), old, query="fieldManager=old-controller")
    answer = lab.dry_run(kind.thing())
    assert (answer.status, b"field not declared in schema" in answer.body) == (500, True)
    for _ in range(2):
        lab.later(61)
        assert lab.proofs(kind.thing()) == [Proof.SERVER]


def test_an_emptied_list_is_there_only_after_a_second_apply(lab: Lab, kind: Kind) -> None:
    """An empty list leaves no path in our field set. The apply that takes the last item away removes the list; the next one puts it back."""
    kind.redefine(spec={"list": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}})
    lab.warm(kind.thing(text="a", list=["x"]))
    body = kind.thing(text="a", list=[])
    lab.sync(body)
    assert lab.would_change(body)
    assert lab.proofs(body) == [Proof.SERVER]


def test_an_empty_map_of_ours_that_another_took_away(lab: Lab, kind: Kind) -> None:
    kind.redefine(spec=GRANULAR)
    body = kind.thing(text="a", map={})
    lab.warm(body)
    lab.send("PATCH", kind.path(lab.namespace), {"spec": {"map": None}}, content=MERGE, query="fieldManager=operator")
    assert lab.would_change(body)
    assert lab.proofs(body) == [Proof.SERVER]
