"""`gitctl secret keygen|encrypt|decrypt|edit|view|status|rotate`: files encrypted by sops with age keys. No gitctl.yaml is needed.

`scan` is in secret_scan.py; the commands for Sealed Secrets are in secret_seal.py."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gitctl.cli import (
    secret_audit,
    secret_exec,
    secret_git,
    secret_recipients,
    secret_resolve,
    secret_restart,
    secret_scan,
    secret_seal,
)
from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ExitCode, GitctlError

File = Annotated[Path, typer.Argument(metavar="FILE", help="An encrypted file.", show_default=False)]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…", help="Files; all are done, or none.", show_default=False)]
Places = Annotated[list[Path] | None, typer.Argument(metavar="[FILE|DIR]…", help="Files and folders; default: this folder.")]

_EPILOGS = {
    "keygen": epilog([("gitctl secret keygen", "once a person"), ("gitctl secret keygen -o ci.key", "another file")]),
    "encrypt": epilog([("gitctl secret encrypt apps/web/secret.yaml", "in place")]),
    "decrypt": epilog([("gitctl secret decrypt apps/web/secret.yaml -o json | jq -r .stringData.PASSWORD", "")]),
    "edit": epilog([("gitctl secret edit apps/web/secret.yaml", "")]),
    "view": epilog([("gitctl secret view apps/web/secret.yaml", "masked")]),
    "status": epilog([("gitctl secret status", "this folder and all below"), ("gitctl secret status --exit-code -q", "for CI")]),
    "rotate": epilog([("gitctl secret rotate --recipients apps/*/secret.yaml", "after a change in .sops.yaml")]),
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Secrets in Git: encrypted by sops, or sealed for a cluster.", no_args_is_help=True)
    for command in (keygen, encrypt, decrypt, edit, view, status, rotate):
        group.command(command.__name__, epilog=_EPILOGS.get(command.__name__))(command)
    secret_git.register(group)
    secret_recipients.register(group)
    secret_exec.register(group)
    secret_restart.register(group)
    secret_audit.register(group)
    secret_scan.register(group)
    secret_resolve.register(group)
    secret_seal.register(group)
    app.add_typer(group, name="secret")


@with_session(without=("output",))
def keygen(
    session: Session,
    file: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Key file; default: SOPS_AGE_KEY_FILE, else where sops looks.")
    ] = None,
) -> None:
    """Add a new age key to the key file; print its public half.

    What is in the file stays.
    """
    from datetime import UTC, datetime

    from gitctl.secrets import keys
    from gitctl.source.checkout import find_root

    made = keys.keygen(_named(session, file) if file else keys.key_file(), now=datetime.now(UTC))
    body = {"recipient": made.recipient, "file": str(made.file), "appended": made.appended}
    session.result("SecretKey", body, text=lambda: made.recipient)
    session.say(f"{'added to' if made.appended else 'made'} {made.file}: keep a copy in a safe place")
    if made.tightened:
        session.warn(f"{made.file} was open to other users; it is not any more (0600)")
    if find_root(made.file.absolute().parent):
        session.warn(f"{made.file} lies in a Git repository: never commit it")


@with_session()
def encrypt(session: Session, files: Files) -> None:
    """Encrypt files in place.

    Of Kubernetes objects only `data` and `stringData`. The rules of the nearest .sops.yaml say for whom; where there is none,
    one is made at the root of the repository for your own key.
    """
    from gitctl.secrets.files import SopsFiles
    from gitctl.workflow.secret import encrypt as run

    done = run(_all_named(session, files), SopsFiles(), root_of=partial(root_of, session))
    if done.rules:
        session.say(f"made {os.path.relpath(done.rules)}: commit it; it says who can read the secrets")
    _show_files(session, "encrypted", done.files, rules=str(done.rules or ""))


@with_session()
def decrypt(
    session: Session,
    file: File,
    in_place: Annotated[bool, typer.Option("--dangerous-in-place", help="Write the plaintext into the file instead.")] = False,
) -> None:
    """Print the plaintext of a file.

    -o json and -o yaml ask for that form. What was changed after encryption is refused.
    """
    from gitctl.secrets.files import SopsFiles
    from gitctl.workflow.secret import decrypt as run

    path = _named(session, file)
    plain = run(path, SopsFiles(), form="" if in_place else _form(session), in_place=in_place)
    if in_place:
        session.warn(f"{path} is plain text now: do not commit it")
    else:
        write_plain(plain)


@with_session()
def view(
    session: Session,
    file: File,
    dangerous_show_secrets: Annotated[bool, typer.Option("--dangerous-show-secrets", help="Print secret values.")] = False,
) -> None:
    """Show a file with its values masked, after verifying it."""
    from gitctl.secrets.files import SopsFiles
    from gitctl.workflow.secret import decrypt as run
    from gitctl.workflow.secret import read_file

    path = _named(session, file)
    if dangerous_show_secrets:
        write_plain(run(path, SopsFiles(), form=_form(session)))
        return
    text, values = SopsFiles().mask(path, read_file(path))
    body = {"file": str(path), "values": [{"document": v.path[0], "path": list(v.path[1:]), "bytes": v.size} for v in values]}
    session.result("SecretView", body, text=lambda: session.redactor.clean(text))


@with_session()
def edit(
    session: Session,
    file: File,
    dangerous_disk: Annotated[
        bool, typer.Option("--dangerous-disk", help="Where no folder in memory is found, edit in one on the disk.")
    ] = False,
) -> None:
    """Edit a file in SOPS_EDITOR or EDITOR, in memory.

    Values that you leave alone keep their ciphertext.
    """
    from gitctl.cli.editor import attend_editor
    from gitctl.secrets.files import SopsFiles
    from gitctl.secrets.room import private_room
    from gitctl.workflow.secret import edit as run

    path = _named(session, file)
    room = partial(private_room, on_disk=dangerous_disk)
    changed = run(path, SopsFiles(), room=room, editor=attend_editor, again=partial(_again, session))
    if not changed:
        session.say(f"{path} is unchanged")
    _show_files(session, "edited", (path,) if changed else ())


@with_session()
def status(
    session: Session,
    places: Places = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Decrypt each file to see that it is whole.")] = True,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 when a file is plain, tampered, or against its rule.")] = False,
) -> int:
    """Show which files are encrypted or ought to be.

    Whole or tampered, for whom, when, and whether .sops.yaml agrees.
    """
    from gitctl.cli.show.secret import show_status
    from gitctl.secrets.files import SopsFiles
    from gitctl.workflow.secret import status as run

    found = run(_all_named(session, places or [Path()]), SopsFiles(), verify=verify)
    show_status(session, found)
    return ExitCode.DIFFERENT if exit_code and any(one.finding for one in found) else ExitCode.DONE


@with_session()
def rotate(
    session: Session,
    files: Files,
    recipients: Annotated[bool, typer.Option("--recipients", help="Also make the recipients those of the rule in .sops.yaml.")] = False,
) -> None:
    """Encrypt files anew under a new data key. Who could read them before knows the old values: change those too."""
    from gitctl.secrets.files import SopsFiles
    from gitctl.workflow.secret import rotate as run

    _show_files(session, "rotated", run(_all_named(session, files), SopsFiles(), by_rule=recipients))


def _named(session: Session, file: Path) -> Path:
    """The file as the user wrote it, below the folder of -C."""
    return (session.flags.directory or Path()) / file


def _all_named(session: Session, files: list[Path]) -> list[Path]:
    return [_named(session, file) for file in files]


def root_of(session: Session, file: Path) -> Path:
    """The folder for a first .sops.yaml: the repository's, else the current one, else (for a file elsewhere) the file's own."""
    from gitctl.source.checkout import find_root

    folder = file.absolute().parent
    start = (session.flags.directory or Path()).absolute()
    return find_root(folder) or (start if folder.is_relative_to(start) else folder)


def _form(session: Session) -> str:
    from gitctl.cli.forms import Output

    form = session.flags.output
    return "" if form is Output.TEXT else form.value


def write_plain(content: bytes) -> None:
    """Plaintext to stdout, byte by byte; a terminal gets it without control characters."""
    import sys

    from gitctl.redact import printable

    if sys.stdout.isatty():
        content = printable(content.decode("utf-8", "replace")).encode("utf-8", "replace")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _again(session: Session, error: GitctlError) -> bool:
    """Has the user another try? Asked with the text still there."""
    import sys

    from gitctl.cli.show.error import print_error

    if not session.interactive:
        return False
    print_error(error)
    sys.stderr.write("edit again? your changes are lost otherwise [Y/n] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")


def _show_files(session: Session, action: str, files: tuple[Path, ...], **more: str) -> None:
    from gitctl.cli.forms import Output

    body = {"action": action, "files": [str(f) for f in files], **{k: v for k, v in more.items() if v}}
    clean = session.redactor.clean
    names = {Output.NAME: lambda: clean("\n".join(map(str, files)))}
    session.result("SecretResult", body, text=lambda: clean("\n".join(f"{action} {f}" for f in files)), forms=names)
