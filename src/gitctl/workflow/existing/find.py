"""Find what could be apps. Pure: it looks at the tree that it is given, and writes nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import cache

from gitctl.model.app import RenderKind
from gitctl.protocols import Tree
from gitctl.workflow.existing.charts import chart_folders, find_charts
from gitctl.workflow.existing.content import objects_in
from gitctl.workflow.existing.environments import ordered
from gitctl.workflow.existing.kustomizations import find_kustomizations, kustomization_folders
from gitctl.workflow.existing.naming import names_for
from gitctl.workflow.existing.plain import SUFFIXES, find_plain
from gitctl.workflow.existing.proposal import Found, Passed, ProposedApp

# Other people's files, and files for tests: never what a repository delivers.
_PASSED_BY = frozenset({"node_modules", "vendor", "third_party", "testdata", "tests", "fixtures", "e2e", "venv", "__pycache__"})
_OURS = ("gitctl.yaml", "gitctl.yml")


def find_apps(tree: Tree, *, project: str, below: str = "", without: Collection[str] = (), listed: Collection[str] = ()) -> Found:
    """The apps below a folder of the tree, and what looked like one. `without` names folders that are not looked at, `listed` are the
    `remote_bases` that there are.

    `project` is the name of an app whose path says nothing. Each file is part of at most one app.
    """
    names = tuple(n for n in tree.names(below) if _is_looked_at(n) and not any(_below(n, folder) for folder in without))

    def read(path: str) -> bytes:
        return tree.files(path)[path]

    @cache
    def is_manifest(path: str) -> bool:
        return path.endswith(SUFFIXES) and posixpath.basename(path) not in _OURS and bool(objects_in(read(path), path))

    charts = chart_folders(names)
    outside = tuple(n for n in names if not any(_below(n, folder) for folder in charts))
    kustomizations = kustomization_folders(outside)
    loose = tuple(n for n in outside if not any(_below(n, folder) for folder in kustomizations))
    built = find_kustomizations(tree, kustomizations, listed=listed)
    return _named((*find_charts(names, read), *built, *find_plain(tree, loose, is_manifest)), project)


def environments_of(apps: Iterable[ProposedApp]) -> tuple[str, ...]:
    """All environments that the apps are known for, in order."""
    return ordered(env for app in apps for env in app.environments)


def _is_looked_at(name: str) -> bool:
    parts = name.split("/")
    return not any(part.startswith(".") or part in _PASSED_BY or set(part) & set("{}\\") or not part.isprintable() for part in parts)


def _below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _named(items: Iterable[ProposedApp | Passed], project: str) -> Found:
    items = tuple(items)
    by_path: dict[str, list[ProposedApp]] = {}
    for item in sorted((one for one in items if isinstance(one, ProposedApp)), key=lambda app: app.path):
        by_path.setdefault(item.path, []).append(item)
    names = names_for(by_path, project)
    apps = (replace(_joined(parts), name=names[path], path=path or ".") for path, parts in by_path.items())
    return Found(tuple(apps), tuple(sorted((one for one in items if isinstance(one, Passed)), key=lambda one: one.path)))


def _joined(parts: list[ProposedApp]) -> ProposedApp:
    """One app may be a kustomization in one environment and plain manifests in another."""
    if len(parts) == 1:
        return parts[0]
    whys = ", ".join(part.why for part in parts)
    to_do = tuple(text for part in parts for text in part.to_do)
    return replace(parts[0], render=RenderKind.AUTO, environments=environments_of(parts), why=whys, to_do=to_do)
