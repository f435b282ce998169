"""`gitctl secret recipients list|add|remove`: who can read the encrypted files of a repository."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ErrorId, InputError, SourceError

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


class Ground:
    """The repository that a command works on: its rule files and encrypted files, by path from its root."""

    def __init__(self, session: Session) -> None:
        from gitctl.cli.start import start_folder
        from gitctl.secrets import pysops
        from gitctl.secrets.rules import FILE
        from gitctl.source.checkout import find_root
        from gitctl.source.drivers import GitClone
        from gitctl.workflow.secret import read_file

        self.start = start_folder(session)
        root = find_root(self.start)
        if root is None:
            raise SourceError(f"{self.start} is not in a Git repository", id=ErrorId.NOT_A_REPOSITORY, hint="run it in one, or use -C")
        self.root = root
        clone = GitClone(root, pysops.is_encrypted)
        names = clone.names()
        self.files: Mapping[str, bytes] = {name: read_file(root / name) for name in sorted(clone.encrypted(names))}
        self.configs: Mapping[str, str] = {
            name: read_file(root / name).decode("utf-8", "replace")
            for name in sorted(names, key=lambda name: (-name.count("/"), name))
            if Path(name).name == FILE and (root / name).is_file()
        }

    def config_of(self, name: str) -> str | None:
        """The rule file that applies to a file: the nearest upwards."""
        from gitctl.workflow.recipients import below

        return next((config for config in self.configs if below(config, (name,))), None)

    @property
    def unruled(self) -> tuple[str, ...]:
        """Encrypted files that no rule matches."""
        from gitctl.secrets.align import is_ruled

        def ruled(name: str) -> bool:
            config = self.config_of(name)
            if config is None:
                return False
            return is_ruled(self._path(name, config), config=self.root / config, rules=self.configs[config].encode())

        return tuple(name for name in self.files if not ruled(name))

    def aligned(self, changed: Mapping[str, str]) -> Alignment:
        """All files as these rule files want them."""
        from gitctl.secrets.align import Aligned as File
        from gitctl.secrets.align import align
        from gitctl.workflow.recipients import aligned

        def one(name: str, content: bytes) -> File | None:
            config = self.config_of(name)
            assert config is not None
            return align(self._path(name, config), content, config=self.root / config, rules=changed[config].encode(), where=name)

        files = {name: content for name, content in self.files.items() if self.config_of(name) in changed}
        rules = {name: text.encode() for name, text in changed.items() if text != self.configs[name]}
        return aligned(files, rules, one)

    def carry_out(self, done: Alignment, message: str, *, no_commit: bool, push: bool) -> Revision | None:
        """Commit, or write the files alone."""
        from gitctl.source.git import Git
        from gitctl.source.publish import checkout_publisher
        from gitctl.source.resolve import find_commit
        from gitctl.workflow.recipients import commit_files, write

        if no_commit:
            write(done, root=self.root)
            return None
        parent = find_commit(Git(self.root), "HEAD", repo=str(self.root))
        if parent is None:
            raise SourceError("no commit yet", id=ErrorId.REVISION_UNKNOWN, where=str(self.root), hint="commit, or add --no-commit")
        publisher = checkout_publisher(self.root)
        commit = commit_files(done, message, publisher=publisher, parent=parent)
        if commit and push:
            publisher.push(commit)
        return commit

    def _path(self, name: str, config: str) -> str:
        return os.path.relpath(name, str(Path(config).parent))


def _show(session: Session, key: str, name: str, action: str, done: Alignment, commit: Revision | None) -> None:
    from gitctl.cli.show.recipients import show_alignment

    show_alignment(session, key, name, action, done, commit)
