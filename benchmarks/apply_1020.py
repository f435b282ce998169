"""gitctl beside kubectl and helm on 1,020 objects: first apply, no-op sync, no-op diff; wall time and peak memory.

    python benchmarks/apply_1020.py [--output FILE] [--keep]

One control plane of the sandbox, made for this run and removed after it (unless --keep); every tool has namespaces of its own and
reads files of the same content. One run, no warm-up: what a user sees. gitctl waits until all is healthy where the others do not;
`gitctl --no-wait` compares like with like. The table goes to stdout, and as JSON to FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from objects import TOTAL, write

NAME = "bench"
IDENTITY = {
    f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "bench"), ("EMAIL", "bench@example"))
}


@dataclass(frozen=True, slots=True)
class Step:
    """A command to measure."""

    tool: str
    name: str
    argv: tuple[str, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class Measured:
    """What one command took: seconds of wall time, seconds of its own CPU time, MiB of peak resident memory."""

    tool: str
    step: str
    seconds: float
    cpu_seconds: float
    mebibytes: float


def main() -> int:
    """Run everything; exit code 0."""
    parser = argparse.ArgumentParser(description="1,020 objects: gitctl beside kubectl and helm")
    parser.add_argument("--output", type=Path, help="write the figures as JSON to this file")
    parser.add_argument("--keep", action="store_true", help="leave the control plane running")
    arguments = parser.parse_args()
    gitctl("sandbox", "down", "--purge", "--name", NAME)
    gitctl("sandbox", "up", "--name", NAME)
    try:
        kubeconfig = gitctl("sandbox", "kubeconfig", "--name", NAME).strip()
        with tempfile.TemporaryDirectory(prefix="gitctl-bench-") as folder:
            results = [measure(step, kubeconfig) for step in steps(Path(folder), kubeconfig)]
    finally:
        if not arguments.keep:
            gitctl("sandbox", "down", "--purge", "--name", NAME)
    show(results)
    if arguments.output:
        arguments.output.write_text(json.dumps(report(results), indent=2) + "\n")
    return 0


def steps(folder: Path, kubeconfig: str) -> Iterator[Step]:
    """All steps of all tools; a tool's files are written when its turn comes."""
    yield from gitctl_steps(folder / "gitctl", kubeconfig, "gitctl", ())
    yield from gitctl_steps(folder / "gitctl-no-wait", kubeconfig, "gitctl --no-wait", ("--no-wait",))
    yield from kubectl_steps(folder / "kubectl")
    yield from helm_steps(folder / "helm")


def gitctl_steps(folder: Path, kubeconfig: str, tool: str, flags: tuple[str, ...]) -> Iterator[Step]:
    """A project with one app, committed."""
    context = subprocess.run(
        ["kubectl", "config", "current-context", "--kubeconfig", kubeconfig], capture_output=True, text=True, check=True
    ).stdout.strip()
    write(folder / "apps" / "all", folder.name)
    project = {
        "apiVersion": "gitctl.dev/v1",
        "kind": "Project",
        "name": folder.name,
        "clusters": {"bench": {"context": context}},
        "environments": {"bench": {"clusters": ["bench"]}},
        "apps": {"all": {"path": "apps/all"}},
    }
    (folder / "gitctl.yaml").write_text(json.dumps(project, indent=2))
    for git in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "all")):
        subprocess.run(["git", *git], cwd=folder, env=os.environ | IDENTITY, check=True)
    yield Step(tool, "first apply", ("gitctl", "sync", "-e", "bench", "--yes", *flags), folder)
    yield Step(tool, "no-op apply", ("gitctl", "sync", "-e", "bench", "--yes", *flags), folder)
    if not flags:
        yield Step(tool, "no-op diff", ("gitctl", "diff", "-e", "bench"), folder)


def kubectl_steps(folder: Path) -> Iterator[Step]:
    """A folder of manifests. `--concurrency=16` is as fast as `kubectl diff` goes."""
    write(folder / "all", folder.name)
    apply = ("kubectl", "apply", "--server-side", "-f", "all")
    yield Step("kubectl", "first apply", apply, folder)
    yield Step("kubectl", "no-op apply", apply, folder)
    yield Step("kubectl", "no-op diff", ("kubectl", "diff", "--server-side", "--concurrency=16", "-f", "all"), folder)


def helm_steps(folder: Path) -> Iterator[Step]:
    """A chart of the same files, without a template in them. helm has no diff."""
    write(folder / "chart" / "templates", folder.name)
    (folder / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: bench\nversion: 1.0.0\n")
    upgrade = ("helm", "upgrade", "--install", "bench", "chart", "--namespace", "default")
    yield Step("helm", "first apply", upgrade, folder)
    yield Step("helm", "no-op apply", upgrade, folder)


def measure(step: Step, kubeconfig: str) -> Measured:
    """Run a step to its end. Raises RuntimeError when it fails."""
    print(f"bench: {step.tool}: {step.name} …", file=sys.stderr, flush=True)
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        child = subprocess.Popen(step.argv, cwd=step.folder, env=os.environ | {"KUBECONFIG": kubeconfig}, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            raise RuntimeError(f"{' '.join(step.argv)} ended with {child.returncode}:\n{output.read().decode()[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(step.tool, step.name, round(seconds, 2), round(cpu, 2), round(usage.ru_maxrss * unit / 2**20, 1))


def gitctl(*arguments: str) -> str:
    """Run gitctl, its progress on our stderr. Raises CalledProcessError."""
    return subprocess.run(["gitctl", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def show(results: list[Measured]) -> None:
    """One line a tool."""
    names = list(dict.fromkeys(result.step for result in results))
    print(f"{TOTAL} objects, {os.cpu_count()} cores: wall time, own CPU time, peak memory")
    print(f"{'':<18}" + "".join(f"{name:>28}" for name in names))
    for tool in dict.fromkeys(result.tool for result in results):
        cells = {r.step: f"{r.seconds:.1f} s  {r.cpu_seconds:.1f} s  {r.mebibytes:.0f} MiB" for r in results if r.tool == tool}
        print(f"{tool:<18}" + "".join(f"{cells.get(name, '–'):>28}" for name in names))


def report(results: list[Measured]) -> dict[str, object]:
    """The figures, with what they were measured on."""
    asks = {"gitctl": ("--version",), "kubectl": ("version", "--client"), "helm": ("version", "--short")}
    versions = {
        tool: subprocess.run([shutil.which(tool) or tool, *ask], capture_output=True, text=True, check=True).stdout.split("\n")[0]
        for tool, ask in asks.items()
    }
    return {
        "objects": TOTAL,
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "versions": versions,
        "results": [asdict(result) for result in results],
    }


if __name__ == "__main__":
    sys.exit(main())
