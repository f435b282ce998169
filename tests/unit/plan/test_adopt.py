"""Whose is a live object?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.making import APP, compared, live, manifest, ref, rendered, state

from gitctl.errors import ErrorId
from gitctl.model.app import App
from gitctl.model.change import Action, Plan
from gitctl.model.manifest import Json, Origin
from gitctl.model.rival import Rival
from gitctl.plan.adopt import NAMESPACE_RENDERER, managed_by
from gitctl.plan.build import PlanOptions, build

WEB = "apps/Deployment shop/web"


def plan(now: Json, *, app: App = APP, wanted: Any = None, then: Json | None = None, **options: Any) -> Plan:
    wanted = wanted or manifest(WEB)
    return build(app, rendered(wanted), [compared(wanted, now, then)], state(), options=PlanOptions(**options))


def test_an_object_of_another_app_is_refused_whatever_is_allowed() -> None:
    now = live(WEB, owner="shop/prod/api")
    digest = plan(now).digest
    made = plan(now, adopt=True, force_conflicts=True, plan_digest=digest, prune_limit=99)
    assert [r.rule for r in made.refusals] == [ErrorId.FOREIGN_OWNER]
    assert "shop/prod/api" in made.refusals[0].message
    assert not made.refusals[0].permitted_by_digest
    assert made.changes == ()


def test_two_apps_of_one_name_are_told_apart() -> None:
    assert "take it out of web or of api" in plan(live(WEB, owner="shop/prod/web"), app=replace(APP, name="api")).refusals[0].hint
    assert f"take it out of other/dev/{APP.name} or of {APP.owner}" in plan(live(WEB, owner=f"other/dev/{APP.name}")).refusals[0].hint


def test_an_object_of_nobody_is_refused_until_it_is_adopted() -> None:
    now = live(WEB, owner="", managedFields=[{"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {"f:spec": {}}}])
    made = plan(now)
    assert [(r.rule, r.refs) for r in made.refusals] == [(ErrorId.NOT_OURS, (ref(WEB),))]
    assert "--adopt" in made.refusals[0].hint
    made = plan(now, adopt=True)
    assert made.refusals == ()
    (change,) = made.changes
    assert (change.action, change.reason) == (Action.ADOPT, "takes over the fields of kubectl-client-side-apply")


def test_a_former_name_counts_as_ours() -> None:
    now = live(WEB, owner="shop/prod/front")
    assert plan(now).refusals[0].rule is ErrorId.FOREIGN_OWNER
    app = replace(APP, renamed_from=("front",))
    (change,) = plan(now, app=app, then=live(WEB)).changes
    assert (change.action, change.reason) == (Action.UPDATE, "was shop/prod/front before")


NAMESPACE = "Namespace shop"


ADDED = replace(manifest(NAMESPACE), origin=Origin("gitctl.yaml", renderer=NAMESPACE_RENDERER))


@pytest.mark.parametrize("adopt", [False, True])
@pytest.mark.parametrize("owner", ["", "shop/prod/api"])
def test_a_namespace_that_create_namespace_finds_is_used_and_not_adopted(owner: str, adopt: bool) -> None:
    made = plan(live(NAMESPACE, owner=owner), wanted=ADDED, then=live(NAMESPACE), adopt=adopt)
    assert (made.changes, made.unchanged, made.refusals) == ((), (), ())


def test_a_namespace_that_may_not_be_looked_at_is_taken_for_there() -> None:
    comparison = compared(ADDED, error="forbidden", error_code=403)
    made = build(APP, rendered(ADDED), [comparison], state(), options=PlanOptions())
    assert (made.changes, made.failures) == ((), ())


def test_a_namespace_on_its_way_out_is_waited_for_and_made_again() -> None:
    leaving = live(NAMESPACE, owner="", deletionTimestamp="2026-01-01T00:00:00Z")
    assert [c.action for c in plan(leaving, wanted=ADDED).changes] == [Action.CREATE]


def test_a_namespace_that_is_missing_is_created_and_ours_is_kept_up() -> None:
    comparison = compared(ADDED)
    assert build(APP, rendered(ADDED), [comparison], state(), options=PlanOptions()).changes[0].action is Action.CREATE
    assert [c.ref for c in plan(live(NAMESPACE), wanted=ADDED).unchanged] == [ref(NAMESPACE)]


def test_a_namespace_of_the_files_is_not_taken_silently() -> None:
    made = plan(live(NAMESPACE, owner=""), wanted=manifest(NAMESPACE))
    assert [r.rule for r in made.refusals] == [ErrorId.NOT_OURS]


def test_refusals_of_one_owner_are_one() -> None:
    texts = [f"ConfigMap shop/{name}" for name in "cab"]
    comparisons = [compared(manifest(t), live(t, owner="shop/prod/api")) for t in texts]
    made = build(APP, rendered(*(c.desired for c in comparisons)), comparisons, state(), options=PlanOptions())
    assert [(r.message, r.refs) for r in made.refusals] == [("3 objects belong to shop/prod/api", tuple(sorted(map(ref, texts))))]


TOOLS = {
    "Flux Kustomization flux-system/apps": {
        "labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
    },
    "Flux HelmRelease infra/nginx": {"labels": {"helm.toolkit.fluxcd.io/name": "nginx", "helm.toolkit.fluxcd.io/namespace": "infra"}},
    "Argo CD application guestbook": {"annotations": {"argocd.argoproj.io/tracking-id": "guestbook:apps/Deployment:shop/web"}},
    "Argo CD application by-label": {"labels": {"argocd.argoproj.io/instance": "by-label"}},
    "Helm release shop/web": {"annotations": {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}},
    "kapp app 1699": {"labels": {"kapp.k14s.io/app": "1699"}},
    "its controller ReplicaSet web-1": {"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]},
    "": {"labels": {"app.kubernetes.io/managed-by": "somebody"}, "ownerReferences": [{"kind": "X", "name": "y"}]},
}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_that_manages_an_object_is_named(tool: str) -> None:
    metadata: dict[str, Any] = TOOLS[tool]
    now = live(WEB, owner="", **metadata)
    assert managed_by(now) == tool
    assert tool in plan(now).refusals[0].message
    notes = plan(now, adopt=True, adopt_from=frozenset(Rival)).notes
    assert any(tool in note for note in notes) if tool else notes == ()
