"""`gitctl bootstrap`: a repository that gitctl can work with, and the first sync."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.agent import AGENT, DEPLOY_KEY, DEPLOY_TOKEN, IMAGE, KNOWN_HOSTS, REPO_URL, AgentFlags
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import YES

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.model.app import Cluster
    from gitctl.workflow.bootstrap import Scaffold, ScaffoldFile
    from gitctl.workflow.sync import AppRun

EPILOG = epilog(
    [
        ("gitctl bootstrap shop", "a repository with dev and prod"),
        ("gitctl bootstrap shop --env dev --context kind-dev", "and its first sync"),
        ("gitctl bootstrap shop --context kind-dev --agent cronjob --image IMAGE --yes", "and gitctl in the cluster"),
    ],
    notes="A second run changes nothing. A file that you changed is never overwritten: its diff is shown.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bootstrap", epilog=EPILOG)(bootstrap)


@with_session(without=("env",))
def bootstrap(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The repository's folder; made when missing.")] = Path(),
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Project name; default: the folder's name.")] = "",
    env: Annotated[
        list[str] | None,
        typer.Option("-e", "--env", metavar="ENV", help="Environment, repeatable, the first is synced; default: dev and prod."),
    ] = None,
    agent: AGENT = None,
    image: IMAGE = "",
    repo_url: REPO_URL = "",
    deploy_key: DEPLOY_KEY = None,
    known_hosts: KNOWN_HOSTS = None,
    deploy_token: DEPLOY_TOKEN = None,
    yes: YES = False,
) -> int:
    """Make a repository that gitctl can work with.

    With --context also its first sync, and accounts with the least rights; with --agent gitctl in the cluster. Written and
    committed: gitctl.yaml, an example app with overlays, a README, a runbook, .sops.yaml, .gitignore; then cluster/ENV.
    """
    from gitctl.cli.accounts import add_accounts, has_own_project
    from gitctl.cli.agent import agent_of
    from gitctl.cli.show.bootstrap import show_bootstrap
    from gitctl.cli.show.report import report_runs
    from gitctl.cli.start import start_folder
    from gitctl.source.create import check_place
    from gitctl.workflow.bootstrap import scaffold_files

    root = (start_folder(session) / folder).resolve()
    check_place(root)
    environments = tuple(env or ("dev", "prod"))
    flags = AgentFlags(agent, image, repo_url, deploy_key, known_hosts, deploy_token)
    extra = agent_of(session, flags, root, project=name or root.name, env=environments[0])
    wanted = _wanted(session, root, name, environments)
    files = scaffold_files(wanted, lambda path: _read(root / path))
    files = files if extra[0] is None or not has_own_project(files) else ()
    commit = _write(session, root, wanted.name, files, yes=yes)
    runs = _first_sync(session, root, wanted, yes=yes) if wanted.cluster else []
    added = add_accounts(session, root, runs, *extra, yes=yes)
    runs += added.runs
    show_bootstrap(session, root, wanted, (*files, *added.files), added.commit or commit, runs, left_to_do=added.left_to_do)
    return report_runs(session, runs)


def _wanted(session: Session, root: Path, name: str, environments: tuple[str, ...]) -> Scaffold:
    from gitctl.config.fill import check_label
    from gitctl.config.schema import schema_text
    from gitctl.workflow.bootstrap import Scaffold

    for what, text in (("--name", name or root.name), *(("--env", e) for e in environments)):
        check_label(what, text)
    return Scaffold(
        name=name or root.name,
        environments=tuple(dict.fromkeys(environments)),
        cluster=_cluster(session),
        sops_rules=_sops_rules(session, root),
        schema=schema_text().encode(),
    )


def _cluster(session: Session) -> Cluster | None:
    from dataclasses import replace

    from gitctl.cli.open import open_cluster
    from gitctl.model.app import Cluster

    if not session.flags.context:
        return None
    cluster = Cluster(name="main", context=session.flags.context, kubeconfig=str(session.flags.kubeconfig or ""))
    return replace(cluster, uid=open_cluster(session, cluster).identity())


def _sops_rules(session: Session, root: Path) -> bytes:
    from datetime import UTC, datetime

    from gitctl.secrets import keys, rules

    found = _read(root / rules.FILE)
    if found is not None:
        return found
    file = keys.key_file()
    recipients = keys.recipients(file) if file.exists() else ()
    if not recipients:
        recipients = (keys.keygen(file, now=datetime.now(UTC)).recipient,)
        session.say(f"made an age key in {file}: keep a copy in a safe place")
    return rules.text(recipients).encode()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(session: Session, root: Path, name: str, files: tuple[ScaffoldFile, ...], *, yes: bool) -> str:
    from gitctl.cli.ask import ask
    from gitctl.errors import ErrorId, Refused
    from gitctl.model.app import SourceSpec
    from gitctl.model.quantity import counted
    from gitctl.paths import cache_folder
    from gitctl.source.create import init_repository, tip
    from gitctl.source.open import open_publisher
    from gitctl.workflow.bootstrap import FileState

    new = {f.path: f.content for f in files if f.state is FileState.NEW}
    if not new:
        return ""
    occupied = root.is_dir() and any(p.name != ".git" for p in root.iterdir())
    if occupied and not yes and not ask(session, f"{root} is not empty; add {counted(len(new), 'file')} to it?"):
        raise Refused(f"{root} is not empty", id=ErrorId.CONSENT_NEEDED, hint="add --yes; what is there is kept")
    init_repository(root)
    made = open_publisher(root, SourceSpec(), cache=cache_folder()).commit(new, f"bootstrap {name}\n", parent=tip(root))
    return made.sha


def _first_sync(session: Session, root: Path, wanted: Scaffold, *, yes: bool) -> list[tuple[Stage, tuple[AppRun, ...]]]:
    from dataclasses import replace

    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_stages
    from gitctl.workflow.sync import SyncRequest, sync_apps

    session.flags = replace(session.flags, directory=root, env=wanted.environments[0])
    stages = open_stages(session, None)
    with session.graceful():
        return [(s, sync_apps(s.apps, s.parts, SyncRequest(), confirm=confirm_plan(session, s, yes=yes))) for s in stages]
