"""`gitctl secret restart-key`: makes the key for hashes of Secrets on pod templates."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ConfigError, ErrorId, UsageError

_EPILOG = epilog(
    [("gitctl secret restart-key restart-key.secret.yaml", "a new file; then name it in gitctl.yaml")],
    notes="In gitctl.yaml: secrets: {restart_key: FILE}, and restart_on_secret_change: true on each app that shall have it.",
)


def register(group: typer.Typer) -> None:
    """Add the command to `secret`."""
    group.command("restart-key", epilog=_EPILOG)(restart_key)


@with_session()
def restart_key(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A new file; default: `secrets.restart_key` of gitctl.yaml.", show_default=False)
    ] = None,
) -> None:
    """Make the key for restarts when a Secret changes.

    A random key in a file encrypted by the rules of the nearest .sops.yaml. A file that is there is never overwritten.
    """
    import secrets

    from gitctl.cli.secret import root_of
    from gitctl.cli.start import start_folder
    from gitctl.secrets.files import SopsFiles
    from gitctl.workflow.restart_key import make_restart_key

    folder, wanted = _wanted(session)
    path = start_folder(session) / file if file else _one_file(session, folder, wanted)
    key = secrets.token_hex(32)
    session.redactor.learn(key)
    made = make_restart_key(path, SopsFiles(), key=key, root_of=lambda one: root_of(session, one))
    shown = os.path.relpath(made.file)
    body = {"action": "made", "files": [shown], **({"rules": os.path.relpath(made.rules)} if made.rules else {})}
    session.result("SecretResult", body, text=lambda: session.redactor.clean(f"made {shown}"))
    session.say("commit it; whoever syncs must be able to decrypt it")
    if not wanted:
        session.warn(f"gitctl.yaml does not name it: add `secrets: {{restart_key: {shown}}}`")


def _wanted(session: Session) -> tuple[Path, str]:
    """The folder of the work tree's gitctl.yaml, and the file that it names, placeholders in it; "" where there is none."""
    from gitctl.cli.start import start_folder
    from gitctl.config.find import find_config, search
    from gitctl.config.load import load

    if session.flags.config is None and search(start_folder(session)) is None:
        return start_folder(session), ""
    file = find_config(start_folder(session), explicit=session.flags.config)
    return file.parent, load(file.read_bytes(), path=str(file)).secrets.restart_key


def _one_file(session: Session, folder: Path, wanted: str) -> Path:
    """The file for the environment that -e names. Raises ConfigError, UsageError."""
    from gitctl.config import placeholder

    if not wanted:
        hint = "name a file: `gitctl secret restart-key restart-key.secret.yaml`, and in gitctl.yaml `secrets: {restart_key: …}`"
        raise ConfigError("gitctl.yaml names no file for the key", id=ErrorId.RESTART_KEY_UNUSABLE, hint=hint)
    name = placeholder.fill(wanted, {"env": session.flags.env} if session.flags.env else {})
    if placeholder.used(name):
        raise UsageError(f"{name} is more than one file", id=ErrorId.ENVIRONMENT_NEEDED, hint="-e names the environment, or name the file")
    return folder / name
