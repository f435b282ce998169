"""References to stores without a cluster: what renderers make of them, which lists and rules bind, and what is compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.fixtures.commands import GitRepo, Runner

from gitctl.errors import ErrorId

CHART = {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n"}
CHART["templates/s.yaml"] = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: chart}\ndata: {a: {{ .Values.a | b64enc }}}\nstringData: {b: {{ .Values.a }}}\n"
)
CHART["values.yaml"] = "a: ref+env://A\n"
APPS = {
    "plain": {"path": "plain", "namespace": "shop", "environments": ["dev"]},
    "kust": {"path": "kust", "namespace": "shop", "environments": ["dev", "two"]},
    "chart": {"path": "chart", "namespace": "shop", "environments": ["dev"], "team": "front"},
    "branch": {"path": "plain", "namespace": "shop", "environments": ["branch"], "target": {"branch": "rendered", "folder": "."}},
}
PLAIN = "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\ndata: {a: ref+vault://kv/db#a}\nstringData: {b: 'ref+env://${N}', c: x ref+env://A}\n"


def config(*env: str, **team: Any) -> str:
    body = {"apiVersion": "gitctl.dev/v1", "kind": "Project", "name": "shop", "apps": APPS}
    body |= {
        "environments": {"dev": {}, "branch": {}, "two": {"clusters": ["eu", "us"]}},
        "clusters": {n: {"context": n} for n in ("eu", "us")},
    }
    return json.dumps(body | {"vars": {"N": "B"}, "references": {"env": env}, "teams": {"front": team}})


def test_references_without_a_cluster(gitctl: Runner, git_repo: Callable[..., GitRepo]) -> None:
    kust = "resources: []\nsecretGenerator: [{name: made, literals: [a=ref+env://A], files: [token]}]\n"
    files = {"gitctl.yaml": config("A", "B"), "kust/kustomization.yaml": kust, "kust/token": "ref+env://B\n", "plain/s.yaml": PLAIN}
    repo = git_repo(files | {f"chart/{name}": text for name, text in CHART.items()})

    def states(*flags: str, code: int) -> dict[str, tuple[str, str]]:
        """By app and key."""
        told = gitctl("secret", "resolve", "-e", "dev", "-o", "json", *flags, cwd=repo.path, env={"A": "one", "B": "two"}).expect(code)
        return {f"{one['app']} {one['key']}": (one["reference"], one["state"]) for one in told.json()["references"]}

    asked = states(code=0)
    assert asked == {
        "plain a": ("ref+vault://kv/db#a", "not asked"),
        "plain b": ("ref+env://B", "not asked"),
        "kust a": ("ref+env://A", "not asked"),
        "kust token": ("ref+env://B", "not asked"),
        "chart a": ("ref+env://A", "forbidden"),
        "chart b": ("ref+env://A", "forbidden"),
    }
    assert {key: state for key, (_, state) in states("--check", code=6).items()} == {
        "plain a": "unreachable",
        "plain b": "readable",
        "kust a": "readable",
        "kust token": "readable",
        "chart a": "forbidden",
        "chart b": "forbidden",
    }
    both = gitctl("secret", "resolve", "kust", "-e", "two", "-o", "json", cwd=repo.path).expect(0).json()["references"]
    assert [(one["cluster"], one["key"]) for one in both] == [("eu", "a"), ("eu", "token"), ("us", "a"), ("us", "token")]

    # The team's rules are a finding; a file as it lies there is none, and doctor says what was never tried.
    told = gitctl("validate", "chart", "-e", "dev", "--kubernetes-version", "1.37", cwd=repo.path).expect(1)
    assert "has to be allowed to a team by name" in told.stdout
    gitctl("validate", "plain/s.yaml", "--kubernetes-version", "1.37", cwd=repo.path).expect(0)
    assert "references to Vault below plain: experimental" in gitctl("doctor", cwd=repo.path).stderr

    # The lists and rules of the branch's tip bind older commits.
    repo.commit(files={"gitctl.yaml": config("A", allow={"references": ["ref+env://A"]})})
    then = states("--check", "--revision", "HEAD~1", code=6)
    assert (then["plain b"][1], then["chart a"][1], then["kust a"][1]) == ("not listed", "readable", "readable")

    # Between revisions references are compared, and no store is asked.
    repo.commit(files={"plain/s.yaml": PLAIN.replace("kv/db#a", "kv/db#other")})
    told = gitctl("diff", "plain", "-e", "dev", "--from", "HEAD~1", "--to", "HEAD", cwd=repo.path).expect(1)
    assert re.search(r"data\.a: \*\*\* \(19 bytes\) ~\w+ → \*\*\* \(23 bytes\) ~\w+", told.stdout), told.stdout
    gitctl("sync", "branch", "-e", "branch", cwd=repo.path).error(ErrorId.BRANCH_REFERENCE)
    told = gitctl("validate", "branch", "-e", "branch", "--kubernetes-version", "1.37", cwd=repo.path).expect(1).stdout
    assert "ref+env://B: nobody behind a branch resolves it" in told
