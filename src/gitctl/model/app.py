"""App: one folder of the repository and the target that it goes to; Project: all of them, as gitctl.yaml says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gitctl.model.policy import SecretPolicy
from gitctl.model.reference import ListedSources
from gitctl.model.suspension import Suspension
from gitctl.model.tenancy import Tenancy
from gitctl.model.variable import Variable


class RenderKind(StrEnum):
    """How a folder becomes objects."""

    AUTO = "auto"
    PLAIN = "plain"
    KUSTOMIZE = "kustomize"
    HELM = "helm"


class HookPolicy(StrEnum):
    """What happens with a chart's hooks: hooks themselves come later."""

    REFUSE = "refuse"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class ObjectSelector:
    """Which objects a rule is about; empty fields match all. `name` and `namespace` are shell patterns (`web-*`)."""

    group: str | None = None
    kind: str = ""
    namespace: str = ""
    name: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Fields that are left to others: JSON pointers (`/spec/replicas`, `*` matches one step), JSONPaths (`$.spec…`), field managers."""

    select: ObjectSelector = ObjectSelector()
    paths: tuple[str, ...] = ()
    json_paths: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthRule:
    """A user's health rule for a kind: the first of `failed`, `healthy`, `progressing` whose every `path` equals its value decides.

    `ignore`: objects are healthy by being there; `reason` says why where it is no rule of the user.
    """

    select: ObjectSelector
    healthy: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    progressing: tuple[tuple[str, str], ...] = ()
    ignore: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HelmChart:
    """A chart from a repository: `repo` (https:// index or oci:// prefix), `chart`, pinned `version` and sha256 `digest` of the archive."""

    repo: str
    chart: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class HelmOptions:
    """Inputs of `helm template`. `values_files` are relative to the app's folder; later ones win, inline `values` last."""

    release: str = ""
    chart: HelmChart | None = None
    values_files: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    include_crds: bool = True
    hooks: HookPolicy = HookPolicy.REFUSE


@dataclass(frozen=True, slots=True)
class BranchTarget:
    """Rendered manifests in a branch instead of a cluster: the branch, and the folder in it ("" is its root).

    `repo` is the URL or path of another repository, "" for that of the source.
    """

    branch: str
    folder: str
    repo: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where an environment runs. `uid` pins the cluster (uid of its kube-system namespace)."""

    name: str
    context: str
    uid: str = ""
    kubeconfig: str = ""
    state_namespace: str = "gitctl-system"
    labels: tuple[tuple[str, str], ...] = ()
    vars: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """A named stage. `kubernetes` and `api_versions` are given to renderers so that a commit renders the same everywhere."""

    name: str
    clusters: tuple[Cluster, ...] = ()
    protect: bool = False
    kubernetes: str = ""
    api_versions: tuple[str, ...] = ()
    vars: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class App:
    """One unit of delivery, resolved for one environment and cluster: placeholders are filled in.

    `path` is the app's folder (or file) inside the repository, "" for its root. `target` is None for a cluster. `suspensions` are by
    environment. `vars` are merged, one a name; `vars_from_env` names variables of the process environment, and `environment` has their
    values as an earlier run had them (None: this process's own hold). `remote_bases` are patterns of repositories, for kustomizations.
    `restart_key` is the encrypted file with the key for hashes of Secrets on pod templates, "" where the app has none of these.
    """

    project: str
    env: str
    name: str
    path: str
    namespace: str = ""
    create_namespace: bool = False
    render: RenderKind = RenderKind.AUTO
    helm: HelmOptions = HelmOptions()
    depends_on: tuple[str, ...] = ()
    prune: bool = True
    wait_seconds: float = 300.0
    ignore: tuple[IgnoreRule, ...] = ()
    health: tuple[HealthRule, ...] = ()
    generated: tuple[IgnoreRule, ...] = ()
    renamed_from: tuple[str, ...] = ()
    kubernetes: str = ""
    api_versions: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    target: BranchTarget | None = None
    suspensions: tuple[tuple[str, Suspension], ...] = ()
    vars: tuple[Variable, ...] = ()
    vars_from_env: tuple[str, ...] = ()
    substitute: bool | None = None
    environment: tuple[tuple[str, str], ...] | None = None
    tenancy: Tenancy = Tenancy()
    remote_bases: tuple[str, ...] = ()
    restart_key: str = ""

    @property
    def suspension(self) -> Suspension | None:
        """What gitctl.yaml says about this environment; it may be over."""
        return dict(self.suspensions).get(self.env)

    @property
    def owner(self) -> str:
        """The owner id: `project/env/app`."""
        return f"{self.project}/{self.env}/{self.name}"

    @property
    def substitutes(self) -> bool:
        """Is `${NAME}` filled in? As the app says, else where it has any variables."""
        return bool(self.vars or self.vars_from_env) if self.substitute is None else self.substitute


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Where the wanted state lives. An empty `url` is the checkout that holds gitctl.yaml."""

    url: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """Safety budgets of the project."""

    prune_count: int = 5
    prune_share: float = 0.5
    prune_per_day: int = 200


@dataclass(frozen=True, slots=True)
class AppSpec:
    """An app as gitctl.yaml writes it, before an environment is chosen.

    `template` has the placeholders, `environments` is () for all, `line` is the app's place in the file.
    """

    template: App
    environments: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """The whole of gitctl.yaml. `path` is that file, for messages."""

    name: str
    environments: tuple[Environment, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    apps: tuple[AppSpec, ...] = ()
    source: SourceSpec = SourceSpec()
    limits: Limits = Limits()
    references: ListedSources = ListedSources()
    path: str = "gitctl.yaml"
    secrets: SecretPolicy = SecretPolicy()
