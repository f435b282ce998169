"""`gitctl drift-check`: did somebody change what gitctl applied?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import (
    APP_NAME,
    APPS,
    DRIFT_INTERVAL,
    DRIFT_WATCH,
    LOCK_TIMEOUT,
    PUSH_BRANCH,
    SECRETS,
    TIMEOUT,
    VERIFY,
    WAIT,
    WATCH_FOR,
    YES,
)
from gitctl.errors import ErrorId, UsageError
from gitctl.model.certificate import Verify

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.drift import DriftLook

EPILOG = epilog(
    [
        ("gitctl drift-check -e prod", "all apps; quiet when nothing is wrong"),
        ("gitctl drift-check web -e prod --fix", "put back what was applied"),
        ("gitctl drift-check -e prod --watch -o json", "each drift as it appears and goes, one JSON document a line"),
        ("gitctl drift-check -e prod --watch --for 10m", "in CI: did anybody change something in this time?"),
    ],
    codes={
        0: "no drift, or all of it fixed",
        1: "drift",
        5: "the wanted value cannot be rendered again",
        6: "something could not be looked at",
        130: "with --watch: ended by Ctrl-C",
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
    watch: DRIFT_WATCH = False,
    interval: DRIFT_INTERVAL = None,
    seconds: WATCH_FOR = None,
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

    opened = partial(open_stages, session, apps, app_name=app_name, may_fetch=fetch, named=True, push=push if fix else None)
    look = DriftLook(verify=verify, secrets=not no_secrets, foreign=foreign)
    if watch or interval or seconds:
        _check_watch(watch=watch, fix=fix, foreign=foreign)
        return _watch(session, apps, opened, look, interval=interval, seconds=seconds)
    stages = opened()
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


def _check_watch(*, watch: bool, fix: bool, foreign: bool) -> None:
    if not watch:
        raise UsageError("--interval and --for are for --watch", id=ErrorId.FLAGS_CONFLICT, hint="leave them out, or add --watch")
    if fix:
        raise UsageError("--fix is done once", id=ErrorId.FLAGS_CONFLICT, hint="`gitctl sync --watch` puts changes back as they happen")
    if foreign:
        raise UsageError("--foreign is a single look", id=ErrorId.FLAGS_CONFLICT, hint="leave --watch out")


def _watch(
    session: Session,
    apps: list[str] | None,
    opened: Callable[..., tuple[Stage, ...]],
    look: DriftLook,
    *,
    interval: str | None,
    seconds: str | None,
) -> int:
    from gitctl.cli.drift_watch import watch_drift
    from gitctl.cli.open import read_project
    from gitctl.cli.request import duration
    from gitctl.cli.rounds import Rounds

    rounds = Rounds(session, partial(read_project, session, apps), lambda project: opened(opened=project))
    ends = duration("--for", seconds) if seconds else None
    return watch_drift(session, rounds, look, every=duration("--interval", interval or "5m"), seconds=ends)
