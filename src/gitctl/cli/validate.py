"""`gitctl validate`: are manifests what the API server will take?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import REVISION, WORKTREE

EPILOG = epilog(
    [
        ("gitctl validate apps/web deploy.yaml", "files and folders as they lie there; no cluster is asked"),
        ("gitctl validate -e prod", "what all apps render to, with the schemas of the cluster"),
        ("gitctl validate web -e prod --offline --kubernetes-version 1.37", "without any network"),
        ("helm template . | gitctl validate -", "from a pipe"),
        ("gitctl validate -e prod -o sarif > findings.sarif", "for code scanning; also junit, github"),
    ],
    codes={
        0: "nothing found, or warnings only",
        1: "findings",
        3: "a file is no YAML, or no schemas of the version",
        5: "rendering failed",
    },
    notes="Variables such as ${NAME} and encrypted values in files may stand for anything. Secret values are never printed.",
)

TARGETS = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE…|APP…]", help="Files, folders, or - for a pipe; or apps of gitctl.yaml (default: all).", autocompletion=offer.apps
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("validate", epilog=EPILOG)(validate)


@with_session()
def validate(
    session: Session,
    targets: TARGETS = None,
    revision: REVISION = None,
    worktree: WORKTREE = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no cluster: its schemas as kept, else those of a version.")] = False,
    kubernetes_version: Annotated[
        str,
        typer.Option(
            "--kubernetes-version",
            metavar="VERSION",
            help="Schemas of this version, such as 1.37; no cluster is asked.",
            autocompletion=offer.kubernetes_versions,
        ),
    ] = "",
    schemas: Annotated[
        Path | None, typer.Option("--schemas", metavar="DIR", help="Folder with schemas of more versions: DIR/1.36.json, DIR/1.36/….")
    ] = None,
    warnings_as_errors: Annotated[
        bool, typer.Option("--warnings-as-errors", help="Exit 1 for warnings too: deprecated versions, kinds without a schema.")
    ] = False,
) -> int:
    """Check manifests against the schemas of the API server.

    Unknown fields, wrong types and values, duplicates, rules of custom
    resources, API versions that are deprecated or gone. Writes nothing.
    """
    from gitctl.cli.schemas import SchemaChoice
    from gitctl.cli.show.validation import show_validation
    from gitctl.cli.validation import file_groups, validated_apps, validated_files
    from gitctl.errors import ErrorId, UsageError

    choice = SchemaChoice(kubernetes_version, schemas, offline)
    paths = file_groups(session, targets or [])
    if paths is None:
        runs = validated_apps(session, targets, choice, revision=revision, worktree=worktree)
    elif revision or worktree:
        message = "--revision and --worktree are for apps; files are read as they lie there"
        raise UsageError(message, id=ErrorId.FLAGS_CONFLICT, hint="leave it out")
    else:
        runs = validated_files(session, paths, choice)
    return show_validation(session, runs, warnings_as_errors=warnings_as_errors)
