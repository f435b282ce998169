from __future__ import annotations

import pytest
from tests.fixtures.errors import raises

from gitctl.config.fill import path_app
from gitctl.config.load import load
from gitctl.config.resolve import Selection, choose_environment, find_app, resolve
from gitctl.errors import ConfigError, ErrorId, ManyErrors, UsageError
from gitctl.model.app import BranchTarget, Project


@pytest.fixture(scope="module")
def project() -> Project:
    return load(
        b"""\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters:
  dev: {context: kind-dev, uid: u-1}
  eu: {context: prod-eu}
  us: {context: prod-us}
environments:
  dev: {clusters: [dev], kubernetes: "1.37"}
  prod: {clusters: [eu, us]}
  review: {}
apps:
  web: {path: "apps/web/{env}", namespace: "web-{env}", labels: {tier: front}}
  api: {path: "apps/{app}", depends_on: [db], helm: {release: "{app}-{env}", values_files: ["{cluster}.yaml"]}, environments: [dev, prod]}
  db: {path: apps/db, labels: {tier: back}}
  debug: {path: debug, environments: [dev], target: {branch: "r/{env}", folder: "./{app}"}}
"""
    )


def names(selections: tuple[Selection, ...]) -> list[list[str]]:
    return [[app.name for app in s.apps] for s in selections]


def test_placeholders_and_environment(project: Project) -> None:
    (dev,) = resolve(project, "dev", ["api", "web", "debug"])
    apps = {app.name: app for app in dev.apps}
    assert (apps["web"].path, apps["web"].namespace, apps["web"].owner) == ("apps/web/dev", "web-dev", "shop/dev/web")
    assert (apps["api"].path, apps["api"].helm.release, apps["api"].helm.values_files) == ("apps/api", "api-dev", ("dev.yaml",))
    assert (apps["api"].kubernetes, apps["debug"].target) == ("1.37", BranchTarget("r/dev", "debug"))


def test_one_selection_a_cluster_in_order(project: Project) -> None:
    eu, us = resolve(project, "prod")
    assert [s.cluster.name for s in (eu, us) if s.cluster] == ["eu", "us"]
    assert us.apps[-1].helm.values_files == ("us.yaml",)
    assert names((eu, us)) == [["web", "db", "api"]] * 2


def test_what_is_depended_on_comes_first_also_in_a_selection(project: Project) -> None:
    assert names(resolve(project, "dev", ["api", "db"])) == [["db", "api"]]
    assert names(resolve(project, "dev", ["api"])) == [["api"]]
    assert names(resolve(project, "dev", ["api"], with_dependencies=True)) == [["db", "api"]]


def test_labels(project: Project) -> None:
    assert names(resolve(project, "dev", labels={"tier": "back"})) == [["db"]]


def test_one_cluster_alone(project: Project) -> None:
    assert [s.cluster and s.cluster.name for s in resolve(project, "prod", cluster="us")] == ["us"]


def test_context_takes_the_place_but_the_pin_stays(project: Project) -> None:
    (dev,) = resolve(project, "dev", context="other")
    assert dev.cluster
    assert (dev.cluster.context, dev.cluster.uid, dev.cluster.name) == ("other", "u-1", "dev")


def test_context_among_several(project: Project) -> None:
    assert [s.cluster and s.cluster.name for s in resolve(project, "prod", context="prod-us")] == ["us"]
    with raises(ErrorId.CONTEXT_NOT_IN_ENVIRONMENT, match="2 clusters, none with the context 'x'"):
        resolve(project, "prod", context="x")


def test_without_a_cluster(project: Project) -> None:
    (review,) = resolve(project, "review", ["web"])
    assert review.cluster is None
    (given,) = resolve(project, "review", ["web"], context="kind-x")
    assert given.cluster
    assert given.cluster.context == "kind-x"


def test_a_cluster_placeholder_without_a_cluster() -> None:
    text = b"{apiVersion: gitctl.dev/v1, kind: Project, name: p, environments: {dev: {}}, apps: {a: {path: 'x/{cluster}'}}}"
    with raises(ErrorId.CLUSTER_NEEDED, match=r"apps\.a\.path has \{cluster\}, and no cluster is chosen"):
        resolve(load(text), "dev")


def test_a_namespace_that_gets_too_long() -> None:
    text = "{apiVersion: gitctl.dev/v1, kind: Project, name: p, environments: {dev: {}}, apps: {a: {path: x, namespace: '%s-{env}'}}}"
    with pytest.raises(ConfigError, match="no name of at most 63"):
        resolve(load((text % ("n" * 61)).encode()), "dev")


@pytest.mark.parametrize(
    ("env", "apps", "cluster", "id", "message", "hint"),
    [
        ("dve", [], "", ErrorId.ENVIRONMENT_UNKNOWN, "unknown environment 'dve'", "did you mean 'dev'?"),
        ("zzzz", [], "", ErrorId.ENVIRONMENT_UNKNOWN, "unknown environment 'zzzz'", "environments: dev, prod, review"),
        ("dev", ["wbe"], "", ErrorId.APP_UNKNOWN, "unknown app 'wbe'", "did you mean 'web'?"),
        ("prod", ["debug"], "", ErrorId.APP_NOT_IN_ENVIRONMENT, "the app 'debug' is not in the environment 'prod'", "it is in: dev"),
        ("prod", [], "uss", ErrorId.CLUSTER_UNKNOWN, "the cluster 'uss' is unknown to the environment 'prod'", "did you mean 'us'?"),
        ("prod", [], "dev", ErrorId.CLUSTER_UNKNOWN, "the cluster 'dev' is not in the environment 'prod'", "clusters: eu, us"),
    ],
)
def test_unknown_names(project: Project, env: str, apps: list[str], cluster: str, id: ErrorId, message: str, hint: str) -> None:
    with raises(id) as caught:
        resolve(project, env, apps, cluster=cluster)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_all_unknown_apps_at_once(project: Project) -> None:
    with pytest.raises(ManyErrors) as caught:
        resolve(project, "dev", ["wbe", "web", "bd"])
    assert [e.message for e in caught.value.errors] == ["unknown app 'wbe'", "unknown app 'bd'"]


def test_the_only_environment_needs_no_name(project: Project) -> None:
    with raises(ErrorId.ENVIRONMENT_NEEDED, match="which environment"):
        choose_environment(project)
    one = load(b"{apiVersion: gitctl.dev/v1, kind: Project, name: p, environments: {live: {}}}")
    assert choose_environment(one).name == "live"
    with raises(ErrorId.ENVIRONMENT_UNKNOWN, match="there is no environment"):
        choose_environment(load(b"{apiVersion: gitctl.dev/v1, kind: Project, name: p}"))


def test_find_app(project: Project) -> None:
    assert find_app(project, "db").line == 15
    with raises(ErrorId.APP_UNKNOWN, match="unknown app 'x'"):
        find_app(project, "x")


def test_path_mode() -> None:
    app = path_app("./manifests/", "demo", "team")
    assert (app.owner, app.path, app.namespace, app.prune) == ("path/team/demo", "manifests", "team", False)
    assert path_app(".", "demo").owner == "path/default/demo"
    with pytest.raises(UsageError, match="--app 'My App' is not a name"):
        path_app(".", "My App")


def test_variables_of_the_nearest_scope_win() -> None:
    project = load(
        b"""\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
vars: {A: project, B: project, C: project, D: project, E: 1}
vars_from_env: [TAG]
clusters:
  eu: {context: eu, vars: {C: eu, D: eu}}
  us: {context: us}
environments:
  prod: {clusters: [eu, us], vars: {B: prod, C: prod, D: prod}}
apps:
  web: {path: web, vars: {D: web, F: true}}
  api: {path: api, substitute: false}
"""
    )
    eu, us = resolve(project, "prod")
    web, api = ({v.name: (v.value, v.scope.value) for v in app.vars} for app in eu.apps)
    assert web == {
        "A": ("project", "project"),
        "B": ("prod", "environment"),
        "C": ("eu", "cluster"),
        "D": ("web", "app"),
        "E": (1, "project"),
        "F": (True, "app"),
    }
    assert api["D"] == ("eu", "cluster")
    assert {v.name: v.value for v in us.apps[0].vars}["C"] == "prod"
    assert [(app.substitutes, app.vars_from_env) for app in eu.apps] == [(True, ("TAG",)), (False, ("TAG",))]
