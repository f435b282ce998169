"""gitctl in the cluster: what bootstrap applies is what pods run: their commands, with their accounts, volumes and environment."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import GitRepo, Result, Runner, run
from tests.fixtures.pod import Pod
from tests.servers.git_http import GitServer

from gitctl.sandbox import ControlPlane

PATIENCE = 120.0
TOKEN = "glpat-0123456789abcdefghij"
OVERLAY = "apps/web/overlays/{env}/kustomization.yaml"


@dataclass(frozen=True, slots=True)
class Shop:
    """A repository made by bootstrap in an environment that no other test has, pushed to a bare one beside it."""

    env: str
    repo: GitRepo
    bare: Path
    gitctl: Runner
    kubectl: Runner
    plane: ControlPlane

    @property
    def namespace(self) -> str:
        """Where the accounts and the agent live."""
        return f"gitctl-shop-{self.env}"

    def bootstrap(self, *args: str | Path, code: int = 0) -> Result:
        """`gitctl bootstrap`, with its first sync and the agent."""
        flags = ("--name", "shop", "-e", self.env, "--context", self.plane.context, "--image", "registry.example.test/gitctl:1")
        result: Result = self.gitctl("bootstrap", self.repo.path, *flags, *args, "--yes")
        return result.expect(code)

    def push(self) -> None:
        """Push what is committed."""
        self.repo.git("push", "--quiet", str(self.bare), "HEAD:main")

    def release(self, color: str) -> None:
        """A change of the app, pushed."""
        file = self.repo.path / OVERLAY.format(env=self.env)
        self.repo.commit(color, {OVERLAY.format(env=self.env): f"{file.read_text()}commonAnnotations: {{color: {color}}}\n"})
        self.push()

    def color(self) -> str:
        """What the live app has."""
        done = self.kubectl("-n", f"web-{self.env}", "get", "deployment", "web", "-o", "jsonpath={.metadata.annotations.color}")
        return str(done.stdout)

    def history(self) -> list[dict[str, Any]]:
        """The app's records, the newest first."""
        done = self.gitctl("history", "web", "-e", self.env, "-o", "json", cwd=self.repo.path).expect()
        records: list[dict[str, Any]] = done.json()["clusters"][0]["records"]
        return records

    def pods(self, selector: str, number: int, root: Path) -> list[Pod]:
        """The live pods; waits until there are so many."""
        end = time.monotonic() + PATIENCE
        while True:
            found = json.loads(self.kubectl("-n", self.namespace, "get", "pods", "-l", selector, "-o", "json").stdout)["items"]
            if len(found) == number:
                return [Pod(body, root / body["metadata"]["name"], self.plane, self.kubectl) for body in found]
            assert time.monotonic() < end, f"{len(found)} pods of {number}"
            time.sleep(0.1)


@pytest.fixture
def shop(tmp_path: Path, gitctl: Runner, kubectl: Runner, control_plane: ControlPlane, kubeconfig: Path, age_key: object) -> Iterator[Shop]:
    """An environment of its own."""
    env, folder = f"e{secrets.token_hex(3)}", tmp_path / "shop"
    bare = tmp_path / "served" / "shop.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    made = Shop(env, GitRepo(folder), bare, gitctl, kubectl, control_plane)
    yield made
    kubectl("delete", "namespace", made.namespace, f"web-{env}", "--wait=false", "--ignore-not-found")
    bindings = [f"clusterrolebinding/gitctl.shop.{env}.{account}.environment" for account in ("reader", "deployer")]
    kubectl("delete", *bindings, "--ignore-not-found")
    for account in ("reader", "deployer"):
        kubectl("-n", "gitctl-system", "delete", "role,rolebinding", f"gitctl.shop.{env}.{account}", "--ignore-not-found")


def until(true: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.1)


def test_two_pods_of_a_deployment_follow_an_https_repository_and_share_the_work(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    with GitServer(shop.bare.parent, user="x-access-token", password=TOKEN) as server:
        url = f"{server.url}/shop.git"
        told = shop.bootstrap("--agent", "deployment", "--repo-url", url, "--deploy-token", tmp_path / "token")
        assert "agent (" in told.stdout
        in_git = run(("git", "grep", "-e", TOKEN, "HEAD"), cwd=shop.repo.path)
        assert (in_git.code, TOKEN in told.stdout + told.stderr) == (1, False)
        shop.push()
        shop.release("red")
        pods = shop.pods("app.kubernetes.io/component=agent", 2, tmp_path)
        logs = [pod.root.with_suffix(".log") for pod in pods]
        running = [pod.start(log) for pod, log in zip(pods, logs, strict=True)]
        try:
            settled = re.compile(r"round \d+: (done|1 app in sync at .*); watching, Git is asked every 1m")
            until(lambda: all(settled.search(log.read_text()) for log in logs), lambda: "\n".join(log.read_text() for log in logs))
            assert [pod.probe() for pod in pods] == [0, 0]
            for child in running:
                child.send_signal(signal.SIGTERM)
            assert {child.wait(PATIENCE) for child in running} <= {0, 143}, "between rounds, or in one"
        finally:
            for child in running:
                child.kill()
    said = "".join(log.read_text() for log in logs)
    assert shop.color() == "red"
    assert [r["verb"] for r in shop.history()] == ["sync", "sync"], said
    assert said.count("3 updated, 1 unchanged, healthy") == 1
    assert TOKEN not in said


STAND_IN = """\
#!/bin/sh
printf '%s\\n' "$@" > {seen}
for last; do :; done
exec sh -c "$(printf '%s' "$last" | sed "s#'.*'#'{bare}'#")"
"""


def test_jobs_of_cronjobs_use_a_deploy_key_and_each_its_account(shop: Shop, tmp_path: Path) -> None:
    key, hosts = tmp_path / "key", tmp_path / "hosts"
    # gitctl.dev/allow-plaintext: no key that opens anything
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nbm90IGEga2V5IHRoYXQgb3BlbnMgYW55dGhpbmc=\n-----END OPENSSH PRIVATE KEY-----\n")
    hosts.write_text("git.example.test ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMyoPhhAqtFpfwoI0J0hmmXZHxUzbmgkbVdkGPP4FIw\n")
    keys = ("--deploy-key", key, "--known-hosts", hosts)
    shop.bootstrap("--agent", "cronjob", "--repo-url", "git@git.example.test:shop.git", *keys)
    shop.push()
    shop.release("blue")
    # The transport is a stand-in for ssh: it notes what it is asked for, and runs git's side of it here.
    stand_in, seen = tmp_path / "bin" / "ssh", tmp_path / "seen"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN.format(seen=seen, bare=shop.bare))
    stand_in.chmod(0o755)

    def job(cron: str, code: int) -> str:
        shop.kubectl("-n", shop.namespace, "create", "job", f"try-{cron}", f"--from=cronjob/{cron}")
        (pod,) = shop.pods(f"job-name=try-{cron}", 1, tmp_path)
        log = tmp_path / f"{cron}.log"
        assert pod.start(log, path=str(stand_in.parent)).wait(PATIENCE) == code, log.read_text()
        asked = seen.read_text().splitlines()
        identity = Path(asked[asked.index("-i") + 1])
        assert (identity.read_text(), identity.stat().st_mode & 0o777) == (key.read_text(), 0o400)
        assert {"StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes"} <= set(asked)
        known = next(word.partition("=")[2] for word in asked if word.startswith("UserKnownHostsFile="))
        assert Path(known).read_text() == hosts.read_text()
        return log.read_text()

    assert "3 updated, 1 unchanged, healthy" in job("sync", 0)
    assert shop.color() == "blue"
    shop.kubectl("-n", f"web-{shop.env}", "set", "env", "deployment/web", "DEBUG=1")
    told = job("drift-check", 1)
    assert "set by kubectl-set" in told
    jobs = json.loads(shop.kubectl("-n", shop.namespace, "get", "cronjobs", "-o", "json").stdout)["items"]
    assert {j["metadata"]["name"]: account_of(j) for j in jobs} == {"sync": "deployer", "drift-check": "reader"}
    if shutil.which("ssh"):
        parsed_by_ssh(jobs[0])


def account_of(job: dict[str, Any]) -> str:
    """The account of a CronJob's pods."""
    return str(job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"])


def parsed_by_ssh(job: dict[str, Any]) -> None:
    """The real ssh understands the command."""
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    command = next(e["value"] for e in container["env"] if e["name"] == "GIT_SSH_COMMAND").split()
    done = subprocess.run([*command, "-F", os.devnull, "-G", "git.example.test"], capture_output=True, text=True, check=True)
    assert {"stricthostkeychecking true", "batchmode yes", "identitiesonly yes"} <= set(done.stdout.splitlines())
    assert "userknownhostsfile /etc/gitctl/project/known_hosts" in done.stdout
