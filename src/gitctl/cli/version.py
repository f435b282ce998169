"""`gitctl version`: the version of gitctl and of Python."""

from __future__ import annotations

import platform

import typer

from gitctl import __version__
from gitctl.cli.flags import with_session
from gitctl.cli.session import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("version")(version)


@with_session()
def version(session: Session) -> None:
    """Print the versions of gitctl and of Python."""
    body = {"version": __version__, "python": platform.python_version()}
    session.result("Version", body, text=lambda: f"gitctl {__version__} (Python {body['python']})")
