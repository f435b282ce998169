"""What bootstrap found, wrote, kept, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitctl.cli.session import Session
from gitctl.cli.show.lines import Line, Style, line, text_of
from gitctl.cli.show.report import Ran, runs_json, runs_text
from gitctl.workflow.bootstrap.files import FileState, ScaffoldFile
from gitctl.workflow.bootstrap.wanted import Ci, Scaffold
from gitctl.workflow.existing.proposal import Found, ProposedApp

_STYLES = {FileState.NEW: Style.ADDED, FileState.SAME: Style.QUIET, FileState.KEPT: Style.CHANGED}


@dataclass(frozen=True, slots=True)
class Told:
    """What was done: files, what was found, the newest commit ("" for none), runs, and what is left to an administrator."""

    files: tuple[ScaffoldFile, ...]
    found: Found
    commit: str = ""
    runs: Ran = ()
    left_to_do: tuple[str, ...] = ()
    dry_run: bool = False


def show_bootstrap(session: Session, root: Path, wanted: Scaffold, told: Told) -> None:
    """Print the runs, the apps, the files, the differences of those that the user changed, and the next commands."""
    body = {
        "folder": str(root),
        "name": wanted.name,
        "layout": wanted.layout.value,
        "environments": list(wanted.environments),
        "dryRun": told.dry_run,
        "commit": told.commit or None,
        "apps": [_app_json(app) for app in wanted.start.apps],
        "passed": [{"path": one.path, "reason": one.reason} for one in told.found.passed],
        "files": [{"path": f.path, "state": f.state.value, "diff": f.diff} for f in told.files],
        "sync": runs_json(told.runs) if told.runs else None,
        "leftToDo": list(told.left_to_do),
    }
    lines = [*_found_lines(told.found), *(row for f in told.files for row in _rows(f, told.dry_run))]
    lines += [line(""), *(line(text) for text in _next(root, wanted, told))]
    if told.left_to_do:
        lines += [line("then, with the rights of an administrator:"), *(line(f"  {command}") for command in told.left_to_do)]
    clean = session.redactor.clean
    session.result("BootstrapResult", body, text=lambda: runs_text(session, told.runs) + text_of(lines, color=session.color, clean=clean))


def tell_proposal(session: Session, files: tuple[ScaffoldFile, ...], found: Found) -> None:
    """What is going to be written, on stderr, before it is asked for."""
    for row in text_of([*_found_lines(found), *(row for f in files for row in _rows(f, True))], color=False, clean=str).splitlines():
        session.say(row)


def _app_json(app: ProposedApp) -> dict[str, Any]:
    return {
        "name": app.name,
        "path": app.path,
        "render": app.render.value,
        "environments": list(app.environments),
        "valuesFiles": list(app.values_files),
        "reason": app.why,
        "toDo": list(app.to_do),
    }


def _found_lines(found: Found) -> list[Line]:
    lines = [line(f"  app {app.name} in {app.path}: {app.why}", Style.ADDED) for app in found.apps]
    return lines + [line(f"  not proposed: {one.path}: {one.reason}", Style.CHANGED) for one in found.passed]


def _rows(file: ScaffoldFile, dry_run: bool) -> list[Line]:
    notes = {FileState.NEW: "written", FileState.SAME: "as it should be", FileState.KEPT: "changed by you, kept"}
    would = "would be " if dry_run and file.state is FileState.NEW else ""
    head = line(f"  {file.path}: {would}{notes[file.state]}", _STYLES[file.state])
    return [head, *(line(f"      {row}", Style.QUIET) for row in file.diff.splitlines())]


def _next(root: Path, wanted: Scaffold, told: Told) -> list[str]:
    to_do = [f"to do for {app.name}: {text}" for app in wanted.start.apps for text in app.to_do]
    if told.dry_run:
        return ["nothing was written", *to_do]
    flags = ("" if wanted.cluster else " --context CONTEXT") + (" --adopt" if told.found.apps else "")
    head = f"committed {told.commit[:8]} in {root}" if told.commit else f"nothing to commit in {root}"
    return [
        head,
        *(_to_set_up(wanted) if told.commit else ()),
        *to_do,
        f"next: cd {root} && gitctl diff -e {wanted.environments[0]}{flags}",
    ]


def _to_set_up(wanted: Scaffold) -> Iterator[str]:
    if wanted.ci is not Ci.NONE:
        yield "the pipeline needs accounts and secrets: ci/README.md"
        if not wanted.owners:
            yield "CODEOWNERS is off until it names somebody; --owner does that when the file is written"
