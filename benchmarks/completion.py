"""How long a shell waits for completion: wall-clock and processor time of the very program that the completion script runs.

    python benchmarks/completion.py [RUNS]

Least and median of 20 runs each, in a project of 100 apps, 3 environments, 50 branches and 50 remembered records, with a kubeconfig of
30 contexts. No network: the source and the clusters lead nowhere. Exit code 1 when the median of one passes the limit.
The command measured is the one beside this Python (`make setup` puts it there).
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from gitctl.cli.remember import keep

GITCTL = str(Path(sys.executable).with_name("gitctl"))
KUBECTL = str(Path(sys.executable).with_name("kubectl_complete-gitctl"))
LIMIT = 0.150
CASES: Mapping[str, tuple[str, str]] = {
    "verbs": ("di", "diff"),
    "apps": ("diff ", "app-99"),
    "environments": ("diff -e ", "prod"),
    "contexts": ("diff --context ", "context-29"),
    "revisions": ("diff --revision ", "branch-49"),
    "records": ("rollback app-1 -e prod --to ", "50"),
}


def world(folder: Path) -> dict[str, str]:
    """The project, and the environment variables of a user who works in it."""
    apps = "".join(f"  app-{n}: {{path: apps/{n}}}\n" for n in range(100))
    source = "source: {url: 'https://192.0.2.1/nowhere.git'}\n"
    environments = "environments: {dev: {}, stage: {}, prod: {}}\n"
    (folder / "gitctl.yaml").write_text(f"apiVersion: gitctl.dev/v1\nkind: Project\nname: shop\n{source}{environments}apps:\n{apps}")
    contexts = "".join(f"- {{name: context-{n}, context: {{cluster: c, user: u}}}}\n" for n in range(30))
    (folder / "kubeconfig").write_text(f"contexts:\n{contexts}")
    variables = os.environ | {"GITCTL_CACHE_DIR": str(folder / "cache"), "KUBECONFIG": str(folder / "kubeconfig"), "HOME": str(folder)}
    variables |= {f"GIT_{who}_{what}": "bench@example.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for argv in (["init", "-q"], ["add", "gitctl.yaml"], ["commit", "-qm", "bench"], *(["branch", f"branch-{n}"] for n in range(50))):
        subprocess.run(["git", *argv], cwd=folder, env=variables, check=True)
    os.environ["GITCTL_CACHE_DIR"] = variables["GITCTL_CACHE_DIR"]
    keep(
        folder / "gitctl.yaml",
        "prod",
        "app-1",
        "prod-eu",
        {n: f"{n:08x} succeeded 2026-01-02T03:04:05Z: release {n}" for n in range(1, 51)},
    )
    return variables


def asked(words: str, folder: Path, variables: Mapping[str, str]) -> tuple[float, float, str]:
    """Seconds until the answer, seconds of processor time, and the answer, as bash asks."""
    line = f"gitctl {words}"
    word = len(line.split()) - (not line.endswith(" "))
    ask = {"_GITCTL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(word)}
    return timed((GITCTL,), folder, {**variables, **ask})


def timed(argv: tuple[str, ...], folder: Path, variables: Mapping[str, str]) -> tuple[float, float, str]:
    """The same of a program."""
    used, began = processor(), time.perf_counter()
    done = subprocess.run(argv, cwd=folder, env=dict(variables), capture_output=True, text=True, check=True)
    return time.perf_counter() - began, processor() - used, done.stdout


def processor() -> float:
    """Seconds of processor time of all programs that ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    late = 0
    print(f"{'completion of':<24}{'least':>9}{'median':>9}{'limit':>9}{'processor':>10}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        variables = world(folder)
        for what, (words, expected) in {**CASES, "apps, by kubectl": ("", "app-99")}.items():
            seconds, processors = [], []
            for run in range(runs + 1):
                by_kubectl = (KUBECTL, "diff", "")
                took, used, answer = asked(words, folder, variables) if words else timed(by_kubectl, folder, variables)
                assert expected in answer.replace("\t", " ").split(), f"{what}: {answer!r}"
                if run:  # the first one fills the byte-code caches
                    seconds.append(took)
                    processors.append(used)
            late += statistics.median(seconds) > LIMIT
            shown = (min(seconds), statistics.median(seconds), LIMIT, statistics.median(processors))
            print(f"{what:<24}" + "".join(f"{one * 1000:>6.0f} ms" for one in shown))
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
