"""Rounds that go on, with work and followers that the test writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import pytest

from gitctl.errors import Unreachable
from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import Deadline
from gitctl.protocols import Stir, Tracked
from gitctl.workflow import agenda, keeping
from gitctl.workflow.agenda import Due, Key, Slowed
from gitctl.workflow.keeping import Done, Keeping, reasons, slowed_text

A, B = (ObjectRef("", "ConfigMap", "n", name) for name in "ab")
WEB, API, BRANCH = ("main", "p/dev/web"), ("main", "p/dev/api"), ("branch rendered", "p/dev/site")


class Follower:
    """News is what the test puts into `news`."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.news: list[Stir] = []
        self.tracked: dict[str, list[ObjectRef]] = {}
        self.expected: dict[ObjectRef, Json | None] = {}
        self.looks = 0
        self.closed = False

    def track(self, objects: Tracked) -> None:
        """See Following."""
        self.tracked = {owner: [ref for ref, _ in refs] for owner, refs in objects.items()}

    def expect(self, ref: ObjectRef, live: Json | None) -> None:
        """See Following."""
        assert any(ref in refs for refs in self.tracked.values()), "only what is followed can be expected"
        self.expected[ref] = live

    def take(self) -> tuple[Stir, ...]:
        """See Following."""
        news, self.news = self.news, []
        return tuple(news)

    def look(self) -> None:
        """See Following."""
        self.looks += 1

    def notes(self) -> tuple[str, ...]:
        """See Following."""
        return ()

    def close(self) -> None:
        """See Following."""
        self.closed = True


class Work:
    """`script` is called in each round; the rounds end when it raises StopIteration."""

    def __init__(self, script: Callable[[Work, Sequence[Due]], list[Done]], *, out_of_reach: int = 0) -> None:
        self.script = script
        self.out_of_reach = out_of_reach
        self.apps: set[Key] = {WEB, API}
        self.moved: set[Key] = {WEB, API}
        self.rounds: list[list[Key]] = []
        self.follower: Follower | None = None
        self.cancel = Deadline()
        self.polls = 0

    def poll(self) -> Collection[Key]:
        """See Work."""
        self.polls += 1
        moved, self.moved = self.moved, set()
        return moved

    def keys(self) -> Collection[Key]:
        """See Work."""
        return self.apps

    def target(self, place: str) -> Work:
        """See Work."""
        assert place == "main"
        return self

    def follow(self, wake: Callable[[], None]) -> Follower:
        """See Followable."""
        if self.out_of_reach:
            self.out_of_reach -= 1
            raise Unreachable("away")
        self.follower = Follower(wake)
        return self.follower

    def carry_out(self, due: Sequence[Due]) -> Iterator[Done]:
        """See Work."""
        self.rounds.append(sorted(one.key for one in due))
        yield from self.script(self, due)


def kept(work: Work, *, every: float = 30.0, seconds: float = 60.0) -> list[str]:
    """Run it to the end; what was said."""
    said: list[str] = []
    Keeping(work, every=every, cancel=work.cancel, say=said.append, beat=lambda: None, ends=Deadline(seconds)).run()
    return said


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes are not given time to be followed by others."""
    monkeypatch.setattr(agenda, "QUIET", 0.0)


def test_all_apps_first_then_the_app_whose_object_was_changed_until_it_is_cancelled() -> None:
    def script(work: Work, due: Sequence[Due]) -> list[Done]:
        if len(work.rounds) == 1:
            return [Done(WEB, [(A, "v1")], [(A, {"seen": 1})]), Done(API, [(B, "v1")])]
        work.cancel.cancel()
        return [Done(one.key) for one in due]

    work = Work(script)
    started = Follower.track

    def track(self: Follower, objects: Tracked) -> None:
        started(self, objects)
        if len(work.rounds) == 1:
            self.news.append(Stir(WEB[1], A, "kubectl-edit"))
            self.wake()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Follower, "track", track)
        kept(work)
    assert work.rounds == [[API, WEB], [WEB]]
    assert work.follower is not None
    assert (work.follower.expected, work.follower.closed) == ({A: {"seen": 1}}, True)
    assert work.follower.tracked == {WEB[1]: [A], API[1]: [B]}
    assert work.polls == 1


def test_a_failed_round_is_done_again_though_nothing_moved() -> None:
    def script(work: Work, due: Sequence[Due]) -> list[Done]:
        if len(work.rounds) == 2:
            work.cancel.cancel()
        return [Done(one.key, [(A if one.key == WEB else B, "v1")], well=one.key != WEB) for one in due]

    work = Work(script)
    kept(work, every=0.05)
    assert work.rounds == [[API, WEB], [WEB]]


def test_what_tells_of_no_changes_is_due_at_each_poll_and_after_a_while_everything_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(work: Work, due: Sequence[Due]) -> list[Done]:
        if len(work.rounds) == 3:
            monkeypatch.setattr(keeping, "WHOLE", 0.0)
        if len(work.rounds) == 5:
            work.cancel.cancel()
        return [Done(one.key, [(A, "v1")] if one.key == WEB else None) for one in due]

    work = Work(script)
    work.apps = work.moved = {WEB, BRANCH}
    kept(work, every=0.01)
    assert work.rounds == [[BRANCH, WEB], [BRANCH], [BRANCH], [BRANCH, WEB], [BRANCH, WEB]]


def test_a_place_out_of_reach_is_followed_later_and_an_app_that_left_no_more() -> None:
    def script(work: Work, due: Sequence[Due]) -> list[Done]:
        if len(work.rounds) == 1:
            work.apps, work.moved = {WEB}, {WEB}
        else:
            work.cancel.cancel()
        return [Done(one.key, [(A if one.key == WEB else B, "v1")]) for one in due]

    work = Work(script, out_of_reach=1)
    said = kept(work, every=0.05)
    assert said == ["main: not watched yet: away"]
    assert work.follower is not None
    assert work.follower.tracked == {WEB[1]: [A]}


def test_a_place_out_of_reach_is_tried_again_soon_and_that_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SOON", 0.01)
    work = Work(lambda _, due: [Done(one.key, [(A, "v1")]) for one in due], out_of_reach=3)
    assert kept(work, every=60.0, seconds=1.5) == ["main: not watched yet: away"]
    assert (work.polls, work.out_of_reach) == (1, 0)
    assert work.follower is not None


def test_it_ends_with_its_time() -> None:
    work = Work(lambda _, due: [Done(one.key) for one in due])
    kept(work, seconds=0.1)
    assert work.rounds == [[API, WEB]]


def test_reasons_and_who_fights_are_told_in_words() -> None:
    stirs = tuple(Stir(WEB[1], ObjectRef("", "ConfigMap", "n", str(n)), "k9s") for n in range(7))
    told = reasons([Due(WEB, (*stirs, Stir(WEB[1], A, first=True)))])
    assert told == (*(f"ConfigMap n/{n}: changed by k9s" for n in range(5)), "and 2 objects more")
    assert reasons([Due(WEB, (Stir(WEB[1], A, gone=True), Stir(WEB[1], B)))]) == (
        "ConfigMap n/a: gone",
        "ConfigMap n/b: changed by somebody unknown",
    )
    text = slowed_text(Slowed(Stir(WEB[1], A, "other"), 5, 12.4, 4.2))
    assert text == "ConfigMap n/a is changed by other again, after 5 times in 12s: looked at in 4s"
