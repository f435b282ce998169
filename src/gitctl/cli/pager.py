"""Pager: a text that is longer than the screen is shown by the user's pager. GITCTL_PAGER, then PAGER, else less; `cat` or "" for none."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable

from gitctl.cli.show.width import rows
from gitctl.cli.terminal import in_ci, is_live, size

_DEFAULT = "less -FRX"
# As git does: for a PAGER that names less without its flags.
_LESS = {"LESS": "FRX", "LV": "-c"}


def show(text: str, *, warn: Callable[[str], None]) -> bool:
    """Show a text by the pager. False: it was not, because it fits, nobody looks, or there is no pager; print it then."""
    if not is_live(sys.stdout) or in_ci() or rows(text, size().columns) < size().lines:
        return False
    argv = _command(warn)
    if not argv:
        return False
    from gitctl.process import Command, feed, find

    if find(argv[0]) is None:
        if argv != tuple(_DEFAULT.split()):
            warn(f"the pager {argv[0]} is not on PATH; set GITCTL_PAGER, or use --no-pager")
        return False
    sys.stdout.flush()
    feed(Command(argv, env={name: value for name, value in _LESS.items() if name not in os.environ}), text)
    return True


def _command(warn: Callable[[str], None]) -> tuple[str, ...]:
    named = next((os.environ[name] for name in ("GITCTL_PAGER", "PAGER") if name in os.environ), _DEFAULT)
    try:
        argv = tuple(shlex.split(named))
    except ValueError:
        warn("the pager's name has an open quote; correct GITCTL_PAGER or PAGER")
        return ()
    return () if argv == ("cat",) else argv
