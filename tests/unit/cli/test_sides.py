"""The two sides of a change for an external diff program: whole, masked, told apart."""

from __future__ import annotations

import re
from typing import Any

from gitctl.cli.show.sides import sides
from gitctl.model.app import App
from gitctl.model.change import Action, Change, Comparison, Plan, Wave
from gitctl.model.manifest import Manifest, ObjectRef, Origin, RenderInputs, RenderResult
from gitctl.model.revision import Revision
from gitctl.workflow.compare import compare_rendered
from gitctl.workflow.plan import Rendered


def plan(*changes: Change, prunes: tuple[Change, ...] = ()) -> Plan:
    """A plan with these changes."""
    return Plan("web", "p/dev/web", Revision("r", "", "main"), (Wave("w", changes),), prunes, (), (), (), "")


def body(kind: str, **rest: Any) -> dict[str, Any]:
    """An object called a."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "n", "managedFields": [{"manager": "x"}]}, **rest}


def change(live: Any, merged: Any, action: Action = Action.UPDATE, **more: Any) -> Change:
    """A change of that object."""
    one = merged or live
    ref = ObjectRef("", one["kind"], "n", "a")
    return Change(ref, action, comparison=Comparison(Manifest(ref, "v1", one, Origin("a.yaml"), **more), live, merged, one))


def shown(one: Change, sensitive: Any = ()) -> tuple[str, str, str]:
    """The file name and the two texts."""
    (side,) = sides(plan(one), {one.ref: sensitive}, hide=lambda value: value)
    return side.name, side.live, side.merged


def test_both_sides_are_the_whole_object() -> None:
    name, live, merged = shown(change(body("ConfigMap", data={"a": "1"}), body("ConfigMap", data={"a": "2"})))
    assert name == "v1.ConfigMap.n.a"
    assert "managedFields" not in live + merged
    assert live.replace("'1'", "'2'").replace('"1"', '"2"') == merged


def test_the_order_of_keys_is_no_difference() -> None:
    _, live, merged = shown(change(body("ConfigMap", data={"a": "1", "b": "2"}), body("ConfigMap", data={"b": "2", "a": "1"})))
    assert live == merged


def test_a_new_object_has_one_side_and_a_pruned_one_the_other() -> None:
    assert shown(change(None, body("ConfigMap"), Action.CREATE))[1] == ""
    pruned = Change(ObjectRef("apps", "Deployment", "", "a"), Action.PRUNE, live=body("Deployment") | {"apiVersion": "apps/v1"})
    (side,) = sides(plan(prunes=(pruned,)), {}, hide=lambda value: value)
    assert (side.name, side.merged) == ("apps.v1.Deployment..a", "")
    assert side.live


def test_secret_values_of_one_length_are_told_apart_and_never_shown() -> None:
    _, live, merged = shown(
        change(body("Secret", data={"a": "aHVudGVyMg==", "b": "c2FtZQ=="}), body("Secret", data={"a": "aHVudGVyMw==", "b": "c2FtZQ=="}))
    )
    assert live != merged
    assert live.count("*** (7 bytes) ~") == merged.count("*** (7 bytes) ~") == 1
    same = re.findall(r"b: .*\*\*\* \(4 bytes\) ~\w{8}", live)
    assert same
    assert same == re.findall(r"b: .*\*\*\* \(4 bytes\) ~\w{8}", merged)
    assert "aHVudGVy" not in live + merged


def test_values_of_encrypted_files_are_masked_wherever_they_are_known() -> None:
    old, new = body("ConfigMap", data={"a": "hunter2-old", "b": "x"}), body("ConfigMap", data={"a": "x", "b": "hunter2-new"})
    _, live, merged = shown(change(old, new, sensitive=(("data", "b"),)), sensitive=[("data", "a")])
    assert "hunter2" not in live + merged


def test_what_left_git_between_two_revisions_is_masked() -> None:
    ref = ObjectRef("", "ConfigMap", "n", "a")
    gone = Manifest(ref, "v1", body("ConfigMap", data={"a": "hunt3r"}), Origin("a.yaml"), "d", sensitive=(("data", "a"),))
    app, revision = App("p", "dev", "web", "web"), Revision("r", "", "main")
    old, new = (Rendered(app, RenderResult("web", revision, RenderInputs("plain"), some, str(some))) for some in ((gone,), ()))
    (between,) = compare_rendered([old], [new])
    (side,) = sides(between, {}, hide=lambda value: value)
    assert "*** (6 bytes)" in side.live


def test_lists_are_walked_too() -> None:
    raw = [body("Pod", env=[{"name": "A", "value": value}]) for value in ("one", "two")]
    _, live, merged = shown(change(raw[0], raw[1]), sensitive=[("env", "[name=A]", "value")])
    assert live != merged
    assert "value: '*** (3 bytes) ~" in live.replace('"', "'")
    assert "one" not in live
    assert "two" not in merged
