from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.contract.places import OWNER, BranchPlace
from tests.fixtures.commands import GitRepo
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.model.app import IgnoreRule, SourceSpec
from gitctl.model.outcome import OutcomeResult
from gitctl.plan.fields import field_changes
from gitctl.plan.ignore import prepare
from gitctl.protocols import CompareOptions
from gitctl.source.open import open_refs
from gitctl.target import silence
from gitctl.target.branch import lock
from gitctl.target.branch.place import Place
from gitctl.target.branch.snapshot import Homes
from gitctl.target.branch.target import BranchTarget
from gitctl.target.holder import boottime
from gitctl.testing.delivery import compare, deliver, silent

STATE = "refs/gitctl/state"


@pytest.fixture
def place(git_repo: Callable[..., GitRepo], tmp_path: Path) -> BranchPlace:
    return BranchPlace(git_repo({"README": "x"}), tmp_path / "cache")


def at(place: BranchPlace, folder: str, *places: Place) -> BranchTarget:
    """The target, with the app in another folder; `places` are all that the configuration knows."""
    refs = open_refs(place.repo.path, SourceSpec(), "", cache=place.cache, push=False)
    return BranchTarget(refs, Homes("rendered/dev", {OWNER: folder}, {OWNER: frozenset(places)}), cache=place.cache)


def test_half_a_run_commits_nothing_and_says_so(place: BranchPlace) -> None:
    done = deliver(place.open(), OWNER, [place.manifest("a"), place.manifest("b")], whole=False)
    assert {o.result for o in done.outcomes} == {OutcomeResult.NOT_TRIED}
    assert "whole or not at all" in done.outcomes[0].error
    assert place.repo.git("for-each-ref", "refs/heads/rendered") == ""
    deliver(place.open(), OWNER, [place.manifest("a"), place.manifest("b")])
    assert place.repo.git("rev-list", "--count", "rendered/dev") == "1"


def test_a_branch_that_moves_under_a_run_is_left_as_it_is(place: BranchPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(place.open(), OWNER, [place.manifest("a", color="blue")])
    target = place.open()
    conclude = target.conclude

    def meddle(*args: object, **options: object) -> object:
        place.write(place.manifest("a", color="green"), "a")
        return conclude(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(target, "conclude", meddle)
    with raises(ErrorId.STATE_MOVED):
        deliver(target, OWNER, [place.manifest("a", color="red")])
    (found,) = compare(place.open(), OWNER, [place.manifest("a", color="red")])
    assert found.live is not None
    assert found.live["data"] == {"color": "green"}


def test_a_plan_holds_for_the_branch_that_it_was_made_from(place: BranchPlace) -> None:
    target = place.open()
    wanted = [place.manifest("a", color="red")]
    planned = compare(target, OWNER, wanted)
    place.write(place.manifest("a", color="green"), "a")
    with raises(ErrorId.STATE_MOVED):
        deliver(target, OWNER, wanted, planned=planned)
    assert "green" in place.repo.git("show", "rendered/dev:site/site-dev/configmap_a.yaml")


def test_an_ignored_field_stays_as_the_file_has_it(place: BranchPlace) -> None:
    deliver(place.open(), OWNER, [place.manifest("a", color="blue", size="1")])
    place.write(place.manifest("a", color="red", size="1", extra="x"), "a")
    rules = (IgnoreRule(paths=("/data/color", "/data/extra")),)
    inventory = {e.ref: e for e in place.open().read_state(OWNER).inventory}
    options = CompareOptions(OWNER, partial(prepare, rules=rules))
    wanted = place.manifest("a", color="blue", size="2")
    (found,) = place.open().compare([wanted], inventory, options=options)
    assert found.live is not None
    assert found.merged is not None
    assert [c.path for c in field_changes(found.live, found.merged, ref=wanted.ref)] == [("data", "size")]
    assert found.sent["data"] == {"color": "red", "size": "2", "extra": "x"}


def test_history_that_was_rewritten_has_nobody_to_blame(place: BranchPlace) -> None:
    deliver(place.open(), OWNER, [place.manifest("a", color="blue")])
    place.write(place.manifest("a", color="red"), "a")
    tree = place.repo.git("rev-parse", "rendered/dev^{tree}")
    place.repo.git("update-ref", "refs/heads/rendered/dev", place.repo.git("commit-tree", tree, "-m", "squashed"))
    (found,) = compare(place.open(), OWNER, [place.manifest("a", color="blue")])
    assert (found.owner, found.taken, found.additions) == (OWNER, (), ())
    deliver(place.open(), OWNER, [place.manifest("a", color="blue")])
    assert "color: blue" in place.repo.git("show", "rendered/dev:site/site-dev/configmap_a.yaml")


def test_a_damaged_state_is_told(place: BranchPlace) -> None:
    deliver(place.open(), OWNER, [place.manifest("a")])
    ref = place.repo.git("for-each-ref", "--format=%(refname)", STATE)
    place.repo.git("update-ref", ref, "main")
    with raises(ErrorId.STATE_DAMAGED):
        place.open().read_state(OWNER)


def test_a_lock_is_renewed_and_lost_by_the_clock_of_who_holds_it(place: BranchPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = [0.0]
    monkeypatch.setattr(lock, "boottime", lambda: boottime() + passed[0])
    with place.open().lock(OWNER, timeout=0, emit=silent) as held:
        before = place.repo.git("for-each-ref", "refs/gitctl/lock")
        held.check()
        assert place.repo.git("for-each-ref", "refs/gitctl/lock") == before
        passed[0] = 20
        held.check()
        assert place.repo.git("for-each-ref", "refs/gitctl/lock") != before
        passed[0] = 90
        with raises(ErrorId.LOCK_LOST):
            held.check()


def test_a_lock_that_another_run_took_is_lost(place: BranchPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = [0.0]
    monkeypatch.setattr(silence, "boottime", lambda: boottime() + passed[0])
    with place.open().lock(OWNER, timeout=0, emit=silent) as held:
        for seconds in (0.0, 59.0):
            passed[0] = seconds
            with raises(ErrorId.LOCKED), place.open().lock(OWNER, timeout=0, emit=silent):
                pass
        passed[0] = 61
        with place.open().lock(OWNER, timeout=0, emit=silent) as other:
            other.check()
            monkeypatch.setattr(lock, "boottime", lambda: boottime() + 20)
            with raises(ErrorId.LOCK_LOST):
                held.check()


def test_a_state_of_another_place_moves_unless_that_is_configured_too(place: BranchPlace) -> None:
    deliver(place.open(), OWNER, [place.manifest("a")])
    here, second = Place("rendered/dev", "site"), Place("rendered/dev", "second")
    both = at(place, "second", here, second)
    assert both.read_state(OWNER).inventory == ()
    assert both.warnings == ()
    moved = at(place, "second", second)
    assert len(moved.read_state(OWNER).inventory) == 1
    assert "the next sync moves it to rendered/dev:second" in moved.warnings[0]
    deliver(moved, OWNER, [place.manifest("a")])
    assert place.repo.git("ls-tree", "-r", "--name-only", "rendered/dev") == "second/site-dev/configmap_a.yaml"
    assert at(place, "second", second).warnings == ()
