"""`gitctl secret recipients list|add|remove`: who can read the encrypted files of a repository."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.secret_ground import Ground
from gitctl.cli.session import Session
from gitctl.errors import ErrorId, ExitCode, InputError

if TYPE_CHECKING:
    from gitctl.model.revision import Revision
    from gitctl.workflow.recipients import Alignment

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="A public key: age1…, ssh-…, a PGP fingerprint, arn:aws:kms:….", show_default=False)
]
Who = Annotated[str, typer.Argument(metavar="KEY|NAME", help="A public key, or the name that .sops.yaml has for it.", show_default=False)]
NoCommit = Annotated[bool, typer.Option("--no-commit", help="Change the files, and leave the commit to you.")]
Push = Annotated[bool, typer.Option("--push", help="Push the commit.")]

_EPILOGS = {
    "list": epilog([("gitctl secret recipients list", ""), ("gitctl secret recipients list -o json", "")]),
    "add": epilog(
        [
            ("gitctl secret recipients add age1… --name 'Ada Lovelace'", "one commit: .sops.yaml and all files"),
            ("gitctl secret recipients add age1… --rule '^prod/'", "for the files of one rule"),
        ]
    ),
    "rules": epilog([("gitctl secret rules", ""), ("gitctl secret rules --exit-code -q", "for CI")]),
    "remove": epilog(
        [("gitctl secret recipients remove 'Ada Lovelace'", "then change the values that are listed")],
        notes="Whoever could read a file knows its old values, and Git keeps them: change the values that are listed.",
    ),
}


def register(group: typer.Typer) -> None:
    """Add the commands to `gitctl secret`."""
    recipients = typer.Typer(help="Who can read the encrypted files of a repository.", no_args_is_help=True)
    for name, command in (("list", list_), ("add", add), ("remove", remove)):
        recipients.command(name, epilog=_EPILOGS[name])(command)
    group.add_typer(recipients, name="recipients")
    group.command("rules", epilog=_EPILOGS["rules"])(rules)


@with_session()
def list_(session: Session) -> None:
    """List who can read, by which rule, and how many files."""
    from gitctl.cli.show.recipients import show_recipients
    from gitctl.secrets import pysops
    from gitctl.secrets.roster import readers

    ground = Ground(session)
    counts: dict[str, int] = {}
    for name, content in ground.files.items():
        for one in pysops.recipients(content, kind=pysops.kind_of(name, content), filename=name):
            counts[one] = counts.get(one, 0) + 1
    rosters = {name: readers(text, config=ground.root / name) for name, text in ground.configs.items()}
    show_recipients(session, rosters, counts, ground.unruled)


@with_session()
def add(
    session: Session,
    key: Key,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Whose key it is; kept as a comment in .sops.yaml.")] = "",
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="REGEX", help="Only the rule with this path_regex; default: all rules.")
    ] = None,
    no_commit: NoCommit = False,
    push: Push = False,
) -> None:
    """Let somebody read: .sops.yaml and all files that its rules match, in one commit.

    Works on the nearest .sops.yaml. Nothing is changed when one file cannot be opened.
    """
    from gitctl.secrets import rules
    from gitctl.secrets.roster import admit

    ground = Ground(session)
    config = rules.find(ground.start / "x")
    relative = os.path.relpath(config, ground.root) if config else ""
    if relative not in ground.configs:
        hint = "`gitctl secret encrypt` makes one with your own key"
        raise InputError("no .sops.yaml of this repository applies here", id=ErrorId.SOPS_RULE_MISSING, where=str(ground.start), hint=hint)
    text = admit(ground.configs[relative], key, name=name, rule=rule, config=ground.root / relative)
    done = ground.aligned({relative: text})
    commit = ground.carry_out(done, f"secrets: {name or key} can read\n", no_commit=no_commit, push=push)
    _show(session, key, name, "added", done, commit)


@with_session()
def remove(session: Session, who: Who, no_commit: NoCommit = False, push: Push = False) -> None:
    """Take somebody away: .sops.yaml and all files, under new data keys, in one commit.

    Lists the values to change: whoever could read them knows them.
    """
    from gitctl.secrets.roster import dismiss, identified, readers

    ground = Ground(session)
    found = {name: key for name, text in ground.configs.items() if (key := identified(text, who, config=ground.root / name)) is not None}
    if not found:
        hint = "`gitctl secret recipients list` names them"
        raise InputError(f"{who} is in no .sops.yaml", id=ErrorId.RECIPIENT_INVALID, where=str(ground.root), hint=hint)
    changed = {name: dismiss(ground.configs[name], key, config=ground.root / name) for name, key in found.items()}
    key = next(iter(found.values()))
    known = (one.name for name in found for one in readers(ground.configs[name], config=ground.root / name) if one.recipient == key)
    done = ground.aligned(changed)
    name = next(filter(None, known), "")
    commit = ground.carry_out(done, f"secrets: {name or key} can no longer read\n", no_commit=no_commit, push=push)
    _show(session, key, name, "removed", done, commit)


@with_session()
def rules(
    session: Session,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 when a rule matches no file, or no rule an encrypted file.")
    ] = False,
) -> int:
    """List the rules of .sops.yaml, and for how many files.

    A rule that matches no file, and an encrypted file that no rule matches, are findings: a typing error in a path_regex looks like that.
    """
    from gitctl.cli.show.recipients import show_rules

    ground = Ground(session)
    found = ground.rules
    show_rules(session, found, ground.unruled)
    return ExitCode.DIFFERENT if exit_code and (ground.unruled or any(not one.files for one in found)) else ExitCode.DONE


def _show(session: Session, key: str, name: str, action: str, done: Alignment, commit: Revision | None) -> None:
    from gitctl.cli.show.recipients import show_alignment

    show_alignment(session, key, name, action, done, commit)
