"""What a repository begins with: the folder or example that is named, what is found in it, what an earlier run wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product

from gitctl.errors import ErrorId, UsageError
from gitctl.model.app import App, Project
from gitctl.protocols import Tree
from gitctl.workflow.bootstrap.example import example_start
from gitctl.workflow.bootstrap.files import paper_paths
from gitctl.workflow.bootstrap.taken import Given, look, taken_start
from gitctl.workflow.bootstrap.wanted import ACCOUNTS, RULES, Example, Layout, Start
from gitctl.workflow.existing.find import environments_of, find_apps
from gitctl.workflow.existing.proposal import Found, ProposedApp

_ENVIRONMENTS = ("dev", "prod")
_ONLY = ("main",)


@dataclass(frozen=True, slots=True)
class Order:
    """What the flags say: `environments` and `example` may be left open; `given` is the folder of --from."""

    name: str
    environments: tuple[str, ...] = ()
    layout: Layout = Layout.MONO
    example: Example | None = None
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """The folder: its files (None: there is none), its gitctl.yaml, and whether a file is there."""

    tree: Tree | None
    project: Project | None
    has: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first apps. `papers`: README, runbooks and key rules go with them; `found` is what they were found among."""

    start: Start
    environments: tuple[str, ...]
    layout: Layout
    papers: bool
    found: Found = Found()


def begin(order: Order, site: Site) -> Beginning:
    """Raises UsageError, and what `taken_start` raises."""
    if order.given and order.example is not None:
        raise UsageError("--from and --example are both the first app", id=ErrorId.FLAGS_CONFLICT, hint="leave one out")
    return _first(order, site) if site.project is None or site.tree is None else _later(order, site, site.project, site.tree)


def _first(order: Order, site: Site) -> Beginning:
    """Without a gitctl.yaml: what is named, else what is found, else the example."""
    if order.given:
        return _given(order, order.given, papers=site.tree is None or not site.tree.names(""))
    found = find_apps(site.tree, project=order.name) if site.tree is not None and order.example is None else Found()
    return _found(order, found) if found.apps else replace(_example(order, papers=True), found=found)


def _later(order: Order, site: Site, project: Project, tree: Tree) -> Beginning:
    """With a gitctl.yaml: what an earlier run wrote is compared where it still is; only what a flag names is written anew."""
    papers = all(site.has(path) for path in (*paper_paths(), RULES))
    order = replace(order, environments=order.environments or tuple(env.name for env in project.environments))
    if order.given:
        return _given(order, order.given, papers)
    if order.example is not None:
        return _example(order, papers)
    for example, layout in product(Example, Layout):
        earlier = _example(replace(order, example=example, layout=layout), papers)
        if example is not Example.NONE and _places(earlier.start.apps) <= _places(spec.template for spec in project.apps):
            there = {path: content for path, content in earlier.start.files.items() if site.has(path)}
            return replace(earlier, start=replace(earlier.start, files=there))
    listed = {pattern for spec in project.apps for pattern in spec.template.remote_bases}
    found = find_apps(tree, project=order.name, without=(ACCOUNTS,), listed=listed)
    return _found(order, found) if found.apps else _example(replace(order, example=Example.NONE), papers)


def _example(order: Order, papers: bool) -> Beginning:
    environments = order.environments or _ENVIRONMENTS
    start = example_start(order.example or Example.WEB, order.layout, project=order.name, environments=environments)
    return Beginning(start, environments, order.layout, papers)


def _found(order: Order, found: Found) -> Beginning:
    environments = order.environments or environments_of(found.apps) or _ONLY
    return Beginning(Start(found.apps), environments, order.layout, papers=False, found=found)


def _given(order: Order, given: Given, papers: bool) -> Beginning:
    found = look(given)
    environments = order.environments or environments_of(found.apps) or _ENVIRONMENTS
    return Beginning(taken_start(given, found, order.layout, environments), environments, order.layout, papers)


def _places(apps: Iterable[App | ProposedApp]) -> set[tuple[str, str, str]]:
    return {(app.name, app.path, app.namespace) for app in apps}
