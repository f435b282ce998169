"""`gitctl drift-check`: did somebody change what gitctl applied?"""

from __future__ import annotations

from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP_NAME, APPS, LOCK_TIMEOUT, PUSH_BRANCH, SECRETS, TIMEOUT, VERIFY, WAIT, YES
from gitctl.model.certificate import Verify

EPILOG = epilog(
    [
        ("gitctl drift-check -e prod", "all apps; quiet when nothing is wrong"),
        ("gitctl drift-check web -e prod --fix", "put back what was applied"),
    ],
    codes={
        0: "no drift, or all of it fixed",
        1: "drift",
        5: "the wanted value cannot be rendered again",
        6: "something could not be looked at",
    },
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("drift-check", epilog=EPILOG)(drift_check)


@with_session()
def drift_check(
    session: Session,
    apps: APPS = None,
    app_name: APP_NAME = None,
    fix: Annotated[bool, typer.Option("--fix", help="Apply again what was last applied well.")] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch from the remote first, for commits that this clone lacks.")] = False,
    foreign: Annotated[bool, typer.Option("--foreign", help="Also list what controllers own on the objects, by manager.")] = False,
    verify: VERIFY = Verify.SAMPLE,
    no_secrets: SECRETS = False,
    yes: YES = False,
    push: PUSH_BRANCH = False,
    wait: WAIT = True,
    timeout: TIMEOUT = None,
    lock_timeout: LOCK_TIMEOUT = "0s",
) -> int:
    """Compare what runs with what was last applied.

    Field by field, with who changed it and which commit wanted otherwise. Writes nothing without --fix.
    """
    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_stages
    from gitctl.cli.request import duration
    from gitctl.cli.show.drift import show_drift
    from gitctl.workflow.drift import DriftLook, drift_apps
    from gitctl.workflow.drift import fix as fix_drift
    from gitctl.workflow.sync import SyncRequest

    stages = open_stages(session, apps, app_name=app_name, may_fetch=fetch, named=True, push=push if fix else None)
    look = DriftLook(verify=verify, secrets=not no_secrets, foreign=foreign)
    staged = [(stage, drift_apps(stage.apps, stage.parts, look)) for stage in stages]
    if fix:
        request = SyncRequest(
            wait=wait,
            timeout=duration("--timeout", timeout) if timeout else None,
            lock_timeout=duration("--lock-timeout", lock_timeout),
            allow_dirty=True,
            allow_stale=True,
        )
        with session.graceful():
            staged = [
                (s, tuple(fix_drift(r, s.parts, request, confirm=confirm_plan(session, s, yes=yes)) for r in runs)) for s, runs in staged
            ]
    return show_drift(session, staged)
