"""Campaign: objects, rounds of mutations, and after each look the server's word on every object that a certificate proved."""

from __future__ import annotations

import copy
import json
import secrets
import time
from pathlib import Path
from random import Random

from tests.cluster.proof.lab import Lab
from tests.oracle.causes import MUTATING, cause, is_mutated
from tests.oracle.edits import edited
from tests.oracle.environment import Surroundings
from tests.oracle.oracle import agrees, content
from tests.oracle.shown import unlike_shown
from tests.oracle.steps import MERGE, ROOTS, Step, random_steps, send
from tests.oracle.subject import Subject, Tally, Violation
from tests.oracle.templates import BUILT_IN, path_of

from gitctl.model.change import Comparison, Proof
from gitctl.model.manifest import Json
from gitctl.model.outcome import Outcome
from gitctl.parallel import map_bounded
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask, create
from gitctl.target.kubernetes.proof.seal import same

AGES = (61, 61, 61, 600, 90_000)
"""Seconds between looks; the last is longer than certificates live where admission may look."""

_IN_FORCE_SECONDS = 1.5
_CONNECTIONS = 6


class Campaign:
    """One seed in a namespace of its own. All mutations follow from the seed, the round and the object."""

    def __init__(self, plane: ControlPlane, home: Path, *, seed: int, objects: int = 240, kinds: int = 4) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.rounds = 0
        self.plane = plane
        self.namespace = f"oracle-{seed}-{secrets.token_hex(3)}"
        create(plane, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        self.lab = Lab(plane, self.namespace, f"oracle/seed/{self.namespace}", home)
        self.surroundings = Surroundings(self.lab, self.rng, kinds=kinds)
        self.tally = Tally()
        self.made = 0
        self.subjects = [self._fresh() for _ in range(objects)]

    def close(self) -> None:
        """Remove what was made."""
        self.surroundings.close()
        ask(self.plane, "DELETE", f"/api/v1/namespaces/{self.namespace}")

    def begin(self) -> None:
        """Create all, and look until nothing new is learnt."""
        self.repair()
        for _ in range(2):
            self.lab.later(61)
            self.look("")

    def round(self, *, environment: bool) -> None:
        """Mutate, look; time passes; look again."""
        self.rounds += 1
        act = self.surroundings.act() if environment else ""
        self.tally.environment.update([act] if act else [])
        self._mutate()
        self.look(act)
        if act:
            time.sleep(_IN_FORCE_SECONDS)  # the clock is about to be put forward, so what was accepted must be in force
        self.lab.later(self.rng.choice(AGES))
        self.look(act)
        self.lab.later(61)
        self.look(act, settled=True)

    def _fresh(self) -> Subject:
        self.made += 1
        name = f"subject-{self.made}"
        if self.rng.random() < 0.6:
            body, properties = self.surroundings.custom(name)
            return Subject(body, properties)
        return Subject(self.rng.choice(BUILT_IN)(name, self.rng), None)

    def _mutate(self) -> None:
        """Some objects get another desired state, most of the others one mutation of what is live."""
        lives = self._lives()
        plans: list[tuple[Subject, list[Step]]] = []
        for subject in self.subjects:
            rng = Random(f"{self.seed}/{self.rounds}/{subject.name}")
            subject.last = "still"
            if rng.random() < 0.12:
                subject.last, subject.desired = _desired(rng, subject.desired)
            elif subject.name in lives and rng.random() < 0.6:
                plans.append((subject, random_steps(rng, lives[subject.name], subject.desired)))
        answers = map_bounded(lambda plan: [send(self.lab, plan[0].desired, step) for step in plan[1]], plans, limit=_CONNECTIONS)
        for (subject, steps), answered in zip(plans, answers, strict=True):
            subject.history += steps
            if steps and all(answered):
                subject.last = steps[0].name
            self.tally.refused.update(step.name for step, ok in zip(steps, answered, strict=True) if not ok)

    def _lives(self) -> dict[str, Json]:
        bench = self.lab.run()
        manifests = bench.locate(*(s.desired for s in self.subjects))
        seen = bench.target.observe(bench.owner, [(m.ref, m.api_version) for m in manifests])
        return {s.name: live for s, m in zip(self.subjects, manifests, strict=True) if (live := seen.objects[m.ref])}

    def look(self, act: str, *, settled: bool = False) -> None:
        """One diff, and the server's word on what a certificate proved."""
        found = self.lab.look(*(s.desired for s in self.subjects), impersonate=self.surroundings.user)
        pairs = list(zip(self.subjects, found, strict=True))
        proven = [pair for pair in pairs if pair[1].proof is Proof.CERTIFICATE]
        for (subject, comparison), verdict in zip(
            proven, map_bounded(lambda p: self._judge(p[1]), proven, limit=_CONNECTIONS), strict=True
        ):
            self._count(subject, comparison, act, *verdict)
        for subject, comparison in pairs:
            still = _is_still(comparison)
            if comparison.proof is Proof.SERVER:
                (self.tally.needless if still else self.tally.asked)[subject.last] += 1
            if settled and still:
                self._settle(comparison)

    def _settle(self, found: Comparison) -> None:
        """Count an object in sync at a look that should have proven it."""
        proven = found.proof is Proof.CERTIFICATE
        apart = "people added what is the default" if found.additions else MUTATING if is_mutated(self.lab.last, found) else ""
        self.tally.settled[("" if proven else "un") + "proven" + (f", {apart}" if apart else "")] += 1
        if not (proven or apart):
            self.tally.unproven[cause(self.lab.last, found)] += 1

    def _judge(self, found: Comparison) -> tuple[bool | None, Json]:
        desired = found.desired.body
        return agrees(self.lab.last.client, path_of(self.namespace, desired), desired, found.live or {}, self.lab.owner)

    def _count(self, subject: Subject, found: Comparison, act: str, verdict: bool | None, answer: Json) -> None:
        tally, live = self.tally, found.live or {}
        tally.cases[subject.last] += 1
        tally.unclear += verdict is None
        tally.restamped += verdict is True and not same(answer, live)
        if verdict is False and not subject.false:
            subject.false = True
            history = tuple(subject.history)
            tally.violations.append(Violation(subject.name, subject.last, act, subject.properties, subject.desired, live, answer, history))

    def repair(self) -> None:
        """Apply what differs. What cannot be applied is wanted as before again, or replaced by another object."""
        self._release()
        bench = self.lab.run(impersonate=self.surroundings.user)
        found = bench.compare(*(s.desired for s in self.subjects))
        both = list(zip(self.subjects, found, strict=True))
        pairs = [(s, c) for s, c in both if c.live is None or not (c.deleting or _is_still(c))]
        outcomes = map_bounded(lambda pair: bench.apply(pair[1], force=True), pairs, limit=_CONNECTIONS)
        for (subject, comparison), outcome in zip(pairs, outcomes, strict=True):
            self._show(subject, comparison, outcome)
            subject.history.clear()
            subject.false = False
            if not outcome.error:
                subject.good = copy.deepcopy(subject.desired)
            elif subject.good is not None and subject.good != subject.desired:
                subject.desired = copy.deepcopy(subject.good)
            else:
                self.subjects[self.subjects.index(subject)] = self._fresh()
        for subject, _ in (pair for pair in both if pair[1].deleting):
            self.subjects[self.subjects.index(subject)] = self._fresh()  # a policy holds it
        bench.target.keep_proofs(self.lab.owner)

    def _show(self, subject: Subject, found: Comparison, outcome: Outcome) -> None:
        """Count what was applied as it was shown. Of what was to be created no object was shown, and what was refused showed an error."""
        if found.live is None or found.merged is None or found.error:
            return
        what = "fold" if found.fold else "update"
        unlike = [outcome.error] if outcome.live is None else list(unlike_shown(found, outcome.live))
        self.tally.shown[what] += 1
        if unlike:
            bodies = json.dumps([subject.properties, subject.desired, found.live, found.merged, outcome.live])
            self.tally.unlike.append(f"{what} of {subject.name}, {subject.last}: {'; '.join(unlike)}; all of it: {bodies}")

    def _release(self) -> None:
        """Let go what is being deleted: it is created anew, under the same name."""
        going = [live for live in self._lives().values() if live["metadata"].get("deletionTimestamp")]
        step = Step("release", "PATCH", {"metadata": {"finalizers": None}}, MERGE)
        map_bounded(lambda live: send(self.lab, live, step), going, limit=_CONNECTIONS)


def _is_still(found: Comparison) -> bool:
    """Would an apply change nothing, times apart?"""
    return found.live is not None and found.merged is not None and content(found.live) == content(found.merged)


def _desired(rng: Random, body: Json) -> tuple[str, Json]:
    """Another desired state: an edit, or another served version."""
    group, _, version = body["apiVersion"].rpartition("/")
    others = {"v1": "v1beta1", "v1beta1": "v1"} if body["kind"] == "Thing" else {}
    if version in others and rng.random() < 0.1:
        return "desired: version", {**body, "apiVersion": f"{group}/{others[version]}"}
    what, changed = edited(rng, body, ROOTS)
    return f"desired: {what.split()[0]}", changed
