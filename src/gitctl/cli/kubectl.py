"""`kubectl_complete-gitctl`: what kubectl runs to complete `kubectl gitctl …`; it answers as cobra's `__complete` does."""

from __future__ import annotations

import sys

# The last line tells the shell what to do with the candidates: 4 offers no files besides them, 0 (where there are none) does.
_NO_FILES = ":4"
_FILES = ":0"


def main() -> None:
    """Entry point: the words after `kubectl gitctl`, the last of them unfinished; candidates on stdout, with a tab and their help."""
    words = sys.argv[1:] or [""]
    print("\n".join(answer(words[:-1], words[-1])))


def answer(words: list[str], unfinished: str) -> list[str]:
    """The lines of the answer."""
    from typer._completion_classes import BashComplete
    from typer.main import get_command

    from gitctl.cli.commands import root, verbs_of

    verbs = verbs_of(" ".join(["gitctl", *words, unfinished]) + (" " if not unfinished else ""))
    found = BashComplete(get_command(root(verbs)), {}, "gitctl", "").get_completions(words, unfinished)
    return [*(f"{one.value}\t{one.help}" if one.help else str(one.value) for one in found), _NO_FILES if found else _FILES]
