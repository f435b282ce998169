"""`gitctl unlock APP`: who holds the lock, and take it away from a run that will not give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP, APP_NAME, YES

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.unlock import Confirm

EPILOG = epilog(
    [
        ("gitctl unlock web -e prod", "shows who holds the lock, asks, takes it away"),
        ("gitctl unlock web -e prod --yes", "in CI"),
        ("gitctl unlock . --app demo --context kind-dev -n demo", "what is synced from a folder"),
        ("gitctl unlock site -e prod --push --yes", "an app whose target is a branch that runs push"),
    ],
    codes={
        0: "nobody holds the lock (any more)",
        7: "refused: the holder lives, or nobody consented",
        10: "another run was faster",
    },
    notes="Rarely needed: a dead run on this machine is noticed at once, one elsewhere after 60 s of silence.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("unlock", epilog=EPILOG)(unlock)


@with_session()
def unlock(
    session: Session,
    app: APP,
    app_name: APP_NAME = None,
    yes: YES = False,
    evict_running: Annotated[
        bool, typer.Option("--dangerous-evict-running", help="Also from a run that lives; it stops before its next write.")
    ] = False,
    push: Annotated[bool, typer.Option("--push", help="The lock of runs with --push: it is at the remote.")] = False,
) -> int:
    """Take an app's lock away from the run that holds it.

    Shows holder, machine, times, and what that run is doing. Its record is marked as interrupted, with who evicted it. A run that
    still lives is refused: it is watched for up to 20 s.
    """
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.error import error_json
    from gitctl.cli.show.lines import text_of
    from gitctl.cli.show.unlock import unlocked_json, unlocked_lines
    from gitctl.errors import GitctlError, raise_all
    from gitctl.workflow.unlock import unlock as take

    done, errors = [], []
    with session.graceful():
        for stage in open_stages(session, [app], app_name=app_name, named=True, push=push):
            confirm = _confirm(session, stage, yes=yes)
            try:
                done.append((stage, take(stage.apps[0], stage.parts, evict_running=evict_running, confirm=confirm)))
            except GitctlError as error:
                errors.append(error)
    rows = [row for stage, one in done for row in unlocked_lines(one, title=stage.title(one.seen.app))]
    body = {
        "app": app,
        "clusters": [
            {"environment": stage.env, "cluster": stage.parts.cluster, "branch": stage.parts.branch, **unlocked_json(one)}
            for stage, one in done
        ],
        "errors": [error_json(error) for error in errors],
    }
    session.result("UnlockResult", body, text=lambda: text_of(rows, color=session.color, clean=session.redactor.clean))
    raise_all(errors)
    return 0


def _confirm(session: Session, stage: Stage, *, yes: bool) -> Confirm:
    from gitctl.cli.ask import ask
    from gitctl.cli.show.lines import text_of
    from gitctl.cli.show.unlock import holder_lines
    from gitctl.workflow.unlock import Seen

    def confirm(seen: Seen) -> bool:
        session.say(text_of(holder_lines(seen, title=stage.title(seen.app)), color=False, clean=session.redactor.clean).rstrip())
        return yes or ask(session, f"take the lock of {stage.title(seen.app)} from {seen.holding.holder if seen.holding else 'nobody'}?")

    return confirm
