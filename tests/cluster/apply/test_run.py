"""Waves and prunes on the control plane."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from tests.cluster.apply.rig import Rig, lives, results
from tests.cluster.target.bench import Bench, configmap, definition
from tests.fixtures.commands import Runner
from tests.servers.fault_proxy import FaultProxy, Status

from gitctl.apply.run import halt_of
from gitctl.errors import ClusterError
from gitctl.model.manifest import Json

HOLD = "example.com/hold"


def held(name: str = "held") -> Json:
    """A ConfigMap with a finalizer that nobody removes."""
    body = configmap(name)
    body["metadata"]["finalizers"] = [HOLD]
    return body


def test_a_definition_and_its_objects_in_one_run_and_away_again(rig: Rig) -> None:
    group = f"g{secrets.token_hex(3)}.example.com"
    crd = definition("widgets", "Widget", group=group)
    widget: Json = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}
    outcomes = rig.apply([crd], [widget], kinds=frozenset({(group, "Widget")}))
    assert results(outcomes) == {f"widgets.{group}": "applied", "w": "applied"}
    made_crd, made = lives(outcomes)
    gone = rig.prune(made, made_crd)
    assert results(gone) == {"w": "deleted", f"widgets.{group}": "deleted"}
    assert rig.said("deleted") == ["pruned", "pruned"]


def test_what_the_server_refuses_stops_later_waves_only(rig: Rig) -> None:
    wrong = configmap("wrong")
    wrong["metadata"]["labels"] = {"a": "not a label value!"}
    outcomes = rig.apply([configmap("a"), wrong, configmap("b")], [configmap("c")])
    assert results(outcomes) == {"a": "applied", "wrong": "failed", "b": "applied", "c": "not-tried"}
    assert "metadata.labels" in outcomes[1].error
    assert outcomes[1].code == 422
    assert rig.bench.observe([configmap("b"), configmap("c")])["c"] is None


def test_credentials_that_end_in_the_middle_of_a_run(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    rig = Rig(open_bench(kubeconfig=fault_proxy.kubeconfig))
    plan = [configmap("a")], [configmap("b")], [configmap("c")]
    fault_proxy.on(Status(401), method="PATCH", path="/configmaps/b$", times=-1)
    outcomes = rig.apply(*plan)
    assert results(outcomes) == {"a": "applied", "b": "failed", "c": "not-tried"}
    assert isinstance(halt_of(outcomes), ClusterError)
    assert "stopped at ConfigMap" in outcomes[2].error


def test_a_prune_that_a_finalizer_holds_is_a_failure_and_the_rest_goes(rig: Rig, kubectl: Runner) -> None:
    stuck, free = lives(rig.apply([held(), configmap("free")]))
    outcomes = rig.prune(stuck, free, seconds=2)
    assert results(outcomes) == {"held": "failed", "free": "deleted"}
    assert f"finalizers: {HOLD}" in outcomes[0].error
    kubectl("patch", "configmap/held", "-n", rig.bench.namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert rig.bench.look(configmap("held")) is None


def test_pruning_what_is_gone_already(rig: Rig, kubectl: Runner) -> None:
    (made,) = lives(rig.apply([configmap("a")]))
    kubectl("delete", "configmap/a", "-n", rig.bench.namespace)
    assert results(rig.prune(made)) == {"a": "deleted"}
