"""What is said about an object: rule, place, words and advice; and never a value of it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.fixtures.verdicts import BAD, GOOD, deploy, put, thing
from tests.fixtures.widget import definition, widget

from gitctl.model.finding import Problem, Rule, Severity
from gitctl.schemas.book import SchemaBook, served
from gitctl.schemas.cel import rule_problems
from gitctl.schemas.convert import json_schema
from gitctl.schemas.shipped import named
from gitctl.schemas.structure import tree_of
from gitctl.workflow.validate import is_open

SHIPPED = named("1.37")
BOOK = SchemaBook(served(SHIPPED, (1, 37), "Kubernetes 1.37"), SHIPPED)
BOOK.define([definition()])


def check(body: dict[str, Any], *, partial: bool = False) -> tuple[Problem, ...]:
    """The problems of an object in a file."""
    return BOOK.check(body, opaque=is_open, partial=partial)


def one(body: dict[str, Any]) -> Problem:
    """The only problem of an object."""
    (found,) = check(body)
    return found


CONTAINER = ("spec", "template", "spec", "containers", 0)


@pytest.mark.parametrize(
    ("name", "rule", "message", "hint"),
    [
        ("unknown-field", Rule.UNKNOWN_FIELD, "unknown field 'replica'", "did you mean 'replicas'?"),
        ("replicas-text", Rule.WRONG_TYPE, "must be a whole number, is text", "take the quotes away"),
        ("env-number", Rule.WRONG_TYPE, "must be text, is a number", "put it in quotes"),
        ("pull-policy", Rule.WRONG_VALUE, "must be one of Always, IfNotPresent, Never", "did you mean 'Always'?"),
        ("quantity", Rule.WRONG_VALUE, "is no quantity such as 500m or 1Gi", ""),
        ("secret-plain", Rule.WRONG_VALUE, "is not base64", ""),
        ("port-range", Rule.WRONG_VALUE, "must not be over 65535", ""),
        ("no-containers", Rule.WRONG_VALUE, "must not be empty", ""),
        ("env-twice", Rule.DUPLICATE, "the same name as item 1 of the list", ""),
        ("port-twice", Rule.DUPLICATE, "the same containerPort and protocol as item 1 of the list", ""),
        ("no-image", Rule.MISSING_FIELD, "image is missing", ""),
        ("unknown-kind", Rule.UNKNOWN_KIND, "apps/v1 has no Deploymnt", "did you mean 'Deployment'?"),
        ("old-version", Rule.REMOVED_API, "apps/v1beta1 Deployment was removed in Kubernetes 1.16", "use apps/v1"),
        ("widget-unknown", Rule.UNKNOWN_FIELD, "unknown field 'nam'", "did you mean 'name'?"),
        ("widget-level", Rule.WRONG_VALUE, "must be one of low, high", ""),
        ("widget-tags-twice", Rule.DUPLICATE, "the same as item 1 of the list", ""),
        ("widget-cel-default", Rule.CEL, "min must not be over size", ""),
        ("widget-cel-number", Rule.CEL, "over the ratio", ""),
        ("widget-cel-reserved", Rule.CEL, "breaks the rule self.__namespace__ != 'kube-system'", ""),
        ("widget-cel-item", Rule.CEL, "must be even", ""),
        ("widget-date-time", Rule.WRONG_VALUE, "is no time such as 2026-01-31T12:00:00Z", ""),
    ],
)
def test_a_problem_is_said_in_words(name: str, rule: Rule, message: str, hint: str) -> None:
    found = one(BAD[name])
    assert (found.rule, found.message, found.hint, found.severity) == (rule, message, hint, Severity.ERROR)


def test_a_problem_has_its_path() -> None:
    assert one(BAD["env-twice"]).path == (*CONTAINER, "env", 1)
    assert one(BAD["unknown-in-container"]).path == (*CONTAINER, "imag")
    assert one(BAD["no-image"]).path == CONTAINER
    assert one(BAD["widget-cel-item"]).path == ("spec", "parts", 0, "count")


def test_no_message_holds_a_value() -> None:
    secret = thing("v1", "Secret", data={"a": "hunter2!", "b": 7654321}, type=["hunter2!"], immutable="hunter2!")
    for body in (
        secret,
        put(deploy(imagePullPolicy="hunter2!"), "spec", "replicas", value="hunter2!"),
        widget(level="hunter2!", name="HUNTER2!"),
    ):
        found = check(body)
        assert len(found) >= 2
        assert not any("hunter2" in f"{p.message}{p.hint}".lower() or "7654321" in p.message for p in found)


def test_variables_and_encrypted_values_may_stand_for_anything() -> None:
    variable, sealed = "${REPLICAS}", "ENC[AES256_GCM,data:x,iv:x,tag:x,type:int]"
    assert check(put(put(deploy(), "spec", "replicas", value=variable), "metadata", "name", value="web-${ENV}")) == ()
    assert check(thing("v1", "Secret", data={"a": sealed}, immutable=sealed)) == ()
    (*found,) = check(widget(size=variable, port=sealed, level="{{ .level }}"))
    assert {(p.rule, p.message.rpartition(": ")[2]) for p in found} == {
        (Rule.CEL_NOT_CHECKED, "a value that it may read is a variable, or encrypted")
    }
    assert sorted(p.message for p in check(put(deploy(imag=variable), "spec", "replicas", value="3"))) == [
        "must be a whole number, is text",
        "unknown field 'imag'",
    ]


def test_a_patch_lacks_nothing_and_may_have_directives() -> None:
    patch = thing(
        "apps/v1", "Deployment", spec={"template": {"spec": {"containers": [{"name": "web", "$patch": "delete"}]}}, "replicas": None}
    )
    assert {p.rule for p in check(patch)} == {Rule.MISSING_FIELD, Rule.UNKNOWN_FIELD}
    assert check(patch, partial=True) == ()
    assert [p.message for p in check(put(patch, "spec", "replica", value=1), partial=True)] == ["unknown field 'replica'"]


def test_a_kind_without_a_schema_is_a_warning_unless_the_cluster_is_known() -> None:
    foreign = thing("other.test/v1", "Gadget")
    assert (one(foreign).rule, one(foreign).severity) == (Rule.NO_SCHEMA, Severity.WARNING)
    alone = SchemaBook(served(SHIPPED, (1, 37), "x"), SHIPPED)
    alone._published = type(alone._published)(alone._published.document, alone._published.versions, (1, 37), "a cluster", complete=True)
    (found,) = alone.check(foreign, opaque=is_open)
    assert (found.rule, found.severity) == (Rule.UNKNOWN_KIND, Severity.ERROR)
    assert alone.check(thing("apps/v1", "Ingress"), opaque=is_open)[0].hint == "use networking.k8s.io/v1"


def test_definitions_handed_in_win_and_others_fill_gaps() -> None:
    book = SchemaBook(served(SHIPPED, (1, 37), "x"), SHIPPED)
    book.define([definition(more={"type": "string"})], last=True)
    assert book.check(widget(more="x"), opaque=is_open) == ()
    book.define([definition()])
    assert [p.message for p in book.check(widget(more="x"), opaque=is_open)] == ["unknown field 'more'"]
    unserved = definition("gone.test")
    unserved["spec"]["versions"][0]["served"] = False
    book.define([unserved, {"kind": "CustomResourceDefinition", "spec": {"versions": [{"schema": 1}], "names": {}}}])
    assert not book.knows("gone.test/v1", "Widget")


def test_rules_that_cannot_be_checked_are_said() -> None:
    rules = [
        {"rule": "quantity(self.limit).isGreaterThan(quantity('1Mi'))"},
        {"rule": "self.size < self.limits"},
        {"rule": "self.size < 3 || oldSelf.hasValue()", "optionalOldSelf": True},
        {"rule": "timestamp(self.when) < self.when", "message": "late"},
    ]
    fields = {"size": {"type": "integer"}, "limit": {"type": "string"}, "when": {"type": "string", "format": "date-time"}}
    inner = {"type": "object", "properties": {"deep-er": {"type": "object", "x-kubernetes-validations": [{"rule": "self.x > 1"}]}}}
    inner["properties"]["deep-er"]["properties"] = {"x": {"type": "integer"}}
    schema = {"type": "object", "x-kubernetes-validations": rules, "properties": fields | {"in": inner}}
    body = {"size": 5, "limit": "1", "when": "2020-01-01T00:00:00Z", "in": {"deep-er": {"x": 1}}}
    found = list(rule_problems(tree_of({"a": schema}, "a"), body, opaque=is_open))
    assert [(p.rule, p.message.rpartition(": ")[2]) for p in found[:4]] == [
        (Rule.CEL_NOT_CHECKED, "the CEL library has no quantity"),
        (Rule.CEL, "breaks the rule self.size < self.limits (the rule reads a field that is not there)"),
        (Rule.CEL_NOT_CHECKED, "it may compare with the old object"),
        (Rule.CEL_NOT_CHECKED, "it reads a time or a duration"),
    ]
    assert (found[4].rule, found[4].path) == (Rule.CEL, ("in", "deep-er"))
    assert all(p.severity is Severity.WARNING for p in found if p.rule is Rule.CEL_NOT_CHECKED)


def test_without_the_extra_every_rule_is_said_to_be_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitctl.schemas.cel._environment", lambda: None)
    found = check(widget(size=5, min=9))
    assert {p.rule for p in found} == {Rule.CEL_NOT_CHECKED}
    assert "pip install 'gitctl-cli[cel]'" in found[0].message


def test_hostile_definitions_cannot_hang_or_break_the_check() -> None:
    book = SchemaBook(served(SHIPPED, (1, 37), "x"), SHIPPED)
    slow = {"type": "string", "pattern": "^(a+)+$"}
    strange = [{"type": "string", "pattern": pattern} for pattern in ("(?<=a)b\\Q", "(?=a)b")]
    book.define([definition("evil/../x", slow=slow, one=strange[0], two=strange[1])])
    body = widget("evil/../x", slow="a" * 5000 + "!", one="c", two="c")
    assert [p.message for p in book.check(body, opaque=is_open)] == ["does not match ^(a+)+$"]
    for wrong in ({"type": 7}, {"minimum": "x"}, {"required": 7}, {"properties": 7}, 7, {"$ref": "http://evil.test/x"}):
        book.define([definition("broken.test", wrong=wrong)])
        (found,) = book.check(widget("broken.test"), opaque=is_open)
        assert found.message == "broken.test/v1 Widget was not checked: the schema in its definition is none"


@pytest.mark.parametrize("kind", [("v1", "Pod"), ("v1", "Service"), ("apiextensions.k8s.io/v1", "CustomResourceDefinition")])
def test_what_is_made_of_a_kind_is_valid_json_schema(kind: tuple[str, str]) -> None:
    Draft202012Validator.check_schema(json_schema(SHIPPED.components, SHIPPED.kinds[kind], kind))


def test_good_objects_are_good() -> None:
    found = {name: [p.message for p in problems] for name, body in GOOD.items() if (problems := check(body))}
    waits = "the rule !has(self.wait) || self.wait < duration('1h') was not checked: it reads a time or a duration"
    assert found == {"widget-tags": [waits]}
