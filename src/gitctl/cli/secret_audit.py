"""`gitctl secret audit`: every secret of a project: how old, readable by whom, used by what, and what is wrong about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ExitCode

if TYPE_CHECKING:
    from gitctl.cli.open import OpenProject
    from gitctl.model.blamed import Blamed
    from gitctl.workflow.audit import AuditGround, AuditPlace

_EPILOG = epilog(
    [
        ("gitctl secret audit", "all environments, without a key and without a cluster"),
        ("gitctl secret audit -e prod web", "one app; others are looked at for who uses what"),
        ("gitctl secret audit -e prod --live", "also pods that run with an old value"),
        ("gitctl secret audit --equal", "with the keys: values that environments share"),
        ("gitctl secret audit -o markdown > audit.md", "for a review"),
    ],
    codes={0: "nothing to do", 1: "findings that gitctl.yaml does not accept"},
    notes="Ages are those of the ciphertext in Git: `secret rotate` makes an old value look young. No value is ever printed.",
)


def register(group: typer.Typer) -> None:
    """Add the command to `secret`."""
    group.command("audit", epilog=_EPILOG)(audit)


@with_session()
def audit(
    session: Session,
    apps: Annotated[
        list[str] | None, typer.Argument(metavar="[APP…]", help="Apps of gitctl.yaml; default: all.", autocompletion=offer.apps)
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the clusters which pods run with an old value.")] = False,
    equal: Annotated[bool, typer.Option("--equal", help="Open all files, and find values that two environments share.")] = False,
) -> int:
    """Audit secrets: age, readers, consumers, what is missing.

    Secrets that are too old by `secrets.max_age`, that are used and not there, or there and not used, and keys that can read them and
    that nobody knows. All from Git, by the commit that is read.
    """
    from gitctl.cli.open import open_project, say_dirty
    from gitctl.cli.show.audit import show_audits
    from gitctl.errors import raise_all
    from gitctl.source.repository import LocalSource
    from gitctl.workflow.audit import audit as run
    from gitctl.workflow.audit import unaccepted

    opened = open_project(session)
    if isinstance(opened.source, LocalSource):
        say_dirty(session, opened.source)
    ground = _ground(session, opened, equal=equal)
    done = run(_places(session, opened, apps or [], live=live), ground, names=apps or (), whole=not (apps or session.flags.env))
    show_audits(session, done.audits, now=ground.now)
    raise_all(done.errors)
    return ExitCode.DIFFERENT if unaccepted(done.audits) else ExitCode.DONE


def _places(session: Session, opened: OpenProject, names: list[str], *, live: bool) -> list[AuditPlace]:
    """The environments (-e: that one), each with all its apps: what one app has another may use. Raises ConfigError for unknown names."""
    from gitctl.cli.open import open_cluster
    from gitctl.config.resolve import choose_environment, find_app, resolve
    from gitctl.workflow.audit import AuditPlace

    flags, project = session.flags, opened.project
    for name in names:
        find_app(project, name)
    if flags.env:
        resolve(project, flags.env, names)
    chosen = (choose_environment(project, flags.env),) if flags.env else project.environments
    found = []
    for env in chosen:
        selections = resolve(project, env.name, context=(flags.context or "") if flags.env else "")
        for one in selections:
            title = f"{env.name} → {one.cluster.name}" if one.cluster and len(selections) > 1 else env.name
            target = open_cluster(session, one.cluster, one.apps) if live and one.cluster else None
            found.append(AuditPlace(title, one.apps, target))
    return found


def _ground(session: Session, opened: OpenProject, *, equal: bool) -> AuditGround:
    from gitctl.cli.rendering import render_with
    from gitctl.secrets.ledger import SopsLedger
    from gitctl.workflow.audit import AuditGround

    files = opened.tree.files("")
    sha = opened.tree.revision.sha

    def blame(path: str) -> Mapping[int, Blamed]:
        return opened.source.blame(sha, path) if sha else {}

    render = render_with(session, opened.source, keyless=True)
    ledger = SopsLedger(files, learn=session.redactor.learn if equal else None)
    return AuditGround(opened.tree, files, ledger, blame, render, opened.project.secrets, datetime.now(UTC))
