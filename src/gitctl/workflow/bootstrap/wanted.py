"""What is asked of bootstrap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gitctl.model.app import Cluster
from gitctl.workflow.existing.proposal import ProposedApp

ACCOUNTS = "cluster"
"""The folder of gitctl's own accounts and agent: `cluster/<env>`."""
RULES = ".sops.yaml"
SCHEMA = ".gitctl.schema.json"


class Layout(StrEnum):
    """Where the manifests are: `mono` keeps several apps in `apps/`, `per-app` is one app's own repository, in `deploy/`."""

    MONO = "mono"
    PER_APP = "per-app"


class Ci(StrEnum):
    """Whose pipeline is written."""

    NONE = "none"
    GITHUB = "github"
    GITLAB = "gitlab"


class Example(StrEnum):
    """The app that a new repository begins with."""

    WEB = "web"
    HELM = "helm"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Start:
    """The apps that gitctl.yaml begins with, and the files that are written for them (path → content)."""

    apps: tuple[ProposedApp, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What is asked for. `cluster` is None without a context; environments in order, the first gets the first sync.

    `papers` adds README, .gitignore and runbooks (with a pipeline the last come in any case); `owners` are for CODEOWNERS; `branch`
    is the one that is delivered.
    `sops_rules` is the content of `.sops.yaml`, `schema` that of the editors' schema; empty ones are not written.
    """

    name: str
    environments: tuple[str, ...]
    start: Start = field(default_factory=Start)
    cluster: Cluster | None = None
    layout: Layout = Layout.MONO
    papers: bool = True
    ci: Ci = Ci.NONE
    pre_commit: bool = False
    owners: tuple[str, ...] = ()
    branch: str = "main"
    version: str = ""
    sops_rules: bytes = b""
    schema: bytes = b""

    @property
    def app(self) -> str:
        """What runbooks and README call an app: the first one, or a stand-in."""
        return self.start.apps[0].name if self.start.apps else "APP"
