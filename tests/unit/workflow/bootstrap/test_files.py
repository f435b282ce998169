"""What bootstrap writes: every layout, example and pipeline; pipelines and scripts pass the linters of their trade."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitctl.config.load import load
from gitctl.documents import load_all
from gitctl.model.app import Cluster, RenderKind
from gitctl.workflow.bootstrap.example import example_start
from gitctl.workflow.bootstrap.files import FileState, ScaffoldFile, scaffold_files
from gitctl.workflow.bootstrap.wanted import Ci, Example, Layout, Scaffold, Start
from gitctl.workflow.existing.proposal import ProposedApp

PROGRAMS = Path(sys.executable).parent
ENVIRONMENTS = ("dev", "stage-1", "prod")


def scaffold(example: Example = Example.WEB, layout: Layout = Layout.MONO, **more: Any) -> Scaffold:
    """A scaffold with three environments."""
    start = example_start(example, layout, project="shop", environments=ENVIRONMENTS)
    return Scaffold("shop", ENVIRONMENTS, start, layout=layout, version="1.2.3", sops_rules=b"rules\n", schema=b"{}\n", **more)


def files_of(wanted: Scaffold) -> dict[str, ScaffoldFile]:
    """Path → file, in an empty folder."""
    return {file.path: file for file in scaffold_files(wanted, lambda _path: None)}


def written(wanted: Scaffold, folder: Path) -> Path:
    """The files on the disk, in a repository: actionlint looks for one."""
    for file in files_of(wanted).values():
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


def lint(*argv: str | Path, cwd: Path) -> str:
    """What a linter says; nothing when all is well."""
    assert shutil.which(str(argv[0])), f"{argv[0]} is not installed: make setup tools"
    done = subprocess.run([str(one) for one in argv], cwd=cwd, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("example", Example)
def test_gitctl_yaml_is_valid_and_its_apps_are_there(example: Example, layout: Layout) -> None:
    files = files_of(scaffold(example, layout))
    project = load(files["gitctl.yaml"].content, path="gitctl.yaml")
    assert [env.name for env in project.environments] == list(ENVIRONMENTS)
    for spec in project.apps:
        for env in ENVIRONMENTS:
            folder = spec.template.path.replace("{env}", env)
            assert any(path.startswith(f"{folder}/") for path in files)
            assert all(f"{folder}/{name.replace('{env}', env)}" in files for name in spec.template.helm.values_files)
    assert len(project.apps) == (0 if example is Example.NONE else 1)


def test_the_layouts_differ_in_place_and_name() -> None:
    mono, per_app = (files_of(scaffold(layout=layout)) for layout in (Layout.MONO, Layout.PER_APP))
    assert {"apps/web/base/deployment.yaml", "apps/web/overlays/stage-1/kustomization.yaml"} <= mono.keys()
    assert {"deploy/base/deployment.yaml", "deploy/overlays/stage-1/kustomization.yaml"} <= per_app.keys()
    names = [load_all(files["deploy/base/deployment.yaml"].content, where="")[0].value["metadata"]["name"] for files in (per_app,)]
    assert names == ["shop"]


def test_a_second_run_finds_everything_the_same_and_keeps_what_was_changed() -> None:
    wanted = scaffold(ci=Ci.GITHUB, pre_commit=True, owners=("@a/b",))
    first = files_of(wanted)
    disk = {path: file.content for path, file in first.items()}
    assert {file.state for file in scaffold_files(wanted, disk.get)} == {FileState.SAME}
    disk["README.md"] += b"mine\n"
    (kept,) = (file for file in scaffold_files(wanted, disk.get) if file.state is not FileState.SAME)
    assert (kept.path, kept.state) == ("README.md", FileState.KEPT)
    assert "+mine" in kept.diff


def test_a_cluster_is_named_and_pinned_and_production_is_protected() -> None:
    cluster = Cluster(name="main", context='od"d', uid="u-1")
    project = load(files_of(replace(scaffold(), cluster=cluster))["gitctl.yaml"].content, path="gitctl.yaml")
    assert [(env.name, env.protect, [c.uid for c in env.clusters]) for env in project.environments] == [
        ("dev", False, ["u-1"]),
        ("stage-1", False, ["u-1"]),
        ("prod", True, ["u-1"]),
    ]
    assert project.clusters[0].context == 'od"d'


def test_an_existing_repository_gets_its_apps_and_no_papers() -> None:
    apps = (
        ProposedApp("db", "db/chart", RenderKind.HELM, ("dev", "prod"), ("values-{env}.yaml",), why="a chart"),
        ProposedApp("web", 'we"b/{env}', RenderKind.PLAIN, ENVIRONMENTS),
    )
    files = files_of(Scaffold("shop", ENVIRONMENTS, Start(apps), papers=False))
    assert set(files) == {"gitctl.yaml"}
    project = load(files["gitctl.yaml"].content, path="gitctl.yaml")
    assert [(s.template.name, s.template.path, s.environments, s.template.helm.values_files) for s in project.apps] == [
        ("db", "db/chart", ("dev", "prod"), ("values-{env}.yaml",)),
        ("web", 'we"b/{env}', (), ()),
    ]


@pytest.mark.parametrize("ci", [Ci.GITHUB, Ci.GITLAB])
def test_a_pipeline_comes_with_scripts_runbooks_and_owners(ci: Ci) -> None:
    files = files_of(replace(scaffold(ci=ci, owners=("@acme/ops",)), papers=False))
    scripts = {path for path, file in files.items() if file.script}
    assert {"ci/install", "ci/validate", "ci/diff", "ci/sync", "ci/drift-check"} <= scripts
    assert all(files[path].content.startswith(b"#!/usr/bin/env bash\n") for path in scripts)
    assert {f"docs/runbooks/{name}.md" for name in ("deploy", "rollback", "drift", "secret-rotation", "someone-left", "lost-cluster")} <= {
        *files
    }
    owners = files["CODEOWNERS" if ci is Ci.GITLAB else ".github/CODEOWNERS"].content.decode()
    assert all("@acme/ops" in row for row in owners.splitlines() if not row.startswith("#"))


def test_without_owners_the_rules_are_off() -> None:
    rows = files_of(scaffold(ci=Ci.GITLAB))["CODEOWNERS"].content.decode().splitlines()
    assert [row for row in rows if not row.startswith("#")] == []


def test_only_programs_that_the_apps_need_are_installed() -> None:
    def programs(example: Example, **more: Any) -> str:
        text = files_of(replace(scaffold(example, ci=Ci.GITHUB), **more))["ci/install"].content.decode()
        return next(row for row in text.splitlines() if row.startswith("programs="))

    assert programs(Example.WEB) == 'programs="kustomize sops"'
    assert programs(Example.HELM, sops_rules=b"") == 'programs="helm"'
    assert programs(Example.NONE, sops_rules=b"") == 'programs=""'


def test_github_workflows_pass_actionlint_and_the_schema(tmp_path: Path) -> None:
    folder = written(scaffold(ci=Ci.GITHUB, branch="release/1.0"), tmp_path)
    workflow = ".github/workflows/gitctl.yaml"
    assert lint("actionlint", "-no-color", "-shellcheck", PROGRAMS / "shellcheck", workflow, cwd=folder) == ""
    assert lint(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow, cwd=folder) == ""


def test_the_linters_see_what_is_wrong(tmp_path: Path) -> None:
    folder = written(scaffold(ci=Ci.GITHUB), tmp_path)
    workflow = folder / ".github" / "workflows" / "gitctl.yaml"
    workflow.write_text(workflow.read_text().replace("github.event.pull_request.number", "github.event.no_such.thing }} ${{ nothing"))
    assert "nothing" in lint("actionlint", "-no-color", workflow, cwd=folder)


def test_gitlab_pipelines_pass_the_schema(tmp_path: Path) -> None:
    folder = written(scaffold(ci=Ci.GITLAB), tmp_path)
    files = (".gitlab-ci.yml", ".gitlab/gitctl.yml")
    assert lint(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", *files, cwd=folder) == ""


@pytest.mark.parametrize("ci", [Ci.GITHUB, Ci.GITLAB])
def test_scripts_pass_shellcheck(tmp_path: Path, ci: Ci) -> None:
    wanted = scaffold(ci=ci)
    scripts = [path for path, file in files_of(wanted).items() if file.script]
    assert lint(PROGRAMS / "shellcheck", *scripts, cwd=written(wanted, tmp_path)) == ""


def test_the_github_workflow_gives_each_job_the_least(tmp_path: Path) -> None:
    text = files_of(scaffold(ci=Ci.GITHUB))[".github/workflows/gitctl.yaml"].content
    workflow = load_all(text, where="")[0].value
    jobs = workflow["jobs"]
    assert workflow["permissions"] == {}
    assert b"pull_request_target" not in text
    assert {name for name, job in jobs.items() if job["permissions"] != {"contents": "read"}} == {"diff"}
    deployers = {name for name, job in jobs.items() if "DEPLOYER" in str(job)}
    assert deployers == {f"sync-{env}" for env in ENVIRONMENTS}
    assert all(jobs[name]["if"] == "github.event_name == 'push'" and jobs[name]["environment"] == name[5:] for name in deployers)
    assert [jobs[f"sync-{env}"].get("needs") for env in ENVIRONMENTS] == [None, "sync-dev", "sync-stage-1"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    assert {step["uses"] for step in steps if "uses" in step} == {"actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"}
    assert {step["run"].split()[0] for step in steps if "run" in step} <= files_of(scaffold(ci=Ci.GITHUB)).keys()
