"""Compare and swap on refs: all or none, here by a transaction, at a remote by an atomic push with leases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gitctl.errors import ErrorId, SourceError, StateMoved
from gitctl.process import Finished
from gitctl.redact import strip_url
from gitctl.refs import RefMove
from gitctl.source.git import Git
from gitctl.source.names import Remote
from gitctl.source.transport import Transport, failure

PUSH_SECONDS = 120.0
# What a remote says when another push was there between its answer and ours.
_FASTER = ("cannot lock ref", "reference already exists", "failed to update ref")


@dataclass(frozen=True, slots=True)
class Link:
    """A remote: checked, as git is to be told (name or URL), and how to talk to it."""

    remote: Remote
    called: str
    transport: Transport

    @property
    def url(self) -> str:
        """The address, for messages."""
        return strip_url(self.remote.url)


def move_here(git: Git, moves: Sequence[RefMove]) -> None:
    """Move refs of this repository. Raises StateMoved, SourceError."""
    zero = "0" * len(next((sha for m in moves for sha in (m.new, m.old) if sha), ""))
    lines = [f"update {m.ref} {m.new} {m.old or zero}" if m.new else f"delete {m.ref} {m.old}" for m in moves]
    stdin = "\n".join(("start", *lines, "prepare", "commit", "")).encode()
    done = git.run("update-ref", "-m", "gitctl", "--stdin", stdin=stdin)
    if done.code == 0:
        return
    if ".lock': File exists" in done.stderr:
        hint = "if no git runs, remove the .lock file"
        raise git.failure("another program is writing this repository, or died doing so", done, hint=hint)
    if "but expected" in done.stderr or "already exists" in done.stderr or "unable to resolve reference" in done.stderr:
        raise moved(moves, git.where)
    raise git.failure("the refs could not be written", done)


def move_there(git: Git, link: Link, moves: Sequence[RefMove]) -> None:
    """Move refs of a remote. Raises StateMoved, SourceError, Unreachable."""
    leases = [f"--force-with-lease={m.ref}:{m.old}" for m in moves]
    specs = [f"{m.new}:{m.ref}" for m in moves]
    call = ("push", "--porcelain", "--atomic", "--no-verify", "--no-signed", *leases, "--end-of-options", link.called, *specs)
    done = git.run(*call, env=link.transport.env, timeout=PUSH_SECONDS)
    if done.code:
        raise _refusal(link, moves, done)


def _refusal(link: Link, moves: Sequence[RefMove], done: Finished) -> SourceError | StateMoved:
    said = done.stdout.decode("utf-8", "replace") + done.stderr
    was_late = any(word in said for word in _FASTER)
    if ("[remote rejected]" in said and not was_late) or "does not support --atomic" in said:
        why = sorted(set(re.findall(r"\[remote rejected\] \((.+)\)", said)))
        hint = "is the branch protected, or are refs below refs/gitctl/ forbidden there?"
        return SourceError(f"{link.url} does not accept the push", id=ErrorId.PUSH_REJECTED, details=why, hint=hint)
    return moved(moves, link.url) if was_late or "[rejected]" in said else failure(link.remote, done)


def moved(moves: Sequence[RefMove], where: str) -> StateMoved:
    """The error for refs that are not where they were thought to be."""
    names = ", ".join(m.ref.removeprefix("refs/heads/") for m in moves)
    return StateMoved(f"{names}: changed by somebody else meanwhile", hint="run the command again", where=where)
