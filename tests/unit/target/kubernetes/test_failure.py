"""What a refusal of the server becomes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, Forbidden
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.exchange import Response


def refusal(code: int, message: str, *causes: dict[str, str], reason: str = "Invalid") -> Response:
    """A Status as the API server sends it."""
    body: dict[str, Any] = {"kind": "Status", "message": message, "reason": reason, "code": code, "details": {"causes": list(causes)}}
    return Response(code, json.dumps(body).encode(), {}, body)


RBAC = 'secrets "x" is forbidden: User "ada" cannot patch resource "secrets" in API group "" in the namespace "shop"'
QUOTA = 'pods "x" is forbidden: exceeded quota: small'


def test_rights_and_admission_are_told_apart() -> None:
    assert failure.refused_rights(refusal(403, RBAC))
    assert not failure.refused_rights(refusal(403, QUOTA))
    assert not failure.refused_rights(refusal(422, RBAC))


def test_a_webhook_that_cannot_be_tried_out_is_no_refusal_of_the_object() -> None:
    assert failure.refused_dry_run(refusal(400, 'admission webhook "x" does not support dry run'))
    assert not failure.refused_dry_run(refusal(400, "bad"))


def test_the_servers_words_are_one_line_of_bounded_length() -> None:
    assert failure.explain(refusal(422, "one\n  two\tthree"), sensitive=False) == "one two three"
    assert len(failure.explain(refusal(422, "x" * 5000), sensitive=False)) < 700
    assert failure.explain(Response(502, b"<html>", {}), sensitive=False) == "the server answered 502"


def test_an_answer_that_is_none_of_an_api_server() -> None:
    with raises(ErrorId.NOT_KUBERNETES):
        Response(200, b"<html>", {}).json()


@pytest.mark.parametrize(
    ("message", "causes", "place"),
    [
        ("failed to create typed patch object (shop/x; /v1, Kind=Secret): .data.p: expected string, got &value{hunter2}", [], ".data.p"),
        ('Secret "x" is invalid: data[p]: hunter2', [{"field": "data[p]", "message": "hunter2"}], "data[p]"),
        ("something with hunter2", [], ""),
    ],
)
def test_a_secrets_refusal_names_the_place_alone(message: str, causes: list[dict[str, str]], place: str) -> None:
    text = failure.explain(refusal(500, message, *causes), sensitive=True)
    assert "hunter2" not in text
    assert "(500)" in text
    assert place in text


def test_a_missing_right_may_be_said_of_a_secret() -> None:
    assert failure.explain(refusal(403, RBAC), sensitive=True) == "user ada may not patch secrets in namespace shop"


@pytest.mark.parametrize(
    ("message", "causes", "fields"),
    [
        ("x", [{"field": "spec.selector", "message": "Invalid value: {}: field is immutable"}], ("spec.selector",)),
        ("x", [{"field": "spec", "message": "Forbidden: updates to statefulset spec for fields other than 'a' are forbidden"}], ("spec",)),
        ("x", [{"field": "spec", "message": "Forbidden: pod updates may not change fields other than `a`"}], ("spec",)),
        ("x", [{"field": "spec.clusterIPs[0]", "message": "may not change once set"}], ("spec.clusterIPs[0]",)),
        ("x", [{"field": "roleRef", "message": "cannot change roleRef"}], ("roleRef",)),
        ("x", [{"field": "spec.replicas", "message": "must be greater than 0"}], ()),
        ("PersistentVolumeClaim is invalid: spec is immutable after creation", [], ("spec",)),
    ],
)
def test_immutable_fields_are_found(message: str, causes: list[dict[str, str]], fields: tuple[str, ...]) -> None:
    assert failure.immutable(refusal(422, message, *causes)) == fields


def test_conflicts_name_manager_and_field() -> None:
    cause = {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-edit" using v1', "field": ".data.a"}
    assert failure.conflicts(refusal(409, "x", cause, {"reason": "Other", "message": "", "field": ""})) == (("kubectl-edit", ".data.a"),)


def test_errors_name_what_was_tried_and_where() -> None:
    forbidden = failure.error(refusal(403, RBAC), "list secrets", where="context prod (https://x)")
    assert isinstance(forbidden, Forbidden)
    assert str(forbidden) == "user ada may not list secrets: context prod (https://x)"
    state = failure.error(refusal(403, RBAC), "write the state", where="context prod (https://x)")
    assert str(state) == "user ada may not write the state (patch secrets in namespace shop): context prod (https://x)"
    other = failure.error(refusal(500, "boom"), "list pods", where="here")
    assert other.id is ErrorId.API_ERROR
    assert "boom" in str(other)
