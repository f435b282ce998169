"""How long gitctl takes to start, as multiples of `python3 -c pass`.

    python benchmarks/startup.py [RUNS]

Median of 20 runs each, interleaved, so that a busy moment hits all of them alike. Exit code 1 when a limit is passed.
The command measured is the one beside this Python (`make setup` puts it there).
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

PYTHON = sys.executable
GITCTL = str(Path(sys.executable).with_name("gitctl"))
BASE = "python3 -c pass"
COMMANDS = {BASE: (PYTHON, "-c", "pass"), "gitctl --version": (GITCTL, "--version"), "gitctl --help": (GITCTL, "--help")}
LIMITS = {"gitctl --version": 8.0, "gitctl --help": 25.0}


def wall(argv: tuple[str, ...]) -> float:
    """Seconds that one run takes. Raises CalledProcessError when it fails."""
    began = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def measure(runs: int) -> dict[str, float]:
    """Median seconds of each command, after one run that fills the byte-code caches."""
    for argv in COMMANDS.values():
        wall(argv)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, argv in COMMANDS.items():
            times[name].append(wall(argv))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> int:
    """Print the table."""
    medians = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    print(f"{'command':<18}{'median':>9}{'ratio':>8}{'limit':>8}")
    late = 0
    for name, seconds in medians.items():
        ratio, limit = seconds / medians[BASE], LIMITS.get(name)
        late += bool(limit and ratio > limit)
        print(f"{name:<18}{seconds * 1000:>6.0f} ms{ratio:>8.1f}{limit or '':>8}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
