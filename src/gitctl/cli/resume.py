"""`gitctl resume`: the end of a suspension."""

from __future__ import annotations

from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP, LOCK_TIMEOUT, PUSH

EPILOG = epilog(
    [
        ("gitctl resume web -e prod", "in Git and in the cluster, wherever it was suspended"),
        ("gitctl resume web -e prod --live", "in the cluster only"),
    ],
    codes={4: "Git did not take the commit", 6: "the cluster cannot be asked", 10: "a run holds the lock"},
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("resume", epilog=EPILOG)(resume)


@with_session()
def resume(
    session: Session,
    app: APP,
    live: Annotated[bool, typer.Option("--live", help="Only what `suspend --live` wrote; Git stays as it is.")] = False,
    push: PUSH = False,
    lock_timeout: LOCK_TIMEOUT = "0s",
) -> int:
    """End the suspension of an app. Nothing is synced by it."""
    from gitctl.cli.request import duration
    from gitctl.cli.suspending import end
    from gitctl.errors import ErrorId, UsageError

    if push and live:
        raise UsageError("--push and --live contradict each other", id=ErrorId.FLAGS_CONFLICT, hint="leave one out")
    return end(session, app, live_only=live, push=push, lock_timeout=duration("--lock-timeout", lock_timeout))
