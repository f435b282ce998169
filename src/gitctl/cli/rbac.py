"""`gitctl rbac`: accounts with the least rights that apps need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import REVISION, WORKTREE
from gitctl.model.rights import SecretReads

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.rbac import RbacRequest

EPILOG = epilog(
    [
        ("gitctl rbac -e prod", "a reader and a deployer for all apps, as YAML"),
        ("gitctl rbac -e prod | kubectl apply --server-side -f -", "make them; needs an administrator"),
        ("gitctl rbac web -e prod --read-only", "one app, for pull requests only"),
    ],
    notes="The rules come from what the apps render and from what the cluster still has of them. Nothing is written.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rbac", epilog=EPILOG)(rbac)


@with_session()
def rbac(
    session: Session,
    app: Annotated[
        str | None, typer.Argument(metavar="[APP]", help="App of gitctl.yaml; default: the whole environment.", autocompletion=offer.apps)
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="The reader alone.")] = False,
    secrets: Annotated[
        SecretReads, typer.Option("--secrets", help="Which Secrets beside the state the reader may read.")
    ] = SecretReads.NAMED,
    revision: REVISION = None,
    worktree: WORKTREE = False,
) -> int:
    """Print accounts with the least rights that apps need.

    A reader for diff, drift-check, status, history and health, and a deployer for sync, fix and rollback: namespaces,
    ServiceAccounts, roles and bindings, in the order of applying.
    """
    from gitctl.cli.open import open_stages
    from gitctl.cli.show.rbac import show_accounts
    from gitctl.workflow.rbac import accounts_for

    stage = one_cluster(open_stages(session, [app] if app else None, revision=revision, worktree=worktree))
    request = request_of(stage, app=app or "", read_only=read_only, secrets=secrets)
    return show_accounts(session, stage, accounts_for(stage.apps, stage.parts, request))


def one_cluster(stages: tuple[Stage, ...]) -> Stage:
    """The one stage. Raises UsageError for several: accounts are made cluster by cluster."""
    from gitctl.errors import ErrorId, UsageError

    stages = tuple(stage for stage in stages if not stage.parts.branch) or stages  # branches have no accounts
    if len(stages) > 1:
        contexts = ", ".join(stage.at.context for stage in stages if stage.at)
        raise UsageError(
            f"the environment {stages[0].env!r} has {len(stages)} clusters",
            id=ErrorId.ARGUMENT_INVALID,
            hint=f"name one with --context: {contexts}",
        )
    if stages[0].path_mode:
        raise UsageError(
            "accounts are made for the apps of a gitctl.yaml", id=ErrorId.ARGUMENT_INVALID, hint="`gitctl bootstrap` makes one"
        )
    return stages[0]


def request_of(stage: Stage, *, app: str = "", read_only: bool = False, secrets: SecretReads = SecretReads.NAMED) -> RbacRequest:
    """What is asked for the apps of a stage, in the names of its project and environment."""
    from gitctl.errors import ErrorId, UsageError
    from gitctl.workflow.rbac import RbacRequest

    if not stage.apps or stage.at is None:
        raise UsageError(f"the environment {stage.env!r} has no apps", id=ErrorId.ARGUMENT_INVALID, hint="add one to gitctl.yaml")
    return RbacRequest(stage.apps[0].project, stage.env, stage.at.state_namespace, app=app, read_only=read_only, secrets=secrets)
