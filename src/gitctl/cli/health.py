"""`gitctl health`: does what runs work, and which rule says so?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import APP_NAME

EPILOG = epilog(
    [
        ("gitctl health web -e prod", "every object of an app"),
        ("kubectl get all -A -o yaml | gitctl health -f -", "any live objects"),
    ],
    codes={0: "whatever the health is", 1: "with --exit-code: something is neither healthy nor suspended"},
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("health", epilog=EPILOG)(health)


@with_session()
def health(
    session: Session,
    apps: Annotated[
        list[str] | None,
        typer.Argument(metavar="[APP…|PATH]", help="Apps of gitctl.yaml (default: all), or one folder.", autocompletion=offer.apps),
    ] = None,
    filename: Annotated[
        str | None, typer.Option("-f", "--filename", metavar="FILE", help="Live objects in a YAML or JSON file; - reads stdin.")
    ] = None,
    app_name: APP_NAME = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 unless all is healthy or suspended.")] = False,
) -> int:
    """Show whether the objects of apps, or of a dump, work.

    State, message and deciding rule of each.
    """
    if filename is not None:
        return _dump(session, filename, apps, exit_code)
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.health import show_apps
    from gitctl.errors import raise_all
    from gitctl.workflow.health import health_apps

    staged = [(stage, health_apps(stage.apps, stage.parts)) for stage in open_stages(session, apps, app_name=app_name)]
    code = show_apps(session, staged, exit_code=exit_code)
    raise_all(app.error for _, found in staged for app in found if app.error)
    return code


def _dump(session: Session, filename: str, apps: list[str] | None, exit_code: bool) -> int:
    from gitctl.cli.show.health import show_dump
    from gitctl.errors import ErrorId, UsageError
    from gitctl.workflow.dump import dump_health

    if apps:
        raise UsageError("-f and APP exclude each other", id=ErrorId.FLAGS_CONFLICT, hint="leave one of them out")
    where = "stdin" if filename == "-" else filename
    return show_dump(session, dump_health(_read(filename), where=where), exit_code=exit_code)


def _read(filename: str) -> bytes:
    from gitctl.errors import ErrorId, InputError

    if filename == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(filename).read_bytes()
    except OSError as error:
        raise InputError(
            f"{filename} cannot be read: {error.strerror}", id=ErrorId.FILE_UNREADABLE, hint="-f names a file; - reads stdin"
        ) from None
