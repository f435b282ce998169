"""`gitctl rollback`: go back to what ran well before, through Git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.session import Session

if TYPE_CHECKING:
    from gitctl.workflow.rollback import RollbackPlan

EPILOG = """Examples: `gitctl rollback web -e prod`, `gitctl rollback web -e prod --to 12 --push --yes`,
`gitctl rollback web -e prod --no-commit` (applies at once; the app is held until Git agrees). Exit codes as in `gitctl sync`."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rollback", epilog=EPILOG)(rollback)


@with_session()
def rollback(
    session: Session,
    app: Annotated[str, typer.Argument(help="App of gitctl.yaml.")],
    to: Annotated[str, typer.Option("--to", metavar="RECORD|REV", help="Default: the newest good record before this one.")] = "",
    push: Annotated[bool, typer.Option("--push", help="Push the commit.")] = False,
    commit: Annotated[bool, typer.Option("--commit/--no-commit", help="Write the rollback to Git.")] = True,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until healthy.")] = True,
    timeout: Annotated[str | None, typer.Option("--timeout", help="How long to wait, such as 5m.")] = None,
    plan_digest: Annotated[str, typer.Option("--plan-digest", help="Permit exactly the plan with this digest.")] = "",
    prune_limit: Annotated[int | None, typer.Option("--prune-limit", help="Allow up to N deletions in this run.")] = None,
    lock_timeout: Annotated[str, typer.Option("--lock-timeout", help="Wait this long for another run to end.")] = "0s",
) -> int:
    """Restore what an earlier record rendered: a new commit, then a sync. History is never rewritten."""
    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.report import show_runs
    from gitctl.config.duration import parse_duration
    from gitctl.errors import UsageError
    from gitctl.source.overlay import OverlayTree
    from gitctl.workflow.plan import PlanRequest
    from gitctl.workflow.rollback import RollbackRequest, carry_out, plan_rollback
    from gitctl.workflow.sync import AppRun, SyncRequest

    if push and not commit:
        raise UsageError("--push and --no-commit contradict each other", hint="leave one out")
    sync = SyncRequest(
        plan=PlanRequest(plan_digest=plan_digest, prune_limit=prune_limit),
        wait=wait,
        timeout=parse_duration(timeout) if timeout else None,
        lock_timeout=parse_duration(lock_timeout),
    )
    request = RollbackRequest(to=to, push=push, hold=not commit, sync=sync)
    runs = []
    for stage in open_stages(session, [app], target=True):
        with session.graceful():
            plan = plan_rollback(stage.apps[0], stage.parts, request, overlay=OverlayTree)
            _tell(session, plan)
            _consent_to_others(session, plan, yes=yes)
            run: AppRun = carry_out(plan, stage.parts, request, confirm=confirm_plan(session, stage, yes=yes))
        runs.append((stage, [run]))
    return show_runs(session, runs, kind="RollbackResult")


def _tell(session: Session, plan: RollbackPlan) -> None:
    record = plan.record
    session.say(f"back to record {record.number}: {record.revision[:8]} {record.subject} (by {record.actor}, {record.finished})")
    for path, content in plan.files.items():
        session.say(f"  {'remove ' if content is None else 'restore'} {path}")
    for name in plan.secrets:
        session.say(f"  note: {name} changes; values that live in outside stores are not brought back")


def _consent_to_others(session: Session, plan: RollbackPlan, *, yes: bool) -> None:
    from gitctl.cli.ask import ask
    from gitctl.errors import Refused

    if not plan.others:
        return
    session.say(f"this also changes: {', '.join(plan.others)}")
    if not (yes or ask(session, "restore shared files all the same?")):
        raise Refused("not rolled back: it would change other apps", hint="add --yes, or use --no-commit")
