"""The git binary: safe flags, a scrubbed environment, and failures in our words.

Repositories may be hostile: their hooks, file system monitors, submodules, replaced objects and exotic protocols stay off. What the
user has set up for transport (ssh agent, credential helpers, proxies, certificates) stays on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitctl.errors import ErrorId, GitctlError, InputError, RenderError, SourceError, ToolMissing
from gitctl.limits import Limits, limited
from gitctl.process import Command, Finished, find, run
from gitctl.redact import printable, strip_url

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.warnAmbiguousRefs=true",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "safe.bareRepository=explicit",
    "log.showSignature=false",
    "i18n.logOutputEncoding=UTF-8",
    "i18n.commitEncoding=UTF-8",
    "gc.auto=0",
    "maintenance.auto=false",
)
FLAGS = tuple(part for setting in _SETTINGS for part in ("-c", setting))

ENVIRONMENT: Mapping[str, str] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
UNSET = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_EXTERNAL_DIFF",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_CONFIG",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_ATTR_SOURCE",
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_CURL_VERBOSE",
)

CORRUPT = re.compile(
    r"bad object|corrupt|object file \S+ is empty|invalid sha1 pointer|inflate: data stream error|unable to unpack|loose object"
    r"|file \S+\.(pack|idx) |packfile \S+|packed-refs|not a git repository|unable to read (tree|sha1|[0-9a-f]{40})"
    r"|missing (blob|tree|commit)|could not read [0-9a-f]{40}|bad (tree|signature|pack|config)|not a tree object"
    r"|did not send all necessary objects",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Git:
    """One repository: a work tree's root, or a bare repository (`bare`). `heal` rebuilds a broken one, where that can be done; `limits`
    bound each call, its helpers too."""

    folder: Path
    bare: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    secret: tuple[str, ...] = ()
    heal: Callable[[], None] | None = field(default=None, compare=False)
    limits: Limits | None = None

    def run(
        self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, timeout: float = 120.0, most_output: int = 0
    ) -> Finished:
        """Run `git ARGS`; any exit code is a value. Raises SourceError when it does not end in time, InputError when it prints more
        than `most_output` bytes (0: any amount; such a call takes no `stdin`), ToolMissing."""
        done = self._once(args, stdin, env or {}, timeout, most_output)
        if done.code and self.heal and CORRUPT.search(done.stderr):
            self.heal()
            done = self._once(args, stdin, env or {}, timeout, most_output)
        return done

    def out(
        self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, timeout: float = 120.0, most_output: int = 0
    ) -> bytes:
        """What `git ARGS` prints. Raises SourceError when it fails, and what `run` raises."""
        done = self.run(*args, stdin=stdin, env=env, timeout=timeout, most_output=most_output)
        if done.code:
            raise self.failure(f"git {args[0]} failed", done)
        return done.stdout

    def text(self, *args: str, env: Mapping[str, str] | None = None) -> str:
        """What `git ARGS` prints, as stripped text. Raises SourceError when it fails."""
        return self.out(*args, env=env).decode("utf-8", "replace").strip()

    def try_text(self, *args: str) -> str:
        """What `git ARGS` prints, "" when it fails: for questions to which "no" is an answer."""
        done = self.run(*args)
        return "" if done.code else done.stdout.decode("utf-8", "replace").strip()

    def _once(self, args: tuple[str, ...], stdin: bytes, env: Mapping[str, str], timeout: float, most_output: int) -> Finished:
        place = ("--git-dir", str(self.folder)) if self.bare else ()
        argv = ("git", *FLAGS, *place, *args)
        command = Command(
            limited((find("git") or "git", *argv[1:]), self.limits) if self.limits else argv,
            stdin=stdin,
            cwd=str(self.folder),
            env={**ENVIRONMENT, **self.env, **env},
            unset=UNSET,
            timeout=timeout,
            secret=self.secret,
            most_output=most_output,
        )
        try:
            return run(command)
        except ToolMissing:
            raise
        except RenderError as stopped:
            raise self._stopped(stopped, args[0], timeout, most_output) from stopped
        except FileNotFoundError as gone:
            raise SourceError(f"the folder {self.folder} does not exist", id=ErrorId.NOT_A_REPOSITORY) from gone

    def _stopped(self, why: RenderError, verb: str, timeout: float, most_output: int) -> GitctlError:
        if why.id is ErrorId.PROGRAM_LIMIT:
            message = f"git {verb} has more than {most_output >> 20} MiB to say about the repository"
            return InputError(message, id=ErrorId.REPOSITORY_TOO_LARGE, where=self.where)
        return SourceError(f"git {verb} did not end within {timeout:g} s", id=ErrorId.GIT_FAILED, where=self.where)

    @property
    def where(self) -> str:
        """The repository, for messages."""
        return str(self.folder)

    def failure(self, message: str, done: Finished, *, hint: str = "", id: ErrorId = ErrorId.GIT_FAILED) -> SourceError:
        """A SourceError with what git said, without credentials and control characters."""
        said = complaint(done.stderr)
        if "dubious ownership" in done.stderr:
            hint = f"if you trust it: git config --global --add safe.directory {self.folder}"
        return SourceError(message, id=id, hint=hint, where=self.where, details=said)


def complaint(stderr: str) -> tuple[str, ...]:
    """The lines of git's stderr that say what is wrong: at most 6, prefixes and advice left out, fit for any sink."""
    lines = [strip_url(printable(line.strip())) for line in stderr.splitlines() if not line.startswith(("hint:", "warning:"))]
    said = [re.sub(r"^(fatal|error|remote): *", "", line) for line in lines]
    return tuple(dict.fromkeys(line[:300] for line in said if line))[:6]
