"""What `secret git-setup` did, or what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from gitctl.cli.session import Session
from gitctl.model.quantity import counted
from gitctl.workflow.git_setup import Setup


def show_setup(session: Session, setup: Setup, *, check: bool, remove: bool) -> None:
    """Print it in the form that -o asks for."""
    body = {
        "settings": list(setup.settings),
        "added": list(setup.added),
        "removed": list(setup.removed),
        "files": setup.files,
        "changed": setup.anything and not check,
    }
    session.result("SecretGitSetup", body, text=lambda: session.redactor.clean("\n".join(_lines(setup, check=check, remove=remove))))
    if check or remove:
        return
    session.say(f"{counted(setup.files, 'encrypted file')}: `git diff` and `git merge` know them now")
    if setup.added or setup.removed:
        session.say("commit .gitattributes; each clone runs `gitctl secret git-setup` once")


def _lines(setup: Setup, *, check: bool, remove: bool) -> Iterator[str]:
    said = "not set" if check else "removed" if remove else "set"
    yield from (f"git config {key}: {said}" for key in setup.settings)
    yield from (f".gitattributes: {one}: {'missing' if check else 'added'}" for one in setup.added)
    yield from (f".gitattributes: {one}: {'stale' if check else 'removed'}" for one in setup.removed)
