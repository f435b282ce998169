"""`secret audit` and restarts on a change, from Git alone: real sops, git, kustomize and helm, no cluster."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.project import deployment
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId

CONFIG: dict[str, Any] = {
    "apiVersion": "gitctl.dev/v1",
    "kind": "Project",
    "name": "shop",
    "environments": {"dev": {}, "prod": {}},
    "apps": {
        "web": {"path": "apps/web", "namespace": "shop"},
        "made": {"path": "apps/made", "namespace": "shop", "environments": ["prod"]},
        "chart": {"path": "apps/chart", "namespace": "shop", "environments": ["prod"], "helm": {"values_files": ["secrets.yaml"]}},
    },
    "secrets": {
        "max_age": [{"path": "apps/made/**", "age": "30d"}, {"path": "apps/web/**", "age": "3000d"}],
        "accept": [{"finding": "unused", "secret": "shop/sealed", "reason": "read by its operator"}],
    },
}
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {user: anna, password: kanarienvogel}\n"
TEMPLATE = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: chart}\nstringData: {auth: {{ .Values.password | b64enc }}}\n"
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: url}\ndata: {url: 'db://{{ .Values.password }}'}\n"
)
SEALED = f"""\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {{name: sealed}}
spec:
  encryptedData:
    password: {"AgB" + "x" * 200}
"""


def pods(name: str, *env: dict[str, Any], **pod: Any) -> str:
    """A Deployment whose container has these variables, as JSON."""
    made = deployment(name)
    made["spec"]["template"]["spec"]["containers"][0]["env"] = list(env)
    made["spec"]["template"]["spec"] |= pod
    return json.dumps(made)


def variable(secret: str, key: str) -> dict[str, Any]:
    """A variable from a key of a Secret."""
    return {"name": key.upper(), "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def audit(gitctl: Runner, repo: GitRepo, *args: str, code: int = 1) -> dict[str, Any]:
    """The audits by place, as JSON that its schema allows."""
    body = gitctl("secret", "audit", *args, "-o", "json", cwd=repo.path).expect(code).json()
    return {one["place"]: one for one in body["audits"]}


def found(audited: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((re.sub("-[0-9a-z]{10}$", "", one["secret"]), one["rule"]) for one in audited["findings"])


FILES = ("apps/web/secret.yaml", "apps/made/prod.env", "apps/chart/secrets.yaml", "terraform/secret.yaml")


@dataclass(frozen=True, slots=True)
class Shop:
    """The repository, the commit of 2020 that has all, and the one of today that changed one value."""

    repo: GitRepo
    old: str
    new: str


@pytest.fixture
def shop(git_repo: Callable[..., GitRepo], gitctl: Runner, age_key: AgeKey, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Secrets in every form: a manifest, a generator's input, values of a chart, a sealed one, a file that no app reads."""
    repo = git_repo(
        {
            "apps/web/secret.yaml": SECRET,
            "apps/web/web.yaml": pods("web", variable("db", "password"), variable("db", "pasword"), variable("gone", "a")),
            "apps/made/kustomization.yaml": "resources: [jobs.yaml]\nsecretGenerator: [{name: made, envs: [prod.env]}]\n",
            "apps/made/jobs.yaml": pods("jobs", variable("chart", "auth")),
            "apps/made/prod.env": "TOKEN=kanarienvogel\n",
            "apps/chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
            "apps/chart/templates/all.yaml": TEMPLATE,
            "apps/chart/secrets.yaml": "password: kanarienvogel\n",
            "terraform/secret.yaml": "token: kanarienvogel\n",
        }
    )
    gitctl("-q", "secret", "encrypt", *FILES, cwd=repo.path).expect()
    gitctl("-q", "secret", "recipients", "add", age_key.recipient, "--name", "Ada", "--no-commit", cwd=repo.path).expect()
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z")
    old = repo.commit("old", {"gitctl.yaml": json.dumps(CONFIG), "apps/web/sealed.yaml": SEALED})
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    edited = {"SOPS_EDITOR": "sed -i -e s/anna/berta/"}
    gitctl("-q", "secret", "edit", FILES[0], cwd=repo.path, env=edited).expect()
    return Shop(repo, old, repo.commit("another user"))


def test_an_audit_from_git_alone(shop: Shop, gitctl: Runner, age_key: AgeKey) -> None:
    repo, old, new = shop.repo, shop.old, shop.new
    # Nobody's key is needed, and none is there.
    age_key.file.rename(age_key.file.with_suffix(".away"))

    places = audit(gitctl, repo)
    assert list(places) == ["dev", "prod", ""]
    assert found(places["prod"]) == [
        ("shop/db", "key-missing"),
        ("shop/gone", "missing"),
        ("shop/made", "too-old"),
        ("shop/made", "unused"),
    ]
    assert found(places["dev"]) == [("shop/db", "key-missing"), ("shop/gone", "missing")]
    assert [(one["secret"], one["reason"]) for one in places["dev"]["accepted"]] == [("shop/sealed", "read by its operator")]

    rows = {one["name"].removesuffix(one["name"][-11:]) if "made" in one["name"] else one["name"]: one for one in places["prod"]["secrets"]}
    assert set(rows) == {"shop/db", "shop/sealed", "shop/made", "shop/chart", "ConfigMap shop/url"}
    commits = {value["key"]: value["commit"] for value in rows["shop/db"]["values"]}
    assert commits == {"stringData.user": new, "stringData.password": old}
    assert rows["shop/db"]["changedAt"] == "2020-01-01T00:00:00Z"
    assert {one["name"] for row in rows.values() for one in row["readers"]} == {"Ada"}
    assert [value["commit"] for value in rows["shop/sealed"]["values"]] == [old]
    for name, file, key in (
        ("shop/chart", FILES[2], "password"),
        ("ConfigMap shop/url", FILES[2], "password"),
        ("shop/made", FILES[1], "TOKEN"),
    ):
        assert [(value["file"], value["key"], value["commit"]) for value in rows[name]["values"]] == [(file, key, old)], name
    assert [(one["app"], one["object"]) for one in rows["shop/chart"]["consumers"]] == [("made", "apps/Deployment shop/jobs")]
    assert [(one["name"], one["unread"]) for one in places[""]["secrets"]] == [("terraform/secret.yaml", True)]

    # One app: what it has and what it uses, although another app brings it.
    one_app = audit(gitctl, repo, "made", "-e", "prod")["prod"]
    assert found(one_app) == [("shop/made", "too-old"), ("shop/made", "unused")]
    assert "shop/chart" in {one["name"] for one in one_app["secrets"]}
    text = gitctl("secret", "audit", "-e", "dev", cwd=repo.path).expect(1)
    assert re.search(r"shop/db +2 +\d+d +Ada +Deployment/web \(env password, env pasword\) +key-missing\n", text.stdout)
    assert "hint" not in text.stderr
    table = gitctl("secret", "audit", "-e", "dev", "-o", "markdown", cwd=repo.path).expect(1).stdout
    assert "| shop/sealed | 1 |" in table
    assert "- **missing** `shop/gone`: used by Deployment/web (env a), and nothing in Git makes it" in table


def test_an_audit_of_what_changed_since(shop: Shop, gitctl: Runner, age_key: AgeKey, stranger: AgeKey) -> None:
    """A reader without a name among named ones, a file that was encrypted anew, values that environments share."""
    repo = shop.repo
    gitctl("-q", "secret", "recipients", "add", stranger.recipient, cwd=repo.path).expect()
    gitctl("-q", "secret", "rotate", FILES[0], cwd=repo.path).expect()
    repo.commit("encrypted anew")
    places = audit(gitctl, repo, "--equal")
    assert ("shop/db", "unknown-reader") in found(places["dev"])
    anew = {one["name"]: {value["anew"] for value in one["values"]} for one in places["dev"]["secrets"]}
    assert anew == {"shop/db": {True}, "shop/sealed": {False}}
    shared = {one["message"].partition(" equals ")[0] for one in places["dev"]["findings"] if one["rule"] == "equal"}
    assert shared == {"stringData.password"}, "not the short name of the user"
    age_key.file.rename(age_key.file.with_suffix(".away"))
    gitctl("secret", "audit", "--equal", cwd=repo.path).error(ErrorId.NO_USABLE_KEY)
    repo.commit(files={"apps/web/broken.yaml": "kind: ["})
    broken = gitctl("secret", "audit", "-e", "dev", cwd=repo.path).error(ErrorId.YAML_SYNTAX)
    assert "not judged: not every app could be rendered" in broken.stderr

    # Nothing left to do.
    repo.commit(files={"gitctl.yaml": json.dumps({**CONFIG, "apps": {}})})
    assert audit(gitctl, repo, "-e", "dev", code=0)["dev"]["secrets"] == []


def test_a_key_for_restarts_is_made_once_and_never_lies_open(git_repo: Callable[..., GitRepo], gitctl: Runner, age_key: AgeKey) -> None:
    del age_key
    repo = git_repo({"a": ""})
    gitctl("secret", "restart-key", cwd=repo.path).error(ErrorId.RESTART_KEY_UNUSABLE)
    repo.write("gitctl.yaml", json.dumps({**CONFIG, "secrets": {"restart_key": "keys/restart.yaml"}}))
    made = gitctl("secret", "restart-key", "-o", "json", cwd=repo.path).expect()
    assert made.json()["files"] == ["keys/restart.yaml"]
    assert "does not name it" not in made.stderr
    content = (repo.path / "keys/restart.yaml").read_text()
    assert re.search(r"^ +restart-key: ENC\[", content, re.MULTILINE)
    gitctl("secret", "restart-key", cwd=repo.path).error(ErrorId.FILE_UNWRITABLE)
    assert (repo.path / "keys/restart.yaml").read_text() == content
    repo.write("gitctl.yaml", json.dumps({**CONFIG, "secrets": {"restart_key": "keys/{env}.yaml"}}))
    gitctl("secret", "restart-key", cwd=repo.path).error(ErrorId.ENVIRONMENT_NEEDED)
    gitctl("-q", "secret", "restart-key", "-e", "prod", cwd=repo.path).expect()
    assert (repo.path / "keys/prod.yaml").is_file()
    (repo.path / "gitctl.yaml").unlink()
    assert "add `secrets: {restart_key: other.yaml}`" in gitctl("secret", "restart-key", "other.yaml", cwd=repo.path).expect().stderr
