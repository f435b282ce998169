"""`gitctl doctor` as a user runs it: on this machine, and on one where programs are missing or old."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Runner

from gitctl.render.jail import network

TOOLS = ["git", "helm", "kustomize", "kubectl", "sops", "age", "age-keygen", "go"]
PROJECT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters: {dev: {context: dev}}
environments: {dev: {clusters: [dev]}}
apps:
  web: {path: "charts/web"}
"""
CHART = {"gitctl.yaml": PROJECT, "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n"}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder for PATH that holds git and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git") or "git")
    return folder


def answering(folder: Path, name: str, text: str, code: int = 0) -> None:
    """Put a program there that says this, whatever it is asked."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    program.chmod(0o755)


def test_it_lists_every_program_in_order(gitctl: Runner) -> None:
    items = gitctl("doctor", "-o", "json").expect(0).json()["items"]
    assert [item["name"] for item in items] == TOOLS
    git = items[0]
    assert (git["state"], git["path"], git["needed"]) == ("ok", shutil.which("git"), True)
    assert set(git) == {"name", "state", "path", "version", "wanted", "needed", "neededBy", "install"}


def test_it_says_whether_renderers_have_a_network(gitctl: Runner, bare: Path) -> None:
    done = gitctl("doctor", "-o", "json").json()
    assert done["renderJail"] == {"network": network().value}
    assert "helm and kustomize run" in gitctl("doctor").stdout
    without = gitctl("doctor", env={"PATH": str(bare)}).expect(0).stdout
    assert "their network is not cut off: no user namespaces here" in without


def test_the_result_has_a_kind_and_a_version(gitctl: Runner) -> None:
    result = gitctl("doctor", "-o", "json").json()
    assert (result["apiVersion"], result["kind"]) == ("gitctl.dev/v1", "DoctorResult")


def test_the_table_shows_the_range_and_what_needs_it(gitctl: Runner) -> None:
    lines = gitctl("doctor").expect(0).stdout.splitlines()
    assert lines[0].split("   ")[0] == "TOOL"
    assert [line.split()[0] for line in lines[1:9]] == TOOLS
    assert ">=3.14,<5" in lines[2]
    assert lines[-1] == "all that is needed here is there"


def test_outside_a_project_only_git_is_needed(gitctl: Runner, bare: Path) -> None:
    done = gitctl("doctor", env={"PATH": str(bare)}).expect(0)
    assert "helm is missing: brew install helm" in done.stdout


def test_without_git_there_is_a_finding(gitctl: Runner, bare: Path) -> None:
    (bare / "git").unlink()
    done = gitctl("doctor", env={"PATH": str(bare)}).expect(1)
    assert "git is missing: the git package of your system" in done.stdout
    assert done.stdout.endswith("1 finding\n")


def test_a_project_with_a_chart_needs_helm(gitctl: Runner, bare: Path, git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo(CHART)
    done = gitctl("doctor", "-o", "json", cwd=repo.path, env={"PATH": str(bare)}).expect(1)
    needed = {item["name"]: item["state"] for item in done.json()["items"] if item["needed"]}
    assert needed == {"git": "ok", "helm": "missing"}


def test_an_old_helm_is_a_finding(gitctl: Runner, bare: Path, git_repo: Callable[..., GitRepo]) -> None:
    answering(bare, "helm", "v3.2.1+gfe51cd1")
    done = gitctl("doctor", "-C", git_repo(CHART).path, env={"PATH": str(bare)}).expect(1)
    assert "helm is too old: " in done.stdout
    assert "3.2.1" in done.stdout


def test_a_program_that_fails_has_no_known_version(gitctl: Runner, bare: Path) -> None:
    answering(bare, "sops", "sops 3.11.0", code=1)
    items = gitctl("doctor", "-o", "json", env={"PATH": str(bare)}).expect(0).json()["items"]
    assert [(i["state"], i["version"]) for i in items if i["name"] == "sops"] == [("version unknown", "")]


def test_a_broken_project_does_not_stop_it(gitctl: Runner, git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo({"gitctl.yaml": "kind: [\n"})
    done = gitctl("doctor", cwd=repo.path).expect(0)
    assert "what " in done.stderr
    assert "gitctl.yaml needs is not known" in done.stderr


def test_versions_are_asked_without_the_network(gitctl: Runner, bare: Path, tmp_path: Path) -> None:
    log = tmp_path / "asked"
    program = bare / "sops"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\necho sops 3.11.0\n')
    program.chmod(0o755)
    gitctl("doctor", env={"PATH": f"{bare}{os.pathsep}/bin"})
    assert log.read_text() == "--version --disable-version-check\n"
