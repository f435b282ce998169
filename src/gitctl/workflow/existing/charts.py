"""Charts: folders with a Chart.yaml, and their values files by environment."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from gitctl.documents import load_all
from gitctl.errors import ManifestError
from gitctl.model.app import RenderKind
from gitctl.workflow.existing.environments import PLACEHOLDER, grouped, is_environment, ordered
from gitctl.workflow.existing.proposal import Passed, ProposedApp

CHART = "Chart.yaml"
# `values-prod.yaml`, `values.prod.yaml`, `values/prod.yaml`, `environments/prod/values.yaml`, below the chart.
_VALUES = re.compile(
    r"(?P<before>(?:.*/)?(?:values[-._]|(?:values|environments|envs|env)/))(?P<env>[a-z0-9-]+)(?P<after>/values\.ya?ml|\.ya?ml)"
)

Read = Callable[[str], bytes]


def chart_folders(names: Collection[str]) -> tuple[str, ...]:
    """Folders of charts, without those inside of another chart."""
    folders = sorted(posixpath.dirname(name) for name in names if posixpath.basename(name) == CHART)
    return tuple(f for f in folders if not any(f != other and _below(f, other) for other in folders))


def find_charts(names: Collection[str], read: Read) -> Iterator[ProposedApp | Passed]:
    """An app for each chart that renders on its own, or set of charts by environment; its name is still to be given."""
    alike = []
    for folder in chart_folders(names):
        inner = {name.removeprefix(f"{folder}/" if folder else "") for name in names if _below(name, folder)}
        problem = _problem(read(posixpath.join(folder, CHART)), inner)
        values, environments = _values_by_environment(inner)
        if problem:
            yield Passed(folder or ".", problem)
        elif values:
            yield ProposedApp("", folder, RenderKind.HELM, environments, (values,), why=_why("a chart, with values", environments))
        else:
            alike.append(folder)
    for template, environments in grouped(alike).items():
        yield ProposedApp("", template, RenderKind.HELM, environments, why=_why("a chart", environments))


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _problem(content: bytes, inner: Collection[str]) -> str:
    try:
        (chart,) = (loaded.value for loaded in load_all(content, where=CHART))
    except (ManifestError, ValueError):
        return "its Chart.yaml cannot be read"
    if not isinstance(chart, dict) or chart.get("type") == "library":
        return "a library chart: it makes no objects of its own"
    missing = [name for name in _dependencies(chart) if not any(re.match(rf"charts/{re.escape(name)}(/|-\d)", path) for path in inner)]
    if missing:
        return f"its dependency {missing[0]} is not in it: helm dependency build, and commit its charts folder"
    return ""


def _dependencies(chart: dict[str, Any]) -> list[str]:
    listed = chart.get("dependencies")
    return [str(one["name"]) for one in listed if isinstance(one, dict) and one.get("name")] if isinstance(listed, list) else []


def _why(what: str, environments: tuple[str, ...]) -> str:
    return f"{what} for {', '.join(environments)}" if environments else what


def _values_by_environment(inner: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """The pattern of values files that covers most environments, and these; "" and () where there is none."""
    patterns: dict[str, set[str]] = {}
    for name in sorted(inner):
        match = None if name.startswith(("templates/", "charts/")) else _VALUES.fullmatch(name)
        if match and is_environment(match["env"]):
            patterns.setdefault(f"{match['before']}{PLACEHOLDER}{match['after']}", set()).add(match["env"])
    best = max(patterns, key=lambda pattern: len(patterns[pattern]), default="")
    return best, ordered(patterns.get(best, ()))
