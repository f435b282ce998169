"""`gitctl secret resolve`: the references to stores in an environment's Secrets, and whether each can be read. No value is printed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APPS, REVISION, WORKTREE

EPILOG = epilog(
    [
        ("gitctl secret resolve -e prod", "which references there are; no store is asked"),
        ("gitctl secret resolve -e prod --check", "for CI: does each exist, and may this account read it?"),
        ("gitctl secret resolve web -e prod --check -o json", ""),
    ],
    codes={0: "all are readable, or none was asked for", 1: "some are not there, or not allowed", 6: "a store is out of reach, or denies"},
)


def register(group: typer.Typer) -> None:
    """Add the command to `gitctl secret`."""
    group.command("resolve", epilog=EPILOG)(resolve)


@with_session()
def resolve(
    session: Session,
    apps: APPS = None,
    revision: REVISION = None,
    worktree: WORKTREE = False,
    check: Annotated[bool, typer.Option("--check", help="Ask the stores; no value is printed or kept.")] = False,
) -> int:
    """List references to stores (ref+…) in Secrets.

    With --check each is asked for, as a sync would do it, by the account that runs this.
    """
    from gitctl.cli.open import open_stages
    from gitctl.cli.rendering import render_with
    from gitctl.cli.show.references import AppReferences, show_references
    from gitctl.workflow.plan import render_apps
    from gitctl.workflow.references import ask_ahead, asked, found_in

    stages = open_stages(session, apps, revision=revision, worktree=worktree, target=False, every_cluster=True)
    # Nothing is decrypted for it: CI that checks needs no key.
    render = render_with(session, stages[0].parts.source, keyless=True)
    rendered = [(stage, r) for stage in stages for r in render_apps(stage.apps, replace(stage.parts, render=render))]
    stores = stages[0].parts.stores
    if check:
        ask_ahead([(r.app, r.result.manifests) for _, r in rendered if r.result], stores)
    known = [(stage, r.app, found_in(r.app, r.result.manifests)) for stage, r in rendered if r.result]
    found = [AppReferences(app, stage.at.name if stage.at else "", asked(f, stores) if check else f) for stage, app, f in known]
    return show_references(session, found, [r.error for _, r in rendered if r.error], checked=check)
