"""Verify: compare many objects, by certificates first, and ask the server about some of the proven ones all the same."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from gitctl.model.certificate import Standing, Verify
from gitctl.model.change import Comparison, Proof
from gitctl.model.manifest import ObjectRef
from gitctl.parallel import map_bounded
from gitctl.target.kubernetes.client import WORKERS
from gitctl.target.kubernetes.compare import Desk, Pair, ask, proven
from gitctl.target.kubernetes.proof.packing import kind_of
from gitctl.target.kubernetes.proof.still import is_unchanged

_ONE_IN = 100
_NO_ANSWER = frozenset({429, 502, 503, 504})


@dataclass(slots=True)
class Compared:
    """The comparisons, in the order of the pairs, and what was found wrong with certificates."""

    comparisons: tuple[Comparison, ...] = ()
    alarms: list[str] = field(default_factory=list)


class Sampler:
    """Chooses proven objects that the server is asked about all the same: one in a hundred, at least one, other ones each time."""

    def __init__(self, *, total: int = 0) -> None:
        """`total` is how many objects a look at many apps will compare: at least one of them all, not of each app (0: of each)."""
        self._total = total
        self._due = random.random()

    def choose(self, refs: list[ObjectRef]) -> Collection[ObjectRef]:
        """Some of an app's objects. A look goes through all of them in steps of one length, from a random start."""
        if not self._total:
            return frozenset(random.sample(refs, min(len(refs), max(1, len(refs) // _ONE_IN))))
        self._due += len(refs) / min(_ONE_IN, self._total)
        chosen = int(self._due)
        self._due -= chosen
        return frozenset(random.sample(refs, min(len(refs), chosen)))


def compare_all(desk: Desk, pairs: Sequence[Pair], sampler: Sampler) -> Compared:
    """Compare each. Refusals per object are values. Raises ClusterError family errors when the server cannot be used."""
    known = _proven(desk, pairs)
    by_ref = {pair.manifest.ref: pair for pair in pairs}
    sample = _sample(list(known), desk.options.verify, sampler)
    asked = _ask(desk, [pair for ref, pair in by_ref.items() if ref not in known or ref in sample])
    wrong = [ref for ref in sample if _contradicts(desk, by_ref[ref], known[ref], asked[ref])]
    distrusted = {kind_of(ref) for ref in wrong}
    again = [ref for ref in known if kind_of(ref) in distrusted and ref not in asked]
    desk.proofs.distrust(desk.options.owner, distrusted)
    settled = {**known, **{ref: c for ref, c in asked.items() if not (ref in known and _says_nothing(c))}}
    settled |= _ask(desk, [by_ref[ref] for ref in again])
    return Compared(tuple(settled[pair.manifest.ref] for pair in pairs), [_alarm(ref, asked[ref]) for ref in wrong])


def _proven(desk: Desk, pairs: Sequence[Pair]) -> dict[ObjectRef, Comparison]:
    if desk.options.verify is Verify.SERVER:
        return {}
    found = ((pair.manifest.ref, proven(desk, pair)) for pair in pairs)
    return {ref: comparison for ref, comparison in found if comparison is not None}


def _sample(refs: list[ObjectRef], verify: Verify, sampler: Sampler) -> Collection[ObjectRef]:
    match verify:
        case Verify.SAMPLE:
            return sampler.choose(refs)
        case Verify.SERVER | Verify.NONE:
            return frozenset()
        case _:
            assert_never(verify)


def _ask(desk: Desk, pairs: Sequence[Pair]) -> dict[ObjectRef, Comparison]:
    """One of each kind in each namespace first: should that be refused, the others need not be tried."""
    first = {(pair.resource, pair.manifest.ref.namespace): pair for pair in reversed(pairs)}.values()
    heads = {pair.manifest.ref for pair in first}
    return {
        pair.manifest.ref: answer
        for batch in (list(first), [pair for pair in pairs if pair.manifest.ref not in heads])
        for pair, answer in zip(batch, map_bounded(lambda pair: ask(desk, pair), batch, limit=WORKERS), strict=True)
    }


def _says_nothing(asked: Comparison) -> bool:
    """Was there no right to ask, or nobody to answer?"""
    return asked.proof is Proof.LOCAL or asked.error_code in _NO_ANSWER


def _contradicts(desk: Desk, pair: Pair, known: Comparison, asked: Comparison) -> bool:
    """Does the server say that an apply would change what a certificate still calls in sync, or would fail?"""
    if _says_nothing(asked) or asked.live is None or pair.resource is None:
        return False
    if asked.proof is Proof.SERVER and is_unchanged(asked.live, asked.merged):
        return False
    owner = desk.options.owner
    return desk.proofs.standing(owner, known.ref, pair.resource, asked.sent, asked.live) is Standing.IN_SYNC


def _alarm(ref: ObjectRef, asked: Comparison) -> str:
    said = asked.error or "an apply would change it"
    return f"a certificate called {ref} in sync, the server says otherwise ({said}): all objects of the kind {ref.kind} were asked about"
