"""`gitctl suspend`: nobody shall change an app for a while."""

from __future__ import annotations

from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP, LOCK_TIMEOUT, PUSH

EPILOG = epilog(
    [
        ('gitctl suspend web -e prod --reason "incident 42" --until 3d', "a commit: everybody sees why"),
        ("gitctl suspend web -e prod --live", "at once, without Git"),
    ],
    codes={4: "Git did not take the commit", 7: "refused; nothing was written", 10: "a run holds the lock (--live)"},
    notes="`sync`, `rollback`, `delete` and `drift-check --fix` are refused with exit 7 until `gitctl resume`; drift is still reported.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("suspend", epilog=EPILOG)(suspend)


@with_session()
def suspend(
    session: Session,
    app: APP,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; shown to whoever is refused.")] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="2h, 3d or 2026-12-01T09:00:00Z; default: until it is resumed.")
    ] = "",
    live: Annotated[bool, typer.Option("--live", help="At once, in the cluster's state; Git does not know.")] = False,
    push: PUSH = False,
    lock_timeout: LOCK_TIMEOUT = "0s",
) -> int:
    """Suspend an app: nobody syncs it until it is resumed.

    By default a commit to gitctl.yaml says so; --live says it in the cluster, at once.
    """
    from datetime import UTC, datetime

    from gitctl.cli.actor import actor
    from gitctl.cli.request import duration, later
    from gitctl.cli.suspending import write_live, write_to_git
    from gitctl.errors import ErrorId, UsageError
    from gitctl.model.suspension import Suspension
    from gitctl.workflow.parts import rfc3339

    if push and live:
        raise UsageError("--push and --live contradict each other", id=ErrorId.FLAGS_CONFLICT, hint="leave one out")
    now = datetime.now(UTC)
    # One line: it is shown in one, and is the subject of the commit.
    suspension = Suspension(" ".join(reason.split()), actor(), rfc3339(now), rfc3339(later("--until", until, now)) if until else "")
    if live:
        return write_live(session, app, suspension, lock_timeout=duration("--lock-timeout", lock_timeout))
    return write_to_git(session, app, suspension, push=push)
