"""What bootstrap wrote, kept, and what to do next."""

from __future__ import annotations

from pathlib import Path

from gitctl.cli.session import Session
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.cli.show.report import Ran, runs_json, runs_text
from gitctl.workflow.bootstrap import FileState, Scaffold, ScaffoldFile

_STYLES = {FileState.NEW: Style.ADDED, FileState.SAME: Style.QUIET, FileState.KEPT: Style.CHANGED}


def show_bootstrap(
    session: Session,
    root: Path,
    wanted: Scaffold,
    files: tuple[ScaffoldFile, ...],
    commit: str,
    runs: Ran,
    *,
    left_to_do: tuple[str, ...] = (),
) -> None:
    """Print the first sync, the files, the differences of those that the user changed, and the next commands."""
    body = {
        "folder": str(root),
        "name": wanted.name,
        "commit": commit or None,
        "files": [{"path": f.path, "state": f.state.value, "diff": f.diff} for f in files],
        "sync": runs_json(runs) if runs else None,
        "leftToDo": list(left_to_do),
    }
    lines = [row for f in files for row in _rows(f)]
    lines += [line(""), *(line(text) for text in _next(root, wanted, commit))]
    if left_to_do:
        lines += [line("then, with the rights of an administrator:"), *(line(f"  {command}") for command in left_to_do)]
    clean = session.redactor.clean
    session.result("BootstrapResult", body, text=lambda: runs_text(session, runs) + text_of(lines, color=session.color, clean=clean))


def _rows(file: ScaffoldFile) -> list[Line]:
    notes = {FileState.NEW: "written", FileState.SAME: "as it should be", FileState.KEPT: "changed by you, kept"}
    head = line(f"  {file.path}: {notes[file.state]}", _STYLES[file.state])
    return [head, *(line(f"      {row}", Style.QUIET) for row in file.diff.splitlines())]


def _next(root: Path, wanted: Scaffold, commit: str) -> list[str]:
    head = f"committed {commit[:8]} in {root}" if commit else f"nothing to commit in {root}"
    env = wanted.environments[0]
    context = "" if wanted.cluster else " --context CONTEXT"
    return [head, f"next: cd {root} && gitctl diff -e {env}{context}"]
