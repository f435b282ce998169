"""`gitctl trace KIND/NAME`: from a live object to the app, the commit, and the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.model.trace import Trace

EPILOG = epilog(
    [
        ("gitctl trace pod/web-5d8f-x2x -n shop -e prod", "which app, commit and file this pod comes from"),
        ("gitctl trace deploy/web -e prod --field spec.replicas", "who wrote this field, and on which line"),
    ],
    codes={0: "traced, also to somebody else", 3: "no such object, or several: name one with -n"},
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trace", epilog=EPILOG)(trace)


@with_session(without=("namespace",))
def trace(
    session: Session,
    words: Annotated[list[str], typer.Argument(metavar="KIND/NAME", help="A live object: deploy/web, pod/web-0, widgets.example.test/a.")],
    field: Annotated[
        str, typer.Option("--field", metavar="PATH", help="Also trace this field: spec.replicas, spec.containers[name=web].image.")
    ] = "",
    namespace: Annotated[
        str, typer.Option("-n", "--namespace", metavar="NAME", help="The object's namespace; default: those of the environment's apps.")
    ] = "",
) -> int:
    """Show where a live object comes from.

    Its owners, the app that applied it, the commit, and the line in the file that wants it so.
    """
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.trace import show_traces
    from gitctl.errors import GitctlError, InputError, raise_all
    from gitctl.workflow.trace import TraceRequest
    from gitctl.workflow.trace import trace as trace_object

    kind, name = _kind_and_name(words)
    request = TraceRequest(kind, name, namespace or session.flags.namespace or "", field)
    found: list[tuple[Stage, Trace]] = []
    errors: list[GitctlError] = []
    for stage in open_stages(session, None):
        try:
            found.append((stage, trace_object(stage.apps, stage.parts, request)))
        except GitctlError as error:
            errors.append(error)
    if found:
        show_traces(session, found)
    # One of several clusters need not have the object.
    raise_all(error for error in errors if not (found and isinstance(error, InputError)))
    return 0


def _kind_and_name(words: list[str]) -> tuple[str, str]:
    """`deploy/web`, or `deploy web` as kubectl takes it too."""
    from gitctl.errors import ErrorId, UsageError

    parts = words[0].split("/") if len(words) == 1 else words
    if len(parts) != 2 or not all(parts):
        raise UsageError(f"{' '.join(words)} names no object", id=ErrorId.ARGUMENT_INVALID, hint="write KIND/NAME, such as deploy/web")
    return parts[0], parts[1]
