"""Plans from what the real API server answers: ignore rules that change nothing, and plans that say what will happen."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from tests.cluster.target.bench import Bench, configmap, deployment
from tests.fixtures.commands import Runner

from gitctl.model.app import App, IgnoreRule
from gitctl.model.change import Action, FieldKind, Plan
from gitctl.model.fieldset import of_manager
from gitctl.model.manifest import Json, RenderInputs, RenderResult
from gitctl.model.pattern import find, parse
from gitctl.model.revision import Revision
from gitctl.model.state import AppState
from gitctl.plan.build import PlanOptions, build
from gitctl.plan.fields import path_text, same
from gitctl.plan.ignore import prepare
from gitctl.target.kubernetes.exchange import APPLY, JSON_PATCH, Request


def app_of(bench: Bench, *paths: str) -> App:
    project, env, name = bench.owner.split("/")
    rule = IgnoreRule(paths=tuple(p for p in paths if p[0] == "/"), json_paths=tuple(p for p in paths if p[0] == "$"))
    return App(project, env, name, "apps/web", ignore=(rule,) if paths else ())


def plan(bench: Bench, *bodies: Json, ignore: tuple[str, ...] = (), **options: Any) -> Plan:
    """The plan of an app with these objects."""
    app = app_of(bench, *ignore)
    settings = {"prepare": partial(prepare, rules=app.ignore)} | ({"adopt": True} if options.get("adopt") else {})
    comparisons = bench.compare(*bodies, **settings)
    rendered = RenderResult("web", Revision("r", "a" * 40, "main"), RenderInputs("plain"), tuple(c.desired for c in comparisons), "d")
    state = AppState(bench.owner, tuple(bench.inventory.values()), token="1")
    return build(app, rendered, comparisons, state, options=PlanOptions(**options))


def carry_out(bench: Bench, made: Plan) -> None:
    for change in made.changes:
        assert change.comparison is not None
        assert bench.apply(change.comparison, action=change.action).error == ""


def apply_as(bench: Bench, manager: str, body: Json) -> None:
    """Another manager's forced server-side apply."""
    name = body["metadata"]["name"]
    path = f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/{name}"
    answer = bench.client.send(Request("PATCH", path, (("fieldManager", manager), ("force", "true")), body, content=APPLY))
    assert answer.ok, answer.body


def patch_as(bench: Bench, manager: str, *operations: Json, subresource: str = "") -> None:
    """Another manager's JSON patch of the Deployment `web`."""
    path = f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web{subresource}"
    answer = bench.client.send(Request("PATCH", path, (("fieldManager", manager),), list(operations), content=JSON_PATCH))
    assert answer.ok, answer.body


def by_us(annotations: Json) -> Json:
    """Annotations without those that gitctl and the deployment controller add."""
    return {k: v for k, v in annotations.items() if not k.startswith(("gitctl.dev/", "deployment.kubernetes.io/"))}


def content(body: Json | None) -> Json:
    assert body is not None
    return {"spec": body["spec"], "annotations": by_us(body["metadata"]["annotations"]), "labels": body["metadata"].get("labels")}


FULL = deployment()
FULL["metadata"]["annotations"] = {"team": "a", "note": "git"}
FULL["spec"]["template"]["spec"]["containers"][0] |= {
    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    "ports": [{"containerPort": 80}],
    "resources": {"limits": {"cpu": "1", "memory": "64Mi"}},
    "args": ["x", "y"],
}
CONTAINER = "/spec/template/spec/containers/0"
RULES = [
    "/spec/replicas",
    "/metadata/annotations",
    "/metadata/annotations/note",
    f"{CONTAINER}/resources",
    f"{CONTAINER}/resources/limits/cpu",
    f"{CONTAINER}/env",
    f"{CONTAINER}/args",
    "$.spec.template.spec.containers[*].env[?(@.name=='A')]",
    "$.spec.template.spec.containers[?(@.name=='web')].ports",
    "/spec/template/spec/securityContext",
    "/spec/selector/matchLabels/app",
    "/spec/strategy",
]


def without_content(body: Json) -> Json:
    """Git takes every optional field away at once."""
    bare: Json = json.loads(json.dumps(body))
    bare["metadata"].pop("annotations", None)
    bare["spec"].pop("replicas", None)
    container = bare["spec"]["template"]["spec"]["containers"][0]
    bare["spec"]["template"]["spec"]["containers"][0] = {"name": container["name"], "image": container["image"]}
    return bare


@pytest.mark.parametrize("rule", RULES)
def test_adding_an_ignore_rule_changes_nothing_on_the_server(bench: Bench, rule: str) -> None:
    bench.sync(FULL)
    patch_as(bench, "autoscaler", {"op": "replace", "path": "/spec/replicas", "value": 3})
    apply_as(bench, "annotator", {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": {"team": "b"}}})
    before = bench.look(FULL)
    agreed = json.loads(json.dumps(FULL))
    agreed["spec"]["replicas"], agreed["metadata"]["annotations"]["team"] = 3, "b"
    carry_out(bench, plan(bench, agreed, ignore=(rule,)))
    after = bench.look(FULL)
    assert same(content(before), content(after))


@pytest.mark.parametrize("rule", RULES)
def test_an_ignored_field_that_git_drops_stays(bench: Bench, rule: str) -> None:
    bench.sync(FULL)
    before = bench.look(FULL)
    carry_out(bench, plan(bench, without_content(FULL), ignore=(rule,)))
    after = bench.look(FULL)
    places = list(find(parse(rule), before))

    def values(body: Any) -> list[Any]:
        found = []
        for place in places:
            value = body
            for step in place:
                value = value[step]
            found.append(by_us(value) if isinstance(value, dict) else value)
        return found

    assert values(after) == values(before)


def test_a_scaled_app_is_in_sync_under_an_ignore_rule_and_not_without(bench: Bench, kubectl: Runner) -> None:
    bench.sync(deployment())
    kubectl("scale", "deployment/web", "--replicas=2", "-n", bench.namespace)
    assert plan(bench, deployment(), ignore=("/spec/replicas",)).is_empty
    (change,) = plan(bench, deployment()).changes
    (field,) = change.fields
    assert (path_text(field.path), field.old, field.new) == ("spec.replicas", 2, 0)
    assert field.loser is not None
    assert (field.loser.manager, field.loser.subresource) == ("kubectl", "scale")


def test_a_second_plan_after_a_sync_is_empty(bench: Bench) -> None:
    for body in (FULL, configmap()):
        bench.sync(body)
        assert plan(bench, body).is_empty


def test_a_sidecar_by_hand_is_shown_and_taken_away(bench: Bench) -> None:
    bench.sync(deployment())
    patch_as(bench, "kubectl-edit", {"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "spy", "image": "spy:1"}})
    made = plan(bench, deployment())
    (field,) = [f for f in made.changes[0].fields if f.kind is FieldKind.REMOVED]
    assert path_text(field.path) == "spec.template.spec.containers[name=spy]"
    assert field.loser is not None
    assert field.loser.manager == "kubectl-edit"
    carry_out(bench, made)
    live = bench.look(deployment())
    assert live is not None
    assert [c["name"] for c in live["spec"]["template"]["spec"]["containers"]] == ["web"]
    assert plan(bench, deployment()).is_empty


def test_a_value_changed_by_hand_and_back_is_taken_back(bench: Bench) -> None:
    bench.sync(deployment())
    for value in (1, 0):
        patch_as(bench, "tool", {"op": "replace", "path": "/spec/replicas", "value": value})
    made = plan(bench, deployment())
    assert [(c.action, c.fields) for c in made.changes] == [(Action.UPDATE, ())]
    carry_out(bench, made)
    live = bench.look(deployment())
    assert live is not None
    assert ("f:spec", "f:replicas") in of_manager(live, "gitctl")
    assert plan(bench, deployment()).is_empty


def test_kubectl_objects_are_refused_then_adopted(bench: Bench, kubectl: Runner) -> None:
    body = configmap(a="1", old="kubectl")
    kubectl("apply", "-n", bench.namespace, "-f", "-", stdin=json.dumps(body))
    wanted = configmap(a="1")
    made = plan(bench, wanted)
    assert [r.rule for r in made.refusals] == ["not-ours"]
    made = plan(bench, wanted, adopt=True)
    (change,) = made.changes
    assert change.action is Action.ADOPT
    assert "kubectl-client-side-apply" in change.reason
    assert ("data.old", FieldKind.REMOVED) in [(path_text(f.path), f.kind) for f in change.fields]
    carry_out(bench, made)
    live = bench.look(wanted)
    assert live is not None
    assert live["data"] == {"a": "1"}
    assert plan(bench, wanted).is_empty


def test_an_immutable_selector_is_refused_and_replaced_on_request(bench: Bench) -> None:
    bench.sync(deployment())
    other = deployment(selector={"matchLabels": {"app": "other"}})
    other["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    made = plan(bench, other)
    assert [r.rule for r in made.refusals] == ["immutable"]
    assert "spec.selector" in made.refusals[0].message
    (change,) = plan(bench, other, replace=frozenset({"Deployment/web"})).changes
    assert change.action is Action.REPLACE
    assert ("spec.selector.matchLabels.app", "web", "other") in [(path_text(f.path), f.old, f.new) for f in change.fields]
