"""How long `gitctl secret scan` takes in a repository of 10,000 files: what is staged, all files, and a range of history.

    python benchmarks/scan.py [FILES] [RUNS]

Manifests, charts, sealed and encrypted files, code and text, as a GitOps repository has them. Exit code 1 when the scan of a staged
change takes more than two seconds of CPU, which a busy machine does not change, or when it says anything but what was planted.
"""

from __future__ import annotations

import base64
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

GITCTL = str(Path(sys.executable).with_name("gitctl"))
LIMIT = 2.0
STAGED = (1, 100, 1000)
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: planted}\nstringData: {password: correct-horse}\n"


def files(count: int) -> Iterator[tuple[str, str]]:
    """Path and content; the same in every run."""
    chance = random.Random(1)
    sealed = [base64.b64encode(chance.randbytes(560)).decode() for _ in range(20)]
    for number in range(count):
        folder, name = f"apps/app{number % 200}", f"n{number}"
        match number % 10:
            case 0 | 1 | 2 | 3:
                body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"replicas": number % 7}}
                yield f"{folder}/{name}.yaml", json.dumps(body, indent=2) + "\n"
            case 4 | 5:
                yield f"{folder}/{name}.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n" + "  a: b\n" * 60
            case 6:
                values = "".join(f"    k{n}: {text}\n" for n, text in enumerate(chance.sample(sealed, 4)))
                yield f"{folder}/{name}.yaml", f"apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec:\n  encryptedData:\n{values}"
            case 7:
                template = "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\ndata:\n  a: {{ .Values.a | b64enc }}\n"
                yield f"{folder}/templates/{name}.yaml", template
            case 8:
                yield f"{folder}/{name}.py", "def run(value: int) -> int:\n    return value + 1\n\n\n" * 40
            case _:
                yield f"{folder}/{name}.md", "Words about a password and a token, none of which is one.\n" * 60


def timed(folder: Path, *args: str, code: int) -> tuple[float, float]:
    """Seconds of a run: on the wall, and of CPU in it and its children. Raises RuntimeError when it ends otherwise."""
    before, began = os.times(), time.perf_counter()
    done = subprocess.run([GITCTL, "secret", "scan", "-q", *args], cwd=folder, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - began, os.times()
    if done.returncode != code:
        raise RuntimeError(f"{' '.join(args)}: exit {done.returncode}, not {code}: {done.stdout[:500]}{done.stderr[:500]}")
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def row(title: str, times: list[tuple[float, float]]) -> None:
    """Print the medians."""
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{title:<32}{wall:>8.2f}s{cpu:>9.2f}s")


def git(folder: Path, *args: str) -> None:
    """Run git there."""
    subprocess.run(("git", "-c", "user.name=a", "-c", "user.email=a@example.com", *args), cwd=folder, check=True, capture_output=True)


def fill(folder: Path, count: int) -> list[str]:
    """A repository with that many files, in one commit; the paths."""
    names = []
    for path, text in files(count):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        names.append(path)
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "all")
    return names


def main() -> int:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "repo"
        folder.mkdir()
        os.environ |= {"GITCTL_CACHE_DIR": f"{name}/cache", "HOME": name}
        names = fill(folder, count)
        print(f"{f'{count} files':<32}{'wall':>9}{'CPU':>10}")
        for staged in STAGED:
            for path in names[:staged]:
                (folder / path).write_text((folder / path).read_text() + "# changed\n")
            git(folder, "add", "--all")
            times = [timed(folder, "--staged", code=0) for _ in range(runs + 1)][1:]
            worst = max(worst, *(cpu for _, cpu in times))
            row(f"{staged} staged", times)
        (folder / "planted.yaml").write_text(SECRET)
        git(folder, "add", "--all")
        row("a planted Secret is found", [timed(folder, "--staged", code=1)])
        git(folder, "commit", "-q", "-m", "changed")
        row("all files", [timed(folder, code=1)])
        row("history of both commits", [timed(folder, "--history", "HEAD", code=1)])
    return 1 if worst > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
