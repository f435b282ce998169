"""Run a command and say what it took."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """A command to measure. `codes` are the exit codes that it may end with; `requests` how many it makes, where that was counted."""

    tool: str
    name: str
    argv: tuple[str, ...]
    folder: Path
    codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a step took: seconds of wall time, of its own CPU time (its children's too), MiB of peak resident memory; of several runs the
    medians. `requests` to the API server, 0 where they were not counted; `failed` says why there are no figures."""

    tool: str
    step: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    mebibytes: float = 0.0
    runs: int = 1
    requests: int = 0
    failed: str = ""


class Failed(Exception):
    """A command did not end as it should; says how."""


def measure(step: Step, kubeconfig: Path) -> Measured:
    """Run a step to its end. Raises Failed."""
    print(f"bench: {step.tool}: {step.name} …", file=sys.stderr, flush=True)
    environment = os.environ | {"KUBECONFIG": str(kubeconfig)}
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        child = subprocess.Popen(step.argv, cwd=step.folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in step.codes:
            output.seek(0)
            raise Failed(f"{' '.join(step.argv)} ended with {child.returncode}:\n{output.read().decode(errors='replace')[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(step.tool, step.name, round(seconds, 2), round(cpu, 2), round(usage.ru_maxrss * unit / 2**20, 1))


def median(runs: Sequence[Measured]) -> Measured:
    """One of several runs of the same step: the median of each figure, the greatest memory."""
    return replace(
        runs[0],
        seconds=statistics.median(one.seconds for one in runs),
        cpu_seconds=statistics.median(one.cpu_seconds for one in runs),
        mebibytes=max(one.mebibytes for one in runs),
        runs=len(runs),
    )
