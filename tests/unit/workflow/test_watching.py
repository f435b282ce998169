"""Waiting until something changes, on a target whose watch the test writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from gitctl.errors import Unreachable
from gitctl.model.manifest import Json, ObjectRef
from gitctl.workflow import watching
from gitctl.workflow.watching import Seen, await_change

A, B = (ObjectRef("", "ConfigMap", "n", name) for name in "ab")


def live(version: int) -> Json:
    """An object of this resourceVersion."""
    return {"metadata": {"resourceVersion": str(version)}}


class Target:
    """Its watch brings what the test says, then nothing until its time is over."""

    def __init__(self, *news: tuple[ObjectRef, Json | None], fails: bool = False) -> None:
        self.news = news
        self.fails = fails
        self.watched: list[int] = []

    def watch(self, refs: Sequence[tuple[ObjectRef, str]], *, seconds: float) -> Iterator[tuple[ObjectRef, Json | None]]:
        """See protocols.Target."""
        self.watched.append(len(refs))
        assert seconds >= 1
        if self.fails:
            raise Unreachable("gone")
        yield from self.news


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause after a change."""
    monkeypatch.setattr(watching, "CALM", 0.0)


def waited(target: Any, seen: Seen, *, refs: Sequence[ObjectRef] = (A, B), seconds: float = 60.0) -> Seen:
    """What is known after waiting."""
    await_change(target, refs, seen, seconds=seconds)
    return seen


def test_the_first_look_of_a_watch_is_no_change() -> None:
    assert waited(Target((A, live(1)), (B, live(2))), {}, seconds=0.3) == {A: "1", B: "2"}


@pytest.mark.parametrize("news", [live(3), None], ids=["another version", "gone"])
def test_what_is_not_as_it_was_ends_the_wait(news: Json | None) -> None:
    target = Target((A, live(1)), (B, news), (A, live(9)))
    assert waited(target, {A: "1", B: "2"})[A] == "1", "a minute was not waited for"


@pytest.mark.parametrize(
    ("target", "refs"), [(Target(fails=True), (A,)), (Target(), ()), (Target(), [A] * 501)], ids=["away", "none", "many"]
)
def test_else_the_time_passes(target: Target, refs: Sequence[ObjectRef]) -> None:
    assert waited(target, {}, refs=refs, seconds=0.2) == {}
    assert target.watched == ([1] if target.fails else [])
