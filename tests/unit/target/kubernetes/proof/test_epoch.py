"""Epochs: what is part of one, what is not, and for which kinds admission is taken to look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gitctl.model.certificate import Epoch
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.epoch import Place, Rules, epoch_of, schema_hashes
from gitctl.target.kubernetes.resource import Resource

THINGS = Resource("example.com", "v1", "Thing", "things", namespaced=True)
NODES = Resource("", "v1", "Node", "nodes", namespaced=False)
SERVICE = {"metadata": {"name": "v1.example.com"}, "spec": {"group": "example.com", "version": "v1"}}
RULES = Rules({"gitVersion": "v1"}, {"apis/example.com/v1": "h", "api/v1": "c"}, (SERVICE,), (), (((), ()), ((), ())))
DEFINITION: Json = {"metadata": {"name": "things.example.com", "uid": "u", "generation": 1}, "spec": {"scope": "Namespaced"}}
NAMESPACE: Json = {
    "metadata": {"name": "shop", "uid": "n", "resourceVersion": "5", "labels": {"a": "b"}, "managedFields": [{"manager": "m"}]}
}
PLACE = Place(DEFINITION, NAMESPACE)


def rule(**changes: Any) -> Json:
    return {"apiGroups": ["example.com"], "operations": ["UPDATE"], "resources": ["things"], **changes}


def webhook(*rules: Json, generation: int = 1) -> Json:
    return {"metadata": {"name": "hook", "uid": "w", "generation": generation}, "webhooks": [{"name": "a", "rules": list(rules)}]}


def policy(generation: int = 1, **spec: Any) -> tuple[Json, Json]:
    constraints = {"resourceRules": [rule()]}
    body = {"metadata": {"name": "p", "uid": "p", "generation": generation}, "spec": {"matchConstraints": constraints, **spec}}
    return body, {"metadata": {"name": "b", "uid": "b", "generation": 1}, "spec": {"policyName": "p"}}


def with_policy(body: Json, *bindings: Json) -> Rules:
    return replace(RULES, policies=(((), ()), ((body,), bindings)))


def epoch(rules: Rules = RULES, place: Place = PLACE, resource: Resource = THINGS) -> Epoch | None:
    return epoch_of(resource, rules, place)


CHANGES: dict[str, tuple[Rules, Place]] = {
    "server version": (replace(RULES, version={"gitVersion": "v2"}), PLACE),
    "schema": (replace(RULES, openapi={**RULES.openapi, "apis/example.com/v1": "i"}), PLACE),
    "a webhook": (replace(RULES, webhooks=(webhook(rule()),)), PLACE),
    "an edited webhook": (replace(RULES, webhooks=(webhook(rule(), generation=2),)), PLACE),
    "a policy": (with_policy(*policy()), PLACE),
    "an edited policy": (with_policy(*policy(generation=2)), PLACE),
    "a policy that says otherwise": (with_policy(*policy(failurePolicy="Ignore")), PLACE),
    "a parameter": (RULES, replace(PLACE, parameters=(NAMESPACE,))),
    "a limit": (RULES, replace(PLACE, limits=(NAMESPACE,))),
    "definition's uid": (RULES, replace(PLACE, definition={**DEFINITION, "metadata": {**DEFINITION["metadata"], "uid": "v"}})),
    "definition's generation": (RULES, replace(PLACE, definition={**DEFINITION, "metadata": {**DEFINITION["metadata"], "generation": 2}})),
    "definition's spec": (RULES, replace(PLACE, definition={**DEFINITION, "spec": {}})),
    "a label of the namespace": (RULES, replace(PLACE, namespace={"metadata": {**NAMESPACE["metadata"], "labels": {}}})),
    "a label that went and came": (RULES, replace(PLACE, namespace={"metadata": {**NAMESPACE["metadata"], "resourceVersion": "7"}})),
}


def test_each_change_of_the_rules_is_another_epoch() -> None:
    digests = [found.digest for found in [epoch(), *(epoch(*change) for change in CHANGES.values())] if found]
    assert len(set(digests)) == len(CHANGES) + 1


def test_what_does_not_count() -> None:
    namespace = {"metadata": {**NAMESPACE["metadata"], "managedFields": [{"manager": "n"}]}}
    definition = {**DEFINITION, "status": {"x": 1}}
    body, binding = policy()
    assert epoch(place=Place(definition, namespace)) == epoch()
    assert epoch(with_policy({**body, "status": {"typeChecking": {}}}, binding)) == epoch(with_policy(body, binding))
    assert epoch(with_policy(body)) == epoch()  # nothing binds it
    assert epoch(replace(RULES, webhooks=(webhook(rule(apiGroups=["other"])),))) == epoch()
    assert epoch(replace(RULES, engines=(DEFINITION,))) == epoch()  # no webhook, no engine


def test_an_engines_policy_counts_where_its_webhook_looks() -> None:
    looked_at = replace(RULES, webhooks=(webhook(rule()),))
    assert epoch(replace(looked_at, engines=(DEFINITION,))) != epoch(looked_at)
    assert epoch(replace(looked_at, engines=None)) is None
    assert epoch(replace(RULES, engines=None)) == epoch()


LOOKS = {
    "": rule(),
    "all groups": rule(apiGroups=["*"]),
    "all resources": rule(resources=["*"]),
    "all and below": rule(resources=["*/*"]),
    "itself and below": rule(resources=["things/*"]),
    "creates": rule(operations=["CREATE"]),
    "any operation": rule(operations=["*"]),
    "namespaced": rule(scope="Namespaced"),
}
PASSES = {
    "deletes": rule(operations=["DELETE", "CONNECT"]),
    "status": rule(resources=["things/status"]),
    "all scales": rule(resources=["*/scale"]),
    "others": rule(resources=["nothings"]),
    "cluster scope": rule(scope="Cluster"),
    "core": rule(apiGroups=[""]),
}


@pytest.mark.parametrize("name", [*LOOKS, *PASSES])
def test_for_which_kinds_admission_looks(name: str) -> None:
    found = epoch(replace(RULES, webhooks=(webhook((LOOKS | PASSES)[name]),)))
    assert found is not None
    assert found.guarded is (name in LOOKS)


def test_no_rules_at_all_are_taken_for_all() -> None:
    body, binding = policy(matchConstraints={})
    found = epoch(with_policy(body, binding))
    assert found is not None
    assert found.guarded


def test_a_definition_that_converts_is_guarded() -> None:
    found = epoch(place=replace(PLACE, definition={**DEFINITION, "spec": {"conversion": {"strategy": "Webhook"}}}))
    assert found is not None
    assert found.guarded


def stamped(item: Json, born: str, *times: str, subresource: str = "") -> Json:
    entries = [{"manager": "m", "time": f"2026-11-26T{time}Z"} for time in times]
    entries += [{"manager": "s", "time": "2026-11-26T23:00:00Z", "subresource": subresource}] if subresource else []
    return {**item, "metadata": {**item["metadata"], "creationTimestamp": f"2026-11-26T{born}Z", "managedFields": entries}}


def changed(place: Place, resource: Resource = THINGS) -> str:
    """The time of day, "" for unknown."""
    found = epoch(RULES, place, resource)
    return datetime.fromtimestamp(found.changed, UTC).strftime("%H:%M:%S") if found and found.changed is not None else ""


def test_when_the_rules_were_last_written() -> None:
    definition = stamped(DEFINITION, "10:00:01", "10:00:02", subresource="status")
    limit = stamped(NAMESPACE, "13:00:00", "13:00:00")
    assert changed(Place(definition, stamped(NAMESPACE, "11:00:00", "12:00:00"))) == "10:00:02"
    assert changed(Place(definition, limits=(limit,))) == "13:00:00"
    assert changed(Place(None, NAMESPACE)) == "00:00:00"


def test_nobody_can_tell_when_the_rules_were_written() -> None:
    """Managers that were reset; and admission: what was deleted leaves no trace, and may still be in force. So with a pod's namespace."""
    assert changed(Place(stamped(DEFINITION, "10:00:00"))) == ""
    assert changed(Place(DEFINITION)) == ""
    assert changed(Place(None), Resource("", "v1", "Pod", "pods", namespaced=True)) == ""
    body, binding = policy()
    found = epoch(with_policy(body, binding), Place(None))
    assert found is not None
    assert (found.guarded, found.changed) == (True, None)


def test_nothing_is_known_of_what_another_server_serves() -> None:
    aggregated = {**SERVICE, "spec": {**SERVICE["spec"], "service": {"name": "x"}}}
    assert epoch(replace(RULES, services=(aggregated,))) is None
    assert epoch(replace(RULES, services=())) is None
    assert epoch(replace(RULES, openapi={})) is None


def test_built_in_kinds_need_no_definition() -> None:
    found = epoch(place=Place(), resource=NODES)
    assert found is not None
    assert not found.guarded


def test_hashes_of_an_index() -> None:
    paths = {
        "apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=AB"},
        "version": {"serverRelativeURL": "/openapi/v3/version"},
    }
    assert schema_hashes({"paths": paths}) == {"apis/apps/v1": "AB"}
