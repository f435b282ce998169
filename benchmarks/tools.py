"""The tools that are compared, each with files of the same content in namespaces of its own, and what each is asked to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from measured import Step
from objects import PER_APP, namespace, write, write_file

IDENTITY = {
    f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "bench"), ("EMAIL", "bench@example"))
}
FIRST, LOOK, SYNC, DIFF, CHANGED = "first apply", "first look", "no-op sync", "no-op diff", "one changed: diff"
STATUS, DRIFT = "status", "drift-check"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, ready to be measured. `steps` by name; `change` commits a change of one object, the number says which."""

    name: str
    steps: Mapping[str, Step]
    change: Callable[[int], None] | None = field(default=None)


def gitctl(folder: Path, context: str, namespaces: int, *, name: str = "gitctl", flags: tuple[str, ...] = ()) -> Tool:
    """A project with one app, committed."""
    write(folder / "apps" / "all", folder.name, namespaces)
    _project(folder, context, {"all": "apps/all"})
    sync = ("gitctl", "sync", "-e", "bench", "--yes", *flags)
    diff = ("gitctl", "diff", "-e", "bench")
    steps = {
        FIRST: Step(name, FIRST, sync, folder),
        LOOK: Step(name, LOOK, diff, folder),
        SYNC: Step(name, SYNC, sync, folder),
        DIFF: Step(name, DIFF, diff, folder),
        CHANGED: Step(name, CHANGED, diff, folder, codes=(1,)),
    }
    return Tool(name, steps, lambda number: _change(folder, number))


def fleet(folder: Path, context: str, apps: int) -> Tool:
    """A project with many small apps, committed."""
    for number in range(apps):
        app = folder / "apps" / f"app-{number:03d}"
        app.mkdir(parents=True)
        write_file(app / "all.yaml", namespace(f"{folder.name}-{number:03d}", PER_APP))
    _project(folder, context, {f"app-{number:03d}": f"apps/app-{number:03d}" for number in range(apps)})
    steps = {
        FIRST: Step("gitctl", FIRST, ("gitctl", "sync", "-e", "bench", "--yes", "--no-wait"), folder),
        LOOK: Step("gitctl", LOOK, ("gitctl", "drift-check", "-e", "bench"), folder),
        STATUS: Step("gitctl", STATUS, ("gitctl", "status", "-e", "bench"), folder),
        DRIFT: Step("gitctl", DRIFT, ("gitctl", "drift-check", "-e", "bench"), folder),
    }
    return Tool("gitctl", steps)


def kubectl(folder: Path, namespaces: int) -> Tool:
    """A folder of manifests. `--concurrency=16` is as fast as `kubectl diff` goes."""
    write(folder / "all", folder.name, namespaces)
    apply = ("kubectl", "apply", "--server-side", "-f", "all")
    diff = ("kubectl", "diff", "--server-side", "--concurrency=16", "-f", "all")
    steps = {FIRST: apply, SYNC: apply, DIFF: diff}
    return Tool("kubectl", {name: Step("kubectl", name, argv, folder) for name, argv in steps.items()})


def helm(folder: Path, namespaces: int) -> Tool:
    """A chart of the same files, without a template in them. helm has no diff."""
    write(folder / "chart" / "templates", folder.name, namespaces)
    (folder / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: bench\nversion: 1.0.0\n")
    upgrade = ("helm", "upgrade", "--install", "bench", "chart", "--namespace", "default")
    return Tool("helm", {name: Step("helm", name, upgrade, folder) for name in (FIRST, SYNC)})


def kapp(folder: Path, namespaces: int) -> Tool:
    """A folder of manifests; kapp does not apply on the server's side."""
    write(folder / "all", folder.name, namespaces)
    deploy = ("kapp", "deploy", "-a", "bench", "-f", "all", "--yes", "--wait=false")
    steps = {FIRST: deploy, SYNC: deploy, DIFF: ("kapp", "deploy", "-a", "bench", "-f", "all", "--diff-run")}
    return Tool("kapp", {name: Step("kapp", name, argv, folder) for name, argv in steps.items()})


def kustomizer(folder: Path, namespaces: int) -> Tool:
    """A folder of manifests under an inventory."""
    write(folder / "all", folder.name, namespaces)
    inventory = ("inventory", "bench", "-n", "default", "-f", "all")
    apply = ("kustomizer", "apply", *inventory, "--wait=false")
    steps = {FIRST: apply, SYNC: apply, DIFF: ("kustomizer", "diff", *inventory)}
    return Tool("kustomizer", {name: Step("kustomizer", name, argv, folder) for name, argv in steps.items()})


def kluctl(folder: Path, namespaces: int) -> Tool:
    """A deployment of one folder."""
    write(folder / "all", folder.name, namespaces)
    (folder / ".kluctl.yaml").write_text("discriminator: bench\ntargets: [{name: bench}]\n")
    (folder / "deployment.yaml").write_text("deployments: [{path: all}]\n")
    deploy = ("kluctl", "deploy", "-t", "bench", "--yes", "--no-wait")
    steps = {FIRST: deploy, SYNC: deploy, DIFF: ("kluctl", "diff", "-t", "bench")}
    return Tool("kluctl", {name: Step("kluctl", name, argv, folder) for name, argv in steps.items()})


OTHERS: Mapping[str, Callable[[Path, int], Tool]] = {"kapp": kapp, "kustomizer": kustomizer, "kluctl": kluctl}
"""Tools that are measured where they are on PATH."""


def others() -> dict[str, Callable[[Path, int], Tool]]:
    """Those of them that are on PATH."""
    return {name: make for name, make in OTHERS.items() if shutil.which(name)}


def _project(folder: Path, context: str, apps: Mapping[str, str]) -> None:
    project = {
        "apiVersion": "gitctl.dev/v1",
        "kind": "Project",
        "name": folder.name,
        "clusters": {"bench": {"context": context}},
        "environments": {"bench": {"clusters": ["bench"]}},
        "apps": {name: {"path": path} for name, path in apps.items()},
    }
    (folder / "gitctl.yaml").write_text(json.dumps(project, indent=2))
    _git(folder, "init", "-q", "-b", "main")
    _commit(folder)


def _change(folder: Path, number: int) -> None:
    """Another value for one key of one ConfigMap, committed."""
    file = folder / "apps" / "all" / "00.yaml"
    objects = list(namespace(f"{folder.name}-00"))
    objects[1]["data"]["key-0"] = f"changed {number}"
    write_file(file, objects)
    _commit(folder)


def _commit(folder: Path) -> None:
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "bench")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=os.environ | IDENTITY, check=True)
