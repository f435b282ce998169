"""`gitctl validate` as people, hooks and CI run it; no cluster."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.secrets import AgeKey
from tests.fixtures.widget import definition, widget

BAD = """\
# web
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replica: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.test/web:1
          env: [{name: PORT, value: 8080}]
"""
GOOD = BAD.replace("  replica: 3\n", "").replace("8080", '"8080"')
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: two
"""
WIDGET = json.dumps(widget(size=0, level="lo"))
SIZE, LEVEL = WIDGET.index('"size"') + 1, WIDGET.index('"level"') + 1
PROJECT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
environments: {dev: {kubernetes: "1.37"}, old: {kubernetes: "1.20"}}
apps: {web: {path: "apps/web/overlay", namespace: shop}, db: {path: apps/db}}
"""


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    """A base with a fault, an overlay with another, a custom resource whose definition lies elsewhere."""
    return git_repo(
        {
            "gitctl.yaml": PROJECT,
            "apps/web/base/deploy.yaml": BAD,
            "apps/web/base/kustomization.yaml": "resources: [deploy.yaml]\n",
            "apps/web/overlay/patch.yaml": PATCH,
            "apps/web/overlay/kustomization.yaml": "namePrefix: dev-\nresources: [../base]\npatches: [{path: patch.yaml}]\n",
            "apps/db/db.yaml": WIDGET,
            "platform/crds/widget.json": json.dumps(definition()),
        }
    )


def test_files_have_places_advice_and_an_exit_code(gitctl: Runner, repo: GitRepo) -> None:
    found = gitctl("validate", "base", "overlay", "-v", cwd=repo.path / "apps" / "web").expect(1)
    assert found.stdout.splitlines() == [
        "base/deploy.yaml:6:3: error: unknown field 'replica'  (Deployment web spec.replica)",
        "  hint: did you mean 'replicas'?",
        "base/deploy.yaml:14:30: error: must be text, is a number  (Deployment web spec.template.spec.containers[web].env[PORT].value)",
        "  hint: put it in quotes",
        "overlay/patch.yaml:5:3: error: must be a whole number, is text  (Deployment web spec.replicas)",
        "  hint: take the quotes away",
        "2 objects checked against Kubernetes 1.37: 3 errors, 2 files skipped",
    ]
    assert "base/kustomization.yaml: skipped: a kustomization" in found.stderr
    repo.write("apps/web/base/deploy.yaml", GOOD)
    assert gitctl("validate", "apps/web/base", cwd=repo.path).expect(0).stdout.startswith("1 object checked")
    # A definition that lies elsewhere in the repository is found, here in a file that was never committed.
    rows = gitctl("validate", "apps/db/db.yaml", "-o", "github", cwd=repo.path).expect(1).stdout.splitlines()
    assert [row.rpartition("::")[0] for row in rows] == [
        f"::error file=apps/db/db.yaml,line=1,col={SIZE},title=gitctl%3A wrong-value",
        f"::error file=apps/db/db.yaml,line=1,col={LEVEL},title=gitctl%3A wrong-value",
    ]


def test_apps_are_rendered_and_faults_traced_into_their_files(gitctl: Runner, repo: GitRepo) -> None:
    body = gitctl("validate", "-e", "dev", "-o", "json", cwd=repo.path).expect(1).json()
    places = {(f["file"], f["line"], f["column"], f["rule"]) for f in body["findings"]}
    assert places == {
        ("apps/web/base/deploy.yaml", 6, 3, "unknown-field"),
        ("apps/web/base/deploy.yaml", 14, 30, "wrong-type"),
        ("apps/web/overlay/patch.yaml", 5, 3, "wrong-type"),
        ("apps/db/db.yaml", 1, SIZE, "wrong-value"),
        ("apps/db/db.yaml", 1, LEVEL, "wrong-value"),
    }
    assert {f["object"] for f in body["findings"]} == {"apps/Deployment shop/dev-web", "widgets.test/Widget w"}
    assert body["summary"] == {"objects": 2, "skipped": 0, "errors": 5, "warnings": 0}
    root = ElementTree.fromstring(gitctl("validate", "-e", "dev", "-o", "junit", cwd=repo.path).expect(1).stdout)
    assert [(s.attrib["name"], s.attrib["failures"]) for s in root] == [("web (dev)", "1"), ("db (dev)", "1")]
    old = gitctl("validate", "db", "-e", "old", cwd=repo.path).expect(3)
    assert "no schemas of Kubernetes 1.20; there are: 1.37" in old.stderr


def test_what_cannot_be_read_is_an_error_and_the_rest_is_checked(gitctl: Runner, repo: GitRepo) -> None:
    repo.write("apps/web/base/broken.yaml", "a: [\n")
    repo.write(
        "old.yaml", "apiVersion: v1\nkind: Endpoints\nmetadata: {name: a}\n---\napiVersion: other.test/v1\nkind: A\nmetadata: {name: b}\n"
    )
    done = gitctl("validate", "apps/web/base", "-o", "sarif", cwd=repo.path).expect(3)
    (run,) = json.loads(done.stdout)["runs"]
    assert len(run["results"]) == 2
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "apps/web/base/broken.yaml"
    assert "error: apps/web/base/broken.yaml:2:1" in done.stderr
    assert "2 warnings" in gitctl("validate", "old.yaml", cwd=repo.path).expect(0).stdout
    assert (
        "hint: use discovery.k8s.io/v1 EndpointSlice"
        in gitctl("validate", "old.yaml", "--warnings-as-errors", cwd=repo.path).expect(1).stdout
    )
    assert "3 errors" in gitctl("validate", "-", cwd=repo.path.parent, stdin=BAD + "---\nkind: A\nmetadata: {name: a}\n").expect(1).stdout
    assert "nope does not exist" in gitctl("validate", "nope", cwd=repo.path.parent).expect(3).stderr
    assert "name files or folders" in gitctl("validate", cwd=repo.path.parent).expect(2).stderr
    assert "no.yaml does not exist" in gitctl("validate", "no.yaml", cwd=repo.path).expect(3).stderr
    assert "old.yaml is a file or folder, and web is none" in gitctl("validate", "web", "old.yaml", cwd=repo.path).expect(2).stderr


def test_encrypted_files_need_no_key_and_no_value_is_shown(gitctl: Runner, repo: GitRepo, age_key: AgeKey) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: hunter2hunter2}\nimmutabel: true\n"
    repo.write("s.yaml", secret)
    gitctl("secret", "encrypt", "s.yaml", cwd=repo.path).expect(0)
    repo.commit("a secret", {"apps/db/s.yaml": (repo.path / "s.yaml").read_text().replace("apiVersion: v1", "apiVersion: v1\nreplicas: 1")})
    app = gitctl("validate", "db", "-e", "dev", cwd=repo.path, env={"SOPS_AGE_KEY_FILE": ""}).expect(1)
    assert "apps/db/s.yaml:8:1: error: unknown field 'immutabel'  (Secret s immutabel)" in app.stdout
    repo.write("plain.yaml", secret.replace("stringData: {a: hunter2hunter2}", "data: {a: hunter2hunter2}\ntype: [hunter2hunter2]"))
    found = gitctl("validate", "s.yaml", "plain.yaml", cwd=repo.path, env={"SOPS_AGE_KEY_FILE": ""}).expect(1)
    assert "s.yaml:7:1: error: unknown field 'immutabel'" in found.stdout
    assert "plain.yaml:4:8: error: is not base64" in found.stdout
    assert "hunter2" not in found.stdout + found.stderr
