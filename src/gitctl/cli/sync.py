"""`gitctl sync`: bring the target to what Git says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace as replace_in
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import (
    ADOPT_FROM,
    APP_NAME,
    APPS,
    ATOMIC,
    CONTINUE_ON_ERROR,
    HEARTBEAT,
    INTERVAL,
    LABELS,
    LOCK_TIMEOUT,
    ONLY,
    PLAN_DIGEST,
    PRUNE,
    PRUNE_LIMIT,
    PUSH_BRANCH,
    REPLACE,
    REVISION,
    SYNC_WATCH,
    TIMEOUT,
    VERIFY,
    WAIT,
    WORKTREE,
    YES,
)
from gitctl.errors import ErrorId, GitctlError, UsageError
from gitctl.model.certificate import Verify

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.cli.rounds import Read
    from gitctl.cli.show.report import Ran
    from gitctl.workflow.plan import PlanRequest
    from gitctl.workflow.sync import AppRun, SyncRequest

EPILOG = epilog(
    [
        ("gitctl sync -e dev", "all apps, in the order of depends_on"),
        ("gitctl sync web -e prod --revision v1.2 --yes", "one app, in CI"),
        ("gitctl sync -e prod --dry-run", "show the plan, write nothing"),
        ("gitctl sync web -e prod --atomic --yes", "applied and healthy, or as it was before"),
        ("gitctl sync site -e prod --push --yes", "an app whose target is a branch: render, commit, push"),
        ("gitctl sync ./manifests --app demo --context kind-dev -n demo", "a folder, without gitctl.yaml"),
        ("gitctl sync -e prod --yes --interval 1m", "again and again, until Ctrl-C or SIGTERM"),
        ("gitctl sync -e prod --yes --watch", "the same, and what is changed by hand is put back at once"),
    ],
    codes={
        0: "applied and healthy, or nothing to do",
        1: "with --dry-run only: differences",
        7: "refused; nothing was written",
        8: "applied in part; with --atomic: refused before the first write, or taken back",
        9: "applied, not healthy in time",
        10: "another run holds the lock",
    },
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sync", epilog=EPILOG)(sync)


@with_session()
def sync(
    session: Session,
    apps: APPS = None,
    revision: REVISION = None,
    worktree: WORKTREE = False,
    app_name: APP_NAME = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show exactly what would be done; write nothing.")] = False,
    prune: PRUNE = None,
    prune_limit: PRUNE_LIMIT = None,
    plan_digest: PLAN_DIGEST = "",
    replace: REPLACE = None,
    wait: WAIT = True,
    timeout: TIMEOUT = None,
    yes: YES = False,
    push: PUSH_BRANCH = False,
    adopt: Annotated[bool, typer.Option("--adopt", help="Take over objects that exist and that no app owns.")] = False,
    adopt_from: ADOPT_FROM = None,
    force_conflicts: Annotated[bool, typer.Option("--force-conflicts", help="Take fields that other managers own.")] = False,
    with_deps: Annotated[bool, typer.Option("--with-deps", help="First sync the apps that these depend on.")] = False,
    allow_dirty: Annotated[bool, typer.Option("--allow-dirty", help="Sync uncommitted files.")] = False,
    allow_stale: Annotated[bool, typer.Option("--allow-stale", help="Sync the cached revision when Git is out of reach.")] = False,
    release: Annotated[bool, typer.Option("--release", help="End the hold of a `rollback --no-commit`.")] = False,
    continue_on_error: CONTINUE_ON_ERROR = False,
    atomic: ATOMIC = False,
    lock_timeout: LOCK_TIMEOUT = "0s",
    selector: LABELS = None,
    only: ONLY = None,
    interval: INTERVAL = None,
    heartbeat: HEARTBEAT = None,
    watch: SYNC_WATCH = False,
    verify: VERIFY = Verify.SAMPLE,
) -> int:
    """Apply what Git says, wait until it is healthy, record it."""
    from gitctl.cli.open import open_stages, read_project
    from gitctl.cli.request import duration, plan_request
    from gitctl.workflow.sync import SyncRequest

    opened = partial(open_stages, session, apps, revision=revision, worktree=worktree, app_name=app_name)
    stages = partial(opened, with_deps=with_deps, named=True, tell_dirty=not watch, push=push)
    planning = partial(plan_request, only=only, selector=selector, prune=prune, replace=replace, verify=verify)
    consents = partial(planning, adopt=adopt, adopt_from=adopt_from, force_conflicts=force_conflicts)
    request = SyncRequest(
        plan=consents(prune_limit=prune_limit, plan_digest=plan_digest),
        wait=wait,
        timeout=duration("--timeout", timeout) if timeout else None,
        lock_timeout=duration("--lock-timeout", lock_timeout),
        allow_dirty=allow_dirty,
        allow_stale=allow_stale,
        release=release,
        continue_on_error=continue_on_error,
        atomic=atomic,
    )
    _require_sense(request)
    if watch:
        read = partial(read_project, session, apps, revision=revision, worktree=worktree)
        round_of = partial(_round, session, request, yes=yes)
        return _watch(session, (read, stages), round_of, request.plan, interval=interval, heartbeat=heartbeat, dry_run=dry_run)
    if interval is None and heartbeat is None:
        return _carry_out(session, stages(), request, dry_run=dry_run, yes=yes)
    return _again_and_again(session, partial(_runs, session, stages, request, yes=yes), interval, heartbeat, dry_run=dry_run)


def _require_sense(request: SyncRequest) -> None:
    against = "--continue-on-error" if request.continue_on_error else "" if request.wait else "--no-wait"
    if request.atomic and against:
        raise UsageError(
            f"--atomic and {against} contradict each other",
            id=ErrorId.FLAGS_CONFLICT,
            hint="leave one out: an atomic sync ends well and healthy, or is taken back",
        )


def _again_and_again(session: Session, run: Callable[[], Ran], interval: str | None, heartbeat: Path | None, *, dry_run: bool) -> int:
    from gitctl.cli.repeat import repeat
    from gitctl.cli.request import duration

    if interval is None:
        raise UsageError("--heartbeat is for --interval", id=ErrorId.FLAGS_CONFLICT, hint="leave it out, or add --interval 1m or --watch")
    if dry_run:
        raise UsageError("--dry-run is done once", id=ErrorId.FLAGS_CONFLICT, hint="leave --interval out")
    return repeat(session, duration("--interval", interval), run, heartbeat=heartbeat)


def _watch(
    session: Session,
    project: tuple[Read, Callable[..., tuple[Stage, ...]]],
    round_of: Callable[[tuple[Stage, ...]], Ran],
    plan: PlanRequest,
    *,
    interval: str | None,
    heartbeat: Path | None,
    dry_run: bool,
) -> int:
    from gitctl.cli.request import duration
    from gitctl.cli.rounds import Rounds
    from gitctl.cli.sync_watch import watch_and_sync

    _check_watch(dry_run=dry_run, prune_limit=plan.prune_limit, plan_digest=plan.plan_digest)
    read, stages = project
    rounds = Rounds(session, read, lambda opened: stages(opened=opened))
    return watch_and_sync(session, rounds, round_of, every=duration("--interval", interval or "1m"), heartbeat=heartbeat)


def _check_watch(*, dry_run: bool, prune_limit: int | None, plan_digest: str) -> None:
    """A consent to delete is for one plan, not for all that are to come."""
    if dry_run:
        raise UsageError("--dry-run is done once", id=ErrorId.FLAGS_CONFLICT, hint="leave --watch out")
    if prune_limit is not None or plan_digest:
        raise UsageError(
            "--prune-limit and --plan-digest are for one run",
            id=ErrorId.FLAGS_CONFLICT,
            hint="leave --watch out, and run it beside the watch",
        )


def _round(session: Session, request: SyncRequest, stages: tuple[Stage, ...], *, yes: bool) -> Ran:
    return _runs(session, lambda: stages, request, yes=yes)


def _carry_out(session: Session, stages: tuple[Stage, ...], request: SyncRequest, *, dry_run: bool, yes: bool) -> int:
    from gitctl.cli.show.report import show_plans, show_runs
    from gitctl.workflow.sync import plan_sync

    if dry_run:
        request = _suited(request, stages)
        return show_plans(session, [(s, plan_sync(s.apps, s.parts, request)) for s in stages], kind="SyncResult")
    return show_runs(session, _runs(session, lambda: stages, request, yes=yes))


def _runs(session: Session, opened: Callable[[], tuple[Stage, ...]], request: SyncRequest, *, yes: bool) -> Ran:
    from gitctl.cli.ask import confirm_plan
    from gitctl.workflow.sync import sync_apps

    stages = opened()
    request = _suited(request, stages)
    with session.graceful():
        runs = [(s, sync_apps(s.apps, s.parts, request, confirm=confirm_plan(session, s, yes=yes))) for s in stages]
        return [(stage, publish(session, stage, done)) for stage, done in runs]


def publish(session: Session, stage: Stage, runs: Sequence[AppRun]) -> Sequence[AppRun]:
    """After runs that went well, push also what earlier ones left unpushed in the branch; a failure is the last run's."""
    if not runs or any(run.error for run in runs):
        return runs
    try:
        if stage.publish():
            session.say(f"pushed {stage.parts.branch}")
    except GitctlError as error:
        return (*runs[:-1], replace_in(runs[-1], error=error))
    return runs


def _suited(request: SyncRequest, stages: tuple[Stage, ...]) -> SyncRequest:
    """A folder without a project is read as it lies there."""
    return replace_in(request, allow_dirty=request.allow_dirty or stages[0].path_mode)
