"""`gitctl tree APP`: the objects of an app, what they own, and whether it works."""

from __future__ import annotations

from typing import Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP_NAME

EPILOG = epilog(
    [
        ("gitctl tree web -e prod", "down to the pods"),
        ("gitctl tree web -e prod -o json", "for a script"),
    ],
    codes={0: "whatever the health is", 1: "with --exit-code: an object of the app is neither healthy nor suspended"},
    notes="Owned objects are found by their ownerReferences. What may not be listed is named below the tree.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tree", epilog=EPILOG)(tree)


@with_session()
def tree(
    session: Session,
    apps: Annotated[
        list[str] | None,
        typer.Argument(metavar="[APP…|PATH]", help="Apps of gitctl.yaml (default: all), or one folder.", autocompletion=offer.apps),
    ] = None,
    app_name: APP_NAME = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 unless all objects of the app are healthy or suspended.")] = False,
) -> int:
    """Show an app's objects and what they own, with health.

    ReplicaSets, Pods, Jobs, EndpointSlices, and what operators made of custom resources.
    """
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.tree import show_trees
    from gitctl.errors import raise_all
    from gitctl.workflow.tree import tree_apps

    staged = [(stage, tree_apps(stage.apps, stage.parts)) for stage in open_stages(session, apps, app_name=app_name, named=True)]
    code = show_trees(session, staged, exit_code=exit_code)
    raise_all(one.error for _, trees in staged for one in trees if one.error)
    return code
