"""gitctl beside kubectl, helm and others: first apply, no-op sync, no-op diff, one object changed, a fleet of apps.

    PYTHONPATH=. python benchmarks/compare.py [--only one,large,fleet] [--namespaces 20] [--large 200] [--apps 100] [--repeat 3] [--write]

Three control planes of the sandbox, one after the other, made for this run and removed after it: one app of 1,020 objects, one of 10,200,
100 apps of 10. On a plane all tools work on the same API server, each on objects of the same content in namespaces of its own. What
changes nothing is measured more than a minute after the last apply, several times (the median counts). Every step that fails, and
every bar that is missed, is shown; the exit code is then 1. `--write` puts the tables into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import tools
from bars import judged
from counted import counted
from measured import Failed, Measured, Step, measure, median
from objects import total
from report import shown, written
from tools import CHANGED, DIFF, DRIFT, FIRST, LOOK, STATUS, SYNC, Tool

from gitctl import sandbox

SETTLED = 61.0
"""Seconds after which the rules of a cluster that has just changed count as settled: docs/proof.md."""


@dataclass(slots=True)
class Case:
    """One control plane's figures."""

    name: str
    title: str
    results: list[Measured] = field(default_factory=list)
    load: float = 0.0


@dataclass(slots=True)
class Bench:
    """A running control plane, and what was measured on it."""

    plane: sandbox.ControlPlane
    folder: Path
    case: Case
    repeat: int
    applied: float = 0.0

    def run(self, step: Step, *, times: int = 1, before: Callable[[int], None] | None = None) -> None:
        """Measure a step; a failure is a result too, and ends nothing."""
        runs: list[Measured] = []
        try:
            for number in range(times):
                if before:
                    before(number)
                runs.append(measure(step, self.plane.kubeconfig))
            self.case.results.append(median(runs))
        except Failed as why:
            print(why, file=sys.stderr)
            self.case.results.append(Measured(step.tool, step.name, failed=str(why).splitlines()[0]))

    def first(self, tool: Tool) -> None:
        """Apply everything for the first time."""
        self.run(tool.steps[FIRST])
        self.applied = time.monotonic()

    def warm_up(self) -> None:
        """Let the API server see each kind once, so that its first steps are not counted against whoever comes first."""
        step = tools.kubectl(self.folder / "warm", 1).steps[FIRST]
        measure(replace(step, name="warming up the API server (not counted)"), self.plane.kubeconfig)

    def settle(self) -> None:
        """Wait until the rules have been as they are for more than a minute."""
        left = max(0.0, self.applied + SETTLED - time.monotonic())
        print(f"bench: waiting {left:.0f} s: what changes nothing is measured a minute after the last change", file=sys.stderr, flush=True)
        time.sleep(left)

    def count(self, steps: Iterable[Step], *, warm: bool = True) -> None:
        """Add the number of requests to the results of these steps."""
        try:
            found = counted(self.plane, steps, warm=warm)
        except Failed as why:
            print(why, file=sys.stderr)
            return
        self.case.results = [replace(one, requests=found.get((one.tool, one.step), one.requests)) for one in self.case.results]


def one_app(bench: Bench, namespaces: int) -> None:
    """All tools on one app of a usual size."""
    folder, context = bench.folder, bench.plane.context
    ours = tools.gitctl(folder / "gitctl", context, namespaces)
    hasty = tools.gitctl(folder / "hasty", context, namespaces, name="gitctl --no-wait", flags=("--no-wait",))
    peers = [tools.kubectl(folder / "kubectl", namespaces)]
    peers += [tools.helm(folder / "helm", namespaces)] if shutil.which("helm") else []
    peers += [make(folder / name, namespaces) for name, make in tools.others().items()]
    for tool in (hasty, ours, *peers):
        bench.first(tool)
    bench.settle()
    bench.run(ours.steps[LOOK])
    _no_ops(bench, ours, peers, bench.repeat)
    bench.count([ours.steps[SYNC], ours.steps[DIFF], *(peer.steps[DIFF] for peer in peers[:1])])
    fresh = tools.gitctl(folder / "fresh", context, namespaces)
    bench.count([fresh.steps[FIRST]], warm=False)


def large(bench: Bench, namespaces: int) -> None:
    """gitctl and kubectl on one large app. The others' figures would take longer than all else, and no bar asks for them."""
    ours = tools.gitctl(bench.folder / "gitctl", bench.plane.context, namespaces)
    peer = tools.kubectl(bench.folder / "kubectl", namespaces)
    bench.first(peer)
    bench.first(ours)
    bench.settle()
    bench.run(ours.steps[LOOK])
    only_diff = replace(peer, steps={DIFF: peer.steps[DIFF]})
    _no_ops(bench, ours, [only_diff], bench.repeat)
    bench.count([ours.steps[DIFF]])


def _no_ops(bench: Bench, ours: Tool, peers: Iterable[Tool], repeat: int) -> None:
    """What changes nothing, the tools in turn; then gitctl's diff after a change of one object, another one each time."""
    bench.run(ours.steps[SYNC], times=repeat)
    bench.run(ours.steps[DIFF], times=repeat)
    for peer in peers:
        for name in (DIFF, SYNC):
            if name in peer.steps:
                bench.run(peer.steps[name], times=repeat if name == DIFF and bench.case.name == "one" else 1)
    bench.run(ours.steps[CHANGED], times=repeat, before=ours.change)


def many(bench: Bench, apps: int) -> None:
    """Many small apps: what all of them cost together."""
    fleet = tools.fleet(bench.folder / "fleet", bench.plane.context, apps)
    bench.first(fleet)
    bench.settle()
    bench.run(fleet.steps[LOOK])
    for name in (STATUS, DRIFT):
        bench.run(fleet.steps[name], times=bench.repeat)
    bench.count([fleet.steps[STATUS], fleet.steps[DRIFT]])


def on_a_plane(case: Case, repeat: int, work: Callable[[Bench], None], *, keep: bool) -> Case:
    """Run a case on a control plane of its own."""
    name = f"bench-{case.name}"
    sandbox.down(name, purge=True)
    plane = sandbox.up(name)
    case.load = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory(prefix="gitctl-bench-") as folder, _private_cache(folder):
            bench = Bench(plane, Path(folder), case, repeat)
            bench.warm_up()
            work(bench)
    finally:
        if not keep:
            sandbox.down(name, purge=True)
    return case


def _private_cache(folder: str) -> _Environment:
    return _Environment(GITCTL_CACHE_DIR=f"{folder}/cache")


class _Environment:
    """Variables for the time of a block. The sandbox keeps its programs in the user's cache, so it is started before."""

    def __init__(self, **values: str) -> None:
        self._values = values
        self._before = {name: os.environ.get(name) for name in values}

    def __enter__(self) -> None:
        os.environ.update(self._values)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def main() -> int:
    """Run everything that is asked for; 1 when a step failed or a bar was missed."""
    options = _options()
    repeat, keep = options.repeat, options.keep
    plans: dict[str, tuple[Case, Callable[[Bench], None]]] = {
        "one": (Case("one", f"one app, {total(options.namespaces):,} objects"), lambda b: one_app(b, options.namespaces)),
        "large": (Case("large", f"one app, {total(options.large):,} objects"), lambda b: large(b, options.large)),
        "fleet": (Case("fleet", f"{options.apps} apps of 10 objects"), lambda b: many(b, options.apps)),
    }
    began = time.monotonic()
    chosen = options.only.split(",")
    cases = [on_a_plane(case, repeat, work, keep=keep) for name, (case, work) in plans.items() if name in chosen]
    bars = judged({case.name: case.results for case in cases})
    text = shown(cases, bars, seconds=time.monotonic() - began, left_out=[name for name in plans if name not in chosen])
    print(text)
    if options.write:
        written(text)
    failed = [one for case in cases for one in case.results if one.failed]
    return 1 if failed or any(not bar.met for bar in bars) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="gitctl beside kubectl, helm and others")
    parser.add_argument("--only", default="one,large,fleet", help="cases, by comma; what is left out is said in the report")
    parser.add_argument("--namespaces", type=int, default=20, help="of the usual app; 51 objects each")
    parser.add_argument("--large", type=int, default=200, help="namespaces of the large app")
    parser.add_argument("--apps", type=int, default=100, help="apps of the fleet")
    parser.add_argument("--repeat", type=int, default=3, help="runs of what changes nothing")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    parser.add_argument("--keep", action="store_true", help="leave the control planes running")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
