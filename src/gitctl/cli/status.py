"""`gitctl status [APP]`: where apps stand between Git and the cluster."""

from __future__ import annotations

from typing import Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import REVISION

EPILOG = epilog(
    [
        ("gitctl status -e prod", "every app, one line each"),
        ("gitctl status web -e prod", "the tree of its objects"),
        ("gitctl status -e prod --exit-code -q", "for a script"),
    ],
    codes={0: "whatever the state is", 1: "with --exit-code: something is not in sync, or not healthy"},
    notes="States: in-sync, pending (Git has something newer), drifted, incomplete, suspended, held, lost, unknown.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", epilog=EPILOG)(status)


@with_session()
def status(
    session: Session,
    apps: Annotated[
        list[str] | None,
        typer.Argument(metavar="[APP…]", help="Apps (default: all); a named app shows its objects.", autocompletion=offer.apps),
    ] = None,
    revision: REVISION = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 unless all is in sync and healthy.")] = False,
) -> int:
    """Show state, health, revision and last sync of each app."""
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.status import show_status
    from gitctl.workflow.status import left_states, status_apps

    stages = open_stages(session, apps, revision=revision)
    found = []
    for stage in stages:
        statuses = status_apps(stage.apps, stage.parts)
        if not apps and not all(s.error for s in statuses):
            known = stage.parts.project.all_apps(stage.parts.tree)
            statuses += left_states(known, stage.parts, project=stage.project, env=stage.env)
        found.append((stage, statuses))
    return show_status(session, found, detail=bool(apps), exit_code=exit_code)
