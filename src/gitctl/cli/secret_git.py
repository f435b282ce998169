"""`gitctl secret git-setup|textconv|merge-driver|conflicts`: encrypted files in `git diff`, `git merge` and `git rebase`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.start import start_folder
from gitctl.errors import ErrorId, ExitCode, InputError, SourceError, UsageError

if TYPE_CHECKING:
    from gitctl.secrets.merge import Merged, Versions
    from gitctl.source.drivers import GitClone

File = Annotated[Path, typer.Argument(metavar="FILE", help="An encrypted file.", show_default=False)]
Version = Annotated[Path, typer.Argument(show_default=False, help="A version of the file, from git.")]

_EPILOGS = {
    "git-setup": epilog(
        [
            ("gitctl secret git-setup", "once a clone; commit .gitattributes"),
            ("gitctl secret git-setup --check", "for CI: are all encrypted files covered?"),
            ("gitctl secret git-setup --remove", ""),
        ],
        codes={0: "done; with --check: all is set up", 1: "with --check: something is missing"},
    ),
    "conflicts": epilog(
        [
            ("gitctl secret conflicts apps/web/secret.yaml", "what is in conflict"),
            ("gitctl secret conflicts apps/web/secret.yaml --theirs stringData.password", ""),
            ("gitctl secret conflicts apps/web/secret.yaml --ours all && git add apps/web/secret.yaml", ""),
        ],
        codes={0: "nothing is in conflict any more", 1: "conflicts are left"},
    ),
}


def register(group: typer.Typer) -> None:
    """Add the commands to `gitctl secret`."""
    for name, command in (("git-setup", git_setup), ("conflicts", conflicts), ("textconv", textconv), ("merge-driver", merge_driver)):
        group.command(name, epilog=_EPILOGS.get(name))(command)


@with_session()
def git_setup(
    session: Session,
    pattern: Annotated[
        list[str] | None, typer.Option("--pattern", metavar="PATTERN", help="Also files of this pattern of .gitattributes; repeatable.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when something is missing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the settings and the block in .gitattributes away.")] = False,
) -> int:
    """Let git diff and merge encrypted files.

    `git diff`, `log -p` and `show` then tell which values changed, never to what; `git merge` and `rebase` merge decrypted values
    key by key, in memory. Sets this clone's git configuration, and writes a block of .gitattributes, which is to be committed.
    """
    from gitctl.cli.show.git_setup import show_setup
    from gitctl.workflow.git_setup import check as look
    from gitctl.workflow.git_setup import remove as undo
    from gitctl.workflow.git_setup import set_up

    clone = _clone(session)
    patterns = pattern or ()
    if check and remove:
        raise UsageError("--check changes nothing, --remove does", id=ErrorId.FLAGS_CONFLICT, hint="leave one of them out")
    done = undo(clone) if remove else look(clone, patterns) if check else set_up(clone, patterns)
    show_setup(session, done, check=check, remove=remove)
    return ExitCode.DIFFERENT if check and done.anything else ExitCode.DONE


@with_session()
def textconv(session: Session, file: File) -> None:
    """Print an encrypted file for a diff; called by git.

    Sizes and tags stand in the place of values.
    """
    from gitctl.redact import printable
    from gitctl.secrets.textconv import shown
    from gitctl.workflow.secret import read_file

    path = (session.flags.directory or Path()) / file
    session.raw(printable(shown(str(path), read_file(path), key=_tag_key(session))).rstrip("\n"))


@with_session()
def merge_driver(session: Session, base: Version, ours: Version, theirs: Version, path: File) -> int:
    """Merge three versions of a file; called by git.

    The result is in OURS; PATH is the file's name. Exit 1 is a conflict.
    """
    from gitctl.secrets import pysops
    from gitctl.secrets.merge import Versions
    from gitctl.source.checkout import repository_of
    from gitctl.source.drivers import merge_text
    from gitctl.workflow.secret import read_file, replace_files

    versions = Versions(*(read_file(file) for file in (base, ours, theirs)))
    name = str(path)
    if not any(pysops.is_encrypted(name, content) for content in (versions.ours, versions.theirs)):
        return ExitCode.DONE if merge_text(repository_of(start_folder(session)), base, ours, theirs) else ExitCode.DIFFERENT
    merged = _merged(name, versions, {})
    replace_files({ours: merged.content})
    for one in _told(merged):
        session.warn(f"{name}: in conflict: {one}")
    if merged.conflicts:
        session.say(f"ours is kept there: decide with `gitctl secret conflicts {name}`")
    return ExitCode.DIFFERENT if merged.conflicts else ExitCode.DONE


@with_session()
def conflicts(
    session: Session,
    file: File,
    ours: Annotated[list[str] | None, typer.Option("--ours", metavar="KEY", help="Keep our value; repeatable; `all`.")] = None,
    theirs: Annotated[list[str] | None, typer.Option("--theirs", metavar="KEY", help="Take their value; repeatable; `all`.")] = None,
) -> int:
    """Show and decide conflicts in an encrypted file.

    Without a choice it only lists. With choices the file is merged anew from the versions in the index; `git add` ends the conflict.
    """
    from gitctl.source.checkout import repository_of
    from gitctl.source.drivers import stages
    from gitctl.workflow.secret import replace_files

    path = (session.flags.directory or Path()) / file
    git = repository_of(path.absolute().parent)
    found = stages(git, str(path.absolute().relative_to(git.folder.absolute())))
    if found is None:
        raise InputError("not in conflict", id=ErrorId.NOT_IN_CONFLICT, where=str(path), hint="`git status` lists what is")
    from gitctl.secrets.merge import Versions

    versions = Versions(found.base, found.ours, found.theirs)
    merged = _merged(str(path), versions, {})
    if choice := _choice(merged, ours or [], theirs or []):
        merged = _merged(str(path), versions, choice)
    written = bool(choice) or not merged.conflicts
    if written:
        replace_files({path: merged.content})
    _show(session, path, merged, written=written)
    return ExitCode.DIFFERENT if merged.conflicts else ExitCode.DONE


def _merged(name: str, versions: Versions, take: Mapping[tuple[str | int, ...], bool]) -> Merged:
    from gitctl.secrets.merge import merge
    from gitctl.secrets.room import private_room

    with private_room() as room:
        return merge(name, versions, room=room, take=take)


def _choice(merged: Merged, ours: list[str], theirs: list[str]) -> dict[tuple[str | int, ...], bool]:
    """What the user decided. Raises UsageError for a key that is not in conflict, or that was chosen twice."""
    paths = {place(one.path): one.path for one in merged.conflicts}
    chosen: dict[tuple[str | int, ...], bool] = {}
    for names, value in ((ours, False), (theirs, True)):
        for name in paths if "all" in names else names:
            if name not in paths:
                raise UsageError(
                    f"{name} is not in conflict", id=ErrorId.ARGUMENT_INVALID, hint=f"in conflict: {', '.join(paths) or 'nothing'}"
                )
            if chosen.setdefault(paths[name], value) is not value:
                raise UsageError(f"{name}: ours or theirs?", id=ErrorId.FLAGS_CONFLICT, hint="leave one of them out")
    return chosen


def place(path: tuple[str | int, ...]) -> str:
    """A place as people type it: `stringData.password`; in documents after the first with their number in front."""
    from gitctl.secrets.leaves import shown

    return (f"{path[0]}:" if path[0] else "") + shown(path[1:])


def _told(merged: Merged) -> list[str]:
    return [f"{place(one.path)} (ours {one.ours}, theirs {one.theirs})" for one in merged.conflicts]


def _show(session: Session, path: Path, merged: Merged, *, written: bool) -> None:
    conflicts = [{"key": place(one.path), "ours": one.ours, "theirs": one.theirs} for one in merged.conflicts]
    body = {"file": str(path), "merged": merged.changes, "conflicts": conflicts, "written": written}
    session.result("SecretMerge", body, text=lambda: session.redactor.clean("\n".join(f"in conflict: {one}" for one in _told(merged))))
    if merged.conflicts:
        session.say("decide with --ours KEY and --theirs KEY")
    else:
        session.say(f"merged: `git add {path}`")


def _clone(session: Session) -> GitClone:
    from gitctl.secrets import pysops
    from gitctl.source.checkout import repository_of
    from gitctl.source.drivers import GitClone

    return GitClone(repository_of(start_folder(session)).folder, pysops.is_encrypted)


def _tag_key(session: Session) -> bytes:
    """The clone's key; outside of one a key of this run alone."""
    from gitctl.secrets.tags import key_in
    from gitctl.source.checkout import repository_of
    from gitctl.source.drivers import git_folder

    try:
        return key_in(git_folder(repository_of(start_folder(session))))
    except (SourceError, InputError):
        return secrets.token_bytes(32)
