"""Other environments beside a plan: rendered where a secret value is new, and not otherwise."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, cast

from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, RenderError
from gitctl.model.app import App
from gitctl.model.change import Action, Change, Comparison, Plan, Wave
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin, RenderInputs, RenderResult
from gitctl.model.revision import Revision
from gitctl.protocols import Fault, Trouble
from gitctl.workflow.beside import apps_beside
from gitctl.workflow.parts import Parts

REF = ObjectRef("", "Secret", "n", "a")
BODY: Json = {"data": {"a": "YQ=="}}
MANIFEST = Manifest(REF, "v1", BODY, Origin("a.yaml"))
REVISION = Revision("r", "a" * 40, "main")


def plan(live: Json | None) -> Plan:
    action = Action.UPDATE if live else Action.CREATE
    change = Change(REF, action, comparison=Comparison(MANIFEST, live, BODY, BODY))
    return Plan("web", "p/prod/web", REVISION, (Wave("w", (change,)),), (), (), (), (), "")


def parts(rendered: list[str]) -> Parts:
    """Apps web and db in dev, web in prod; db cannot be rendered."""
    apps = (App("p", "dev", "web", "web"), App("p", "dev", "db", "db"), App("p", "prod", "web", "web"))
    project = type("Lookup", (), {"all_apps": lambda _self, _tree: apps})()
    tree = type("Tree", (), {"revision": REVISION})()
    unused = cast(Any, None)

    def render(app: App, _tree: object) -> RenderResult:
        rendered.append(f"{app.env}/{app.name}")
        if app.name == "db":
            raise RenderError("no key", id=ErrorId.NO_USABLE_KEY)
        return RenderResult("web", REVISION, RenderInputs("plain"), (MANIFEST,), "d")

    return replace(Parts(unused, tree, unused, unused, unused, unused, unused, "ada", project), render=render)


def test_apps_of_the_environment_are_rendered_where_a_value_is_new() -> None:
    rendered: list[str] = []
    found = apps_beside([plan(None)], ["dev"], parts(rendered))
    assert rendered == ["dev/web", "dev/db"]
    assert [(one.title, bool(one.plan), bool(one.error)) for one in found] == [("web (dev)", True, False), ("db (dev)", False, True)]


def test_values_of_stores_are_put_in_where_they_can_be_had() -> None:
    refer = {"data": {"a": base64.b64encode(b"ref+env://A").decode()}}
    lost = {"data": {"a": base64.b64encode(b"ref+env://B").decode()}}
    manifests = tuple(Manifest(replace(REF, name=name), "v1", body, Origin("a.yaml")) for name, body in (("a", refer), ("b", lost)))
    known = parts([])
    stores = type(
        "Stores", (), {"values": lambda _, wanted: {one: b"a" if one.source.path == "A" else Fault(Trouble.MISSING, "") for one in wanted}}
    )
    known = replace(known, stores=stores(), render=lambda *_: RenderResult("web", REVISION, RenderInputs("plain"), manifests, "d"))
    found = apps_beside([plan(None)], ["dev"], known)[0].plan
    assert found
    assert {c.ref.name: c.desired.body for c in found.unchanged} == {"a": BODY, "b": lost}


def test_nothing_is_rendered_for_values_that_stay_or_go() -> None:
    rendered: list[str] = []
    more = {"data": {"a": "YQ==", "gone": "Yg=="}}
    assert apps_beside([plan(more)], ["dev"], parts(rendered)) == apps_beside([plan(None)], [], parts(rendered)) == ()
    assert rendered == []


def test_an_environment_without_apps_is_an_error() -> None:
    with raises(ErrorId.ENVIRONMENT_UNKNOWN):
        apps_beside([plan(None)], ["stage"], parts([]))
