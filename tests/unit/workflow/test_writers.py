"""For which values a commit is looked for: secrets that a plan changes, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from gitctl.model.change import Action, Change, Comparison, FieldChange, FieldKind, Plan, Wave
from gitctl.model.culprit import Culprit
from gitctl.model.manifest import Manifest, ObjectRef, Origin, Path
from gitctl.model.revision import Revision
from gitctl.workflow.parts import Parts, WantedField
from gitctl.workflow.writers import with_writers

SHA = "a" * 40
BY = Culprit("b" * 40, "Ada", "2026-11-20T10:00:00+00:00", "rotate")
REVISION = Revision("r", SHA, "main")
SEALED = ("spec", "encryptedData", "key")


def asked(
    kind: str,
    path: Path,
    *,
    new: Any = "x",
    sensitive: bool = True,
    covered: str = "",
    line: int = 0,
    revision: Revision = REVISION,
    stored: bool = False,
) -> list[WantedField]:
    """What is asked about a changed field; the answer must be in the plan."""
    found: list[WantedField] = []
    unused = cast(Any, None)
    manifest = Manifest(ObjectRef("", kind, "n", "a"), "v1", {}, Origin("a.yaml", line), sensitive=(path,), covered=(covered,))
    manifest = replace(manifest, stored=(path,) if stored else ())
    field = FieldChange(path, FieldKind.CHANGED, "old", new, sensitive=sensitive)
    change = Change(manifest.ref, Action.UPDATE, (field,), comparison=Comparison(manifest, {}, {}, {}))
    plan = Plan("web", "p/dev/web", revision, (Wave("w", (change,)),), (), (), (), (), "")

    def blame(wanted: WantedField) -> Culprit:
        found.append(wanted)
        return BY

    parts = replace(Parts(cast(Any, object()), *[unused] * 6, "ada", unused), blame=blame)
    told = with_writers(plan, ("apps/",), parts)
    assert [field.written_by for change in told.changes for field in change.fields] == ([BY] if found else [None])
    return found


def test_a_secret_is_looked_for_by_its_placeholder() -> None:
    (one,) = asked("ConfigMap", ("data", "url"), covered="gitctl-0")
    assert (one.sha, one.path, one.value, one.covered, one.places) == (SHA, ("data", "url"), None, "gitctl-0", ("apps/",))


def test_a_sealed_secret_by_its_ciphertext_and_a_plain_one_by_its_line() -> None:
    assert [one.value for one in asked("SealedSecret", SEALED, new="AgB", sensitive=False)] == ["AgB"]
    assert len(asked("Secret", ("data", "a"), line=3)) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "ConfigMap", "path": ("data", "a"), "sensitive": False},
        {"kind": "Secret", "path": ("data", "a"), "new": None},  # it goes
        {"kind": "Secret", "path": ("data", "a"), "line": 3, "stored": True},  # its store changed it
        {"kind": "Secret", "path": ("data", "a")},  # a tool made it of what is plain: it has no line
        {"kind": "Secret", "path": ("data", "a"), "covered": "gitctl-0", "revision": replace(REVISION, dirty=True)},
    ],
)
def test_nobody_is_asked_about(more: dict[str, Any]) -> None:
    assert asked(**more) == []
