"""The errors that gitctl raises on purpose, and the exit code that each of them means.

GitctlError
├─ UsageError 2
├─ InputError 3        ConfigError · ManifestError
├─ SourceError 4
├─ RenderError 5       ToolMissing
├─ ClusterError 6      Unreachable · Unauthenticated · Forbidden
├─ Refused 7           Suspended
├─ ApplyFailed 8
├─ NotHealthy 9
├─ Locked 10           StateMoved
├─ Interrupted 130 · Terminated 143
└─ ManyErrors          the exit code of the gravest one

A message is lower case, names the thing first, has no full stop; the hint says what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from gitctl.errors.error_id import ErrorId as ErrorId
from gitctl.errors.exit_code import ExitCode as ExitCode


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file: `path:line:column`, lines and columns from 1, 0 where not known; `key` is a path such as `apps.web.path`."""

    path: str
    line: int = 0
    column: int = 0
    key: str = ""

    def __str__(self) -> str:
        place = self.path
        if self.line:
            place += f":{self.line}" + (f":{self.column}" if self.column else "")
        return f"{place} {self.key}".rstrip()


class GitctlError(Exception):
    """An expected failure: `message` (what), `where` (file place or object), `hint` (what to do), `details` (more lines).

    `id` names its page; None only for errors of plug-ins that give none, and for several errors together.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    default_id: ClassVar[ErrorId | None] = None

    def __init__(
        self,
        message: str,
        *,
        id: ErrorId | None = None,
        hint: str = "",
        where: Where | str | None = None,
        details: Iterable[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.id = id or type(self).default_id
        self.hint = hint
        self.where = where
        self.details = tuple(details)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class UsageError(GitctlError):
    """The command line does not make sense."""

    exit_code = ExitCode.USAGE


class InputError(GitctlError):
    """Something that the user wrote is wrong: config, manifest, key file, hostile content."""

    exit_code = ExitCode.INPUT


class ConfigError(InputError):
    """gitctl.yaml is wrong."""


class ManifestError(InputError):
    """A manifest is wrong."""


class SourceError(GitctlError):
    """Git cannot be reached, or does not know the revision."""

    exit_code = ExitCode.SOURCE


class RenderError(GitctlError):
    """Rendering failed, or is not reproducible."""

    exit_code = ExitCode.RENDER


class ToolMissing(RenderError):
    """An external program is not on PATH, or too old."""

    default_id = ErrorId.TOOL_MISSING


class ClusterError(GitctlError):
    """The cluster, or another store, cannot be used."""

    exit_code = ExitCode.CLUSTER


class Unreachable(ClusterError):
    """No answer from the server."""

    default_id = ErrorId.CLUSTER_UNREACHABLE


class Unauthenticated(ClusterError):
    """The server does not accept the credentials."""

    default_id = ErrorId.NOT_AUTHENTICATED


class Forbidden(ClusterError):
    """The server does not allow the verb on the resource."""

    default_id = ErrorId.FORBIDDEN


class Refused(GitctlError):
    """A guard said no; nothing was written."""

    exit_code = ExitCode.REFUSED


class Suspended(Refused):
    """The app is suspended: nobody shall change it now."""

    default_id = ErrorId.SUSPENDED


class ApplyFailed(GitctlError):
    """Some objects were not applied."""

    exit_code = ExitCode.PARTIAL
    default_id = ErrorId.APPLY_FAILED


class NotHealthy(GitctlError):
    """Applied, but not healthy (or not gone) in time."""

    exit_code = ExitCode.UNHEALTHY
    default_id = ErrorId.NOT_HEALTHY


class Locked(GitctlError):
    """Another run holds the lock."""

    exit_code = ExitCode.LOCKED
    default_id = ErrorId.LOCKED


class StateMoved(Locked):
    """The state was changed by somebody else since it was read."""

    default_id = ErrorId.STATE_MOVED


class Interrupted(GitctlError):
    """The user pressed Ctrl-C."""

    exit_code = ExitCode.INTERRUPTED
    default_id = ErrorId.INTERRUPTED


class Terminated(GitctlError):
    """SIGTERM arrived."""

    exit_code = ExitCode.TERMINATED
    default_id = ErrorId.TERMINATED


class ManyErrors(GitctlError):
    """Several failures at once, all shown; raised so that one run reports everything that it knows. Members are single errors."""

    def __init__(self, errors: Iterable[GitctlError]) -> None:
        self.errors = singles(errors)
        super().__init__(f"{len(self.errors)} errors")

    @property
    def code(self) -> ExitCode:
        """The highest exit code of the members."""
        return max((exit_code_of(e) for e in self.errors), default=ExitCode.BUG)


def singles(errors: Iterable[GitctlError]) -> tuple[GitctlError, ...]:
    """The errors with the members of `ManyErrors` in the place of these."""
    return tuple(one for error in errors for one in (error.errors if isinstance(error, ManyErrors) else (error,)))


def exit_code_of(error: BaseException) -> ExitCode:
    """The exit code that an error means; anything unexpected is `BUG`."""
    if isinstance(error, ManyErrors):
        return error.code
    if isinstance(error, GitctlError):
        return type(error).exit_code
    return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.BUG


def raise_all(errors: Iterable[GitctlError]) -> None:
    """Raise nothing for none, the error itself for one, `ManyErrors` for more."""
    found = tuple(errors)
    if len(found) == 1:
        raise found[0]
    if found:
        raise ManyErrors(found)


def did_you_mean(word: str, known: Iterable[str], *, what: str = "known") -> str:
    """A hint for a name that does not exist: the nearest known one, else all of them when they are few, else nothing."""
    from difflib import get_close_matches

    names = sorted(set(known))
    near = get_close_matches(word, names, n=1, cutoff=0.6) or [n for n in names if sorted(n.lower()) == sorted(word.lower())]
    if near:
        return f"did you mean {near[0]!r}?"
    return f"{what}: {', '.join(names)}" if 0 < len(names) <= 12 else ""
