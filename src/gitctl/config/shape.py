"""The shape of gitctl.yaml: one source of truth for the check, the typed reading, and the editors' JSON schema.

`title` completes the sentence "… is not TITLE", `description` is what an editor shows.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from gitctl.config import duration, moment

API_VERSION = "gitctl.dev/v1"
KIND = "Project"

_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_LABEL_KEY = r"^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
_LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"

Name = Annotated[str, Meta(pattern=_LABEL, title="a name of at most 63 lower-case letters, digits and '-'")]
Labels = dict[
    Annotated[str, Meta(pattern=_LABEL_KEY, title="a Kubernetes label key")],
    Annotated[str, Meta(pattern=_LABEL_VALUE, title="a Kubernetes label value")],
]
Duration = Annotated[str, Meta(pattern=duration.PATTERN, title="a duration such as 90s, 5m or 1h30m")]
Period = Annotated[str, Meta(pattern=duration.PERIOD, title="a period such as 90d or 12h")]
Time = Annotated[str, Meta(pattern=moment.PATTERN, title="a time such as 2026-12-01T09:00:00Z")]
Version = Annotated[str, Meta(pattern=r"^(v?1\.\d+(\.\d+)?)?$", title="a Kubernetes version such as '1.37'")]
Pointer = Annotated[str, Meta(pattern=r"^[/$]", title="a JSON pointer such as /spec/replicas, or a JSONPath such as $.spec.replicas")]
Text = Annotated[str, Meta(min_length=1, title="a text that is not empty")]
Scalar = str | int | float | bool
VarName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$", title="a name of letters, digits and '_', no digit first")]
Vars = dict[VarName, str | int | bool]
NamePattern = Annotated[str, Meta(pattern=r"^[-a-z0-9*?{}]{1,63}$", title="a name or pattern such as shop-* or shop-{env}")]
KindPattern = Annotated[
    str,
    Meta(
        pattern=r"^(\*|[A-Z][A-Za-z0-9*]*)(\.[a-z0-9*][-.a-z0-9*]*)?(/[^/\s]+)?$",
        title="a kind such as Deployment, Deployment.apps, *.example.com or Service.core/web-*",
    ),
]
RolePattern = Annotated[str, Meta(pattern=r"^[^\s/]+$", title="the name of a role, or a pattern such as team-*")]
BasePattern = Annotated[
    str,
    Meta(
        pattern=r"^(https?://|ssh://([\w.-]+@)?)[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?/[^\s?#%@\[\]]+$|^\w[\w.-]*@[a-z0-9][a-z0-9.-]*:[^\s?#%@\[\]]+$",
        title="a repository such as https://github.com/org/repo, or a pattern such as https://github.com/org/*",
    ),
]
ReferencePattern = Annotated[
    str, Meta(pattern=r"^ref\+[a-z*]+://[^\s#?]+$", title="a reference or a pattern such as ref+awssecrets://shop/*, without ? and #")
]
Account = Annotated[
    str,
    Meta(
        pattern=r"^[-a-z0-9{}]{1,63}/[a-z0-9{][-.a-z0-9{}]{0,252}$",
        title="a service account as NAMESPACE/NAME, such as shop-{env}/deployer",
    ),
]


class Strict(Struct, forbid_unknown_fields=True):
    """Every mapping of the file refuses keys that it does not know."""


class Source(Strict):
    """Where the wanted state lives; left out: the checkout that holds this file."""

    url: Annotated[str, Meta(description="https, ssh or file URL; empty for this checkout")] = ""
    ref: Annotated[str, Meta(description="branch, tag or commit; default: HEAD")] = ""


class Cluster(Strict):
    """A cluster, as the kubeconfig knows it."""

    context: Annotated[Text, Meta(description="context of the kubeconfig")]
    kubeconfig: Annotated[str, Meta(description="kubeconfig file; default: KUBECONFIG, then ~/.kube/config")] = ""
    uid: Annotated[str, Meta(description="uid of the kube-system namespace: pins the cluster")] = ""
    state_namespace: Annotated[Name, Meta(description="namespace of gitctl's own state")] = "gitctl-system"
    labels: Labels = {}
    vars: Annotated[Vars, Meta(description="variables for this cluster; they win over the environment's")] = {}


class Environment(Strict):
    """A stage that apps are delivered to."""

    clusters: Annotated[list[str], Meta(description="names under `clusters`, in the order of delivery")] = []
    protect: Annotated[bool, Meta(description="changes need a confirmation, in CI --yes")] = False
    kubernetes: Annotated[Version, Meta(description="Kubernetes version given to renderers")] = ""
    api_versions: Annotated[list[Text], Meta(description="extra API versions given to renderers, such as example.com/v1")] = []
    vars: Annotated[Vars, Meta(description="variables for this environment; they win over the project's")] = {}


class Select(Strict):
    """Which objects a rule is about; what is left out matches all."""

    group: Annotated[str | UnsetType, Meta(description="API group; '' is the core group")] = UNSET
    kind: str = ""
    namespace: Annotated[str, Meta(description="shell pattern")] = ""
    name: Annotated[str, Meta(description="shell pattern, such as web-*")] = ""
    labels: Labels = {}


class Ignore(Select):
    """Fields that gitctl leaves to others."""

    paths: Annotated[list[Pointer], Meta(description="JSON pointers (/spec/replicas) or JSONPaths ($.spec.replicas)")] = []
    managers: Annotated[list[Text], Meta(description="field managers whose fields are left alone")] = []


class Generated(Select, kw_only=True):
    """Fields that are random at each rendering: the live value is kept."""

    paths: Annotated[list[Pointer], Meta(min_length=1, title="a list that is not empty", description="JSON pointers or JSONPaths")]


class Health(Select, kw_only=True):
    """When objects of a kind are healthy: the first of failed, healthy, progressing whose every path has its value decides."""

    kind: Text
    healthy: Annotated[dict[str, Scalar], Meta(description="path in the object → value, such as status.phase: Ready")] = {}
    failed: dict[str, Scalar] = {}
    progressing: dict[str, Scalar] = {}
    ignore: Annotated[bool, Meta(description="never wait for these objects")] = False


class Chart(Strict):
    """A chart of a repository, pinned by version and digest."""

    repo: Annotated[str, Meta(pattern=r"^(https?|oci)://[^\s@]+$", title="an https:// or oci:// address without credentials")]
    name: Text
    version: Annotated[str, Meta(pattern=r"^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$", title="an exact version such as 1.2.3")]
    digest: Annotated[str, Meta(pattern=r"^(sha256:)?[0-9a-f]{64}$", title="a SHA-256 digest such as sha256:ab12…")]


class Helm(Strict):
    """Inputs of `helm template`."""

    release: Annotated[str, Meta(description="release name; default: the app's name")] = ""
    chart: Annotated[Chart | UnsetType, Meta(description="a chart of a repository; left out: the chart in `path`")] = UNSET
    values_files: Annotated[list[Text], Meta(description="files in the app's folder; later ones win")] = []
    values: Annotated[dict[str, Any], Meta(description="inline values; they win over files")] = {}
    include_crds: bool = True
    hooks: Literal["refuse", "skip"] = "refuse"


class Target(Strict):
    """Rendered manifests in a branch instead of a cluster."""

    branch: Annotated[Text, Meta(description="the branch, such as rendered/{env}; made when it is not there")]
    folder: Annotated[Text, Meta(description="the app's folder in the branch; '.' is its root")]
    repo: Annotated[str, Meta(description="URL or path of another repository; default: that of the source")] = ""


class Suspend(Strict):
    """No sync changes the app; `gitctl suspend` writes it, `gitctl resume` takes it away."""

    reason: str = ""
    by: str = ""
    since: Time | UnsetType = UNSET
    until: Annotated[Time | UnsetType, Meta(description="left out: until it is resumed")] = UNSET


class Rules(Strict):
    """Patterns of what is meant; `*` matches any run of letters. `{env}`, `{cluster}` and `{app}` may stand in namespaces."""

    namespaces: Annotated[list[NamePattern] | UnsetType, Meta(description="namespaces of objects, such as shop-*")] = UNSET
    kinds: Annotated[list[KindPattern] | UnsetType, Meta(description="kinds: Deployment, Deployment.apps, *.example.com, Secret/web-*")] = (
        UNSET
    )
    roles: Annotated[list[RolePattern] | UnsetType, Meta(description="roles that the app does not bring and that bindings name")] = UNSET
    clusters: Annotated[list[Text] | UnsetType, Meta(description="names under `clusters`, or patterns")] = UNSET
    repositories: Annotated[list[Text] | UnsetType, Meta(description="addresses of charts and of branch targets, or patterns")] = UNSET
    references: Annotated[
        list[ReferencePattern] | UnsetType, Meta(description="references to stores, such as ref+awssecrets://shop-{env}/*")
    ] = UNSET


class Allow(Rules):
    """What is allowed. A list that is left out: anything; for a team see docs/tenancy.md."""

    cluster_kinds: Annotated[
        list[KindPattern] | UnsetType, Meta(description="kinds without a namespace; a team has none that is not named here")
    ] = UNSET


class Team(Strict):
    """Apps of people who do not own this file, and what these apps may have."""

    allow: Annotated[Allow, Meta(description="nothing else is allowed")] = field(default_factory=Allow)
    deny: Annotated[Rules, Meta(description="denied, whatever is allowed")] = field(default_factory=Rules)
    service_account: Annotated[Account | UnsetType, Meta(description="NAMESPACE/NAME: who applies the objects of the team's apps")] = UNSET


class App(Strict):
    """One unit of delivery. `{env}`, `{cluster}` and `{app}` may stand in path, namespace, release, values_files and target."""

    path: Annotated[str, Meta(description="folder of the app, beginning at the folder of this file")]
    namespace: Annotated[str, Meta(description="for objects that name none; never overrides")] = ""
    create_namespace: bool = False
    render: Literal["auto", "plain", "kustomize", "helm"] = "auto"
    helm: Helm = field(default_factory=Helm)
    hooks: Annotated[Literal["refuse", "skip"] | UnsetType, Meta(description="short form of helm.hooks")] = UNSET
    team: Annotated[str | UnsetType, Meta(description="a name under `teams`: whose rules hold for the app")] = UNSET
    allow: Annotated[Allow, Meta(description="nothing else is allowed to this app; the team's rules hold too")] = field(
        default_factory=Allow
    )
    deny: Annotated[Rules, Meta(description="denied to this app")] = field(default_factory=Rules)
    service_account: Annotated[
        Account | UnsetType, Meta(description="NAMESPACE/NAME: who applies the app's objects; wins over the team's")
    ] = UNSET
    environments: Annotated[list[str], Meta(description="default: all")] = []
    depends_on: Annotated[list[str], Meta(description="apps that must be healthy first")] = []
    prune: Annotated[bool, Meta(description="delete objects that left Git")] = True
    wait: Annotated[Duration, Meta(description="how long to wait for health")] = "5m"
    ignore: list[Ignore] = []
    generated: list[Generated] = []
    health: list[Health] = []
    renamed_from: Annotated[list[Name], Meta(description="earlier names of the app, whose state it takes over")] = []
    labels: Labels = {}
    restart_on_secret_change: Annotated[
        bool, Meta(description="pods are made anew when a Secret of the app changes that they use; needs secrets.restart_key")
    ] = False
    suspend: Annotated[dict[str, Suspend], Meta(description="environment → why no sync changes the app there")] = {}
    target: Target | UnsetType = UNSET
    vars: Annotated[Vars, Meta(description="${NAME} in manifests; they win over all others")] = {}
    substitute: Annotated[bool | UnsetType, Meta(description="fill in ${NAME}; default: when there are any variables")] = UNSET


class References(Strict):
    """What references in Secrets (`ref+…`) may read, as the account that runs."""

    stores: Annotated[
        list[ReferencePattern] | UnsetType, Meta(description="nothing else, for any app; left out: whatever the account may")
    ] = UNSET
    env: Annotated[list[VarName], Meta(description="variables for ref+env://NAME; taken out of the environment of other programs")] = []
    files: Annotated[list[Text], Meta(description="files for ref+file://PATH, relative to the repository's root, or absolute")] = []


class Limits(Strict):
    """How much one sync may delete before it is refused."""

    prune_count: Annotated[int, Meta(ge=0, title="a count", description="more deletions than this are refused")] = 5
    prune_share: Annotated[float, Meta(ge=0, le=1, title="a share between 0 and 1", description="this share is refused")] = 0.5
    prune_per_day: Annotated[int, Meta(ge=0, title="a count", description="deletions a cluster in 24 hours")] = 200


class MaxAge(Strict, kw_only=True):
    """How old encrypted values may get."""

    path: Annotated[Text, Meta(description="pattern of files, beginning at the folder of this file: apps/prod/**")]
    age: Annotated[Period | UnsetType, Meta(description="such as 90d; left out: no limit")] = UNSET


class Accepted(Strict, kw_only=True):
    """A finding of `gitctl secret audit` that is none here."""

    finding: Annotated[
        Literal["too-old", "missing", "key-missing", "unused", "not-restarted", "unknown-reader", "equal"],
        Meta(description="what is accepted"),
    ]
    secret: Annotated[Text, Meta(description="pattern of NAMESPACE/NAME, or of a file: infra/*")]
    reason: Annotated[Text, Meta(description="why, for whoever reads it next year")]


class Secrets(Strict):
    """What holds for all secrets of the project."""

    max_age: Annotated[list[MaxAge], Meta(description="the first whose path matches holds")] = []
    accept: Annotated[list[Accepted], Meta(description="findings of `gitctl secret audit` that are none here")] = []
    restart_key: Annotated[
        str, Meta(description="encrypted file with the key for restart_on_secret_change, such as keys/{env}.secret.yaml")
    ] = ""


class Project(Strict):
    """A gitctl project: what is delivered, where to, and from where."""

    api_version: Literal["gitctl.dev/v1"] = field(name="apiVersion")
    kind: Literal["Project"]
    name: Annotated[Name, Meta(description="first part of the owner id on every object")]
    source: Source = field(default_factory=Source)
    clusters: dict[Name, Cluster] = {}
    environments: dict[Name, Environment] = {}
    apps: dict[Name, App] = {}
    teams: Annotated[dict[Name, Team], Meta(description="rules for the apps that name the team")] = {}
    remote_bases: Annotated[
        list[BasePattern], Meta(description="repositories that kustomizations may name, each pinned to a commit: https://github.com/org/*")
    ] = []
    limits: Limits = field(default_factory=Limits)
    secrets: Secrets = field(default_factory=Secrets)
    references: Annotated[References, Meta(description="values that stay in a store")] = field(default_factory=References)
    vars: Annotated[Vars, Meta(description="variables for all apps: ${NAME} in manifests. Never secrets: values are shown")] = {}
    vars_from_env: Annotated[
        list[VarName], Meta(description="variables taken from the process environment. Never secrets: values are recorded and shown")
    ] = []
