"""`gitctl drift-check`: did somebody change what gitctl applied?"""

from __future__ import annotations

from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.session import Session
from gitctl.cli.words import APPS

EPILOG = """Quiet when nothing is wrong. Examples: `gitctl drift-check -e prod`, `gitctl drift-check web -e prod --fix`. Exit codes:
0 no drift, 1 drift, 5 the wanted value cannot be rendered again, 6 something could not be looked at, others as in `gitctl --help`."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drift-check", epilog=EPILOG)(drift_check)


@with_session()
def drift_check(
    session: Session,
    apps: APPS = None,
    app_name: Annotated[str | None, typer.Option("--app", help="Name of the app in path mode.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Apply again what was acknowledged.")] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch commits that this clone lacks.")] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask before a fix.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="After a fix wait until healthy.")] = True,
    timeout: Annotated[str | None, typer.Option("--timeout", help="How long to wait, such as 5m.")] = None,
    lock_timeout: Annotated[str, typer.Option("--lock-timeout", help="Wait this long for another run to end.")] = "0s",
) -> int:
    """Compare what runs with what was last applied, field by field, and name who changed it."""
    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.drift import show_drift
    from gitctl.config.duration import parse_duration
    from gitctl.workflow.drift import drift_apps
    from gitctl.workflow.drift import fix as fix_drift
    from gitctl.workflow.sync import SyncRequest

    stages = open_stages(session, apps, app_name=app_name, fetch=fetch, named=True)
    staged = [(stage, drift_apps(stage.apps, stage.parts)) for stage in stages]
    if fix:
        request = SyncRequest(
            wait=wait,
            timeout=parse_duration(timeout) if timeout else None,
            lock_timeout=parse_duration(lock_timeout),
            allow_dirty=True,
            allow_stale=True,
        )
        with session.graceful():
            staged = [
                (s, tuple(fix_drift(r, s.parts, request, confirm=confirm_plan(session, s, yes=yes)) for r in runs)) for s, runs in staged
            ]
    return show_drift(session, staged)
