"""Errors for people (stderr) and for programs (JSON)."""

from __future__ import annotations

import sys
from typing import Any

from gitctl.cli.session import REDACTOR
from gitctl.errors import GitctlError, ManyErrors, exit_code_of


def print_error(error: GitctlError) -> None:
    """What and where, why, what to do."""
    for one in error.errors if isinstance(error, ManyErrors) else (error,):
        rows = [f"error: {one}", *(f"  {d}" for d in one.details), *([f"  hint: {one.hint}"] if one.hint else [])]
        sys.stderr.write("".join(f"{REDACTOR.clean(row)}\n" for row in rows))


def error_json(error: GitctlError | None) -> dict[str, Any]:
    """An error as data."""
    if error is None:
        return {}
    if isinstance(error, ManyErrors):
        return {"message": error.message, "exitCode": int(error.code), "errors": [error_json(e) for e in error.errors]}
    where = str(error.where) if error.where else ""
    return {
        "message": error.message,
        "hint": error.hint,
        "where": where,
        "details": list(error.details),
        "exitCode": int(exit_code_of(error)),
    }
