"""What a record changed in Secrets, as it is told; records that there are, and that there are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from tests.fixtures.errors import raises

from gitctl.cli.show.lines import text_of
from gitctl.cli.show.record_secrets import record_secret_lines
from gitctl.errors import ErrorId, InputError, ManyErrors, RenderError, ToolMissing
from gitctl.model.app import App
from gitctl.model.change import Plan
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin, RenderInputs, RenderResult
from gitctl.model.record import Record, RecordResult, RecordVerb
from gitctl.model.revision import Revision
from gitctl.model.state import AppState
from gitctl.workflow.compare import compare_rendered
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Rendered
from gitctl.workflow.record_secrets import RecordSecrets, _is_keyless, _of_secrets, _records, secrets_of_record

APP = App("p", "dev", "web", "web")


def record(number: int, **more: object) -> Record:
    made = Record(number, RecordVerb.SYNC, RecordResult.SUCCEEDED, "a" * 40, "main", "r", "rotate", "ada", "ada", "2026-11-20T10:00:00Z")
    return replace(made, **more)  # type: ignore[arg-type]


def manifest(kind: str, sensitive: tuple[tuple[str | int, ...], ...] = (), **data: str) -> Manifest:
    body: Json = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, "data": data}
    return Manifest(ObjectRef("", kind, "n", kind.lower()), "v1", body, Origin("a.yaml"), str(body), sensitive)


def plan(old: tuple[Manifest, ...], new: tuple[Manifest, ...]) -> Plan:
    revision = Revision("r", "", "main")
    sides = ([Rendered(APP, RenderResult("web", revision, RenderInputs("plain"), some, str(some)))] for some in (old, new))
    (found,) = compare_rendered(*sides)
    return _of_secrets(found)


def told(one: RecordSecrets) -> str:
    return text_of(record_secret_lines("web (dev)", one), color=False, clean=lambda text: text)


def test_only_secrets_and_what_came_from_encrypted_files_is_told() -> None:
    place = (("data", "url"),)
    old = (manifest("Secret", a="YQ=="), manifest("ConfigMap", place, url="one", open="1"), manifest("Service", x="1"))
    new = (manifest("Secret", a="Yg=="), manifest("ConfigMap", place, url="two", open="2"), manifest("Service", x="2"))
    text = told(RecordSecrets(record(2), record(1), plan(old, new), decrypted=True))
    assert text.startswith("web (dev) record 2 (aaaaaaaa rotate), since record 1: 2 changed objects\n")
    assert "data.a: *** (1 byte) ~" in text
    assert "data.url: *** (3 bytes) ~" in text
    assert "open" not in text
    assert "Service" not in text


def test_secrets_that_went_are_told_by_their_keys() -> None:
    text = told(RecordSecrets(record(2), record(1), plan((manifest("Secret", a="aHVudGVyMg=="),), ()), decrypted=True))
    assert "- Secret n/secret\n      removed: a *** (7 bytes) ~" in text


def test_what_is_not_known_is_said() -> None:
    same = (manifest("Secret", a="YQ=="),)
    one = RecordSecrets(record(2, partial=True), record(1, result=RecordResult.FAILED), plan(same, same), decrypted=False)
    assert told(one).splitlines() == [
        "web (dev) record 2 (aaaaaaaa rotate), since record 1: no secret value changed",
        "  note: not decrypted here: values are told apart by their ciphertext, which `secret rotate` changes too",
        "  note: 1 Secret as before",
        "  note: record 2 was for some objects only",
        "  note: record 1 ended failed",
    ]
    assert ", the first record: no secret" in told(replace(one, before=None))


def test_a_record_and_the_one_before_it() -> None:
    state = AppState("p/dev/web", records=(record(3), record(5)))
    assert [one and one.number for one in _records(state, 5)] == [5, 3]
    assert _records(state, 3)[1] is None
    with raises(ErrorId.RECORD_UNKNOWN):
        _records(state, 4)


def test_what_renders_otherwise_now_is_no_answer() -> None:
    revision, unused = Revision("r", "a" * 40, "main"), cast(Any, None)
    tree = type("Tree", (), {"revision": revision})()
    project = type("Lookup", (), {"app_at": lambda _self, app, _tree: app})()
    parts = Parts(unused, tree, unused, unused, unused, unused, unused, "ada", project)
    result = RenderResult("web", revision, RenderInputs("plain"), (manifest("Secret", a="YQ=="),), "now")
    state = AppState("p/dev/web", records=(record(1, render_digest="then"), record(2, render_digest="now")))

    def secrets(number: int) -> RecordSecrets:
        return secrets_of_record(APP, state, number, parts, opening=lambda _app, _tree: result, keyless=unused)

    for number in (1, 2):
        with raises(ErrorId.NOT_REPRODUCIBLE):
            secrets(number)
    state = AppState("p/dev/web", records=(record(2, render_digest="now"),))
    assert [one.ref.name for one in secrets(2).plan.changes] == ["secret"]
    state = AppState("p/dev/web", records=(record(2, render_digest="now"), record(3, verb=RecordVerb.DELETE)))
    assert [one.ref.name for one in secrets(3).plan.prunes] == ["secret"]


@pytest.mark.parametrize(
    ("error", "is_keyless"),
    [
        (RenderError("x", id=ErrorId.NO_USABLE_KEY), True),
        (InputError("x", id=ErrorId.WRONG_KEY), True),
        (RenderError("x", id=ErrorId.KEY_SERVICE_DENIED), True),
        (ToolMissing("sops"), True),
        (ManyErrors([RenderError("x", id=ErrorId.NO_USABLE_KEY), InputError("x", id=ErrorId.SECRET_TAMPERED)]), False),
        (InputError("x", id=ErrorId.SECRET_TAMPERED), False),
    ],
)
def test_only_a_missing_key_makes_it_look_at_ciphertexts(error: RenderError, is_keyless: bool) -> None:
    assert _is_keyless(error) is is_keyless
