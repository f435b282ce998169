"""What several apps are measured against: one question to the stores for all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from tests.unit.workflow.test_references import Stores, secret

from gitctl.errors import ErrorId, Unreachable
from gitctl.model.app import App
from gitctl.model.drift import Unavailable
from gitctl.model.manifest import RenderInputs, RenderResult
from gitctl.model.revision import Revision
from gitctl.model.state import AppState, InventoryEntry
from gitctl.secrets.pysops import KeyServiceUnreachable, WrongKey
from gitctl.workflow.drift import DriftLook, Measure, measures
from gitctl.workflow.parts import Parts

REVISION = Revision("r", "a" * 40, "main")
APPS = tuple(App("p", "dev", name, name) for name in ("web", "db", "down"))
ENTRY = InventoryEntry(secret().ref, "v1", uid="u", revision=REVISION.sha, digest="of the reference")


def read_state(_target: object, owner: str) -> AppState:
    if owner.endswith("/down"):
        raise Unreachable("no answer", hint="")
    return AppState(owner, inventory=(ENTRY,), token="1")


def parts(stores: Stores) -> Parts:
    """Two apps that were synced, each with a Secret that refers to a store, and one whose state cannot be read."""
    target = type("Target", (), {"read_state": read_state, "locate": lambda _self, manifests, **_kinds: manifests})()
    tree = type("Tree", (), {"revision": REVISION})()
    project = type("Lookup", (), {"app_at": lambda _self, app, _tree: app})()
    unused = cast(Any, None)

    def render(app: App, _tree: object) -> RenderResult:
        return RenderResult(app.name, REVISION, RenderInputs("plain"), (secret(a=f"ref+env://{app.name.upper()}"),), "d")

    return replace(Parts(unused, tree, target, unused, unused, unused, unused, "ada", project), render=render, stores=stores)


def test_the_stores_are_asked_once_for_all_apps_and_an_error_is_a_value() -> None:
    stores = Stores(WEB=b"1", DB=b"2")
    web, db, down = (one for _, one in measures(APPS, parts(stores)))
    assert stores.calls == [["ref+env://WEB", "ref+env://DB"]]
    for one in (web, db):
        assert isinstance(one, Measure)
        assert [m.ref for m in one.known.manifests] == [ENTRY.ref]
    assert isinstance(down, Unreachable)


@pytest.mark.parametrize(("id_", "unreached"), [(ErrorId.KEY_SERVICE_UNREACHABLE, True), (ErrorId.WRONG_KEY, False)])
def test_a_key_service_that_gives_no_answer_is_told_from_a_key_that_is_not_here(id_: ErrorId, unreached: bool) -> None:
    def render(_app: App, _tree: object) -> RenderResult:
        raise (KeyServiceUnreachable if unreached else WrongKey)("no key", id=id_)

    (_, one), *_ = measures(APPS, replace(parts(Stores()), render=render))
    assert isinstance(one, Measure)
    assert one.known.unavailable == ((ENTRY.ref, Unavailable(f"commit {'a' * 8}: no key", unreached)),)


def test_nothing_is_asked_for_secrets_that_are_not_looked_at() -> None:
    stores = Stores()
    measures(APPS, parts(stores), DriftLook(secrets=False))
    assert stores.calls == [[]]
