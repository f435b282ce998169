"""`gitctl bootstrap`: a repository that gitctl can work with, from nothing or from what is there, and the first sync."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.agent import AGENT, DEPLOY_KEY, DEPLOY_TOKEN, IMAGE, KNOWN_HOSTS, REPO_URL, AgentFlags
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import YES
from gitctl.workflow.bootstrap.wanted import Ci, Example, Layout

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.cli.show.bootstrap import Told
    from gitctl.workflow.agent import Agent
    from gitctl.workflow.bootstrap.files import ScaffoldFile
    from gitctl.workflow.bootstrap.wanted import Scaffold
    from gitctl.workflow.existing.proposal import Found
    from gitctl.workflow.sync import AppRun

EPILOG = epilog(
    [
        ("gitctl bootstrap shop", "a repository with dev and prod"),
        ("gitctl bootstrap shop --env dev --context kind-dev", "and its first sync"),
        ("gitctl bootstrap shop --context kind-dev --agent cronjob --image IMAGE --yes", "and gitctl in the cluster"),
        ("gitctl bootstrap --ci github --pre-commit", "this repository, with a pipeline and hooks"),
        ("gitctl bootstrap --dry-run", "what would be written, and which apps are found"),
        ("gitctl bootstrap shop --from ~/old/manifests", "the first app out of manifests that exist"),
    ],
    notes="""A second run changes nothing. A file that you changed is never overwritten: its diff is shown.

In a repository that holds kustomizations, charts or folders of manifests these become the apps of gitctl.yaml, and nothing else is
written but what a flag asks for.""",
)


ENVIRONMENTS = Annotated[
    list[str] | None,
    typer.Option("-e", "--env", metavar="ENV", help="Environment, repeatable, the first is synced; default: dev and prod."),
]
LAYOUT = Annotated[Layout, typer.Option("--layout", help="Several apps in apps/, or one app in deploy/.")]
EXAMPLE = Annotated[Example | None, typer.Option("--example", help="App to begin with; default: web, or the apps that are found.")]
SOURCE = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="Begin with the app in this folder: copied, or referenced when inside the repository."),
]
CI = Annotated[Ci, typer.Option("--ci", help="Write a pipeline: validate, diff, sync, drift-check.")]
PRE_COMMIT = Annotated[bool, typer.Option("--pre-commit", help="Write hooks for pre-commit.")]
OWNER = Annotated[list[str] | None, typer.Option("--owner", metavar="@TEAM", help="Who approves changes (CODEOWNERS); repeatable.")]
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Only show what would be written.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bootstrap", epilog=EPILOG)(bootstrap)


@with_session(without=("env",))
def bootstrap(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The repository's folder; made when missing.")] = Path(),
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Project name; default: the folder's name.")] = "",
    env: ENVIRONMENTS = None,
    layout: LAYOUT = Layout.MONO,
    example: EXAMPLE = None,
    source: SOURCE = None,
    ci: CI = Ci.NONE,
    pre_commit: PRE_COMMIT = False,
    owner: OWNER = None,
    agent: AGENT = None,
    image: IMAGE = "",
    repo_url: REPO_URL = "",
    deploy_key: DEPLOY_KEY = None,
    known_hosts: KNOWN_HOSTS = None,
    deploy_token: DEPLOY_TOKEN = None,
    dry_run: DRY_RUN = False,
    yes: YES = False,
) -> int:
    """Make a repository that gitctl can work with.

    With --context also its first sync, and accounts with the least rights; with --agent gitctl in the cluster. Written and
    committed: gitctl.yaml, an example app, a README, runbooks, .sops.yaml, .gitignore; then cluster/ENV. In an existing repository:
    gitctl.yaml with the apps that are found there.
    """
    from gitctl.cli.agent import agent_of
    from gitctl.cli.asked import Asked, equip, read_file, understand
    from gitctl.cli.show.bootstrap import Told, show_bootstrap
    from gitctl.cli.show.report import report_runs
    from gitctl.cli.start import start_folder
    from gitctl.source.create import check_place
    from gitctl.workflow.bootstrap.files import scaffold_files

    root = (start_folder(session) / folder).resolve()
    check_place(root)
    asked = Asked(
        root=root,
        name=name,
        environments=tuple(dict.fromkeys(env or ())),
        layout=layout,
        ci=ci,
        pre_commit=pre_commit,
        example=example,
        source=(start_folder(session) / source.expanduser()).resolve() if source else None,
        owners=tuple(owner or ()),
        dry_run=dry_run,
    )
    wanted, found = understand(asked)
    flags = AgentFlags(agent, image, repo_url, deploy_key, known_hosts, deploy_token)
    extra = agent_of(session, flags, root, project=wanted.name, env=wanted.environments[0])
    wanted = equip(session, asked, wanted)
    files = scaffold_files(wanted, lambda path: read_file(root / path))
    told = Told(files, found, dry_run=True) if dry_run else _carry_out(session, root, wanted, Told(files, found), extra, yes=yes)
    show_bootstrap(session, root, wanted, told)
    _tell_uncommitted(session, root, wanted)
    return report_runs(session, told.runs)


def _carry_out(session: Session, root: Path, wanted: Scaffold, told: Told, extra: tuple[Agent | None, str], *, yes: bool) -> Told:
    from gitctl.cli.accounts import add_accounts
    from gitctl.cli.show.bootstrap import Told

    commit = _write(session, root, wanted.name, told.files, told.found, yes=yes)
    runs = _first_sync(session, root, wanted, yes=yes) if session.flags.context else []
    added = add_accounts(session, root, runs, *extra, yes=yes)
    return Told((*told.files, *added.files), told.found, added.commit or commit, (*runs, *added.runs), added.left_to_do)


def _write(session: Session, root: Path, name: str, files: tuple[ScaffoldFile, ...], found: Found, *, yes: bool) -> str:
    from gitctl.cli.ask import ask
    from gitctl.cli.show.bootstrap import tell_proposal
    from gitctl.errors import ErrorId, Refused
    from gitctl.model.app import SourceSpec
    from gitctl.model.quantity import counted
    from gitctl.paths import cache_folder
    from gitctl.source.create import init_repository, tip
    from gitctl.source.open import open_publisher
    from gitctl.workflow.bootstrap.files import FileState

    new = {f.path: f.content for f in files if f.state is FileState.NEW}
    _check_places(root, new)
    if not new:
        return ""
    occupied = root.is_dir() and any(p.name != ".git" for p in root.iterdir())
    if occupied and not yes:
        tell_proposal(session, files, found)
        if not ask(session, f"{root} is not empty; add {counted(len(new), 'file')} to it?"):
            raise Refused(f"{root} is not empty", id=ErrorId.CONSENT_NEEDED, hint="add --yes; what is there is kept")
    init_repository(root)
    scripts = tuple(f.path for f in files if f.script)
    publisher = open_publisher(root, SourceSpec(), cache=cache_folder())
    return publisher.commit(new, f"bootstrap {name}\n", parent=tip(root), executable=scripts).sha


def _tell_uncommitted(session: Session, root: Path, wanted: Scaffold) -> None:
    """gitctl reads what is committed: an app whose files are not would be empty."""
    from gitctl.model.quantity import counted
    from gitctl.source.create import uncommitted

    count = uncommitted(root, (app.path.partition("{")[0] or "." for app in wanted.start.apps))
    if count:
        session.warn(f"{counted(count, 'file')} of the apps not committed: gitctl reads what is committed")


def _check_places(root: Path, new: Iterable[str]) -> None:
    """Raise Refused where a file would have to lie in, or in the place of, something that is no folder, or is one."""
    from gitctl.errors import ErrorId, Refused

    for path in new:
        blocking = next((p for p in (root / path, *(root / path).parents) if p.is_relative_to(root) and _blocks(p, root / path)), None)
        if blocking is not None:
            what = "a folder" if blocking.is_dir() else "a link" if blocking.is_symlink() else "a file"
            told = f"{path} cannot be written: {blocking.relative_to(root)} is {what}"
            raise Refused(told, id=ErrorId.PLACE_TAKEN, hint="move it away; nothing was written")


def _blocks(place: Path, wanted: Path) -> bool:
    return place.is_dir() or place.is_symlink() if place == wanted else place.exists() and not place.is_dir()


def _first_sync(session: Session, root: Path, wanted: Scaffold, *, yes: bool) -> list[tuple[Stage, tuple[AppRun, ...]]]:
    from dataclasses import replace

    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_stages
    from gitctl.workflow.sync import SyncRequest, sync_apps

    session.flags = replace(session.flags, directory=root, env=wanted.environments[0])
    stages = open_stages(session, None)
    with session.graceful():
        return [(s, sync_apps(s.apps, s.parts, SyncRequest(), confirm=confirm_plan(session, s, yes=yes))) for s in stages]
