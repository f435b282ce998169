from __future__ import annotations

from typing import Any

import pytest
from tests.unit.config.test_check import BASE, merged

from gitctl.config.check import check
from gitctl.config.load import load
from gitctl.config.problem import key_text
from gitctl.config.resolve import resolve
from gitctl.model.app import App
from gitctl.model.reference import ListedSources
from gitctl.model.tenancy import Subject

TEXT = b"""\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters:
  eu: {context: prod-eu}
  us: {context: prod-us}
environments:
  prod: {clusters: [eu, us]}
teams:
  front:
    allow:
      namespaces: ["front-{env}"]
      cluster_kinds: []
      clusters: [e*]
    deny: {kinds: [ResourceQuota, Secret/root-*]}
    service_account: "front-{env}/deployer"
apps:
  web: {path: apps/web, team: front, allow: {kinds: [ConfigMap]}}
  own: {path: apps/own, team: front, service_account: "other/{app}"}
  free: {path: apps/free}
"""


def apps(env: str = "prod") -> dict[str, App]:
    return {app.name: app for app in resolve(load(TEXT), env)[0].apps}


def test_an_app_has_the_lists_of_its_team_and_its_own_with_their_places() -> None:
    web = apps()["web"].tenancy
    assert (web.team, web.account, str(web.where)) == ("front", "front-prod/deployer", "gitctl.yaml:10:3 teams.front")
    assert [(one.subject, one.allow, one.patterns, str(one.where)) for one in web.lists] == [
        (Subject.NAMESPACES, True, ("front-prod",), "gitctl.yaml:12:7 teams.front.allow.namespaces"),
        (Subject.CLUSTER_KINDS, True, (), "gitctl.yaml:13:7 teams.front.allow.cluster_kinds"),
        (Subject.CLUSTERS, True, ("e*",), "gitctl.yaml:14:7 teams.front.allow.clusters"),
        (Subject.KINDS, False, ("ResourceQuota", "Secret/root-*"), "gitctl.yaml:15:12 teams.front.deny.kinds"),
        (Subject.KINDS, True, ("ConfigMap",), "gitctl.yaml:18:46 apps.web.allow.kinds"),
    ]


def test_what_references_may_read() -> None:
    more = b"""\
references:
  stores: ["ref+aws*://shop-{env}/*"]
  env: [SHOP_TOKEN]
  files: [/run/secrets/db, local/db]
"""
    project = load(TEXT + more)
    assert project.references == ListedSources(("SHOP_TOKEN",), ("/run/secrets/db", "local/db"))
    found = {app.name: app.tenancy.allowed(Subject.REFERENCES) for app in resolve(project, "prod")[0].apps}
    wanted = [(("ref+aws*://shop-prod/*",), "gitctl.yaml:22:3 references.stores")]
    assert all([(one.patterns, str(one.where)) for one in lists] == wanted for lists in found.values())


def test_an_apps_account_wins_and_an_app_of_nobody_has_no_rules() -> None:
    assert apps()["own"].tenancy.account == "other/own"
    free = apps()["free"].tenancy
    assert (free.binds, free.account) == (False, "")


CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "unknown team": (
        {"teams": {"front": {}}, "apps": {"web": {"team": "frnt"}}},
        "apps.web.team",
        "unknown team 'frnt'",
        "did you mean 'front'?",
    ),
    "no teams": ({"apps": {"web": {"team": "a"}}}, "apps.web.team", "unknown team 'a'", "add it under `teams`"),
    "unknown list": (
        {"teams": {"a": {"allow": {"namespace": ["x"]}}}},
        "teams.a.allow.namespace",
        "unknown key 'namespace'",
        "did you mean 'namespaces'?",
    ),
    "cluster kinds are denied as kinds": (
        {"teams": {"a": {"deny": {"cluster_kinds": []}}}},
        "teams.a.deny.cluster_kinds",
        "unknown key 'cluster_kinds'",
        "",
    ),
    "a resource for a kind": (
        {"teams": {"a": {"deny": {"kinds": ["secrets"]}}}},
        "teams.a.deny.kinds[0]",
        "'secrets' is not a kind such as Deployment, Deployment.apps, *.example.com or Service.core/web-*",
        "",
    ),
    "a slip in a kind": (
        {"teams": {"a": {"deny": {"kinds": ["ResourceQouta"]}}}},
        "teams.a.deny.kinds[0]",
        "Kubernetes has no kind 'ResourceQouta'",
        "did you mean 'ResourceQuota'? A custom resource is written with its group: ResourceQouta.GROUP",
    ),
    "unknown cluster": (
        {"apps": {"web": {"allow": {"clusters": ["prd"]}}}},
        "apps.web.allow.clusters[0]",
        "no cluster is called 'prd'",
        "did you mean 'prod'?",
    ),
    "a placeholder": (
        {"teams": {"a": {"allow": {"namespaces": ["x-{envv}"]}}}},
        "teams.a.allow.namespaces[0]",
        "unknown placeholder {envv} in 'x-{envv}'",
        "did you mean 'env'?",
    ),
    "an account without a namespace": (
        {"teams": {"a": {"service_account": "deployer"}}},
        "teams.a.service_account",
        "'deployer' is not a service account as NAMESPACE/NAME, such as shop-{env}/deployer",
        "",
    ),
    "an account's placeholder": (
        {"teams": {"a": {"service_account": "x-{en}/y"}}},
        "teams.a.service_account",
        "unknown placeholder {en} in 'x-{en}/y'",
        "did you mean 'env'?",
    ),
    "an account in a branch": (
        {"apps": {"site": {"path": "x", "target": {"branch": "b", "folder": "x"}, "service_account": "a/b"}}},
        "apps.site.service_account",
        "nobody applies to a branch: there is no account to act as",
        "",
    ),
}


@pytest.mark.parametrize(("change", "key", "message", "hint"), CASES.values(), ids=CASES)
def test_a_problem_of_teams_is_told_at_its_key_with_what_to_do(change: dict[str, Any], key: str, message: str, hint: str) -> None:
    found = check(merged(BASE, change))
    assert [(key_text(p.at), p.message) for p in found] == [(key, message)]
    assert not hint or found[0].hint == hint


@pytest.mark.parametrize(
    "kind", ["*", "Widget", "Widget.example.com", "*.example.com", "ResourceQouta.example.com", "Deploy*", "Secret/root-*"]
)
def test_kinds_that_are_fine(kind: str) -> None:
    assert check(merged(BASE, {"teams": {"a": {"allow": {"kinds": [kind], "cluster_kinds": [kind]}}}})) == ()
