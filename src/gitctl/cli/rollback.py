"""`gitctl rollback`: go back to what ran well before, through Git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP, LOCK_TIMEOUT, PLAN_DIGEST, PRUNE_LIMIT, PUSH, TIMEOUT, WAIT, YES

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.rollback import RollbackPlan

EPILOG = epilog(
    [
        ("gitctl rollback web -e prod", "to the newest good record before this one"),
        ("gitctl rollback web -e prod --to 12 --push --yes", "to record 12, pushed, in CI"),
        ("gitctl rollback web -e prod --no-commit", "at once; the app is held until Git agrees"),
    ],
    codes={7: "refused; nothing was written", 8: "applied in part", 9: "applied, not healthy in time", 10: "another run holds the lock"},
)

TO = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="RECORD|REV",
        help="Number in `gitctl history`, or a revision; default: the newest good record before this one.",
        autocompletion=offer.records,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rollback", epilog=EPILOG)(rollback)


@with_session()
def rollback(
    session: Session,
    app: APP,
    to: TO = "",
    push: PUSH = False,
    commit: Annotated[
        bool, typer.Option("--commit/--no-commit", help="Write the rollback to Git; --no-commit applies it and holds the app.")
    ] = True,
    yes: YES = False,
    wait: WAIT = True,
    timeout: TIMEOUT = None,
    plan_digest: PLAN_DIGEST = "",
    prune_limit: PRUNE_LIMIT = None,
    lock_timeout: LOCK_TIMEOUT = "0s",
) -> int:
    """Go back to what an earlier run applied.

    A new commit restores what that run read, then a sync applies it. History is never rewritten.
    """
    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_stages
    from gitctl.cli.request import duration
    from gitctl.cli.show.report import show_runs
    from gitctl.errors import ErrorId, GitctlError, UsageError
    from gitctl.source.overlay import OverlayTree
    from gitctl.workflow.plan import PlanRequest
    from gitctl.workflow.rollback import RollbackRequest, carry_out, plan_rollback
    from gitctl.workflow.sync import AppRun, SyncRequest

    if push and not commit:
        raise UsageError("--push and --no-commit contradict each other", id=ErrorId.FLAGS_CONFLICT, hint="leave one out")
    sync = SyncRequest(
        plan=PlanRequest(plan_digest=plan_digest, prune_limit=prune_limit),
        wait=wait,
        timeout=duration("--timeout", timeout) if timeout else None,
        lock_timeout=duration("--lock-timeout", lock_timeout),
    )
    request = RollbackRequest(to=to, push=push, hold=not commit, sync=sync)

    def run(stage: Stage) -> AppRun:
        try:
            plan = plan_rollback(stage.apps[0], stage.parts, request, overlay=OverlayTree)
            _tell(session, plan)
            _consent_to_others(session, plan, yes=yes)
            return carry_out(plan, stage.parts, request, confirm=confirm_plan(session, stage, yes=yes))
        except GitctlError as error:
            return AppRun(stage.apps[0], error=error)

    pushes = push if commit else None
    stages = open_stages(session, [app], push=pushes)
    with session.graceful():
        runs = [(stages[0], [run(stages[0])])]
        for number in range(1, len(stages)):
            # The first cluster's rollback made a commit: the others read it.
            stage = open_stages(session, [app], push=pushes)[number]
            runs.append((stage, [run(stage)]))
    return show_runs(session, runs, kind="RollbackResult")


def _tell(session: Session, plan: RollbackPlan) -> None:
    record = plan.record
    session.say(f"back to record {record.number}: {record.revision[:8]} {record.subject} (by {record.actor}, {record.finished})")
    for path, content in plan.files.items():
        session.say(f"  {'remove' if content is None else 'restore'} {path}")
    for name in plan.secrets:
        session.say(f"  note: {name} changes; what it opens elsewhere, such as a database, is not changed back")


def _consent_to_others(session: Session, plan: RollbackPlan, *, yes: bool) -> None:
    from gitctl.cli.ask import ask
    from gitctl.errors import ErrorId, Refused

    if not plan.others:
        return
    session.say(f"this also changes: {', '.join(plan.others)}")
    if not (yes or ask(session, "restore shared files all the same?", about=ErrorId.ROLLBACK_CHANGES_OTHERS)):
        raise Refused(
            "not rolled back: it would change other apps", id=ErrorId.ROLLBACK_CHANGES_OTHERS, hint="add --yes, or use --no-commit"
        )
