"""Bootstrap without a cluster: examples, an existing repository, the first app out of a folder, and what it will not do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Runner
from tests.unit.render.trees import config_map, write

from gitctl.errors import ErrorId

PLAIN = config_map("settings")
KUSTOMIZATION = "resources: [a.yaml]\n"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and ".git" not in p.parts}


@pytest.fixture
def existing(git_repo: Callable[..., GitRepo]) -> GitRepo:
    """A repository with overlays, a chart, plain manifests, and files that are none."""
    overlays = {f"apps/web/overlays/{env}/kustomization.yaml": "resources: [../../base]\n" for env in ("dev", "prod")}
    return git_repo(
        {
            "apps/web/base/kustomization.yaml": KUSTOMIZATION,
            "apps/web/base/a.yaml": config_map("web"),
            **overlays,
            "db/Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n",
            "db/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata: {a: {{ .Values.a }}}\n",
            "db/values-dev.yaml": "a: one\n",
            "db/values-prod.yaml": "a: two\n",
            "k8s/a.yaml": PLAIN,
            "compose.yaml": "services: {}\n",
            "README.md": "# mine\n",
        },
        name="shop",
    )


@pytest.mark.parametrize("layout", ["mono", "per-app"])
@pytest.mark.parametrize("example", ["web", "helm"])
def test_examples_render_in_every_environment(example: str, layout: str, gitctl: Runner, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    gitctl("bootstrap", root, "--example", example, "--layout", layout).expect()
    app = "web" if layout == "mono" else "shop"
    for env in ("dev", "prod"):
        names = gitctl("render", "-e", env, "-o", "name", cwd=root).expect().stdout.splitlines()
        assert names[:2] == [f"Namespace {app}-{env}", f"apps/Deployment {app}-{env}/{app}"]
        assert len(names) == 4
    again = gitctl("bootstrap", root, "-o", "json").expect().json()
    assert (again["commit"], {f["state"] for f in again["files"]}) == (None, {"same"})


def test_without_an_example_there_is_nothing_to_do(gitctl: Runner, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    gitctl("bootstrap", root, "--example", "none", "--env", "main").expect()
    gitctl("config", "validate", cwd=root).expect()
    assert gitctl("render", "-e", "main", "-o", "name", cwd=root).expect().stdout == ""


def test_an_existing_repository_gets_a_project_file_and_nothing_else(gitctl: Runner, existing: GitRepo) -> None:
    before, head = contents(existing.path), existing.git("rev-parse", "HEAD")
    asked = gitctl("bootstrap", cwd=existing.path).expect(7)
    assert "app web in apps/web/overlays/{env}: kustomize overlays for dev, prod" in asked.stderr
    shown = gitctl("bootstrap", "--dry-run", "--ci", "github", "-o", "json", cwd=existing.path).expect().json()
    assert {f["state"] for f in shown["files"] if f["path"].startswith("ci/")} == {"new"}
    assert (contents(existing.path), existing.git("rev-parse", "HEAD")) == (before, head)

    done = gitctl("bootstrap", "--yes", "-o", "json", cwd=existing.path).expect().json()
    assert [(a["name"], a["path"], a["render"]) for a in done["apps"]] == [
        ("web", "apps/web/overlays/{env}", "kustomize"),
        ("db", "db", "helm"),
        ("shop", "k8s", "plain"),
    ]
    assert done["environments"] == ["dev", "prod"]
    after = contents(existing.path)
    assert set(after) - set(before) == {"gitctl.yaml", ".gitctl.schema.json"}
    assert {path: after[path] for path in before} == before
    rendered = [gitctl("render", "db", "-e", env, cwd=existing.path).expect().stdout for env in ("dev", "prod")]
    assert ["a: one" in rendered[0], "a: two" in rendered[1]] == [True, True]
    assert gitctl("bootstrap", "-o", "json", cwd=existing.path).expect().json()["commit"] is None


def test_a_project_file_of_the_user_stays_and_a_pipeline_fits_it(gitctl: Runner, existing: GitRepo) -> None:
    own = "apiVersion: gitctl.dev/v1\nkind: Project\nname: mine\nenvironments: {live: {}}\napps: {web: {path: k8s}}\n"
    existing.commit("mine", {"gitctl.yaml": own, "docs/CODEOWNERS": "* @me\n"})
    done = gitctl("bootstrap", "--yes", "--ci", "gitlab", "--pre-commit", cwd=existing.path).expect()
    assert "gitctl.yaml: changed by you, kept" in done.stdout
    assert (existing.path / "gitctl.yaml").read_text() == own
    assert "set -- live\n" in (existing.path / "ci/sync").read_text()
    assert os.access(existing.path / "ci/sync", os.X_OK)
    assert existing.git("ls-files", "--stage", "ci/sync").startswith("100755 ")
    assert (existing.path / "README.md").read_text() == "# mine\n"
    assert existing.git("status", "--porcelain") == ""
    assert "docs/CODEOWNERS: changed by you, kept" in done.stdout
    assert not (existing.path / "CODEOWNERS").exists()


def test_what_remote_bases_need_is_told(gitctl: Runner, tmp_path: Path) -> None:
    root = write(tmp_path / "shop", {"web/kustomization.yaml": "resources: ['https://git.example.com/org/base//deploy?ref=v1']\n"})
    done = gitctl("bootstrap", root, "--dry-run").expect()
    assert "app web in web: a kustomization" in done.stdout
    listed, pinned = [text for text in done.stdout.splitlines() if text.startswith("to do for web: ")]
    assert "list https://git.example.com/org/base under `remote_bases`" in listed
    assert pinned.endswith("git ls-remote https://git.example.com/org/base v1")


def test_a_folder_that_is_in_no_repository_says_what_is_not_committed(gitctl: Runner, tmp_path: Path) -> None:
    root = write(tmp_path / "shop", {"k8s/a.yaml": PLAIN})
    done = gitctl("bootstrap", root, "--yes").expect()
    assert "warning: 1 file of the apps not committed" in done.stderr


def test_manifests_from_outside_are_copied_and_left_alone(gitctl: Runner, tmp_path: Path) -> None:
    source = write(tmp_path / "legacy", {"a.yaml": PLAIN, "more/b.yaml": config_map("other"), ".hidden": "x"})
    before = contents(source)
    root = tmp_path / "shop"
    gitctl("bootstrap", root, "--from", source).expect()
    names = gitctl("render", "-e", "prod", "-o", "name", cwd=root).expect().stdout.splitlines()
    assert names == ["Namespace legacy-prod", "ConfigMap legacy-prod/settings", "ConfigMap legacy-prod/other"]
    assert (root / "apps/legacy/base/a.yaml").read_text() == PLAIN
    assert not (root / "apps/legacy/base/.hidden").exists()
    assert contents(source) == before
    again = gitctl("bootstrap", root, "--from", source, "-o", "json").expect().json()
    assert {f["state"] for f in again["files"]} == {"same"}


def test_a_chart_from_outside_gets_values_for_each_environment(gitctl: Runner, tmp_path: Path, existing: GitRepo) -> None:
    root = tmp_path / "new"
    gitctl("bootstrap", root, "--from", existing.path / "db", "--layout", "per-app", "--env", "dev", "--env", "qa").expect()
    assert "a: one" in gitctl("render", "-e", "dev", cwd=root).expect().stdout
    assert (root / "deploy/chart/values-qa.yaml").read_text().startswith("# What differs in qa.\n")
    gitctl("render", "-e", "qa", cwd=root).expect()


def test_a_base_inside_of_the_repository_is_referenced(gitctl: Runner, git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo({"k8s/web/kustomization.yaml": KUSTOMIZATION + "namespace: fixed\n", "k8s/web/a.yaml": PLAIN}, name="shop")
    gitctl("bootstrap", "--yes", "--from", "k8s/web", cwd=repo.path).expect()
    assert gitctl("render", "-e", "dev", "-o", "name", cwd=repo.path).expect().stdout == "ConfigMap fixed/settings\n"
    assert "../../../../k8s/web" in (repo.path / "apps/web/overlays/dev/kustomization.yaml").read_text()
    assert repo.git("diff", "--name-only", "HEAD~1", "--", "k8s") == ""


@pytest.mark.parametrize(
    ("files", "id", "said"),
    [
        (
            {"a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: hunter2}\n"},
            ErrorId.PLAIN_SECRET,
            "a.yaml:4: Secret/a stringData.a",
        ),
        (
            {
                "kustomization.yaml": "secretGenerator: [{name: a, envs: [a.env]}]\nresources: [b.yaml]\n",
                "a.env": "a=hunter2\n",
                "b.yaml": PLAIN,
            },
            ErrorId.PLAIN_SECRET,
            "a.env:1",
        ),
        ({"web/a.yaml": PLAIN, "db/a.yaml": PLAIN}, ErrorId.NO_APP_FOUND, "2 apps are there: db, web"),
        ({"a.yaml": "just: yaml\n"}, ErrorId.NO_APP_FOUND, "no manifests, kustomization or chart"),
        ({"kustomization.yaml": "resources: [../a]\n"}, ErrorId.NO_APP_FOUND, "a path out of the repository"),
    ],
    ids=["plaintext", "plaintext that becomes a Secret", "several", "nothing", "out of it"],
)
def test_what_is_not_taken(files: dict[str, str], id: ErrorId, said: str, gitctl: Runner, tmp_path: Path) -> None:
    source, root = write(tmp_path / "source", files), tmp_path / "shop"
    refused = gitctl("bootstrap", root, "--from", source).error(id)
    assert said in refused.stderr
    assert "hunter2" not in refused.stdout + refused.stderr
    assert not root.exists()


@pytest.mark.parametrize(
    ("args", "id", "said"),
    [
        (("--from", "nowhere"), ErrorId.FOLDER_MISSING, "is not a folder"),
        (("--from", "k8s", "--example", "web"), ErrorId.FLAGS_CONFLICT, "leave one out"),
        (("--env", "No"), ErrorId.ARGUMENT_INVALID, "--env 'No' is not a name"),
        (("--owner", "somebody"), ErrorId.ARGUMENT_INVALID, "--owner 'somebody' is neither"),
        (("--ci", "github", "--yes"), ErrorId.PLACE_TAKEN, "ci/diff cannot be written: ci is a file"),
    ],
    ids=["no folder", "two firsts", "a bad name", "a bad owner", "a file in the way"],
)
def test_what_is_refused_before_anything_is_written(
    args: tuple[str, ...], id: ErrorId, said: str, gitctl: Runner, existing: GitRepo
) -> None:
    existing.commit("in the way", {"ci": "a file\n"})
    assert said in gitctl("bootstrap", *args, cwd=existing.path).error(id).stderr
    assert existing.git("status", "--porcelain") == ""
    assert existing.git("log", "--format=%s", "-1") == "in the way"


def test_a_dry_run_in_an_empty_folder_leaves_nothing(gitctl: Runner, tmp_path: Path, isolated: Path) -> None:
    shown = gitctl("bootstrap", "shop", "--dry-run").expect()
    assert "gitctl.yaml: would be written" in shown.stdout
    assert not (tmp_path / "shop").exists()
    assert not (isolated / "config" / "sops").exists()
