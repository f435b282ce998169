"""`gitctl delete APP`: take an app away, or let go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP_NAME, LOCK_TIMEOUT, PLAN_DIGEST, PRUNE_LIMIT, REVISION, TIMEOUT, YES

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.model.app import App

EPILOG = epilog(
    [
        ("gitctl delete web -e dev --dry-run", "what would go; writes nothing"),
        ("gitctl delete web -e dev", "asks, deletes in reverse order, waits until all is gone"),
        ("gitctl delete web -e dev --orphan", "the objects stay, without gitctl's marks"),
        ("gitctl delete --app demo --context kind-dev -n demo", "what was synced from a folder"),
    ],
    codes={
        0: "gone (or released), and nothing is stored about it",
        1: "with --dry-run only: there is something to delete",
        7: "refused; nothing was deleted",
        8: "deleted in part",
        9: "finalizers hold objects; run it again",
        10: "another run holds the lock",
    },
    notes="An app that left gitctl.yaml is named as `gitctl status` lists it. An app that is still there comes back with the next sync.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("delete", epilog=EPILOG)(delete)


@with_session()
def delete(
    session: Session,
    apps: Annotated[
        list[str] | None,
        typer.Argument(metavar="APP…|PATH", help="Apps, also ones that left gitctl.yaml; or a folder.", autocompletion=offer.apps),
    ] = None,
    app_name: APP_NAME = None,
    revision: REVISION = None,
    orphan: Annotated[bool, typer.Option("--orphan", help="Leave the objects where they are, without gitctl's marks.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show exactly what would be deleted; delete nothing.")] = False,
    prune_limit: PRUNE_LIMIT = None,
    plan_digest: PLAN_DIGEST = "",
    timeout: TIMEOUT = None,
    yes: YES = False,
    lock_timeout: LOCK_TIMEOUT = "0s",
) -> int:
    """Delete an app: all its objects, and what is stored about it.

    The guards of a prune hold. Git is not changed.
    """
    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_folder
    from gitctl.cli.request import duration
    from gitctl.cli.show.report import show_plans, show_runs
    from gitctl.errors import ErrorId, UsageError
    from gitctl.workflow.delete import DeleteRequest, delete_apps, plan_deletes

    if not (apps or app_name):
        raise UsageError("delete what?", id=ErrorId.USAGE, hint="name an app; `gitctl status` lists them")
    if not app_name and any(name.startswith(".") for name in apps or ()):
        raise UsageError("a folder has no name", id=ErrorId.APP_NAME_NEEDED, hint="add --app NAME, under which it was synced")
    if app_name and len(apps or ()) > 1:
        raise UsageError("--app names what was synced from one folder", id=ErrorId.USAGE, hint="name one folder, or none")
    request = DeleteRequest(
        orphan=orphan,
        prune_limit=prune_limit,
        plan_digest=plan_digest,
        timeout=duration("--timeout", timeout) if timeout else None,
        lock_timeout=duration("--lock-timeout", lock_timeout),
    )
    stages = open_folder(session, (apps or ["."])[0], app_name) if app_name else _stages(session, apps or [], revision)
    if dry_run:
        return show_plans(session, [(s, plan_deletes(s.apps, s.parts, request)) for s in stages], kind="DeleteResult")
    verb = "release" if orphan else "delete"
    with session.graceful():
        runs = [(s, delete_apps(s.apps, s.parts, request, confirm=confirm_plan(session, s, yes=yes, always=verb))) for s in stages]
    return show_runs(session, runs, kind="DeleteResult")


def _stages(session: Session, names: list[str], revision: str | None) -> tuple[Stage, ...]:
    """The apps of these names, each before those that it depends on; ones that left gitctl.yaml first. Raises ConfigError."""
    from dataclasses import replace

    from gitctl.cli.open import open_stages
    from gitctl.errors import ConfigError, ErrorId, did_you_mean

    found = []
    for stage in open_stages(session, None, revision=revision):
        asked = dict.fromkeys(name.removeprefix(f"{stage.project}/{stage.env}/") for name in names)
        here = {a.name for a in stage.apps}
        left = _left(stage, [name for name in asked if name not in here])
        kept = [name for name in asked if name in here]
        if kept and not revision:
            session.say(f"note: still in gitctl.yaml, the next sync brings back: {', '.join(kept)}")
        found.append((replace(stage, apps=(*left, *(a for a in reversed(stage.apps) if a.name in asked))), asked, here))
    known = {a.name for stage, _, _ in found for a in stage.apps}
    for _, asked, here in found:
        for name in asked:
            if name not in known:
                raise ConfigError(f"unknown app {name!r}", id=ErrorId.APP_UNKNOWN, hint=did_you_mean(name, here, what="apps"))
    return tuple(stage for stage, _, _ in found)


def _left(stage: Stage, names: list[str]) -> list[App]:
    """Apps that gitctl.yaml does not have here any more and whose state is there."""
    from gitctl.model.app import App

    apps = [App(project=stage.project, env=stage.env, name=name, path="") for name in names]
    return [app for app in apps if stage.parts.target.read_state(app.owner).token]
