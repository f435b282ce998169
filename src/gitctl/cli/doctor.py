"""`gitctl doctor`: are the programs there that gitctl calls, and how are renderers confined?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ExitCode
from gitctl.model.quantity import counted

if TYPE_CHECKING:
    from pathlib import Path

    from gitctl.cli.show.lines import Line
    from gitctl.model.app import Project
    from gitctl.protocols import Tree
    from gitctl.render.jail import Network
    from gitctl.workflow.doctor import Need, ToolReport

EPILOG = epilog(
    [("gitctl doctor", "in a project: what its apps need"), ("gitctl doctor -o json", "for a script")],
    codes={0: "all that is needed is there", 1: "something needed is missing, too old or too new"},
)
_ANSWER_LIMIT = 15.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", epilog=EPILOG)(doctor)


@with_session()
def doctor(session: Session) -> int:
    """List the programs that gitctl calls, found and wanted.

    With what needs them and how to install them. In a project, what its apps use is needed; elsewhere only git is.
    """
    from gitctl.cli.show.lines import text_of
    from gitctl.process import find
    from gitctl.render.jail import network
    from gitctl.workflow.doctor import examine

    reports = examine(path_of=find, version_of=_answer, needs=_needs(session))
    cut_off = network()
    body = {"items": [_item(report) for report in reports], "renderJail": {"network": cut_off.value}}
    session.result("DoctorResult", body, text=lambda: text_of(_lines(reports, cut_off), color=session.color, clean=session.redactor.clean))
    return ExitCode.DIFFERENT if any(report.finding for report in reports) else ExitCode.DONE


def _needs(session: Session) -> frozenset[Need]:
    """What the project here uses; nothing where there is none, or none that can be read (`config validate` says why)."""
    from gitctl.cli.start import start_folder
    from gitctl.config.find import find_config, search
    from gitctl.config.load import load
    from gitctl.errors import GitctlError
    from gitctl.source.checkout import find_root
    from gitctl.source.worktree import WorkTree
    from gitctl.workflow.doctor import uses

    start = start_folder(session)
    if session.flags.config is None and search(start) is None:
        return frozenset()
    file = find_config(start, explicit=session.flags.config)
    root = find_root(file.parent) or file.parent
    folder = "" if file.parent == root else file.parent.relative_to(root).as_posix()
    _tell_experimental(session, file.parent)
    try:
        project, tree = load(file.read_bytes(), path=str(file), folder=folder), WorkTree(root)
        _tell_vault(session, project, tree)
        return uses(project, names=tree.names, encrypted=(file.parent / ".sops.yaml").is_file())
    except GitctlError as error:
        session.warn(f"what {file} needs is not known: {error}")
        return frozenset()


def _tell_experimental(session: Session, folder: Path) -> None:
    """Name the key services of `.sops.yaml` that gitctl was never run against."""
    from gitctl.errors import GitctlError
    from gitctl.secrets.rules import FILE, experimental

    config = folder / FILE
    try:
        found = experimental(config.read_bytes(), config=config) if config.is_file() else ()
    except GitctlError as error:
        session.warn(str(error))
        return
    for service in found:
        session.warn(f"{service} in {config}: experimental, gitctl was never run against it: try decrypt, edit and rotate first")


def _tell_vault(session: Session, project: Project, tree: Tree) -> None:
    """References to Vault were only ever read from answers as its documentation has them."""
    from gitctl.model.reference import StoreKind
    from gitctl.workflow.doctor import folder_of

    mark = f"ref+{StoreKind.VAULT}://".encode()
    for folder in dict.fromkeys(folder_of(spec.template) for spec in project.apps):
        if tree.names(folder) and any(mark in content for content in tree.files(folder).values()):
            session.warn(f"references to Vault below {folder or '.'}: experimental: try `gitctl secret resolve --check` first")
            return


def _answer(argv: tuple[str, ...]) -> str | None:
    """What a program prints about its version; None when it fails, hangs or cannot be started."""
    from gitctl.errors import GitctlError
    from gitctl.process import Command, run

    try:
        done = run(Command(argv, timeout=_ANSWER_LIMIT))
    except (GitctlError, OSError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.code == 0 else None


def _item(report: ToolReport) -> dict[str, Any]:
    return {
        "name": report.tool.name,
        "state": report.state.value,
        "path": report.path,
        "version": report.version,
        "wanted": report.tool.wanted,
        "needed": report.needed,
        "neededBy": [need.value for need in report.tool.needs],
        "install": report.tool.install,
    }


def _jail(cut_off: Network) -> Line:
    from gitctl.cli.show.lines import Style, line
    from gitctl.render.jail import Network

    match cut_off:
        case Network.NONE:
            return line("helm and kustomize run without a network, with limits of memory, time and output", Style.QUIET)
        case Network.HOST:
            limits = "helm and kustomize run with limits of memory, time and output"
            return line(f"{limits}; their network is not cut off: no user namespaces here", Style.QUIET)


def _lines(reports: tuple[ToolReport, ...], cut_off: Network) -> list[Line]:
    from gitctl.cli.show.lines import Style, line, table
    from gitctl.workflow.doctor import UNFIT

    head = ("TOOL", "FOUND", "WANTED", "STATE", "NEEDED BY", "PATH")
    rows: list[tuple[str, ...]] = [
        (r.tool.name, r.version or "-", r.tool.wanted, r.state.value, ", ".join(n.value for n in r.tool.needs), r.path or "-")
        for r in reports
    ]
    absent = [
        line(f"{r.tool.name} is {r.state.value}: {r.tool.install}", Style.BAD if r.finding else Style.QUIET)
        for r in reports
        if r.state in UNFIT
    ]
    findings = sum(r.finding for r in reports)
    total = f"{counted(findings, 'finding')}" if findings else "all that is needed here is there"
    return [*table(rows, head), *absent, _jail(cut_off), line(total, Style.BAD if findings else Style.HEAD)]
