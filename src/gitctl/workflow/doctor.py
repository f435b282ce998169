"""`doctor`: the external programs that gitctl calls: found, wanted, what needs them, how to get them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gitctl.model.app import App, Project, RenderKind

Version = tuple[int, int, int]

# What a program prints when asked for its version; None when it is not on PATH or does not answer.
VersionOf = Callable[[tuple[str, ...]], str | None]
PathOf = Callable[[str], str | None]


class ToolState(StrEnum):
    """What doctor says about a program."""

    OK = "ok"
    MISSING = "missing"
    TOO_OLD = "too old"
    TOO_NEW = "too new"
    UNKNOWN = "version unknown"


# Rendering refuses a program out of its range, newer ones too: flags and output change with a major version.
UNFIT = (ToolState.MISSING, ToolState.TOO_OLD, ToolState.TOO_NEW)


class Need(StrEnum):
    """What a project, or a person, may want to do that takes a program."""

    ALWAYS = "every command"
    HELM = "apps with a Helm chart"
    KUSTOMIZE = "apps with a kustomization"
    SOPS = "encrypted files"
    SANDBOX = "gitctl sandbox"
    BY_HAND = "keys made by hand"
    LOOKING = "looking by hand"


@dataclass(frozen=True, slots=True)
class Tool:
    """A program: how to ask its version, the range from `low` up to and without `high`, and its stand-in."""

    name: str
    ask: tuple[str, ...]
    low: Version
    high: Version | None
    needs: tuple[Need, ...]
    install: str
    stand_in: str = ""

    @property
    def wanted(self) -> str:
        """The range as text, such as `>=3.14,<5`."""
        return f">={_short(self.low)}" + (f",<{_short(self.high)}" if self.high else "")


TOOLS = (
    Tool("git", ("git", "--version"), (2, 34, 0), None, (Need.ALWAYS,), "the git package of your system"),
    Tool(
        "helm",
        ("helm", "version", "--short"),
        (3, 14, 0),
        (5, 0, 0),
        (Need.HELM,),
        "brew install helm, or go install helm.sh/helm/v4/cmd/helm@latest",
    ),
    Tool(
        "kustomize",
        ("kustomize", "version"),
        (5, 0, 0),
        (6, 0, 0),
        (Need.KUSTOMIZE,),
        "brew install kustomize, or go install sigs.k8s.io/kustomize/kustomize/v5@latest; kubectl does too",
        stand_in="kubectl",
    ),
    Tool(
        "kubectl",
        ("kubectl", "version", "--client"),
        (1, 28, 0),
        (2, 0, 0),
        (Need.LOOKING,),
        "brew install kubectl, or the kubectl package of your system",
    ),
    Tool(
        "sops",
        ("sops", "--version", "--disable-version-check"),
        (3, 9, 0),
        None,
        (Need.SOPS,),
        "brew install sops, or go install github.com/getsops/sops/v3/cmd/sops@latest",
    ),
    Tool(
        "age",
        ("age", "--version"),
        (1, 1, 0),
        None,
        (Need.BY_HAND,),
        "brew install age, or go install filippo.io/age/cmd/age@latest",
    ),
    Tool(
        "age-keygen",
        ("age-keygen", "--version"),
        (1, 1, 0),
        None,
        (Need.BY_HAND,),
        "brew install age, or go install filippo.io/age/cmd/age-keygen@latest",
    ),
    Tool(
        "go",
        ("go", "version"),
        (1, 26, 0),
        None,
        (Need.SANDBOX,),
        "brew install go, or the go package of your system; kind, k3d or any other cluster does instead of the sandbox",
    ),
)


@dataclass(frozen=True, slots=True)
class ToolReport:
    """One program, looked at. `path` and `version` are "" where not found; `needed`: this project cannot do without."""

    tool: Tool
    state: ToolState
    path: str
    version: str
    needed: bool

    @property
    def finding(self) -> bool:
        """Must the user do something?"""
        return self.needed and self.state in UNFIT


def examine(*, path_of: PathOf, version_of: VersionOf, needs: Collection[Need] = ()) -> tuple[ToolReport, ...]:
    """Look at every program; `needs` is what the project at hand takes (`uses`), beside `Need.ALWAYS`.

    A needed program whose stand-in is fit counts as not needed.
    """
    wanted = {Need.ALWAYS, *needs}
    reports = {tool.name: _look(tool, path_of, version_of, needed=not wanted.isdisjoint(tool.needs)) for tool in TOOLS}
    return tuple(_relieved(report, reports) for report in reports.values())


def uses(project: Project, *, names: Callable[[str], Collection[str]], encrypted: bool) -> frozenset[Need]:
    """What a project takes: `names` lists the files below a folder, `encrypted` says that it has a .sops.yaml."""
    found = {need for spec in project.apps for need in _renderers(spec.template, names)}
    return frozenset(found | {Need.SOPS} if encrypted else found)


def _renderers(app: App, names: Callable[[str], Collection[str]]) -> Iterator[Need]:
    match app.render:
        case RenderKind.HELM:
            yield Need.HELM
        case RenderKind.KUSTOMIZE:
            yield Need.KUSTOMIZE
        case RenderKind.AUTO:
            yield from _detected(app, names)
        case RenderKind.PLAIN:
            pass


def folder_of(app: App) -> str:
    """The part of an app's path that holds no placeholder: which environment is meant is open here."""
    return app.path.partition("{")[0].rpartition("/")[0] if "{" in app.path else app.path


def _detected(app: App, names: Callable[[str], Collection[str]]) -> Iterator[Need]:
    """By file names."""
    files = {name.rpartition("/")[2] for name in names(folder_of(app))}
    if app.helm.chart or "Chart.yaml" in files:
        yield Need.HELM
    if files & {"kustomization.yaml", "kustomization.yml", "Kustomization"}:
        yield Need.KUSTOMIZE


def parse_version(text: str) -> Version | None:
    """The first dotted number in a program's answer: `go version go1.26.8 …` gives (1, 26, 8)."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def judge(tool: Tool, version: Version | None) -> ToolState:
    """Where a version lies in the wanted range."""
    if version is None:
        return ToolState.UNKNOWN
    if version < tool.low:
        return ToolState.TOO_OLD
    return ToolState.TOO_NEW if tool.high and version >= tool.high else ToolState.OK


def _look(tool: Tool, path_of: PathOf, version_of: VersionOf, *, needed: bool) -> ToolReport:
    path = path_of(tool.name)
    if path is None:
        return ToolReport(tool, ToolState.MISSING, "", "", needed)
    version = parse_version(version_of(tool.ask) or "")
    return ToolReport(tool, judge(tool, version), path, ".".join(map(str, version)) if version else "", needed)


def _relieved(report: ToolReport, reports: dict[str, ToolReport]) -> ToolReport:
    other = reports.get(report.tool.stand_in)
    if report.finding and other and other.state is ToolState.OK:
        return ToolReport(report.tool, report.state, report.path, report.version, needed=False)
    return report


def _short(version: Version) -> str:
    """(5, 0, 0) as `5`, (3, 14, 0) as `3.14`."""
    parts = [str(number) for number in version]
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts)
