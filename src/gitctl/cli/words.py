"""Arguments and options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gitctl.cli import offer
from gitctl.model.certificate import Verify
from gitctl.model.rival import Rival

APP = Annotated[str, typer.Argument(metavar="APP", help="App of gitctl.yaml.", autocompletion=offer.apps, show_default=False)]
APPS = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[APP…|PATH]", help="Apps of gitctl.yaml (default: all), or one folder of manifests.", autocompletion=offer.apps
    ),
]
APP_NAME = Annotated[
    str | None, typer.Option("--app", metavar="NAME", help="What to call a folder: its objects are owned under this name.")
]
REVISION = Annotated[
    str | None,
    typer.Option("--revision", metavar="REV", help="Branch, tag, SHA, HEAD~2, @{upstream}; default: HEAD.", autocompletion=offer.revisions),
]
WORKTREE = Annotated[bool, typer.Option("--worktree", help="Read the work tree, uncommitted files included.")]
ONLY = Annotated[list[str] | None, typer.Option("--only", metavar="KIND/NAME", help="Only this object; repeatable.")]
LABELS = Annotated[str | None, typer.Option("-l", "--selector", metavar="LABELS", help="Only objects with these labels: a=b,c=d.")]
VERIFY = Annotated[
    Verify,
    typer.Option("--verify", help="Of the objects that are proven in sync, ask the server about all, a sample, or none."),
]
SECRETS = Annotated[bool, typer.Option("--no-secrets", help="Do not look at Secrets: for accounts that may not.")]
WITH_ENV = Annotated[
    list[str] | None,
    typer.Option(
        "--with-env",
        metavar="ENV",
        help="Also tell which new secret values equal ones of this environment, as Git has it; repeatable.",
        autocompletion=offer.environments,
    ),
]
YES = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask for confirmation.")]
ADOPT_FROM = Annotated[
    list[Rival] | None,
    typer.Option(
        "--dangerous-adopt-from",
        metavar="flux|argocd",
        help="Also take over objects of this controller; stop it there first, or the two undo each other. Repeatable.",
    ),
]
PUSH_BRANCH = Annotated[bool, typer.Option("--push", help="Push commits of rendered branches; without it they stay here.")]
ATOMIC = Annotated[
    bool, typer.Option("--atomic", help="All or nothing: try everything first; when it fails all the same, put back what was there.")
]
CONTINUE_ON_ERROR = Annotated[bool, typer.Option("--continue-on-error", help="Go on with later waves after a failure.")]
WAIT = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until healthy.")]
TIMEOUT = Annotated[
    str | None, typer.Option("--timeout", metavar="DURATION", help="How long to wait for health, such as 5m; default: the app's `wait`.")
]
LOCK_TIMEOUT = Annotated[str, typer.Option("--lock-timeout", metavar="DURATION", help="How long to wait for another run to end.")]
PUSH = Annotated[bool, typer.Option("--push", help="Push the commit to the upstream branch.")]
INTERVAL = Annotated[
    str | None, typer.Option("--interval", metavar="DURATION", help="Again and again, so long after the end of the last time; such as 1m.")
]
SYNC_WATCH = Annotated[
    bool, typer.Option("-w", "--watch", help="Go on; put changed objects back at once; ask Git at each --interval (default: 1m).")
]
DRIFT_WATCH = Annotated[bool, typer.Option("-w", "--watch", help="Go on; tell each drift when it appears, and when it is gone.")]
DRIFT_INTERVAL = Annotated[
    str | None, typer.Option("--interval", metavar="DURATION", help="With --watch: look at everything anew after this (default: 5m).")
]
WATCH_FOR = Annotated[
    str | None, typer.Option("--for", metavar="DURATION", help="With --watch: end after this; exit 1 when drift was seen in that time.")
]
HEARTBEAT = Annotated[
    Path | None,
    typer.Option("--heartbeat", metavar="FILE", help="With --interval or --watch: a file to touch before each round, for a probe."),
]
PRUNE = Annotated[bool | None, typer.Option("--prune/--no-prune", help="Delete what left Git; default: as the app says, for a folder no.")]
PRUNE_LIMIT = Annotated[int | None, typer.Option("--prune-limit", metavar="N", help="Allow up to N deletions in this run.")]
PLAN_DIGEST = Annotated[str, typer.Option("--plan-digest", metavar="DIGEST", help="Allow exactly the plan that a refusal printed.")]
REPLACE = Annotated[
    list[str] | None, typer.Option("--replace", metavar="KIND/NAME", help="Allow to delete and create this object anew; repeatable.")
]
