"""A plan: what is done about each object, and the digest that names it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plan.making import APP, OWNER, REVISION, compared, entry, live, manifest, ref, rendered, state

from gitctl.errors import ConfigError, ManifestError, ManyErrors
from gitctl.model.app import App, IgnoreRule
from gitctl.model.change import Action, Addition, Change, Comparison, Conflict, FieldChange, FieldKind, FieldOwner, Plan
from gitctl.model.manifest import Json
from gitctl.model.state import InventoryEntry
from gitctl.plan.build import PlanOptions, build
from gitctl.plan.digest import plan_digest
from gitctl.plan.fields import path_text

WEB = "apps/Deployment shop/web"
ONE, TWO = {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}
HPA = FieldOwner("hpa", "Update", "", "2026-01-01T00:00:00Z")
EDIT = FieldOwner("kubectl-edit", "Update", "", "2026-01-02T00:00:00Z")


def plan(*comparisons: Comparison, app: App = APP, known: tuple[InventoryEntry, ...] = (), **options: Any) -> Plan:
    return build(app, rendered(*(c.desired for c in comparisons)), comparisons, state(*known), options=PlanOptions(**options))


def only(made: Plan) -> Change:
    (change,) = made.changes
    return change


def test_a_missing_object_is_created() -> None:
    change = only(plan(compared(manifest(WEB, ONE))))
    assert (change.action, change.fields, change.live, change.reason) == (Action.CREATE, (), None, "")


def test_what_differs_is_updated_field_by_field() -> None:
    change = only(plan(compared(manifest(WEB, TWO), live(WEB, ONE), live(WEB, TWO))))
    assert (change.action, change.live_uid) == (Action.UPDATE, f"uid {WEB}")
    assert change.fields == (FieldChange(("spec", "replicas"), FieldKind.CHANGED, 1, 2),)


def test_what_leaves_a_place_that_held_a_secret_is_marked() -> None:
    env = [{"name": "A", "value": "open"}, {"name": "P", "value": "hunter2"}]
    name = "apps/Deployment shop/web"
    before, after = {"spec": {"env": env}}, {"spec": {"env": [{"name": "A", "value": "shut"}]}}
    known = entry(name, sensitive=(("spec", "env", "[name=P]", "value"),))
    found = compared(manifest(name, after), live(name, before), live(name, after))
    (change,) = build(APP, rendered(found.desired), [found], state(known), options=PlanOptions()).changes
    marked = {path_text(f.path): f.sensitive for f in change.fields}
    assert marked["spec.env[name=A].value"] is False
    assert [sensitive for path, sensitive in marked.items() if "name=P" in path and path.endswith("value")] == [True]


def test_what_would_stay_as_it_is_is_unchanged() -> None:
    made = plan(compared(manifest(WEB, TWO), live(WEB, ONE)))
    assert made.changes == ()
    assert [c.ref for c in made.unchanged] == [ref(WEB)]
    assert made.is_empty


def test_the_manager_that_loses_a_field_is_named() -> None:
    taken = (Conflict(("spec", "replicas"), EDIT),)
    change = only(plan(compared(manifest(WEB, TWO), live(WEB, ONE), live(WEB, TWO), taken=taken)))
    assert [f.loser for f in change.fields] == [EDIT]


def test_what_a_person_added_goes_and_the_person_is_named() -> None:
    addition = (Addition(("spec", "hostNetwork"), EDIT),)
    now = live(WEB, {"spec": {"replicas": 1, "hostNetwork": True}})
    (field,) = only(plan(compared(manifest(WEB, ONE), now, live(WEB, ONE), additions=addition, fold=True))).fields
    assert (path_text(field.path), field.kind, field.old, field.loser) == ("spec.hostNetwork", FieldKind.REMOVED, True, EDIT)


def test_a_conflict_fails_one_object_and_the_others_go_on() -> None:
    conflict = (Conflict(("spec", "replicas"), HPA),)
    contested = compared(manifest(WEB, TWO), live(WEB, ONE), live(WEB, TWO), conflicts=conflict)
    made = plan(contested, compared(manifest("ConfigMap shop/web")))
    (failure,) = made.failures
    assert failure.error == "fields are owned by others: spec.replicas by hpa"
    assert failure.error_code == 409
    assert only(made).ref == ref("ConfigMap shop/web")
    forced = plan(contested, force_conflicts=True)
    assert forced.failures == ()
    assert only(forced).fields[0].loser == HPA


def test_a_refused_dry_run_fails_the_object() -> None:
    refused = replace(compared(manifest(WEB, TWO), live(WEB, ONE)), merged=None, error="spec.replicas: must be positive", error_code=422)
    missing = Comparison(manifest("Service shop/web"), None, None, {}, error="apps is stale", error_code=503)
    assert [f.error for f in plan(refused, missing).failures] == ["spec.replicas: must be positive", "apps is stale"]


def test_an_object_that_could_not_be_compared_is_never_unchanged() -> None:
    made = plan(replace(compared(manifest(WEB, TWO), live(WEB, ONE)), merged=None))
    assert made.unchanged == made.changes == ()
    assert "could not be found out" in made.failures[0].error


def test_an_object_that_is_being_deleted_is_waited_for_and_created() -> None:
    now = live(WEB, ONE, deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["example.com/hold"])
    change = only(plan(replace(compared(manifest(WEB, ONE), now), merged=None)))
    assert change.action is Action.CREATE
    assert "example.com/hold" in change.reason
    assert "waits until it is gone" in change.reason


def test_a_finished_job_that_is_gone_is_done_until_its_content_changes() -> None:
    job = manifest("batch/Job shop/once")
    done = entry("batch/Job shop/once", completed=True, digest=job.digest)
    assert [c.ref for c in plan(compared(job), known=(done,)).unchanged] == [job.ref]
    assert only(plan(compared(job), known=(replace(done, digest="other"),))).action is Action.CREATE
    assert only(plan(compared(job), known=(replace(done, completed=False),))).action is Action.CREATE


def test_an_ignored_field_is_no_change() -> None:
    app = replace(APP, ignore=(IgnoreRule(paths=("/spec/replicas",)),))
    comparison = compared(manifest(WEB, TWO), live(WEB, ONE), live(WEB, TWO))
    assert plan(comparison, app=app).is_empty
    assert not plan(comparison).is_empty


def test_a_bad_ignore_rule_is_an_error() -> None:
    app = replace(APP, ignore=(IgnoreRule(paths=("spec.replicas",)),))
    with pytest.raises(ConfigError):
        plan(compared(manifest(WEB, TWO), live(WEB, ONE), live(WEB, TWO)), app=app)


def owned(fields: Json) -> Json:
    return live(WEB, ONE, managedFields=[{"manager": "gitctl", "operation": "Apply", "fieldsV1": fields}])


def test_fields_that_gitctl_lost_with_equal_values_are_taken_back() -> None:
    less, more = {"f:spec": {"f:paused": {}}}, {"f:spec": {"f:paused": {}, "f:replicas": {}}}
    change = only(plan(compared(manifest(WEB, ONE), owned(less), owned(more))))
    assert (change.action, change.fields) == (Action.UPDATE, ())
    assert plan(compared(manifest(WEB, ONE), owned(more), owned(less))).is_empty


def test_bad_waves_are_all_named() -> None:
    bad = [compared(manifest(f"ConfigMap shop/{n}", annotations={"gitctl.dev/wave": "soon"})) for n in "ab"]
    with pytest.raises(ManyErrors):
        plan(*bad)
    with pytest.raises(ManifestError):
        plan(replace(bad[0], live=live("ConfigMap shop/a"), merged=live("ConfigMap shop/a"), owner=OWNER))


# ── Digest ───────────────────────────────────────────────────────────────────────────────────────────────────────────

texts = st.sampled_from(["ConfigMap shop/a", "ConfigMap shop/b", "Secret shop/a", WEB])
values = st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["a", "b"]))
changed_fields = st.builds(
    FieldChange,
    path=st.sampled_from([("spec", "a"), ("spec", "b"), ("spec.a",)]),
    kind=st.sampled_from(FieldKind),
    old=values,
    new=values,
    loser=st.sampled_from([None, HPA, EDIT]),
    sensitive=st.booleans(),
)


def change_of(text: str, action: Action, fields: list[FieldChange], uid: str) -> Change:
    comparison = None if action is Action.PRUNE else compared(manifest(text))
    return Change(ref(text), action, tuple(fields), comparison=comparison, live_uid=uid)


actions = st.sampled_from([Action.UPDATE, Action.PRUNE])
some_changes = st.lists(st.builds(change_of, texts, actions, st.lists(changed_fields, max_size=2), st.sampled_from("xy")), max_size=3)


def meaning(changes: list[Change]) -> list[Any]:
    """What a plan does, in no order."""

    def field(one: FieldChange) -> Any:
        return (one.path, one.kind, one.loser, one.sensitive, () if one.sensitive else (repr(one.old), repr(one.new)))

    return sorted((repr((c.ref, c.action, c.live_uid, [field(f) for f in c.fields])) for c in changes), key=str)


@given(some_changes, some_changes)
@settings(max_examples=200)
def test_plans_that_do_the_same_and_only_they_have_the_same_digest(one: list[Change], other: list[Change]) -> None:
    same = meaning(one) == meaning(other)
    assert (plan_digest(OWNER, one, ()) == plan_digest(OWNER, other, ())) == same


@given(st.permutations([WEB, "Secret shop/a", "ConfigMap shop/a"]))
def test_the_digest_does_not_depend_on_the_order_of_the_objects(order: list[str]) -> None:
    assert plan(*(compared(manifest(t)) for t in order)).digest == plan(*(compared(manifest(t)) for t in sorted(order))).digest


def test_no_value_of_a_secret_can_be_tried_against_the_digest() -> None:
    def secret(old: str) -> Comparison:
        now, then = live("Secret shop/a", {"data": {"pin": old}}), live("Secret shop/a", {"data": {"pin": "bmV3"}})
        return compared(manifest("Secret shop/a"), now, then)

    assert plan(secret("MDAwMA==")).digest == plan(secret("MTIzNA==")).digest


def test_the_wanted_content_of_a_create_counts() -> None:
    assert plan(compared(manifest(WEB, ONE))).digest != plan(compared(manifest(WEB, TWO))).digest


def test_failures_and_the_owner_count() -> None:
    failed = Comparison(manifest(WEB), None, None, {}, error="no")
    digests = {plan_digest(OWNER, (), ()), plan_digest(OWNER, (), [failed]), plan_digest("other", (), ())}
    assert len(digests) == 3


def test_the_plan_says_what_it_is_about() -> None:
    made = plan(compared(manifest(WEB)))
    assert (made.app, made.owner, made.revision, made.render_digest) == ("web", OWNER, REVISION, "render")
