"""How long the hooks of .pre-commit-hooks.yaml take when one file of examples/shop changed: wall and CPU time, medians.

    python benchmarks/hooks.py [RUNS]

The changed file is new in each run, so that no cache knows it: a base of two environments, with an encrypted Secret beside it.
Exit code 1 when a hook takes more than a second of CPU, which a busy machine does not change, or fails.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
GITCTL = str(Path(sys.executable).with_name("gitctl"))
CHANGED = "apps/storefront/base/service.yaml"
HOOKS = {
    "gitctl validate --offline": (GITCTL, "validate", "--offline", "-q", CHANGED),
    "gitctl render --changed": (GITCTL, "render", "--changed", CHANGED),
    "gitctl secret scan": (GITCTL, "secret", "scan", "-q", CHANGED),
    "gitctl secret scan --staged": (GITCTL, "secret", "scan", "-q", "--staged"),
}
LIMIT = 1.0


def one_run(argv: tuple[str, ...], folder: Path) -> tuple[float, float]:
    """Seconds on the wall, and of CPU in the command and its children. Raises CalledProcessError when it fails."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(argv, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - began, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def change(folder: Path, number: int) -> None:
    """Stage a new content of the file."""
    original = (ROOT / "examples" / "shop" / CHANGED).read_text()
    (folder / CHANGED).write_text(f"{original}# change {number}\n")
    subprocess.run(("git", "add", "--all"), cwd=folder, check=True)


def measure(folder: Path, runs: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU seconds of each run, after one that fills the byte-code caches."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in HOOKS}
    for number in range(runs + 1):
        change(folder, number)
        for name, argv in HOOKS.items():
            times[name].append(one_run(argv, folder))
    return {name: values[1:] for name, values in times.items()}


def main() -> int:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "shop"
        shutil.copytree(ROOT / "examples" / "shop", folder)
        os.environ |= {"SOPS_AGE_KEY_FILE": str(folder / "demo-key.txt"), "GITCTL_CACHE_DIR": f"{name}/cache"}
        for argv in (("git", "init", "--quiet"), ("git", "add", "--all"), ("git", "commit", "--quiet", "--message", "the shop")):
            subprocess.run(argv, cwd=folder, check=True)
        found = measure(folder, runs)
    print(f"{'hook, one file changed':<30}{'wall':>9}{'CPU':>9}")
    medians = {name: tuple(statistics.median(column) for column in zip(*values, strict=True)) for name, values in found.items()}
    for name, (wall, cpu) in medians.items():
        print(f"{name:<30}{wall * 1000:>6.0f} ms{cpu * 1000:>6.0f} ms")
    return 1 if any(cpu > LIMIT for _, cpu in medians.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
