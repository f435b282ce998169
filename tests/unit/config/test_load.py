from __future__ import annotations

import pytest

from gitctl.config.fill import fill_app
from gitctl.config.load import load
from gitctl.errors import ConfigError, ExitCode, ManyErrors, Where, exit_code_of
from gitctl.model.app import BranchTarget, HelmChart, HookPolicy, IgnoreRule, Limits, ObjectSelector, RenderKind, SourceSpec
from gitctl.model.policy import Acceptance, MaxAge

FULL = b"""\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
source: {url: "ssh://git@host/shop.git", ref: main}
clusters:
  dev: {context: kind-dev}
  prod: {context: prod-eu, labels: {tier: prod}, uid: abc-1, state_namespace: team-state, kubeconfig: ~/prod}
environments:
  dev: {clusters: [dev], kubernetes: "v1.37", api_versions: [example.com/v1]}
  prod: {clusters: [prod], protect: true}
apps:
  podinfo:
    path: "./apps/podinfo/{env}"
    namespace: podinfo
    create_namespace: true
    render: helm
    depends_on: [database]
    prune: false
    wait: 1h30m
    ignore: [{kind: Deployment, group: apps, paths: [/spec/replicas, "$.spec.x"], managers: [keda]}]
    generated: [{kind: Secret, paths: [/data/password]}]
    health: [{kind: Widget, healthy: {status.phase: Ready, status.ok: true, status.count: 3}}]
    renamed_from: [old-name]
    labels: {team: a}
    environments: [prod]
    helm:
      release: rel
      chart: {repo: "oci://charts/x", name: podinfo, version: 6.9.0, digest: sha256:DIGEST}
      values: {replicas: 2, nested: {a: [1, null]}}
      values_files: ["{env}.yaml"]
      include_crds: false
      hooks: skip
  database: {path: apps/database, hooks: skip}
  site: {path: ., target: {branch: "rendered/{env}", folder: site}}
limits: {prune_count: 9, prune_share: 1, prune_per_day: 10}
""".replace(b"DIGEST", b"d" * 64)


def test_everything_arrives() -> None:
    project = load(FULL)
    assert (project.name, project.source, project.limits) == ("shop", SourceSpec("ssh://git@host/shop.git", "main"), Limits(9, 1.0, 10))
    dev, prod = project.environments
    assert (dev.kubernetes, dev.api_versions, dev.protect) == ("1.37", ("example.com/v1",), False)
    assert (prod.clusters[0].uid, prod.clusters[0].state_namespace, prod.clusters[0].labels) == ("abc-1", "team-state", (("tier", "prod"),))
    assert (prod.clusters[0].kubeconfig, dev.clusters[0].state_namespace, prod.protect) == ("~/prod", "gitctl-system", True)


def test_an_app_with_every_key() -> None:
    spec = load(FULL).apps[0]
    app = spec.template
    assert (spec.environments, spec.line) == (("prod",), 12)
    assert (app.path, app.namespace, app.create_namespace, app.render) == ("apps/podinfo/{env}", "podinfo", True, RenderKind.HELM)
    assert (app.depends_on, app.prune, app.wait_seconds, app.renamed_from, app.labels) == (
        ("database",),
        False,
        5400.0,
        ("old-name",),
        (("team", "a"),),
    )
    deployment = ObjectSelector(group="apps", kind="Deployment")
    assert app.ignore == (IgnoreRule(deployment, paths=("/spec/replicas",), json_paths=("$.spec.x",), managers=("keda",)),)
    assert app.generated == (IgnoreRule(ObjectSelector(kind="Secret"), paths=("/data/password",)),)
    assert app.health[0].healthy == (("status.phase", "Ready"), ("status.ok", "true"), ("status.count", "3"))
    assert app.helm.chart == HelmChart("oci://charts/x", "podinfo", "6.9.0", "sha256:" + "d" * 64)
    assert (app.helm.release, app.helm.values_files, app.helm.include_crds, app.helm.hooks) == (
        "rel",
        ("{env}.yaml",),
        False,
        HookPolicy.SKIP,
    )
    assert app.helm.values == {"replicas": 2, "nested": {"a": [1, None]}}


def test_short_forms_and_defaults() -> None:
    _, database, site = load(FULL).apps
    assert database.template.helm.hooks is HookPolicy.SKIP
    assert (database.template.wait_seconds, database.template.prune, database.environments) == (300.0, True, ())
    assert (site.template.path, site.template.target) == ("", BranchTarget("rendered/{env}", "site"))


def test_paths_begin_at_the_folder_of_the_file() -> None:
    assert [spec.template.path for spec in load(FULL, folder="teams/shop").apps] == [
        "teams/shop/apps/podinfo/{env}",
        "teams/shop/apps/database",
        "teams/shop",
    ]


def test_all_errors_at_once_from_top_to_bottom() -> None:
    broken = b"apiVersion: gitctl.dev/v1\nkind: Project\nname: Shop\napps:\n  web:\n    pth: x\n    wait: soon\n"
    with pytest.raises(ManyErrors) as caught:
        load(broken, path="shop/gitctl.yaml")
    assert [str(e.where) for e in caught.value.errors] == [
        "shop/gitctl.yaml:3:1 name",
        "shop/gitctl.yaml:5:3 apps.web",
        "shop/gitctl.yaml:6:5 apps.web.pth",
        "shop/gitctl.yaml:7:5 apps.web.wait",
    ]
    assert exit_code_of(caught.value) is ExitCode.INPUT


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a: [\n", 2),
        (b"name: x\nname: y\n", 2),
        (b"name: \xff\n", 1),
        (b"a: 1\n---\nb: 2\n", 3),
        (b"x: !!python/object:os.system {}\n", 1),
    ],
    ids=["syntax", "duplicate key", "not UTF-8", "second document", "tag"],
)
def test_what_is_no_yaml_is_a_config_error_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        load(data)
    assert isinstance(caught.value.where, Where)
    assert caught.value.where.line == line


def test_an_alias_bomb_is_refused() -> None:
    bomb = b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for n in range(1, 12):
        bomb += b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10))
    with pytest.raises(ConfigError, match="more than"):
        load(bomb)


SECRETS = b"""\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
environments: {dev: {}, prod: {}}
apps:
  web: {path: web, restart_on_secret_change: true}
  db: {path: db}
secrets:
  max_age: [{path: "apps/dev/**"}, {path: "**", age: 90d}]
  accept: [{finding: unused, secret: "infra/*", reason: by the API}]
  restart_key: keys/{env}.yaml
"""


def test_what_holds_for_secrets() -> None:
    project = load(SECRETS, folder="teams")
    assert project.secrets.max_age == (MaxAge("teams/apps/dev/**"), MaxAge("teams/**", 90 * 86400.0))
    assert project.secrets.accept == (Acceptance("unused", "infra/*", "by the API"),)
    web, db = (fill_app(spec.template, project.environments[1], None) for spec in project.apps)
    assert (web.restart_key, db.restart_key) == ("teams/keys/prod.yaml", "")
