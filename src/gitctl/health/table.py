"""How an operator's kind is described by constants, and how such a description is read. The descriptions are in `operators.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitctl.health.live import Condition, Live
from gitctl.health.verdict import failed, healthy, join, progressing, suspended
from gitctl.model.health import Health, HealthState

Path = tuple[str, ...]

PHASE: Path = ("status", "phase")


@dataclass(frozen=True, slots=True)
class Words:
    """A status word: the words that mean healthy, failed, suspended; any other means progressing, none at all too.

    `optional`: a missing word says nothing.
    """

    path: Path = PHASE
    healthy: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """One kind. Asked in the order of the fields; the first answer that is not "healthy" decides.

    `paused` are (path, value) pairs of the object that stop its controller; `paused_when` conditions that say so.
    `broken` are conditions whose True is a failure. `busy` are conditions whose True means work in progress. `errors` are paths
    with `*` whose every value must be empty. `words` are status words, explained at `message`.
    `ready` are conditions that must be True, `if_set` those that must be True where they are set, of `either` one must be True.
    A False one means progress. It is a failure when the condition is in `final` (or `strict`: all are) or its reason in `fatal`;
    a reason in `patience` turns a failure, also a `broken` one, back into progress.
    `static`: the controller may write no status, so none is healthy; `static_when` says so for some objects only.
    """

    paused: tuple[tuple[Path, str], ...] = ()
    paused_when: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()
    errors: tuple[Path, ...] = ()
    words: tuple[Words, ...] = ()
    message: Path = ()
    ready: tuple[str, ...] = ()
    if_set: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    strict: bool = False
    final: tuple[str, ...] = ()
    fatal: tuple[str, ...] = ()
    patience: tuple[str, ...] = ()
    static: bool = False
    static_when: tuple[tuple[Path, str], ...] = ()


def paused(live: Live, kind: Operator) -> Health | None:
    """Suspended by its user. Asked before `observedGeneration`: a paused controller does not observe."""
    for path, value in kind.paused:
        if live.scalar(*path) == value:
            return suspended(f"{'.'.join(path)} is {value}")
    return None


def described(live: Live, kind: Operator) -> Health:
    """The health that the description gives."""
    if not live.has_status:
        static = kind.static or any(live.scalar(*path) == value for path, value in kind.static_when)
        return healthy() if static else progressing("no status yet")
    said = [verdict for verdict in _verdicts(live, kind) if verdict is not None]
    return next((v for v in said if v.state is not HealthState.HEALTHY), said[0] if said else healthy())


def _verdicts(live: Live, kind: Operator) -> Iterator[Health | None]:
    for name in kind.paused_when:
        if (condition := live.condition(name)) and condition.true:
            yield suspended(str(condition))
    for name in kind.broken:
        yield _broken(live, live.condition(name), kind)
    for name in kind.busy:
        yield _busy(live, live.condition(name), kind)
    for path in kind.errors:
        yield _errors(live, path)
    for words in kind.words:
        yield _word(live, words, kind)
    yield from _ready(live, kind)


def _broken(live: Live, condition: Condition | None, kind: Operator) -> Health | None:
    if condition is None or not condition.true or live.outdated(condition):
        return None
    return (progressing if condition.reason in kind.patience else failed)(str(condition))


def _busy(live: Live, condition: Condition | None, kind: Operator) -> Health | None:
    """Flux says `ProgressingWithRetry` after a failure, whose cause is then in Ready."""
    if condition is None or not condition.true or condition.reason == "ProgressingWithRetry":
        return None
    blocked = [c for name in kind.ready if (c := live.condition(name)) and not c.true and c.message]
    return progressing(join(blocked) or str(condition))


def _errors(live: Live, path: Path) -> Health | None:
    found = [error for error in live.every(*path) if error]
    if not found:
        return None
    first = found[0][0] if isinstance(found[0], list) else found[0]
    text = first if isinstance(first, str) else Live(first if isinstance(first, dict) else {}).text("message")
    return failed(join((".".join(path), text)))


def _word(live: Live, words: Words, kind: Operator) -> Health | None:
    word, name = live.scalar(*words.path), ".".join(words.path)
    if not word:
        return None if words.optional else progressing(f"{name} is not set yet")
    text = join((f"{name} is {word}", live.text(*kind.message) if kind.message else None))
    for verdict, meant in ((healthy, words.healthy), (failed, words.failed), (suspended, words.suspended)):
        if word in meant:
            return verdict(text)
    return progressing(text)


def _ready(live: Live, kind: Operator) -> Iterator[Health]:
    for name in kind.ready:
        condition = live.condition(name)
        yield _condition(live, condition, kind) if condition else progressing(f"{name} is not set yet")
    for name in kind.if_set:
        if condition := live.condition(name):
            yield _condition(live, condition, kind)
    if kind.either:
        known = [c for name in kind.either if (c := live.condition(name))]
        good = next((c for c in known if c.true), None)
        yield _condition(live, good, kind) if good else progressing(join(known) or f"{' or '.join(kind.either)} is not set yet")


def _condition(live: Live, condition: Condition, kind: Operator) -> Health:
    if live.outdated(condition):
        return progressing(f"{condition.type} speaks of generation {condition.observed}, now {live.generation}")
    if condition.true:
        return healthy(str(condition))
    final = kind.strict or condition.type in kind.final or condition.reason in kind.fatal
    return (failed if final and condition.false and condition.reason not in kind.patience else progressing)(str(condition))
