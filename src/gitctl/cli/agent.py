"""The flags of `gitctl bootstrap --agent`, checked before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.session import Session
from gitctl.errors import ErrorId, InputError, UsageError
from gitctl.model.agent import AgentKind, Credential

if TYPE_CHECKING:
    from gitctl.source.names import Remote
    from gitctl.workflow.agent import Agent

AGENT = Annotated[
    AgentKind | None, typer.Option("--agent", help="Also gitctl inside of the cluster: on a schedule, or going on. Needs --image.")
]
IMAGE = Annotated[str, typer.Option("--image", metavar="IMAGE", help="With --agent: the image, built from the Dockerfile of gitctl.")]
REPO_URL = Annotated[str, typer.Option("--repo-url", metavar="URL", help="With --agent: where pods fetch from; default: the remote.")]
DEPLOY_KEY = Annotated[
    Path | None, typer.Option("--deploy-key", metavar="FILE", help="With --agent: private key for the repository, kept in a Secret.")
]
KNOWN_HOSTS = Annotated[Path | None, typer.Option("--known-hosts", metavar="FILE", help="With --deploy-key: the keys of the Git host.")]
DEPLOY_TOKEN = Annotated[
    Path | None, typer.Option("--deploy-token", metavar="FILE", help="With --agent: file with a token for an https repository.")
]


@dataclass(frozen=True, slots=True)
class AgentFlags:
    """These flags as they were given."""

    kind: AgentKind | None = None
    image: str = ""
    url: str = ""
    deploy_key: Path | None = None
    known_hosts: Path | None = None
    deploy_token: Path | None = None


def agent_of(session: Session, flags: AgentFlags, root: Path, *, project: str, env: str) -> tuple[Agent | None, str]:
    """The agent that the flags ask for, and its credential; for a project whose gitctl.yaml is not read yet.

    Raises UsageError, InputError, SourceError.
    """
    from gitctl.model.app import Cluster
    from gitctl.plan.accounts import Office
    from gitctl.source.names import parse_remote
    from gitctl.workflow.agent import Agent

    if flags.kind is None:
        if flags != AgentFlags():
            raise UsageError(
                "--image, --repo-url and the keys are for an agent",
                id=ErrorId.FLAGS_CONFLICT,
                hint="add --agent cronjob or --agent deployment",
            )
        return None, ""
    if not flags.image:
        raise UsageError(
            "--agent needs --image",
            id=ErrorId.FLAGS_CONFLICT,
            hint="build one from the Dockerfile of gitctl, push it, and name it, best by its digest",
        )
    remote = parse_remote(flags.url or _remote_of(root), base=root)
    if remote.scheme == "file" or remote.password:
        what = "has a password in it" if remote.password else "is a path, which no pod can reach"
        raise UsageError(
            "the repository's address " + what,
            id=ErrorId.ARGUMENT_INVALID,
            hint="name another with --repo-url; credentials go into --deploy-token",
        )
    credential, secret, hosts = _credential(session, flags, remote)
    office = Office(project, env, Cluster(name="", context="").state_namespace)
    return Agent(flags.kind, office, flags.image, remote.url, credential=credential, known_hosts=hosts), secret


def _remote_of(root: Path) -> str:
    from gitctl.source.checkout import find_root
    from gitctl.source.upstream import nearest_remote

    found = nearest_remote(root) if root.is_dir() and find_root(root) else None
    if found is None:
        raise UsageError(
            "the agent needs the address of the repository",
            id=ErrorId.ARGUMENT_INVALID,
            hint="add --repo-url, or a remote: git remote add origin URL",
        )
    return found.url


def _credential(session: Session, flags: AgentFlags, remote: Remote) -> tuple[Credential, str, str]:
    """What kind, its text, and the known hosts."""
    from gitctl.source.deploykey import read_key, read_known_hosts, read_text

    if flags.deploy_key and flags.deploy_token:
        raise UsageError("--deploy-key or --deploy-token, not both", id=ErrorId.FLAGS_CONFLICT, hint="ssh takes the key, https the token")
    if remote.scheme != "ssh":
        if flags.deploy_key or flags.known_hosts:
            raise UsageError(
                "--deploy-key is for ssh", id=ErrorId.FLAGS_CONFLICT, hint="name an ssh address with --repo-url, or use --deploy-token"
            )
        if not flags.deploy_token:
            return Credential.NONE, "", ""
        token = read_text(flags.deploy_token, "token").strip()
        if not token:
            raise InputError(f"{flags.deploy_token} is empty", id=ErrorId.DEPLOY_KEY, hint="it holds the token and nothing else")
        session.redactor.learn(token)
        return Credential.TOKEN, token, ""
    if not flags.deploy_key or not flags.known_hosts:
        hint = "the key is put into a Secret; without the host's keys a pod would have to trust whoever answers"
        raise UsageError("an ssh repository needs --deploy-key and --known-hosts", id=ErrorId.FLAGS_CONFLICT, hint=hint)
    key = read_key(flags.deploy_key)
    session.redactor.learn(key.strip())
    return Credential.SSH, key, read_known_hosts(flags.known_hosts, remote)
