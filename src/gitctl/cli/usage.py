"""Errors of the command line itself (typer's), in gitctl's words."""

from __future__ import annotations

import sys

import typer
from typer._click import exceptions

from gitctl.errors import ErrorId, ExitCode


def usage_exit(error: Exception) -> int | None:
    """Print a usage error and give its exit code; None when the error is something else."""
    from gitctl.cli.show.error import print_see

    match error:
        case typer.Exit():
            return int(error.exit_code)
        case typer.Abort():
            print("error: aborted", file=sys.stderr)
            print_see([ErrorId.INTERRUPTED])
            return ExitCode.INTERRUPTED
        case exceptions.NoArgsIsHelpError():
            print(error.format_message(), file=sys.stderr)
            return ExitCode.USAGE
        case exceptions.ClickException():
            print(f"error: {_sentence(error.format_message())}", file=sys.stderr)
            context = getattr(error, "ctx", None)
            if context is not None:
                print(f"  hint: see `{context.command_path} --help`", file=sys.stderr)
            print_see([ErrorId.USAGE])
            return ExitCode.USAGE
        case _:
            return None


def _sentence(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
