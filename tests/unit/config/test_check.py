from __future__ import annotations

from typing import Any

import pytest

from gitctl.config.check import check
from gitctl.config.problem import key_text
from gitctl.errors import ErrorId

BASE: dict[str, Any] = {
    "apiVersion": "gitctl.dev/v1",
    "kind": "Project",
    "name": "shop",
    "clusters": {"dev": {"context": "kind-dev"}, "prod": {"context": "eu"}},
    "environments": {"dev": {"clusters": ["dev"]}, "prod": {"clusters": ["prod"]}},
    "apps": {"web": {"path": "apps/web/{env}", "depends_on": ["db"]}, "db": {"path": "apps/db"}},
}


def merged(base: Any, change: Any) -> Any:
    if isinstance(base, dict) and isinstance(change, dict):
        return {**base, **{k: merged(base.get(k), v) for k, v in change.items()}}
    return change


def web(**keys: Any) -> dict[str, Any]:
    return {"apps": {"web": keys}}


def test_the_base_is_right() -> None:
    assert check(BASE) == ()


BASE_TITLE = "a repository such as https://github.com/org/repo, or a pattern such as https://github.com/org/*"
BASE_URL = "https://github.com/org/repo"
CASES = {
    "a base of any host": ({"remote_bases": ["https://*/org/repo"]}, "remote_bases[0]", f"'https://*/org/repo' is not {BASE_TITLE}", ""),
    "a base by its ref": ({"remote_bases": [f"{BASE_URL}?ref=x"]}, "remote_bases[0]", f"'{BASE_URL}?ref=x' is not {BASE_TITLE}", ""),
    "no branch": (
        {"apps": {"site": {"path": "x", "target": {"branch": "rendered/{env}.lock", "folder": "x"}}}},
        "apps.site.target.branch",
        "'rendered/{env}.lock' is no name of a branch",
        "such as rendered/{env}",
    ),
    "a folder out of the branch": (
        {"apps": {"site": {"path": "x", "target": {"branch": "b", "folder": "../x"}}}},
        "apps.site.target.folder",
        "the path '../x' leaves the repository",
        "",
    ),
    "health in a branch": (
        {"apps": {"site": {"path": "x", "target": {"branch": "b", "folder": "x"}, "health": [{"kind": "A", "ignore": True}]}}},
        "apps.site.health",
        "nothing runs in a branch: its objects are healthy by being there",
        "",
    ),
    "waiting for a cluster in a branch": (
        {"apps": {"site": {"path": "x", "target": {"branch": "b", "folder": "x"}, "depends_on": ["db"]}}},
        "apps.site.depends_on[0]",
        "the app 'db' goes to a cluster, this one does not",
        "an app can wait for apps with a target of its own kind only",
    ),
    "restarts without a key": (
        web(restart_on_secret_change=True),
        "apps.web.restart_on_secret_change",
        "the key for the hash is not named",
        "name a file, such as `secrets: {restart_key: restart-key.secret.yaml}`; `gitctl secret restart-key` makes it",
    ),
    "restarts in a branch": (
        {
            "secrets": {"restart_key": "k.yaml"},
            "apps": {"site": {"path": "x", "target": {"branch": "b", "folder": "x"}, "restart_on_secret_change": True}},
        },
        "apps.site.restart_on_secret_change",
        "what goes to a branch is rendered without keys: there is nothing to make a hash of",
        "leave it out; whoever applies the branch sees the Secrets",
    ),
    "a key out of the repository": (
        {"secrets": {"restart_key": "../k.yaml"}},
        "secrets.restart_key",
        "the path '../k.yaml' leaves the repository",
        "write it relative to the folder of gitctl.yaml",
    ),
    "an unknown placeholder in the name of the key": (
        {"secrets": {"restart_key": "keys/{stage}.yaml"}},
        "secrets.restart_key",
        "unknown placeholder {stage} in 'keys/{stage}.yaml'",
        "known: app, cluster, env",
    ),
    "no period": (
        {"secrets": {"max_age": [{"path": "**", "age": "90"}]}},
        "secrets.max_age[0].age",
        "'90' is not a period such as 90d or 12h",
        "",
    ),
    "a variable for a reference that is recorded": (
        {"vars_from_env": ["A"], "references": {"env": ["A"]}},
        "references.env[0]",
        "A is in vars_from_env too, whose values are recorded and shown",
        "",
    ),
    "a variable that programs need": (
        {"references": {"env": ["AWS_SECRET_ACCESS_KEY"]}},
        "references.env[0]",
        "AWS_SECRET_ACCESS_KEY is a variable that programs need",
        "give the value another name: what is listed is taken out of the environment",
    ),
    "a file for a reference that is not written out": (
        {"references": {"files": ["a/../../b"]}},
        "references.files[0]",
        "the path 'a/../../b' is not written out",
        "relative to the root of the repository, or absolute, without '.' and '..'",
    ),
    "unknown key": ({"appz": {}}, "appz", "unknown key 'appz'", "did you mean 'apps'?"),
    "unknown key far from all": (web(zzz=1), "apps.web.zzz", "unknown key 'zzz'", ""),
    "wrong value": ({"kind": "Projekt"}, "kind", "'Projekt' is not a value for this key", "did you mean 'Project'?"),
    "number for text": (
        {"environments": {"dev": {"kubernetes": 1.3}}},
        "environments.dev.kubernetes",
        "is a number, not a text",
        "put it in quotes",
    ),
    "text for list": (web(depends_on="db"), "apps.web.depends_on", "is a text, not a list", "write it as a list: [...]"),
    "a number with a point as a variable": (
        {"vars": {"VERSION": 1.3}},
        "vars.VERSION",
        "is a number, not a text or a whole number or true or false",
        "put it in quotes",
    ),
    "a list as a variable": (web(vars={"A": [1]}), "apps.web.vars.A", "is a list, not a text or a whole number or true or false", ""),
    "a variable's name": (
        {"environments": {"dev": {"vars": {"a-b": 1}}}},
        "environments.dev.vars.a-b",
        "'a-b' is not a name of letters, digits and '_', no digit first",
        "",
    ),
    "a variable listed twice": ({"vars_from_env": ["A", "B", "A"]}, "vars_from_env[2]", "the variable 'A' is named twice", ""),
    "list for mapping": ({"apps": ["web"]}, "apps", "is a list, not a mapping", ""),
    "no value": (web(path=None), "apps.web.path", "has no value", ""),
    "missing key": (
        {"clusters": {"dev": {"context": "x"}, "qa": {}}},
        "clusters.qa",
        "the key 'context' is missing",
        "it is context of the kubeconfig",
    ),
    "true is no number": ({"limits": {"prune_count": True}}, "limits.prune_count", "is true or false, not a whole number", ""),
    "share": ({"limits": {"prune_share": 1.5}}, "limits.prune_share", "1.5 is not a share between 0 and 1", ""),
    "duration": (web(wait="5 min"), "apps.web.wait", "'5 min' is not a duration such as 90s, 5m or 1h30m", ""),
    "duration, line feed": (web(wait="5m\n"), "apps.web.wait", "'5m\\n' is not a duration such as 90s, 5m or 1h30m", ""),
    "suspended where there is nothing": (
        web(suspend={"prd": {"reason": "x"}}),
        "apps.web.suspend.prd",
        "unknown environment 'prd'",
        "did you mean 'prod'?",
    ),
    "suspended until soon": (
        web(suspend={"prod": {"until": "soon"}}),
        "apps.web.suspend.prod.until",
        "'soon' is not a time such as 2026-12-01T09:00:00Z",
        "",
    ),
    "suspended until no day": (
        web(suspend={"prod": {"until": "2026-13-01T00:00:00Z"}}),
        "apps.web.suspend.prod.until",
        "'2026-13-01T00:00:00Z' is not a time",
        "write it like 2026-12-01T09:00:00Z",
    ),
    "app name": (
        {"apps": {"Web.1": {"path": "x"}}},
        "apps.'Web.1'",
        "'Web.1' is not a name of at most 63 lower-case letters, digits and '-'",
        "",
    ),
    "namespace": (
        web(namespace="my.ns"),
        "apps.web.namespace",
        "'my.ns' is not a name of at most 63 lower-case letters, digits and '-'",
        "",
    ),
    "unknown cluster": (
        {"environments": {"dev": {"clusters": ["dve"]}}},
        "environments.dev.clusters[0]",
        "unknown cluster 'dve'",
        "did you mean 'dev'?",
    ),
    "cluster twice": (
        {"environments": {"dev": {"clusters": ["dev", "dev"]}}},
        "environments.dev.clusters[1]",
        "the cluster 'dev' is named twice",
        "",
    ),
    "unknown environment": (
        web(environments=["dev", "prd"]),
        "apps.web.environments[1]",
        "unknown environment 'prd'",
        "did you mean 'prod'?",
    ),
    "unknown app": (web(depends_on=["bd"]), "apps.web.depends_on[0]", "unknown app 'bd'", "did you mean 'db'?"),
    "dependency elsewhere": (
        {"apps": {"db": {"environments": ["dev"]}}},
        "apps.web.depends_on[0]",
        "the app 'db' is not in the environment 'prod', this one is",
        "",
    ),
    "cycle": ({"apps": {"db": {"depends_on": ["web"]}}}, "apps.web.depends_on", "a dependency cycle: web → db → web", ""),
    "own dependency": ({"apps": {"db": {"depends_on": ["db"]}}}, "apps.db.depends_on", "a dependency cycle: db → db", ""),
    "placeholder": (web(path="a/{envv}"), "apps.web.path", "unknown placeholder {envv} in 'a/{envv}'", "did you mean 'env'?"),
    "brace": (
        web(path="a/{env"),
        "apps.web.path",
        "a brace without its partner in 'a/{env'",
        "placeholders are {env}, {cluster} and {app}",
    ),
    "path out": (
        web(path="../x"),
        "apps.web.path",
        "the path '../x' leaves the repository",
        "write it relative to the folder of gitctl.yaml",
    ),
    "path out, later": (
        web(path="a/{env}/../../../x"),
        "apps.web.path",
        "the path 'a/{env}/../../../x' leaves the repository",
        "write it relative to the folder of gitctl.yaml",
    ),
    "absolute path": (
        web(path="/etc"),
        "apps.web.path",
        "the path '/etc' leaves the repository",
        "write it relative to the folder of gitctl.yaml",
    ),
    "git's files": (web(path="x/.Git/y"), "apps.web.path", "the path 'x/.Git/y' leads into Git's own files", ""),
    "control character": (
        web(path="x\x1b[1m"),
        "apps.web.path",
        "the path 'x\\x1b[1m' has characters that a path must not have",
        "folders are separated by '/'",
    ),
    "values file out": (
        web(helm={"values_files": ["../../../../v.yaml"]}),
        "apps.web.helm.values_files[0]",
        "the path '../../../../v.yaml' leaves the repository",
        "write it relative to the folder of gitctl.yaml",
    ),
    "chart with range": (
        web(helm={"chart": {"repo": "https://charts", "name": "x", "version": "^1.2", "digest": "sha256:" + "a" * 64}}),
        "apps.web.helm.chart.version",
        "'^1.2' is not an exact version such as 1.2.3",
        "",
    ),
    "hooks twice": (web(hooks="skip", helm={"hooks": "refuse"}), "apps.web.hooks", "hooks is set twice, here and under helm", ""),
    "pointer": (
        web(ignore=[{"paths": ["spec"]}]),
        "apps.web.ignore[0].paths[0]",
        "'spec' is not a JSON pointer such as /spec/replicas, or a JSONPath such as $.spec.replicas",
        "",
    ),
    "empty ignore": (web(ignore=[{"kind": "X"}]), "apps.web.ignore[0]", "the rule ignores nothing", "give it paths or managers"),
    "empty health": (
        web(health=[{"kind": "X"}]),
        "apps.web.health[0]",
        "the rule decides nothing",
        "give it healthy, failed, progressing or ignore",
    ),
    "list as health value": (
        web(health=[{"kind": "X", "healthy": {"a": []}}]),
        "apps.web.health[0].healthy.a",
        "is a list, not a text or a whole number or a number or true or false",
        "",
    ),
    "renamed from a living app": (web(renamed_from=["db"]), "apps.web.renamed_from[0]", "an app with the name 'db' still exists", ""),
    "two heirs": (
        {"apps": {"web": {"renamed_from": ["old"]}, "db": {"renamed_from": ["old"]}}},
        "apps.db.renamed_from[0]",
        "the app 'web' has the earlier name 'old' too",
        "",
    ),
    "credentials in a chart's address": (
        web(helm={"chart": {"repo": "https://me:pw@charts", "name": "x", "version": "1.2.3", "digest": "a" * 64}}),
        "apps.web.helm.chart.repo",
        "'https://me:pw@charts' is not an https:// or oci:// address without credentials",
        "",
    ),
}


@pytest.mark.parametrize(("change", "key", "message", "hint"), CASES.values(), ids=CASES)
def test_a_problem_of_the_config_is_told_at_its_key_with_what_to_do(change: dict[str, Any], key: str, message: str, hint: str) -> None:
    found = check(merged(BASE, change))
    assert [(key_text(p.at), p.message) for p in found] == [(key, message)]
    assert not hint or found[0].hint == hint


IDS = {
    "unknown key": ErrorId.CONFIG_UNKNOWN_KEY,
    "wrong value": ErrorId.CONFIG_VALUE,
    "number for text": ErrorId.CONFIG_TYPE,
    "no value": ErrorId.CONFIG_TYPE,
    "missing key": ErrorId.CONFIG_MISSING_KEY,
    "unknown cluster": ErrorId.CONFIG_REFERENCE,
    "cluster twice": ErrorId.CONFIG_CONTRADICTION,
    "dependency elsewhere": ErrorId.CONFIG_REFERENCE,
    "cycle": ErrorId.CONFIG_CYCLE,
    "placeholder": ErrorId.CONFIG_PLACEHOLDER,
    "path out": ErrorId.CONFIG_PATH,
    "hooks twice": ErrorId.CONFIG_CONTRADICTION,
}


@pytest.mark.parametrize("name", IDS)
def test_a_problem_has_the_id_of_its_kind(name: str) -> None:
    assert [problem.id for problem in check(merged(BASE, CASES[name][0]))] == [IDS[name]]


@pytest.mark.parametrize(
    ("value", "message"), [(None, "the file is empty"), ([], "the file is not a mapping"), ("x", "the file is not a mapping")]
)
def test_no_mapping_at_all(value: Any, message: str) -> None:
    assert [p.message for p in check(value)] == [message]


def test_an_app_with_a_wrong_value_is_still_a_known_name() -> None:
    found = check(merged(BASE, {"apps": {"db": None}}))
    assert [(key_text(p.at), p.message) for p in found] == [("apps.db", "has no value")]


def test_a_project_below_the_root_may_reach_its_siblings() -> None:
    assert check(merged(BASE, web(path="../shared/web")), folder="teams/shop") == ()
    assert check(merged(BASE, web(path="../../../web")), folder="teams/shop")[0].message == "the path '../../../web' leaves the repository"


def test_values_files_may_lie_beside_the_app() -> None:
    assert check(merged(BASE, web(path="apps/web", helm={"values_files": ["../common.yaml", "{env}.yaml"]}))) == ()
