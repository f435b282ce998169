"""The campaign by hand (`make oracle`): seed after seed until so many cases were judged. Stopped and started again it goes on."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.cluster.proof.kinds import Kind
from tests.oracle.campaign import Campaign
from tests.oracle.case import Case, shrunk
from tests.oracle.oracle import differences
from tests.oracle.subject import Tally, Violation

from gitctl import sandbox
from gitctl.errors import ClusterError
from gitctl.paths import cache_folder

_CASES = Path(__file__).parent / "cases"
_ROUNDS = 10


def main() -> int:
    """Run, and print what was found: exit code 1 when a certificate was wrong."""
    parser = argparse.ArgumentParser(prog="make oracle", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="how many answers of certificates are judged")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; those after it follow")
    asked = parser.parse_args()
    progress = Progress(cache_folder() / "oracle" / f"{asked.seed}.json", asked.seed)
    try:
        while progress.cases < asked.cases:
            progress.add(try_seed(progress.seed))
    finally:
        sandbox.down("oracle", purge=True)
        progress.show()
    return 1 if progress.violations or progress.unlike else 0


class Progress:
    """What was done from one first seed on, in a file."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        found = json.loads(path.read_text()) if path.exists() else {}
        self.seed = int(found.get("next", seed))
        self.violations = int(found.get("violations", 0))
        self.unlike = int(found.get("unlike", 0))
        self.counts = {
            name: Counter(found.get(name, {})) for name in ("judged", "shown", "needless", "refused", "environment", "looks", "unproven")
        }

    @property
    def cases(self) -> int:
        """How many cases were judged."""
        return sum(self.counts["judged"].values())

    def add(self, tally: Tally) -> None:
        """One seed is done."""
        self.seed += 1
        self.violations += len(tally.violations)
        self.unlike += len(tally.unlike)
        looks = tally.settled + Counter({"unclear": tally.unclear, "restamped": tally.restamped})
        news = {
            "judged": tally.cases,
            "shown": tally.shown,
            "needless": tally.needless,
            "refused": tally.refused,
            "environment": tally.environment,
            "looks": looks,
            "unproven": tally.unproven,
        }
        for name, more in news.items():
            self.counts[name].update(more)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"next": self.seed, "violations": self.violations, "unlike": self.unlike, **self.counts}))
        print(f"so far: {self.line()}", flush=True)

    def show(self) -> None:
        """The sums."""
        for name, counted in self.counts.items():
            print(f"{name}: {', '.join(f'{key} {number}' for key, number in counted.most_common())}")
        proven, unproven = self.counts["looks"]["proven"], self.counts["looks"]["unproven"]
        print(f"unproven after warm-up, without mutating admission: {100 * unproven / max(1, proven + unproven):.2f} %")
        print(f"oracle: {self.line()}; goes on with seed {self.seed}; counts in {self.path}")

    def line(self) -> str:
        """What counts most."""
        shown = sum(self.counts["shown"].values())
        return f"{self.cases} cases, {self.violations} violations; {shown} differences applied, {self.unlike} not as shown"


def try_seed(seed: int) -> Tally:
    """One campaign; nothing of it when the machine was too slow for what it waits for."""
    try:
        return run_seed(seed)
    except (AssertionError, ClusterError) as error:
        print(f"seed {seed}: given up: {error}", file=sys.stderr, flush=True)
        return Tally()


def run_seed(seed: int) -> Tally:
    """One campaign."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        campaign = Campaign(sandbox.up("oracle"), Path(home), seed=seed)
        try:
            campaign.begin()
            for number in range(_ROUNDS):
                campaign.round(environment=number % 2 == 1)
                if number % 2 == 1:
                    campaign.repair()
            tally = campaign.tally
            print(f"seed {seed}: {tally.total} cases, {len(tally.violations)} violations, {time.monotonic() - began:.0f} s", flush=True)
            for line in tally.unlike:
                print(f"NOT AS SHOWN {line}", file=sys.stderr, flush=True)
            for number, violation in enumerate(tally.violations):
                keep(campaign, violation, _CASES / f"seed-{seed}-{number}.json")
        finally:
            campaign.close()
    return tally


def keep(campaign: Campaign, violation: Violation, path: Path) -> None:
    """Print a violation, make its case as small as it gets, and write it beside the kept ones."""
    print(f"VIOLATION {violation.subject}: {violation.mutation}; environment: {violation.environment or 'as it was'}", file=sys.stderr)
    for line in differences(violation.live, violation.answer):
        print(f"  {line}", file=sys.stderr)
    kind = Kind(campaign.plane)
    try:
        if violation.properties is not None:
            kind.redefine(spec=violation.properties)
        path.write_text(shrunk(campaign.lab, kind, Case.of(violation, campaign.lab)).text())
    finally:
        kind.drop()
    print(f"  kept as {path}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
