"""`gitctl sync`: bring the target to what Git says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import (
    ADOPT_FROM,
    APP_NAME,
    APPS,
    LABELS,
    LOCK_TIMEOUT,
    ONLY,
    PLAN_DIGEST,
    PRUNE_LIMIT,
    REPLACE,
    REVISION,
    TIMEOUT,
    WAIT,
    WORKTREE,
    YES,
)

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.sync import SyncRequest

EPILOG = epilog(
    [
        ("gitctl sync -e dev", "all apps, in the order of depends_on"),
        ("gitctl sync web -e prod --revision v1.2 --yes", "one app, in CI"),
        ("gitctl sync -e prod --dry-run", "show the plan, write nothing"),
        ("gitctl sync ./manifests --app demo --context kind-dev -n demo", "a folder, without gitctl.yaml"),
    ],
    codes={
        0: "applied and healthy, or nothing to do",
        1: "with --dry-run only: differences",
        7: "refused; nothing was written",
        8: "applied in part",
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
    prune: Annotated[
        bool | None, typer.Option("--prune/--no-prune", help="Delete what left Git; default: as the app says, for a folder no.")
    ] = None,
    prune_limit: PRUNE_LIMIT = None,
    plan_digest: PLAN_DIGEST = "",
    replace: REPLACE = None,
    wait: WAIT = True,
    timeout: TIMEOUT = None,
    yes: YES = False,
    adopt: Annotated[bool, typer.Option("--adopt", help="Take over objects that exist and that no app owns.")] = False,
    adopt_from: ADOPT_FROM = None,
    force_conflicts: Annotated[bool, typer.Option("--force-conflicts", help="Take fields that other managers own.")] = False,
    with_deps: Annotated[bool, typer.Option("--with-deps", help="First sync the apps that these depend on.")] = False,
    allow_dirty: Annotated[bool, typer.Option("--allow-dirty", help="Sync uncommitted files.")] = False,
    allow_stale: Annotated[bool, typer.Option("--allow-stale", help="Sync the cached revision when Git is out of reach.")] = False,
    release: Annotated[bool, typer.Option("--release", help="End the hold of a `rollback --no-commit`.")] = False,
    continue_on_error: Annotated[bool, typer.Option("--continue-on-error", help="Go on with later waves after a failure.")] = False,
    lock_timeout: LOCK_TIMEOUT = "0s",
    selector: LABELS = None,
    only: ONLY = None,
) -> int:
    """Apply what Git says, wait until it is healthy, record it."""
    from gitctl.cli.open import open_stages
    from gitctl.cli.request import duration, plan_request
    from gitctl.workflow.sync import SyncRequest

    stages = open_stages(
        session, apps, revision=revision, worktree=worktree, app_name=app_name, with_deps=with_deps, named=True, tell_dirty=True
    )
    request = SyncRequest(
        plan=plan_request(
            only=only,
            selector=selector,
            adopt=adopt,
            adopt_from=adopt_from,
            force_conflicts=force_conflicts,
            prune=prune,
            replace=replace,
            prune_limit=prune_limit,
            plan_digest=plan_digest,
        ),
        wait=wait,
        timeout=duration("--timeout", timeout) if timeout else None,
        lock_timeout=duration("--lock-timeout", lock_timeout),
        allow_dirty=allow_dirty or stages[0].path_mode,
        allow_stale=allow_stale,
        release=release,
        continue_on_error=continue_on_error,
    )
    return _carry_out(session, stages, request, dry_run=dry_run, yes=yes)


def _carry_out(session: Session, stages: tuple[Stage, ...], request: SyncRequest, *, dry_run: bool, yes: bool) -> int:
    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.show.report import show_plans, show_runs
    from gitctl.workflow.sync import plan_sync, sync_apps

    if dry_run:
        return show_plans(session, [(s, plan_sync(s.apps, s.parts, request)) for s in stages], kind="SyncResult")
    with session.graceful():
        runs = [(s, sync_apps(s.apps, s.parts, request, confirm=confirm_plan(session, s, yes=yes))) for s in stages]
    return show_runs(session, runs)
