"""`gitctl render`: the objects that an app wants, as they would be sent."""

from __future__ import annotations

from typing import Annotated

import typer

from gitctl.cli.changed import check_changed
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APPS, REVISION, WORKTREE
from gitctl.errors import ErrorId, UsageError

EPILOG = epilog(
    [
        ("gitctl render web -e prod", "YAML, in the order of applying"),
        ("gitctl render -e prod --revision v1.2 -o name", "names only"),
        ("gitctl render ./manifests -n demo", "a folder, without gitctl.yaml"),
        ("gitctl render --changed base/web.yaml", "do the apps render that read this file, in every environment?"),
    ],
    notes="No cluster is asked. The same commit and inputs give the same bytes.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("render", epilog=EPILOG)(render)


@with_session()
def render(
    session: Session,
    apps: APPS = None,
    revision: REVISION = None,
    worktree: WORKTREE = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="The arguments are files: only check that the apps that read one of them render. For hooks.")
    ] = False,
    dangerous_show_secrets: Annotated[bool, typer.Option("--dangerous-show-secrets", help="Print secret values.")] = False,
) -> int:
    """Print the objects that apps want, secret values masked.

    As YAML, JSON (-o json) or names (-o name), in the order of applying.
    """
    if changed:
        if revision:
            raise UsageError("--changed reads the work tree", id=ErrorId.FLAGS_CONFLICT, hint="leave --revision out")
        return check_changed(session, apps or [])
    from dataclasses import replace

    from gitctl.cli.open import open_stages
    from gitctl.cli.rendering import render_with
    from gitctl.cli.show.rendered import show_rendered
    from gitctl.workflow.plan import render_apps

    stages = open_stages(session, apps, revision=revision, worktree=worktree, target=False)
    # Without keys, what goes to a branch has placeholders in the place of secrets.
    render = render_with(session, stages[0].parts.source if stages else None, opens_branches=dangerous_show_secrets)
    rendered = [r for stage in stages for r in render_apps(stage.apps, replace(stage.parts, render=render))]
    return show_rendered(session, rendered, plain=dangerous_show_secrets)
