"""`gitctl history APP`: who deployed what, when, and how it ended."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP

EPILOG = epilog(
    [
        ("gitctl history web -e prod", "who deployed what, and how it ended"),
        ("gitctl history web -e prod -o json", "with counts, inputs, render digest"),
        ("gitctl history web -e prod --secrets 12", "which keys of Secrets record 12 changed, and who wrote them"),
    ],
    notes="The numbers are what `gitctl rollback APP --to NUMBER` takes.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history", epilog=EPILOG)(history)


@with_session()
def history(
    session: Session,
    app: APP,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Show the newest N records.")] = 20,
    secrets: Annotated[
        int | None,
        typer.Option("--secrets", metavar="NUMBER", min=1, help="Show what this record changed in Secrets, key by key, without values."),
    ] = None,
) -> int:
    """List the records of an app, newest first."""
    from gitctl.cli.open import open_stages
    from gitctl.cli.remember import remember
    from gitctl.cli.show.history import history_lines, record_json
    from gitctl.cli.show.lines import text_of
    from gitctl.errors import GitctlError, raise_all
    from gitctl.workflow.states import read_state

    if secrets is not None:
        return _secrets(session, app, secrets)
    stages = open_stages(session, [app])
    states, errors = [], []
    for stage in stages:
        try:
            states.append((stage, read_state(stage.apps[0], stage.parts)))
        except GitctlError as error:
            errors.append(error)
    remember(session, [(stage, app, state.records) for stage, state in states])
    body: dict[str, Any] = {
        "app": app,
        "clusters": [
            {
                "environment": stage.env,
                "cluster": stage.parts.cluster,
                "branch": stage.parts.branch,
                "records": [record_json(r) for r in list(reversed(state.records))[:limit]],
            }
            for stage, state in states
        ],
    }
    lines = [row for stage, state in states for row in history_lines(stage.title(stage.apps[0]), state, limit=limit)]
    session.result("History", body, text=lambda: text_of(lines, color=session.color, clean=session.redactor.clean), paged=True)
    raise_all(errors)
    return 0


def _secrets(session: Session, app: str, number: int) -> int:
    """Render the record and the one before it again, and show how their Secrets differ."""
    from gitctl.cli.open import open_stages
    from gitctl.cli.rendering import render_with
    from gitctl.cli.show.record_secrets import show_record_secrets
    from gitctl.errors import GitctlError, raise_all
    from gitctl.workflow.record_secrets import secrets_of_record
    from gitctl.workflow.states import read_state

    stages = open_stages(session, [app])
    source = stages[0].parts.source if stages else None
    opening, keyless = render_with(session, source, opens_branches=True), render_with(session, source, keyless=True)
    found, errors = [], []
    for stage in stages:
        one = stage.apps[0]
        try:
            state = read_state(one, stage.parts)
            found.append((stage, secrets_of_record(one, state, number, stage.parts, opening=opening, keyless=keyless)))
        except GitctlError as error:
            errors.append(error)
    show_record_secrets(session, app, found)
    raise_all(errors)
    return 0
