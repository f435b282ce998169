"""`gitctl status [APP]`: where apps stand between Git and the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import REVISION

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.model.status import AppStatus

EPILOG = epilog(
    [
        ("gitctl status -e prod", "every app, one line each"),
        ("gitctl status web -e prod", "the tree of its objects"),
        ("gitctl status web -e prod --watch", "until Ctrl-C"),
        ("gitctl status -e prod --exit-code -q", "for a script"),
    ],
    codes={0: "whatever the state is", 1: "with --exit-code: something is not in sync, or not healthy", 130: "Ctrl-C, with --watch"},
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
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Go on looking until Ctrl-C; redrawn on a terminal.")] = False,
    interval: Annotated[
        str, typer.Option("--interval", metavar="DURATION", help="With --watch: look again after this at the latest.")
    ] = "10s",
) -> int:
    """Show state, health, revision and last sync of each app."""
    from gitctl.cli.show.status import show_status

    def look() -> Sequence[tuple[Stage, Sequence[AppStatus]]]:
        return _look(session, apps, revision)

    if watch:
        from gitctl.cli.request import duration
        from gitctl.cli.watch import watch_status

        return watch_status(session, look, interval=duration("--interval", interval), detail=bool(apps))
    return show_status(session, look(), detail=bool(apps), exit_code=exit_code)


def _look(session: Session, apps: list[str] | None, revision: str | None) -> Sequence[tuple[Stage, Sequence[AppStatus]]]:
    from gitctl.cli.open import open_stages
    from gitctl.cli.remember import remember
    from gitctl.workflow.status import left_states, status_apps

    found = []
    for stage in open_stages(session, apps, revision=revision):
        statuses = status_apps(stage.apps, stage.parts)
        if not apps and not all(s.error for s in statuses):
            known = stage.parts.project.all_apps(stage.parts.tree)
            statuses += left_states(known, stage.parts, project=stage.project, env=stage.env)
        found.append((stage, statuses))
    remember(session, [(stage, one.app, [one.last]) for stage, statuses in found for one in statuses])
    return found
