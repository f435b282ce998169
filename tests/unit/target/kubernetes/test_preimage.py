"""What brings an object back: the part of it that was touched, and who owned what. Expectations are what an API server recorded."""

from __future__ import annotations

from typing import Any

from gitctl.model.fieldset import FieldSet
from gitctl.target.kubernetes.extract import extract
from gitctl.target.kubernetes.preimage import PreImage

LIVE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "s", "namespace": "shop", "uid": "u", "labels": {"a": "1", "b": "2"}, "finalizers": ["x/one", "x/two"]},
    "spec": {
        "clusterIP": "10.0.0.1",
        "selector": {"app": "web", "tier": "x"},
        "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}, {"port": 443, "protocol": "TCP", "targetPort": 443}],
    },
}
NAMED = {"apiVersion": "v1", "kind": "Service"}


def part(tree: dict[str, Any]) -> dict[str, Any]:
    """What is extracted for a field set, less the object's identity."""
    found = extract(LIVE, FieldSet.parse(tree))
    assert {k: found.pop(k) for k in NAMED} == NAMED
    metadata = found.pop("metadata")
    assert (metadata.pop("name"), metadata.pop("namespace")) == ("s", "shop")
    return found | ({"metadata": metadata} if metadata else {})


def test_leaves_are_taken_whole_and_nothing_beside_them() -> None:
    assert part({"f:metadata": {"f:labels": {"f:b": {}}}, "f:spec": {"f:selector": {}}}) == {
        "metadata": {"labels": {"b": "2"}},
        "spec": {"selector": {"app": "web", "tier": "x"}},
    }


def test_a_key_that_the_server_filled_in_is_not_sent() -> None:
    """Sent, it would be owned: the field set would not be what it was."""
    ports = {'k:{"port":443,"protocol":"TCP"}': {".": {}, "f:port": {}}}
    assert part({"f:spec": {"f:ports": ports}}) == {"spec": {"ports": [{"port": 443}]}}


def test_an_item_without_covered_keys_says_which_one_it_is() -> None:
    ports = {'k:{"port":80,"protocol":"TCP"}': {"f:targetPort": {}}}
    assert part({"f:spec": {"f:ports": ports}}) == {"spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]}}


def test_items_come_in_the_order_in_which_they_are_there() -> None:
    assert part({"f:metadata": {"f:finalizers": {'v:"x/two"': {}, 'v:"x/one"': {}}}}) == {"metadata": {"finalizers": ["x/one", "x/two"]}}


def test_what_is_not_there_is_left_out_and_an_owned_container_stays() -> None:
    assert part({"f:spec": {"f:gone": {"f:deeper": {}}, "f:ports": {'k:{"port":1,"protocol":"TCP"}': {"f:port": {}}}}}) == {}
    assert part({"f:metadata": {"f:labels": {".": {}, "f:gone": {}}}}) == {"metadata": {"labels": {}}}


def entry(manager: str, tree: dict[str, Any], operation: str = "Update", **more: str) -> dict[str, Any]:
    """An entry of managedFields."""
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": tree} | more


def config_map(data: dict[str, str], *managed: dict[str, Any]) -> dict[str, Any]:
    """A live ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "uid": "u", "managedFields": list(managed)}, "data": data}


def owned(*keys: str) -> dict[str, Any]:
    """A field set of keys of `data`."""
    return {"f:data": {f"f:{key}": {} for key in keys}}


BEFORE = config_map({"a": "1", "b": "2", "c": "3"}, entry("gitctl", owned("a"), "Apply"), entry("kubectl-edit", owned("b", "c")))
AFTER = config_map({"a": "9", "b": "9", "n": "new"}, entry("gitctl", owned("a", "b", "n"), "Apply"))


def test_values_that_were_touched_or_taken_come_back_and_new_ones_go() -> None:
    body = PreImage(BEFORE, AFTER).body()
    assert body["data"] == {"a": "1", "b": "2", "c": "3"}


def test_everybody_gets_what_was_theirs_and_we_keep_what_was_ours() -> None:
    applied = config_map({"a": "1", "b": "2", "c": "3"}, entry("gitctl", owned("a", "b", "c"), "Apply"), entry("other", owned("z")))
    listed = PreImage(BEFORE, AFTER).managed_fields(applied)
    assert listed is not None
    assert {e["manager"]: e["fieldsV1"] for e in listed} == {"other": owned("z"), "kubectl-edit": owned("b", "c"), "gitctl": owned("a")}
    assert PreImage(BEFORE, AFTER).managed_fields(BEFORE) is None


def test_status_and_what_others_gave_up_themselves_are_not_given_back() -> None:
    status = entry("controller", {"f:status": {"f:x": {}}}, subresource="status")
    before = config_map({"a": "1"}, entry("gitctl", owned("a"), "Apply"), status)
    after = config_map({"a": "2"}, entry("gitctl", owned("a"), "Apply"))
    assert PreImage(before, after).managed_fields(config_map({"a": "1"}, entry("gitctl", owned("a"), "Apply"))) is None


def test_what_is_not_as_before_is_told_as_a_path_and_never_as_a_value() -> None:
    now = config_map({"a": "1", "b": "hidden", "c": "3"}, entry("gitctl", owned("a", "b"), "Apply"))
    assert PreImage(BEFORE, AFTER).unlike(now) == (".data.b",)
    assert PreImage(BEFORE, AFTER).unlike(BEFORE) == ()
