"""Case: one object, what Git wants and what others did, by itself: to be done again, made smaller, and kept as a test."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab
from tests.oracle.edits import Path as Place
from tests.oracle.edits import get, paths
from tests.oracle.oracle import agrees
from tests.oracle.steps import Step, send
from tests.oracle.subject import Violation
from tests.oracle.templates import path_of

from gitctl.model.change import Proof
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.owner import owner_label

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """`properties`: of the spec of a custom kind. Names of the place where it was found are written as `$…`."""

    title: str
    properties: Json | None
    desired: Json
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, violation: Violation, lab: Lab) -> Case:
        """The case of a violation that a campaign found."""
        title = f"{violation.mutation}; environment: {violation.environment or 'as it was'}"
        case = cls(title, violation.properties, violation.desired, violation.history)
        group = violation.desired["apiVersion"].rpartition("/")[0] if violation.properties is not None else ""
        return case.named({value: name for name, value in _names(lab, violation.desired["metadata"]["name"], group).items()})

    @classmethod
    def read(cls, path: Path) -> Case:
        """A case that was kept."""
        body = json.loads(path.read_text())
        return cls(body["title"], body["properties"], body["desired"], tuple(Step(**step) for step in body["steps"]))

    def text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def named(self, names: dict[str, str]) -> Case:
        """With other names."""
        text = json.dumps(asdict(self))
        for old, new in names.items():
            text = text.replace(old, new) if old else text
        body = json.loads(text)
        return Case(body["title"], body["properties"], body["desired"], tuple(Step(**step) for step in body["steps"]))


def _names(lab: Lab, subject: str, group: str) -> dict[str, str]:
    return {"$LABEL": owner_label(lab.owner), "$OWNER": lab.owner, "$NAMESPACE": lab.namespace, "$GROUP": group, "$SUBJECT": subject}


_number = itertools.count(1)


def is_false(lab: Lab, kind: Kind, case: Case) -> bool:
    """Do it again on a new object of a kind that is defined already: does a certificate say "in sync" where the server says otherwise?"""
    case = case.named(_names(lab, f"case-{next(_number)}", kind.group))
    lab.sync(case.desired)
    for _ in range(_ROUNDS):
        lab.later(61)
        lab.look(case.desired)
    for step in case.steps:
        send(lab, case.desired, step)
    return any(_look(lab, case.desired) for _ in range(_ROUNDS))


def _look(lab: Lab, desired: Json) -> bool:
    (found,) = lab.look(desired)
    body = found.desired.body
    verdict = agrees(lab.last.client, path_of(lab.namespace, body), body, found.live or {}, lab.owner)[0]
    lab.later(61)
    return found.proof is Proof.CERTIFICATE and verdict is False


def shrunk(lab: Lab, kind: Kind, case: Case) -> Case:
    """The case with the fewest steps and fields that is still false; itself when it cannot be repeated."""
    smaller = next((c for c in _smaller(case) if _still(lab, kind, c)), None)
    return case if smaller is None else shrunk(lab, kind, smaller)


def _still(lab: Lab, kind: Kind, case: Case) -> bool:
    try:
        return is_false(lab, kind, case)
    except AssertionError:
        return False  # what is not valid any more was not applied


def _smaller(case: Case) -> Iterator[Case]:
    for index in range(len(case.steps)):
        yield replace(case, steps=case.steps[:index] + case.steps[index + 1 :])
    for place in paths(case.desired):
        if place[0] in ("spec", "data", "rules"):
            yield replace(case, desired=_without(case.desired, place))


def _without(body: Json, place: Place) -> Json:
    body = copy.deepcopy(body)
    del get(body, place[:-1])[place[-1]]
    return body
