"""Errors for people (stderr) and for programs (JSON)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from gitctl.cli.session import REDACTOR
from gitctl.errors import ErrorId, GitctlError, ManyErrors, exit_code_of


def print_error(error: GitctlError) -> None:
    """What and where, why, what to do; at the end where more is said about it, once for all errors of this kind."""
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    for one in errors:
        rows = [f"error: {one}", *(f"  {d}" for d in one.details), *([f"  hint: {one.hint}"] if one.hint else [])]
        sys.stderr.write("".join(f"{REDACTOR.clean(row)}\n" for row in rows))
    print_see(one.id for one in errors)


def print_see(ids: Iterable[ErrorId | None]) -> None:
    """The command that explains these errors."""
    known = dict.fromkeys(str(one) for one in ids if one)
    if known:
        sys.stderr.write(f"  see: gitctl explain {' '.join(known)}\n")


def error_json(error: GitctlError | None) -> dict[str, Any]:
    """An error as data."""
    if error is None:
        return {}
    if isinstance(error, ManyErrors):
        return {"message": error.message, "exitCode": int(error.code), "errors": [error_json(e) for e in error.errors]}
    where = str(error.where) if error.where else ""
    return {
        "id": str(error.id or ""),
        "message": error.message,
        "hint": error.hint,
        "where": where,
        "details": list(error.details),
        "exitCode": int(exit_code_of(error)),
    }
