"""Arguments and options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

APPS = Annotated[list[str] | None, typer.Argument(metavar="[APP…|PATH]", help="Apps of gitctl.yaml (default: all), or one folder.")]
REVISION = Annotated[str | None, typer.Option("--revision", help="Branch, tag, SHA, HEAD~2, @{upstream}; default: HEAD.")]
WORKTREE = Annotated[bool, typer.Option("--worktree", help="Read uncommitted files too.")]
ONLY = Annotated[list[str] | None, typer.Option("--only", metavar="KIND/NAME", help="Only this object; repeatable.")]
LABELS = Annotated[str | None, typer.Option("-l", "--selector", help="Only objects with these labels: a=b,c=d.")]
