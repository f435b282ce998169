"""`gitctl secret exec-env|exec-file`: a program that gets secrets, for as long as it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ErrorId, UsageError

File = Annotated[Path, typer.Argument(metavar="FILE", help="An encrypted file.", show_default=False)]
Words = Annotated[list[str], typer.Argument(metavar="-- COMMAND…", help="The program and its arguments; no shell.", show_default=False)]

_EPILOGS = {
    "exec-env": epilog(
        [("gitctl secret exec-env app.env -- ./server --port 8080", "")],
        notes="The exit code is the program's. Every process that it starts has the variables too.",
    ),
    "exec-file": epilog(
        [("gitctl secret exec-file kubeconfig.yaml -- kubectl --kubeconfig {} get pods", "")], notes="The exit code is the program's."
    ),
}


def register(group: typer.Typer) -> None:
    """Add the commands to `gitctl secret`."""
    for name, command in (("exec-env", exec_env), ("exec-file", exec_file)):
        # What follows the program's name is the program's, also when it looks like a flag of ours.
        group.command(name, epilog=_EPILOGS[name], context_settings={"allow_interspersed_args": False})(command)


@with_session()
def exec_env(
    session: Session,
    file: File,
    command: Words,
    pristine: Annotated[bool, typer.Option("--pristine", help="Only PATH, HOME and the secrets, nothing else of the environment.")] = False,
) -> int:
    """Run a program with a file's values as variables.

    Of a Kubernetes Secret `data` and `stringData`, of other files the keys at the top.
    """
    from gitctl.process import Command, attend
    from gitctl.secrets import pysops
    from gitctl.secrets.files import SopsFiles
    from gitctl.secrets.variables import variables
    from gitctl.workflow.secret import decrypt

    path = (session.flags.directory or Path()) / file
    kind = pysops.kind_of(str(path), path.read_bytes() if path.is_file() else b"")
    found = variables(decrypt(path, SopsFiles()), kind=kind, where=str(path))
    unset = tuple(name for name in os.environ if name not in ("PATH", "HOME")) if pristine else ()
    return attend(Command(_words(command), env=found, unset=unset, cwd=_folder(session)))


@with_session()
def exec_file(
    session: Session,
    file: File,
    command: Words,
    dangerous_disk: Annotated[
        bool, typer.Option("--dangerous-disk", help="Where no folder in memory is found, use one on the disk.")
    ] = False,
) -> int:
    """Run a program with the decrypted file, in memory.

    {} among its arguments is the file's path.

    The file (0600) is gone when the program ends.
    """
    from gitctl.process import Command, attend
    from gitctl.secrets.files import SopsFiles
    from gitctl.secrets.room import private_room
    from gitctl.workflow.secret import decrypt, write_new

    if not any("{}" in word for word in command):
        raise UsageError("no {} among the arguments", id=ErrorId.ARGUMENT_INVALID, hint="{} stands for the path of the decrypted file")
    path = (session.flags.directory or Path()) / file
    plain = decrypt(path, SopsFiles())
    with private_room(on_disk=dangerous_disk) as room:
        write_new(room / path.name, plain)
        return attend(Command(tuple(word.replace("{}", str(room / path.name)) for word in _words(command)), cwd=_folder(session)))


def _words(command: list[str]) -> tuple[str, ...]:
    """The program and its arguments: what stands behind FILE is not read as flags, so that `--` is optional."""
    words = tuple(command[1:] if command[0] == "--" else command)
    if not words:
        raise UsageError("no program is named", id=ErrorId.ARGUMENT_INVALID, hint="it stands behind FILE: FILE -- COMMAND…")
    return words


def _folder(session: Session) -> str | None:
    return str(session.flags.directory) if session.flags.directory else None
