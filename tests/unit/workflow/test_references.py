"""References in manifests: values in their place, one error for all that have none, rules first; and who has to know of them."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, GitctlError, Where
from gitctl.model.app import App, BranchTarget
from gitctl.model.drift import Unavailable
from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.model.reference import Reference
from gitctl.model.tenancy import RuleList, Subject, Tenancy
from gitctl.plan.tenancy import object_breaches
from gitctl.protocols import Fault, Trouble
from gitctl.target.branch.check import check_manifests
from gitctl.target.branch.place import Place
from gitctl.workflow.references import ask_ahead, found_in, resolved, resolved_as_far

APP = App("shop", "dev", "web", "apps/web")
TEAM = Tenancy("front", Where("gitctl.yaml", 3, 3, "teams.front"))


class Stores:
    """Answers by the text of a reference."""

    def __init__(self, **values: bytes | Fault) -> None:
        self.known = values
        self.calls: list[list[str]] = []

    def values(self, wanted: Collection[Reference]) -> Mapping[Reference, bytes | Fault]:
        self.calls.append([str(one) for one in wanted])
        return {one: self.known[one.source.path] for one in wanted}


def secret(name: str = "db", **data: str) -> Manifest:
    values = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": values}
    return Manifest(ObjectRef("", "Secret", "shop", name), "v1", body, Origin("a.yaml"), digest="of the reference")


def test_values_are_put_in_their_place_and_known_as_such() -> None:
    made = resolved(APP, [secret(a="ref+env://A", b="text"), secret("other", c="d")], Stores(A=b"\xff\x00x"))
    assert base64.b64decode(made[0].body["data"]["a"]) == b"\xff\x00x"
    assert made[0].body["data"]["b"] == base64.b64encode(b"text").decode()
    assert (made[0].sensitive, made[0].stored, made[0].digest) == ((("data", "a"),), (("data", "a"),), "of the reference")
    assert made[1] == secret("other", c="d")


def test_a_value_that_looks_like_a_reference_is_not_followed() -> None:
    stores = Stores(A=b"ref+env://B", B=b"no")
    once = resolved(APP, [secret(a="ref+env://A")], stores)
    assert resolved(APP, once, stores) == once
    assert stores.calls == [["ref+env://A"], []]


@pytest.mark.parametrize(
    ("trouble", "id"),
    [
        (Trouble.FORBIDDEN, ErrorId.REFERENCE_UNLISTED),
        (Trouble.UNLISTED, ErrorId.REFERENCE_UNLISTED),
        (Trouble.MISSING, ErrorId.REFERENCE_MISSING),
        (Trouble.NO_KEY, ErrorId.REFERENCE_MISSING),
        (Trouble.NO_LIBRARY, ErrorId.EXTRA_MISSING),
        (Trouble.DENIED, ErrorId.STORE_DENIED),
        (Trouble.UNREACHABLE, ErrorId.STORE_UNREACHABLE),
    ],
)
def test_each_trouble_has_its_error(trouble: Trouble, id: ErrorId) -> None:
    with raises(id) as caught:
        resolved(APP, [secret(a="ref+env://A")], Stores(A=Fault(trouble, "for a reason", "do something")))
    assert isinstance(caught.value, GitctlError)
    assert str(caught.value) == "web: Secret shop/db data.a: ref+env://A: for a reason"
    assert caught.value.hint == "do something"


def test_all_that_have_no_value_are_one_error_named_by_the_gravest() -> None:
    stores = Stores(A=b"x", B=Fault(Trouble.MISSING, "gone"), C=Fault(Trouble.DENIED, "no"))
    manifests = [secret(a="ref+env://A", b="ref+env://B"), secret("other", c="ref+env://C", d="ref+x://y")]
    with raises(ErrorId.STORE_DENIED) as caught:
        resolved(APP, manifests, stores)
    assert caught.value.message == "3 references without a value"
    assert [line.split(":")[0] for line in caught.value.details] == [
        "Secret shop/db data.b",
        "Secret shop/other data.c",
        "Secret shop/other data.d",
    ]


def test_all_apps_are_asked_for_at_once() -> None:
    stores = Stores(A=b"x", B=b"y")
    ask_ahead([(APP, [secret(a=text)]) for text in ("ref+env://A", "ref+env://B", "ref+x://C")], stores)
    assert stores.calls == [["ref+env://A", "ref+env://B"]]


def test_a_look_goes_as_far_as_it_can() -> None:
    stores = Stores(A=b"x", B=Fault(Trouble.UNREACHABLE, "no answer"))
    wanted = [secret(a="ref+env://A"), secret("other", b="ref+env://B", c="ref+x://C"), secret("wrong", c="ref+x://C")]
    made, failed = resolved_as_far(APP, wanted, stores)
    assert [m.ref.name for m in made] == ["db"]
    assert failed[wanted[1].ref] == Unavailable("ref+env://B: no answer", unreached=True)
    assert not failed[wanted[2].ref].unreached


def rules(*patterns: str, allow: bool = True) -> RuleList:
    return RuleList(Subject.REFERENCES, allow, patterns, Where("gitctl.yaml", 7, 5, "teams.front.allow.references"))


@pytest.mark.parametrize(
    ("tenancy", "allowed"),
    [
        (Tenancy(), True),
        (TEAM, False),
        (replace(TEAM, lists=(rules("ref+awssecrets://front/*"),)), True),
        (replace(TEAM, lists=(rules("ref+awssecrets://back/*"),)), False),
        (replace(TEAM, lists=(rules("ref+*"), rules("ref+awssecrets://front/d*", allow=False))), False),
        (Tenancy(lists=(rules("ref+awssecrets://shop/*"),)), False),
        # What gitctl.yaml lists for all is no consent to a team.
        (replace(TEAM, lists=(RuleList(Subject.REFERENCES, True, ("ref+*",), Where("gitctl.yaml", 1, 1, "references.stores")),)), False),
    ],
)
def test_rules_are_asked_before_a_store_is(tenancy: Tenancy, allowed: bool) -> None:
    app, manifest = replace(APP, tenancy=tenancy, namespace="shop"), secret(a="ref+awssecrets://front/db?region=eu-west-1#x")
    assert (not any("reference" in b.problem for b in object_breaches(app, [manifest], lambda _: True))) is allowed
    assert (found_in(app, [manifest])[0].fault is None) is allowed
    if not allowed:
        with raises(ErrorId.REFERENCE_UNLISTED):
            resolved(app, [manifest], Stores())


def test_none_goes_into_a_branch() -> None:
    with raises(ErrorId.BRANCH_REFERENCE) as caught:
        check_manifests([secret(a="text"), secret("other", b="ref+env://B")], Place("rendered", "web"))
    assert caught.value.details == ("Secret shop/other (a.yaml)",)
    app = replace(APP, target=BranchTarget("rendered", "web"))
    assert [one.fault.trouble for one in found_in(app, [secret(a="ref+env://A")]) if one.fault] == [Trouble.FORBIDDEN]
