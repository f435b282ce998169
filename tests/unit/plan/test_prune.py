"""What becomes of objects that Git no longer has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.plan.making import APP, REVISION, Seen, compared, entry, live, manifest, ref, rendered, state

from gitctl.model.change import Action, Plan
from gitctl.model.manifest import Json
from gitctl.plan.build import PlanOptions, build

KEPT = "apps/Deployment shop/web"
OLD = "ConfigMap shop/old"


def plan(observed: Any, *, app: Any = APP, known: Any = None, kept_uid: str = "", **options: Any) -> Plan:
    """The plan of an app that keeps a Deployment and no longer has the ConfigMap `old`."""
    wanted = manifest(KEPT)
    inventory, comparison = state(entry(KEPT), known or entry(OLD)), compared(wanted, live(KEPT, uid=kept_uid))
    return build(app, rendered(wanted), [comparison], inventory, options=PlanOptions(observed=observed, **options))


def seen(body: Json | None) -> Seen:
    return Seen({ref(OLD): body})


def test_ours_is_pruned_with_the_uid_that_was_seen() -> None:
    (change,) = plan(seen(live(OLD))).prunes
    assert (change.ref, change.action, change.live_uid, change.reason) == (ref(OLD), Action.PRUNE, f"uid {OLD}", "")


def test_what_is_gone_leaves_the_inventory_without_a_word() -> None:
    made = plan(seen(None))
    assert (made.prunes, made.gone, made.notes) == ((), (ref(OLD),), ())


@pytest.mark.parametrize(
    ("observed", "why"),
    [
        (Seen(unknown={ref(OLD): "metrics.k8s.io is stale"}), "metrics.k8s.io is stale"),
        (Seen({ref(OLD): None}, {ref(OLD): "forbidden"}), "forbidden"),
        (Seen(), "it was not looked at"),
    ],
)
def test_unknown_is_neither_pruned_nor_gone(observed: Seen, why: str) -> None:
    made = plan(observed)
    assert (made.prunes, made.gone) == ((), ())
    assert why in made.notes[0]


ORPHANS: dict[str, tuple[Json, str]] = {
    "another owner": (live(OLD, owner="shop/prod/api"), "belongs to shop/prod/api"),
    "no owner": (live(OLD, owner=""), "no owner id"),
    "another uid": (live(OLD, uid="new"), "created anew"),
    "no fields of ours": (live(OLD, managed=False), "no applied fields"),
    "our mark": (live(OLD, annotations={"gitctl.dev/prune": "disabled"}), "gitctl.dev/prune: disabled"),
    "helm's mark": (live(OLD, annotations={"helm.sh/resource-policy": "keep"}), "helm.sh/resource-policy: keep"),
    "Flux's mark": (live(OLD, annotations={"kustomize.toolkit.fluxcd.io/prune": "Disabled"}), "kustomize.toolkit.fluxcd.io/prune"),
    "Argo CD's mark": (live(OLD, annotations={"argocd.argoproj.io/sync-options": "Validate=false, Prune=false"}), "Prune=false"),
}


@pytest.mark.parametrize("name", ORPHANS)
def test_the_live_object_decides(name: str) -> None:
    body, reason = ORPHANS[name]
    made = plan(seen(body))
    (change,) = made.prunes
    assert change.action is Action.ORPHAN
    assert reason in change.reason
    assert made.refusals == ()


@pytest.mark.parametrize(
    "annotations",
    [{"gitctl.dev/prune": "enabled"}, {"helm.sh/resource-policy": "delete"}, {"argocd.argoproj.io/sync-options": "Prune=confirm"}],
)
def test_marks_with_other_values_do_not_keep(annotations: dict[str, str]) -> None:
    assert plan(seen(live(OLD, annotations=annotations))).prunes[0].action is Action.PRUNE


def test_an_object_that_lost_the_annotation_but_has_uid_and_label_is_ours() -> None:
    body = live(OLD, owner="", labels={"gitctl.dev/app": "shop_prod_web"})
    body["metadata"]["managedFields"] = [{"manager": "gitctl", "operation": "Apply", "fieldsV1": {"f:data": {}}}]
    assert plan(seen(body)).prunes[0].action is Action.PRUNE
    assert plan(seen(body), known=entry(OLD, uid="")).prunes[0].action is Action.ORPHAN


def test_an_entry_without_a_uid_trusts_the_owner_id() -> None:
    assert plan(seen(live(OLD)), known=entry(OLD, uid="")).prunes[0].action is Action.PRUNE


def test_an_object_of_the_former_name_of_the_app_is_ours() -> None:
    app = replace(APP, renamed_from=("front",))
    assert plan(seen(live(OLD, owner="shop/prod/front")), app=app).prunes[0].action is Action.PRUNE


def test_an_object_that_stays_under_another_group_is_not_deleted() -> None:
    made = plan(seen(live(OLD, uid="one")), known=entry(OLD, uid="one"), kept_uid="one")
    assert (made.prunes, made.gone) == ((), (ref(OLD),))


@pytest.mark.parametrize(("options", "why"), [({"prune": False}, "pruning is off"), ({"stale": True}, "could not be asked")])
def test_no_pruning_is_said(options: dict[str, Any], why: str) -> None:
    made = plan(seen(live(OLD)), **options)
    assert made.prunes == ()
    assert why in made.notes[0]
    assert plan(seen(None), **options).notes == ()


def test_a_part_of_an_app_never_prunes() -> None:
    made = plan(seen(live(OLD)), partial=True)
    assert (made.prunes, made.gone, made.notes, made.refusals, made.partial) == ((), (), (), (), True)


def test_a_finished_job_that_its_ttl_removed_leaves_the_inventory() -> None:
    made = plan(seen(None), known=entry(OLD, completed=True))
    assert made.gone == (ref(OLD),)
    assert made.revision == REVISION
