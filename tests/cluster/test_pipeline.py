"""The scripts of the pipeline that bootstrap writes, run as CI runs them: a fresh clone, CI's variables, a kubeconfig out of a secret."""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fixtures import warm
from tests.fixtures.commands import GitRepo, Result, Runner, run

from gitctl import sandbox
from gitctl.documents import load_all

ROOT = Path(__file__).parents[2]

# A forge that keeps comments in a folder: what `gh api` is asked for is what GitHub's API answers.
GH = """\
#!{python}
import json, os, pathlib, sys
args, store = sys.argv[1:], pathlib.Path(os.environ["FORGE"])
with (store / "calls").open("a") as calls:
    calls.write(json.dumps(args) + "\\n")
if (store / "down").exists():
    sys.exit("gh: HTTP 403: Resource not accessible by integration")
method = args[args.index("--method") + 1] if "--method" in args else "GET"
path = next(a for a in args if a.startswith("repos/")).partition("?")[0]
if method == "GET":
    marker = args[args.index("--jq") + 1].partition('startswith("')[2].partition('"')[0]
    for comment in sorted(store.glob("comment-*")):
        if comment.read_text().startswith(marker):
            print(comment.name.removeprefix("comment-"))
    sys.exit()
body = pathlib.Path(args[args.index("-F") + 1].removeprefix("body=@")).read_text()
number = path.rpartition("/")[2] if method == "PATCH" else str(100 + len(list(store.glob("comment-*"))))
(store / f"comment-{{number}}").write_text(body)
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A runner of GitHub with a fresh clone: files that steps write to (`env`, `summary`), and the forge's comments."""

    origin: GitRepo
    clone: Path
    folder: Path
    name: str

    def step(self, script: str, *arguments: str, code: int = 0, **env: str) -> Result:
        """Run a script of the clone, with the variables of a push to main unless others are given."""
        variables = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REF_NAME": "main",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_ENV": str(self.folder / "env"),
            "RUNNER_TEMP": str(self.folder),
            "FORGE": str(self.folder),
            "SOPS_AGE_KEY": "",
            **self.exported(),
            **env,
        }
        return run((f"./{script}", *arguments), cwd=self.clone, env=variables).expect(code)

    def diff(self, *, code: int = 0, **env: str) -> Result:
        """`ci/diff dev` on pull request 7."""
        return self.step("ci/diff", "dev", code=code, GITHUB_REF="refs/pull/7/merge", GITHUB_REF_NAME="7/merge", GH_TOKEN="t", **env)

    def exported(self) -> Mapping[str, str]:
        """What earlier steps put into GITHUB_ENV."""
        return dict(row.split("=", 1) for row in self.read("env").splitlines())

    def read(self, name: str) -> str:
        """A file of the runner; "" where there is none."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def calls(self) -> list[list[str]]:
        """What `gh` was called with, GETs left out."""
        every = [json.loads(row) for row in self.read("calls").splitlines()]
        return [call for call in every if "--method" in call]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH with gitctl and gh."""
    folder = warm.program(tmp_path / "bin").parent
    (folder / "gh").write_text(GH.format(python=sys.executable))
    (folder / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def job_of(origin: GitRepo, folder: Path, name: str) -> Job:
    """A runner with a fresh clone."""
    folder.mkdir()
    run(("git", "clone", "--quiet", str(origin.path), str(folder / "clone")), cwd=folder).expect()
    return Job(origin, folder / "clone", folder, name)


@pytest.fixture
def job(tmp_path: Path, gitctl: Runner, programs: Path, kubectl: Runner, control_plane: sandbox.ControlPlane) -> Iterator[Job]:
    """A bootstrapped repository of one app, nothing synced yet, and a runner. The kubeconfig is only in the secret."""
    name = f"pipeline-{secrets.token_hex(3)}"
    origin = GitRepo(tmp_path / "origin")
    flags = ("--name", name, "--layout", "per-app", "--env", "dev", "--ci", "github", "--pre-commit")
    gitctl("bootstrap", origin.path, *flags).expect()
    config = origin.path / "gitctl.yaml"
    text = config.read_text().replace("environments:", f'clusters:\n  main: {{context: "{control_plane.context}"}}\nenvironments:', 1)
    config.write_text(text.replace("dev: {}", "dev: {clusters: [main]}"))
    origin.commit("the cluster")
    yield job_of(origin, tmp_path / "runner", name)
    kubectl("delete", "namespace", f"{name}-dev", "--ignore-not-found", "--wait=false")


def test_a_change_travels_from_the_pull_request_to_the_cluster(job: Job, kubectl: Runner, control_plane: sandbox.ControlPlane) -> None:
    job.step("ci/validate")
    assert "the secret is empty" in job.step("ci/kubeconfig", code=6).stderr
    job.step("ci/kubeconfig", KUBECONFIG_DATA=control_plane.kubeconfig.read_text())
    secret = Path(job.exported()["KUBECONFIG"])
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600

    shown = job.diff()
    marker = f"<!-- gitctl diff: {job.name}/dev -->\n"
    assert job.read("comment-100") == marker + shown.stdout
    assert "4 to create" in shown.stdout
    assert job.read("summary") == ""

    job.step("ci/sync", "dev")
    assert kubectl("-n", f"{job.name}-dev", "get", "deployment", job.name, "-o", "name").stdout

    job.diff()
    assert [call[call.index("--method") + 1] for call in job.calls()] == ["POST", "PATCH"]
    assert "4 unchanged" in job.read("comment-100")

    quiet = job.step("ci/drift-check")
    assert (quiet.stdout, job.read("summary")) == ("", "")
    kubectl("-n", f"{job.name}-dev", "scale", "deployment", job.name, "--replicas=3")
    drifted = job.step("ci/drift-check", code=1)
    assert "spec.replicas" in drifted.stdout
    assert "spec.replicas" in job.read("summary")

    newer = job.origin.commit("newer", {"note.txt": "1"})
    left_alone = job.step("ci/sync", "dev")
    assert (left_alone.stdout, newer[:8] in left_alone.stderr) == ("", True)


def test_the_first_sync_and_a_second_run(
    gitctl: Runner, tmp_path: Path, kubectl: Runner, kubeconfig: Path, control_plane: sandbox.ControlPlane
) -> None:
    name = f"first-{secrets.token_hex(3)}"
    flags = ("--name", name, "--layout", "per-app", "--example", "helm", "--env", "dev", "--context", control_plane.context, "--yes")
    first = gitctl("bootstrap", "new", *flags, "-o", "json", cwd=tmp_path).expect().json()
    (app,) = first["sync"]["clusters"][0]["apps"]
    assert {health["state"] for health in app["health"]} == {"healthy"}
    again = gitctl("bootstrap", "new", *flags, "-o", "json", cwd=tmp_path).expect().json()
    assert ({file["state"] for file in again["files"]}, again["commit"]) == ({"same"}, None)
    assert again["sync"]["clusters"][0]["apps"][0]["outcomes"] == []
    later = gitctl("bootstrap", "new", "--pre-commit", "--yes", "-o", "json", cwd=tmp_path).expect().json()
    assert [file["path"] for file in later["files"] if file["state"] != "same"] == [".pre-commit-config.yaml"]
    assert later["sync"] is None
    kubectl("delete", "namespace", f"{name}-dev", "--wait=false")


def test_without_a_forge_that_answers_the_diff_is_in_the_summary_and_in_a_file(
    job: Job, tmp_path: Path, control_plane: sandbox.ControlPlane
) -> None:
    (tmp_path / "kubeconfig").write_text(control_plane.kubeconfig.read_text().replace(control_plane.server, "https://127.0.0.1:9"))
    (job.folder / "down").touch()
    told = job.diff(code=6, KUBECONFIG=str(tmp_path / "kubeconfig"), GITCTL_DIFF_FILE=str(tmp_path / "page"))
    assert "dev: exit code 6" in job.read("summary")
    assert "403" in told.stderr
    assert (tmp_path / "page").read_text() == job.read("summary")
    assert "error: " in told.stderr


def test_the_hooks_are_run_by_pre_commit(job: Job, tmp_path: Path) -> None:
    def hooks(code: int = 0) -> str:
        argv = (sys.executable, "-m", "pre_commit", "run", "--all-files")
        return run(argv, cwd=job.clone, env={"PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}).expect(code).stdout

    assert hooks().count("Passed") == 3
    service = job.clone / "deploy" / "base" / "service.yaml"
    service.write_text(service.read_text().replace("port: 80", "port: eighty"))
    assert "hook id: gitctl-validate" in hooks(1)
    service.write_text("kind: {")
    assert "hook id: gitctl-render" in hooks(1)
    service.write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: correct-horse}\n")
    assert "hook id: gitctl-secrets" in hooks(1)
    GitRepo(job.clone).commit("a password")
    assert "stringData.password" in job.step("ci/validate", code=1).stdout


def test_the_hooks_are_those_that_the_repository_of_gitctl_offers(job: Job) -> None:
    (offered,) = load_all((ROOT / ".pre-commit-hooks.yaml").read_bytes(), where="offered")
    (config,) = load_all((job.clone / ".pre-commit-config.yaml").read_bytes(), where="config")
    same = ("id", "name", "entry", "types", "files", "require_serial")
    written, wanted = (
        [{key: hook.get(key) for key in same} for hook in hooks] for hooks in (config.value["repos"][0]["hooks"], offered.value)
    )
    assert written == wanted


def test_what_is_wrong_is_shown_at_its_line(job: Job) -> None:
    deployment = job.clone / "deploy" / "base" / "deployment.yaml"
    deployment.write_text(deployment.read_text().replace("replicas: 1", "replicas: one"))
    GitRepo(job.clone).commit("wrong")
    assert "::error file=deploy/base/deployment.yaml,line=7" in job.step("ci/validate", code=1).stdout
