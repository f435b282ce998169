"""Agent: gitctl in the cluster, on a schedule or going on, with the accounts that `rbac` makes. Manifests only: pure.

A pod has no checkout: it gets a gitctl.yaml that names the repository (the project's own is read from there), keeps a mirror in an
emptyDir, and reaches the API server with its ServiceAccount.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from gitctl.model.agent import AgentKind, Credential
from gitctl.model.manifest import Json
from gitctl.model.rights import Account
from gitctl.plan.accounts import Office

PROJECT = "/etc/gitctl/project"
DEPLOY_KEY = "/etc/gitctl/deploy-key"
AGE_KEY = "/etc/gitctl/age-key"
CACHE = "/var/cache/gitctl"
HEARTBEAT = f"{CACHE}/alive"

KEY_SECRET = "deploy-key"
AGE_SECRET = "age-key"
SSH_KEY, TOKEN_KEY, AGE_FILE = "identity", "token", "keys.txt"

USER = 65532
"""The user of the image: see the Dockerfile."""

_SILENT_SECONDS = 3600
_STOP_SECONDS = 120
_JOB_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Agent:
    """What is asked for. `url` and `ref` name the repository; `context` picks the cluster where the environment has several."""

    kind: AgentKind
    office: Office
    image: str
    url: str
    ref: str = ""
    context: str = "in-cluster"
    credential: Credential = Credential.NONE
    known_hosts: str = ""


def agent_objects(agent: Agent) -> tuple[Json, ...]:
    """The agent's objects; the Secrets that it mounts are not among them: they are never in Git."""
    match agent.kind:
        case AgentKind.CRONJOB:
            workloads = tuple(_cron_jobs(agent))
        case AgentKind.DEPLOYMENT:
            workloads = (_deployment(agent),)
        case _:
            assert_never(agent.kind)
    return (_config_map(agent), *workloads)


def deploy_key(office: Office, credential: Credential, value: str) -> Json:
    """The Secret with the credential for the repository. Never print it, never commit it."""
    key = SSH_KEY if credential is Credential.SSH else TOKEN_KEY
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": KEY_SECRET, "namespace": office.namespace},
        "type": "Opaque",
        "stringData": {key: value},
    }


def _config_map(agent: Agent) -> Json:
    lines = ["apiVersion: gitctl.dev/v1", "kind: Project", f"name: {agent.office.project}", "source:", f"  url: {json.dumps(agent.url)}"]
    lines += [f"  ref: {json.dumps(agent.ref)}"] if agent.ref else []
    data = {"gitctl.yaml": "\n".join([*lines, ""])} | ({"known_hosts": agent.known_hosts} if agent.known_hosts else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(agent, "agent"), "data": data}


def _cron_jobs(agent: Agent) -> Iterator[Json]:
    yield _cron_job(agent, "sync", "*/5 * * * *", Account.DEPLOYER, "--yes", "--lock-timeout", "2m")
    yield _cron_job(agent, "drift-check", "17 * * * *", Account.READER)


def _cron_job(agent: Agent, verb: str, schedule: str, account: Account, *args: str) -> Json:
    """One at a time; a run that is late by minutes is left out, one that hangs is ended; no second try before its time."""
    pod = _pod(agent, account, [verb, *_where(agent), *args]) | {"restartPolicy": "Never"}
    job = {"backoffLimit": 0, "activeDeadlineSeconds": _JOB_SECONDS, "template": {"metadata": {"labels": _labels(verb)}, "spec": pod}}
    spec = {
        "schedule": schedule,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 200,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"spec": job},
    }
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": _metadata(agent, verb), "spec": spec}


def _deployment(agent: Agent) -> Json:
    """Two, on two nodes where there are: they share the work by the lock of each app."""
    labels = _labels("agent")
    pod = _pod(
        agent, Account.DEPLOYER, ["sync", *_where(agent), "--yes", "--watch", "--interval", "1m", "--heartbeat", HEARTBEAT], probe=_probe()
    )
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
    pod |= {"terminationGracePeriodSeconds": _STOP_SECONDS, "topologySpreadConstraints": [spread]}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(agent, "agent"), "spec": spec}


def _where(agent: Agent) -> list[str]:
    return ["-e", agent.office.env, "--context", agent.context]


def _probe() -> Json:
    """Dead is who began no round for an hour: one may wait long for the health of many apps."""
    code = f"import os, sys, time; sys.exit(time.time() - os.path.getmtime({HEARTBEAT!r}) > {_SILENT_SECONDS})"
    return {"exec": {"command": ["python", "-c", code]}, "initialDelaySeconds": 60, "periodSeconds": 60, "timeoutSeconds": 10}


def _pod(agent: Agent, account: Account, args: list[str], *, probe: Json | None = None) -> Json:
    container: Json = {
        "name": "gitctl",
        "image": agent.image,
        "args": args,
        "workingDir": PROJECT,
        "env": list(_environment(agent)),
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": name, "mountPath": path} | _read_only(volume) for name, path, volume in _volumes(agent)],
    }
    return {
        "serviceAccountName": agent.office.account(account),
        "automountServiceAccountToken": True,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container | ({"livenessProbe": probe} if probe else {})],
        "volumes": [{"name": name} | volume for name, _, volume in _volumes(agent)],
    }


def _read_only(volume: Json) -> Json:
    return {} if "emptyDir" in volume else {"readOnly": True}


def _volumes(agent: Agent) -> Iterator[tuple[str, str, Json]]:
    """(name, place, source). A key file belongs to root and the pod's group reads it: ssh only minds keys of its own user."""
    yield "project", PROJECT, {"configMap": {"name": "agent"}}
    yield "cache", CACHE, {"emptyDir": {"sizeLimit": "1Gi"}}
    yield "tmp", "/tmp", {"emptyDir": {"sizeLimit": "1Gi"}}
    if agent.credential is Credential.SSH:
        yield KEY_SECRET, DEPLOY_KEY, {"secret": {"secretName": KEY_SECRET, "defaultMode": 0o400}}
    yield AGE_SECRET, AGE_KEY, {"secret": {"secretName": AGE_SECRET, "defaultMode": 0o400, "optional": True}}


def _environment(agent: Agent) -> Iterator[Json]:
    yield {"name": "HOME", "value": "/tmp"}
    yield {"name": "GITCTL_CACHE_DIR", "value": CACHE}
    yield {"name": "SOPS_AGE_KEY_FILE", "value": f"{AGE_KEY}/{AGE_FILE}"}
    if agent.credential is Credential.SSH:
        yield {"name": "GIT_SSH_COMMAND", "value": _ssh()}
    if agent.credential is Credential.TOKEN:
        yield {"name": "GITCTL_GIT_TOKEN", "valueFrom": {"secretKeyRef": {"name": KEY_SECRET, "key": TOKEN_KEY}}}


def _ssh() -> str:
    """No prompt, this key and no other, and no host that is not among the known ones."""
    options = ("BatchMode=yes", "ConnectTimeout=15", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes")
    hosts = f"-o UserKnownHostsFile={PROJECT}/known_hosts -o GlobalKnownHostsFile=/dev/null"
    return f"ssh -i {DEPLOY_KEY}/{SSH_KEY} {' '.join(f'-o {o}' for o in options)} {hosts}"


def _metadata(agent: Agent, name: str) -> Json:
    return {"name": name, "namespace": agent.office.namespace, "labels": _labels(name)}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": "gitctl", "app.kubernetes.io/component": name}
