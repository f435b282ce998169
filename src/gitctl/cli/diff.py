"""`gitctl diff`: what a sync would change, or what changed between two revisions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.forms import Output
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import ADOPT_FROM, APP_NAME, APPS, LABELS, ONLY, REPLACE, REVISION, SECRETS, VERIFY, WITH_ENV, WORKTREE
from gitctl.model.certificate import Verify

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.model.change import Plan

EPILOG = epilog(
    [
        ("gitctl diff -e prod", "all apps, compared with what runs"),
        ("gitctl diff web -e prod --revision v1.2", "what v1.2 would change"),
        ("gitctl diff -e prod --from main~1 --to main", "between two revisions, without a cluster"),
        ("gitctl diff -e prod -o markdown", "for a pull request"),
        ("gitctl diff -e prod --external", "by meld, dyff, difftastic: KUBECTL_EXTERNAL_DIFF"),
        ("gitctl diff -e prod --with-env dev", "does a new password equal one of dev?"),
        ("gitctl diff ./manifests --context kind-dev -n demo", "a folder, without gitctl.yaml"),
    ],
    codes={0: "no difference", 1: "differences", 7: "a guard would refuse the sync", 8: "some objects cannot be applied"},
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff", epilog=EPILOG)(diff)


@with_session()
def diff(
    session: Session,
    apps: APPS = None,
    revision: REVISION = None,
    worktree: WORKTREE = False,
    app_name: APP_NAME = None,
    from_revision: Annotated[
        str | None, typer.Option("--from", metavar="REV", help="Compare this revision …", autocompletion=offer.revisions)
    ] = None,
    to_revision: Annotated[
        str | None, typer.Option("--to", metavar="REV", help="… with this one. No cluster is asked.", autocompletion=offer.revisions)
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="One line for each app.")] = False,
    external: Annotated[
        bool, typer.Option("--external", help="Show it by the program that KUBECTL_EXTERNAL_DIFF names; default: diff -u -N.")
    ] = False,
    only: ONLY = None,
    selector: LABELS = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Plan as if `sync --adopt`.")] = False,
    adopt_from: ADOPT_FROM = None,
    force_conflicts: Annotated[bool, typer.Option("--force-conflicts", help="Plan as if `sync --force-conflicts`.")] = False,
    prune: Annotated[
        bool | None, typer.Option("--prune/--no-prune", help="Show what would be deleted; default: as the app says, for a folder no.")
    ] = None,
    replace: REPLACE = None,
    verify: VERIFY = Verify.SAMPLE,
    no_secrets: SECRETS = False,
    with_env: WITH_ENV = None,
) -> int:
    """Show what a sync would change; writes nothing."""
    from gitctl.cli.open import open_stages
    from gitctl.cli.request import plan_request
    from gitctl.cli.show.report import show_plans, show_revision_diff
    from gitctl.workflow.plan import plan_apps

    _check_flags(session, external=external, summary=summary, revisions=(from_revision, to_revision))
    if from_revision and to_revision:
        old, new = (open_stages(session, apps, revision=name, target=False, absent=True)[0] for name in (from_revision, to_revision))
        beside = partial(_beside, session, with_env, _asking_nobody(new))
        return show_revision_diff(session, _between(old, new), summary=summary, external=external, beside=beside)
    stages = open_stages(session, apps, revision=revision, worktree=worktree, app_name=app_name, tell_dirty=True)
    request = plan_request(
        only=only,
        selector=selector,
        adopt=adopt,
        adopt_from=adopt_from,
        force_conflicts=force_conflicts,
        prune=prune,
        replace=replace,
        verify=verify,
        secrets=not no_secrets,
    )
    staged = [(stage, plan_apps(stage.apps, stage.parts, request)) for stage in stages]
    return show_plans(session, staged, summary=summary, external=external, beside=partial(_beside, session, with_env, stages[0]))


def _check_flags(session: Session, *, external: bool, summary: bool, revisions: tuple[str | None, str | None]) -> None:
    from gitctl.errors import ErrorId, UsageError

    if external and (summary or session.flags.output is not Output.TEXT):
        raise UsageError("--external shows the whole diff, as text", id=ErrorId.FLAGS_CONFLICT, hint="leave out --summary and -o")
    if bool(revisions[0]) != bool(revisions[1]):
        raise UsageError("--from and --to go together", id=ErrorId.FLAGS_CONFLICT, hint="name both revisions")


def _beside(session: Session, envs: Sequence[str] | None, stage: Stage, plans: Sequence[Plan]) -> list[tuple[str, Plan]]:
    """What other environments want, by the same commit."""
    from gitctl.workflow.beside import apps_beside

    found = apps_beside(plans, [env for env in envs or () if env != stage.env], stage.parts)
    for one in found:
        if one.error:
            session.warn(f"{one.title}: not compared: {one.error.message}")
    return [(one.title, one.plan) for one in found if one.plan]


def _asking_nobody(stage: Stage) -> Stage:
    """Between revisions references to stores are compared, not what they stand for."""
    from dataclasses import replace

    from gitctl.protocols import NoReferences

    return replace(stage, parts=replace(stage.parts, stores=NoReferences()))


def _between(old: Stage, new: Stage) -> list[tuple[str, Plan]]:
    """What differs between two revisions, with titles."""
    from gitctl.workflow.compare import compare_rendered
    from gitctl.workflow.plan import render_apps
    from gitctl.workflow.writers import with_writers

    before, after = render_apps(old.apps, old.parts), render_apps(new.apps, new.parts)
    places = {r.app.name: r.result.read_set for r in after if r.result}
    plans = (with_writers(plan, places.get(plan.app, ()), new.parts) for plan in compare_rendered(before, after))
    return [(f"{plan.app} ({new.env})", plan) for plan in plans]
