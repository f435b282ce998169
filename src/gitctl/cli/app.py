"""The root command: common flags, the verbs, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl import __version__
from gitctl.errors import ErrorId, ExitCode, GitctlError, exit_code_of

if TYPE_CHECKING:
    import typer


def main() -> None:
    """Entry point of `gitctl` and `kubectl-gitctl`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale without UTF-8 has no arrows: that must not end a run
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line; the result is the exit code."""
    if arguments == ["--version"]:  # answered before typer is imported: scripts ask this often
        print(f"gitctl {__version__}")
        return ExitCode.DONE
    try:
        return _invoke([a for argument in arguments for a in _verbosity(argument)])
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except KeyboardInterrupt:
        from gitctl.cli.show.error import print_see

        print("error: interrupted", file=sys.stderr)
        print_see([ErrorId.INTERRUPTED])
        return ExitCode.INTERRUPTED
    except GitctlError as error:
        from gitctl.cli.show.error import print_error

        print_error(error)
        return exit_code_of(error)
    except Exception as error:
        return _bug(error)


def _invoke(arguments: list[str]) -> int:
    from gitctl.cli.commands import root
    from gitctl.cli.usage import usage_exit

    verbs = None
    if "_GITCTL_COMPLETE" in os.environ:
        from typer._completion_classes import completion_init

        from gitctl.cli.commands import verbs_of

        completion_init()
        verbs = verbs_of(os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", ""))
    try:
        result = root(verbs)(args=arguments, prog_name="gitctl", standalone_mode=False)
    except Exception as error:
        code = usage_exit(error)
        if code is None:
            raise
        return code
    return int(result or ExitCode.DONE)


def _verbosity(argument: str) -> list[str]:
    """`-v=3`, as kubectl writes it, means `-vvv`."""
    match = re.fullmatch(r"--?v=(\d)", argument)
    return ["-v"] * int(match[1]) if match else [argument]


def _bug(error: Exception) -> int:
    import tempfile
    import traceback

    from gitctl.cli.session import REDACTOR
    from gitctl.cli.show.error import print_see

    text = REDACTOR.clean(f"gitctl {__version__}, Python {sys.version}\n{''.join(traceback.format_exception(error))}")
    try:
        handle, name = tempfile.mkstemp(prefix="gitctl-bug-", suffix=".log")
        with os.fdopen(handle, "w") as log:
            log.write(text)
    except OSError:  # a full disk may well be what brought us here
        print(f"error: a bug in gitctl: {type(error).__name__}; no log can be written:\n{text}", file=sys.stderr)
    else:
        print(f"error: a bug in gitctl: {type(error).__name__}; the log is {Path(name)}", file=sys.stderr)
        print("  hint: please report it with that file, after reading it", file=sys.stderr)
    print_see([ErrorId.BUG])
    return ExitCode.BUG


def command_tree() -> typer.Typer:
    """The whole command line, for completion scripts and generated docs."""
    from gitctl.cli.commands import root

    return root()
