"""What every target promises, as checks: workflows rely on each of them, whatever the target is.

for name, check in CHECKS.items():
    check(my_place())        # a fresh, empty place for each check
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from gitctl.errors import Locked, StateMoved
from gitctl.model.lock import Life
from gitctl.model.manifest import Manifest
from gitctl.model.marks import uid
from gitctl.model.outcome import OutcomeResult
from gitctl.model.state import AppState, Hold
from gitctl.plan.fields import field_changes
from gitctl.protocols import Target
from gitctl.testing.delivery import compare, deliver, opened, prune, silent


class Place(Protocol):
    """An empty place of a target under test, for two apps."""

    owner: str
    other: str

    def open(self) -> Target:
        """The target, as a new process would open it."""
        ...

    def manifest(self, name: str, **data: str) -> Manifest:
        """A ConfigMap that belongs there; both apps would put it at the same place."""
        ...

    def write(self, manifest: Manifest | None, name: str) -> None:
        """Somebody else writes the object `name` past gitctl; None: deletes it."""
        ...


Check = Callable[[Place], None]


def state_is_empty_before_the_first_write(place: Place) -> None:
    """An owner id that nobody wrote has an empty state without a token, and is not listed."""
    state = place.open().read_state(place.owner)
    assert (state.owner, state.inventory, state.records, state.token) == (place.owner, (), (), "")
    assert place.owner not in [s.owner for s in place.open().list_states()]


def state_comes_back_as_it_was_written(place: Place) -> None:
    """Another process reads what was written, and lists it; a removed state is gone."""
    state = opened(place.open(), place.owner, [place.manifest("a")])
    held = Hold("digest", "1" * 40, "why – ünïcode", "ada", "2026-01-02T03:04:05Z")
    state = place.open().write_state(replace(state, hold=held, pruned_at=(("2026-01-02T03:04:05Z", 3),)))
    again = place.open().read_state(place.owner)
    assert replace(again, token="") == replace(state, token="")
    assert [s.owner for s in place.open().list_states()] == [place.owner]
    place.open().remove_state(place.owner)
    place.open().remove_state(place.owner)
    assert place.open().read_state(place.owner).token == ""


def state_is_compared_and_swapped(place: Place) -> None:
    """Of two that read the same state one writes; the other, and one that thinks there is none, are told."""
    first = opened(place.open(), place.owner, [])
    place.open().write_state(replace(first, pruned_at=(("2026-01-02T03:04:05Z", 1),)))
    for stale in (first, replace(first, token="")):
        try:
            place.open().write_state(replace(stale, pruned_at=(("2026-01-02T03:04:05Z", 9),)))
        except StateMoved:
            continue
        raise AssertionError("a stale state was written")
    assert place.open().read_state(place.owner).pruned_at == (("2026-01-02T03:04:05Z", 1),)


def lock_is_held_by_one(place: Place) -> None:
    """A second run of the same app is refused and told who holds the lock; another app, and a later run, are not."""
    with place.open().lock(place.owner, timeout=0, emit=silent) as lock:
        lock.check()
        assert "held by" in _refusal(place)
        with place.open().lock(place.other, timeout=0, emit=silent) as others:
            others.check()
        lock.check()
    with place.open().lock(place.owner, timeout=0, emit=silent) as lock:
        lock.check()


def _refusal(place: Place) -> str:
    try:
        with place.open().lock(place.owner, timeout=0, emit=silent):
            raise AssertionError("two hold one lock")
    except Locked as refused:
        return str(refused)


def lock_can_be_taken_away(place: Place) -> None:
    """The holder is known; whoever evicts it holds the lock, and the holder writes nothing more."""
    assert place.open().holding(place.owner, seconds=0) is None
    target = place.open()
    with target.lock(place.owner, timeout=0, emit=silent):
        state = opened(target, place.owner, [])
        found = place.open().holding(place.owner, seconds=0)
        assert found is not None
        assert found.life is Life.ALIVE
        assert found.holder in _refusal(place)
        # As one that does not live: what it has under way need not be waited for.
        with place.open().evict(place.owner, replace(found, life=Life.QUIET), emit=silent) as taken:
            taken.check()
            time.sleep(_NOTICED)
            _require_locked_out(target, state)
    assert place.open().holding(place.owner, seconds=0) is None


_NOTICED = 1.1


def _require_locked_out(target: Target, state: AppState) -> None:
    try:
        target.write_state(replace(state, pruned_at=(("2026-01-02T03:04:05Z", 1),)))
    except Locked:
        return
    raise AssertionError("a run that was evicted wrote")


def what_is_missing_has_no_live_object(place: Place) -> None:
    """Before the first delivery nothing is there: no live object, no owner, no error."""
    wanted = place.manifest("a", color="blue")
    (found,) = compare(place.open(), place.owner, [wanted])
    assert (found.live, found.owner, found.error) == (None, "", "")
    seen = place.open().observe(place.owner, [(wanted.ref, wanted.api_version)])
    assert (dict(seen.objects), dict(seen.unknown)) == ({wanted.ref: None}, {})


def what_was_delivered_is_ours_and_unchanged(place: Place) -> None:
    """After a delivery the object is there with a uid, is the app's own, and has nothing left to change; its fields are known."""
    wanted = place.manifest("a", color="blue")
    done = deliver(place.open(), place.owner, [wanted])
    assert [o.result for o in done.outcomes] == [OutcomeResult.APPLIED]
    (entry,) = place.open().read_state(place.owner).inventory
    target = place.open()
    (found,) = compare(target, place.owner, [wanted])
    assert found.live is not None
    assert found.merged is not None
    assert uid(found.live) == entry.uid != ""
    assert entry.fields != ""
    assert found.owner == place.owner
    assert field_changes(found.live, found.merged, ref=wanted.ref) == ()
    ref, live = next(iter(target.watch([(wanted.ref, "v1")], seconds=1)))
    assert (ref, uid(live or {})) == (wanted.ref, entry.uid)


def what_git_changes_shows_before_it_is_applied(place: Place) -> None:
    """Comparing shows what an apply would leave, and applies nothing; the uid stays when it is applied."""
    deliver(place.open(), place.owner, [place.manifest("a", color="blue", size="1")])
    wanted = place.manifest("a", color="red", shape="round")
    (found,) = compare(place.open(), place.owner, [wanted])
    assert (_data(found.live), _data(found.merged)) == ({"color": "blue", "size": "1"}, {"color": "red", "shape": "round"})
    assert (found.taken, found.conflicts, found.additions) == ((), (), ())
    deliver(place.open(), place.owner, [wanted])
    (after,) = compare(place.open(), place.owner, [wanted])
    assert _data(after.live) == {"color": "red", "shape": "round"}
    assert uid(after.live or {}) == uid(found.live or {})


def what_others_change_is_told_with_who_did_it(place: Place) -> None:
    """A field that somebody changed and one that somebody added are named with that somebody; an apply puts both right."""
    wanted = place.manifest("a", color="blue", size="1")
    deliver(place.open(), place.owner, [wanted])
    place.write(place.manifest("a", color="red", size="1", extra="x"), "a")
    (found,) = compare(place.open(), place.owner, [wanted])
    assert [(c.path, bool(c.owner.manager)) for c in found.taken] == [(("data", "color"), True)]
    assert [(a.path, bool(a.owner.manager), bool(a.owner.time)) for a in found.additions] == [(("data", "extra"), True, True)]
    deliver(place.open(), place.owner, [wanted])
    (after,) = compare(place.open(), place.owner, [wanted])
    assert _data(after.live) == {"color": "blue", "size": "1"}


def what_another_app_has_is_told(place: Place) -> None:
    """An object of another app carries that app's owner id, also for who wants it with other values."""
    deliver(place.open(), place.other, [place.manifest("a", color="blue")])
    (found,) = compare(place.open(), place.owner, [place.manifest("a", color="red")])
    assert found.owner == place.other


def what_nobody_has_is_told(place: Place) -> None:
    """An object that no app delivered has no owner, and can be adopted."""
    place.write(place.manifest("a", color="blue"), "a")
    wanted = place.manifest("a", color="red")
    (found,) = compare(place.open(), place.owner, [wanted])
    assert found.live is not None
    assert found.owner == ""
    (found,) = compare(place.open(), place.owner, [wanted], adopt=True)
    assert _data(found.merged) == {"color": "red"}


def deletes_look_at_the_uid(place: Place) -> None:
    """An object with another uid than the planned one stays; the planned one goes."""
    kept, gone = place.manifest("kept"), place.manifest("gone")
    deliver(place.open(), place.owner, [kept, gone])
    target = place.open()
    wrong = prune(target, place.owner, gone.ref, gone.api_version, live_uid="another")
    done = deliver(target, place.owner, [kept], deletes=[wrong])
    assert done.outcomes[-1].result is OutcomeResult.FAILED
    target = place.open()
    assert target.observe(place.owner, [(gone.ref, gone.api_version)]).objects[gone.ref] is not None
    done = deliver(target, place.owner, [kept], deletes=[prune(target, place.owner, gone.ref, gone.api_version)])
    assert done.outcomes[-1].result is OutcomeResult.DELETED
    seen = place.open().observe(place.owner, [(m.ref, m.api_version) for m in (kept, gone)]).objects
    assert (seen[kept.ref] is not None, seen[gone.ref]) == (True, None)


def outcomes_are_true(place: Place) -> None:
    """After a run in which something failed, what counts as applied is there, and what does not is not."""
    wanted = [place.manifest("a"), place.manifest("b")]
    done = deliver(place.open(), place.owner, wanted, whole=False)
    seen = place.open().observe(place.owner, [(m.ref, m.api_version) for m in wanted]).objects
    assert {o.change.ref: o.result is OutcomeResult.APPLIED for o in done.outcomes} == {ref: live is not None for ref, live in seen.items()}


def a_run_that_dies_leaves_nothing_of_nobodys(place: Place) -> None:
    """What a run wrote before it died is recognised as the app's by the next one, which finishes the work."""
    wanted = [place.manifest("a", color="blue"), place.manifest("b")]
    deliver(place.open(), place.owner, wanted, dies=True)
    for found in compare(place.open(), place.owner, wanted):
        assert found.live is None or found.owner == place.owner
    deliver(place.open(), place.owner, wanted)
    assert all(c.owner == place.owner for c in compare(place.open(), place.owner, wanted))


def what_somebody_deletes_is_missing(place: Place) -> None:
    """An object that was deleted past gitctl is not there, and a delivery makes it again."""
    wanted = place.manifest("a")
    deliver(place.open(), place.owner, [wanted])
    place.write(None, "a")
    (found,) = compare(place.open(), place.owner, [wanted])
    assert found.live is None
    deliver(place.open(), place.owner, [wanted])
    assert compare(place.open(), place.owner, [wanted])[0].live is not None


def the_place_stays_the_same(place: Place) -> None:
    """Name and identity do not change with what is in it, and are the same for every process."""
    before = place.open()
    names = (before.name, before.identity())
    deliver(before, place.owner, [place.manifest("a")])
    after = place.open()
    assert names == (after.name, after.identity())
    assert all(names)


def _data(body: Mapping[str, object] | None) -> object:
    return (body or {}).get("data")


CHECKS: Mapping[str, Check] = {
    check.__name__: check
    for check in (
        state_is_empty_before_the_first_write,
        state_comes_back_as_it_was_written,
        state_is_compared_and_swapped,
        lock_is_held_by_one,
        lock_can_be_taken_away,
        what_is_missing_has_no_live_object,
        what_was_delivered_is_ours_and_unchanged,
        what_git_changes_shows_before_it_is_applied,
        what_others_change_is_told_with_who_did_it,
        what_another_app_has_is_told,
        what_nobody_has_is_told,
        deletes_look_at_the_uid,
        outcomes_are_true,
        a_run_that_dies_leaves_nothing_of_nobodys,
        what_somebody_deletes_is_missing,
        the_place_stays_the_same,
    )
}
"""All of them, by name."""
