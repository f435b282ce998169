"""`gitctl secret scan`: secrets in plain text, in files, in what is staged, or in what commits brought."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.errors import ErrorId, ExitCode, UsageError
from gitctl.model.quantity import counted

if TYPE_CHECKING:
    from gitctl.model.exposure import Exposure, Scan
    from gitctl.source.disk import OnDisk
    from gitctl.source.index import Staged
    from gitctl.source.past import Past

_EPILOG = epilog(
    [
        ("gitctl secret scan", "all files that Git tracks"),
        ("gitctl secret scan --staged", "what the next commit would hold: for a Git hook"),
        ("gitctl secret scan apps/web -o json", "a folder"),
        ("gitctl secret scan --history main..HEAD", "every version that these commits brought"),
        ("gitctl secret scan --history HEAD --write-baseline .gitctl-scan.json", "what is known from now on"),
        ("gitctl secret scan --baseline .gitctl-scan.json", "only what is new"),
        ("gitctl secret scan -o sarif > findings.sarif", "for code scanning; also junit, github"),
    ],
    codes={0: "nothing lies open", 1: "plain text that nobody gave a reason for"},
    notes="Accept a false positive: the annotation or comment `gitctl.dev/allow-plaintext: REASON`. Values are never printed.",
)


def register(group: typer.Typer) -> None:
    """Add the command to `secret`."""
    group.command("scan", epilog=_EPILOG)(scan)


@with_session()
def scan(
    session: Session,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE|DIR]…", help="Files and folders; default: all files that Git tracks.")
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="What is staged for the next commit.")] = False,
    history: Annotated[
        str, typer.Option("--history", metavar="OLD..NEW", help="What commits brought; one name: all that leads to it.")
    ] = "",
    exclude: Annotated[list[str] | None, typer.Option("--exclude", metavar="PATTERN", help="Leave out; repeatable: 'test/*'.")] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Accept what it lists, and nothing more.", show_default=False)
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", metavar="FILE", help="Write down what is found, as known.", show_default=False)
    ] = None,
) -> int:
    """Find secrets in plain text.

    Kubernetes Secrets, private keys, age keys, kubeconfigs, credentials of registries, tokens of services, and what kustomizations make
    Secrets of.
    """
    from gitctl.cli.show.scan import show_scan
    from gitctl.secrets import scan as detect
    from gitctl.workflow.scan import Detector
    from gitctl.workflow.scan import scan as run

    detector = Detector(detect.exposures, detect.generator_inputs, detect.exposed_inputs)
    looked_at = _past(session, history, files, staged) if history else files_to_scan(session, files or [], staged)
    found = run(looked_at, detector, exclude=_below_any_commit(exclude or (), history))
    found = _dated(found, looked_at.names) if history else found
    if write_baseline:
        _write_baseline(session, found, write_baseline, at_root=bool(staged or history))
        return ExitCode.DONE
    if baseline:
        found = _less_known(session, found, baseline, at_root=bool(staged or history))
    show_scan(session, found)
    if not (history or staged or files or session.flags.quiet):
        _say_untracked(session)
    return ExitCode.DIFFERENT if found.exposures else ExitCode.DONE


def files_to_scan(session: Session, files: list[Path], staged: bool = False) -> Staged | OnDisk:
    """The files that are named, else all that Git tracks, or what is staged. Raises UsageError, SourceError, InputError."""
    from gitctl.cli.start import start_folder
    from gitctl.source.checkout import repository_of
    from gitctl.source.disk import named_files, tracked_files
    from gitctl.source.index import Staged

    start = start_folder(session)
    if files and staged:
        raise UsageError("--staged looks at the index: it takes no files", id=ErrorId.FLAGS_CONFLICT, hint="leave one of them out")
    if files:
        return named_files(start, files)
    if staged:
        return Staged(repository_of(start))
    return tracked_files(start, repository_of(start, hint="name files or folders").folder)


def _say_untracked(session: Session) -> None:
    """Say that there are files that were passed over: where a secret is before its first `git add`."""
    from gitctl.cli.start import start_folder
    from gitctl.source.checkout import repository_of
    from gitctl.source.disk import untracked_files

    if found := untracked_files(repository_of(start_folder(session)).folder):
        session.say(f"note: {counted(found, 'file')} that Git does not track not looked at; name them, or run it after `git add`")


def _past(session: Session, span: str, files: list[Path] | None, staged: bool) -> Past:
    from gitctl.cli.start import start_folder
    from gitctl.source.checkout import repository_of
    from gitctl.source.past import Past

    if files or staged:
        raise UsageError("--history looks at commits: it takes no files", id=ErrorId.FLAGS_CONFLICT, hint="leave one of them out")
    start = start_folder(session)
    return Past(repository_of(start), span)


def _below_any_commit(patterns: list[str] | tuple[str, ...], history: str) -> tuple[str, ...]:
    """Names in history begin with a commit."""
    return tuple(f"*/{pattern}" if history else pattern for pattern in patterns)


def _dated(found: Scan, names: tuple[str, ...]) -> Scan:
    """Each exposure with its path and the commit that brought it first; what later versions still have is told once.

    `names` are those of `Past`, the oldest commit first.
    """
    age = {name: number for number, name in enumerate(names)}
    first: dict[tuple[str, str, str, str, int], Exposure] = {}
    for one in sorted((*found.exposures, *found.accepted), key=lambda one: age.get(one.path, len(age))):
        commit, _, path = one.path.partition("/")
        key = (path, one.kind, one.object, one.key, one.size)
        first.setdefault(key, replace(one, path=path, commit=commit))
    dated = sorted(first.values(), key=lambda one: (one.path, one.line, one.column))
    passed_over = tuple((f"{name[:8]}:{name.partition('/')[2]}", reason) for name, reason in found.passed_over)
    return _sorted_out(replace(found, passed_over=passed_over), dated)


def _write_baseline(session: Session, found: Scan, file: Path, *, at_root: bool) -> None:
    from gitctl.secrets.scan import write_baseline
    from gitctl.workflow.seal import write_file

    path = (session.flags.directory or Path()) / file
    moved = _seen_from(session, found.exposures, path, at_root=at_root)
    write_file(path, write_baseline(moved))
    body = {"action": "baseline", "files": [str(path)]}
    session.result("SecretResult", body, text=lambda: session.redactor.clean(f"wrote {path}: {len(moved)} known"))


def _less_known(session: Session, found: Scan, file: Path, *, at_root: bool) -> Scan:
    """The scan with what the baseline knows among the accepted."""
    from gitctl.secrets.scan import known, read_baseline
    from gitctl.workflow.secret import read_file

    path = (session.flags.directory or Path()) / file
    baseline = read_baseline(read_file(path), where=str(path))
    judged, gone = known(_seen_from(session, found.exposures, path, at_root=at_root), baseline)
    if gone and not (session.flags.quiet or at_root):
        session.say(f"{gone} of the baseline not found any more: --write-baseline drops them")
    told = [replace(one, accepted=new.accepted) for one, new in zip(found.exposures, judged, strict=True)]
    return _sorted_out(found, [*told, *found.accepted])


def _sorted_out(found: Scan, exposures: list[Exposure]) -> Scan:
    return replace(found, exposures=tuple(e for e in exposures if not e.accepted), accepted=tuple(e for e in exposures if e.accepted))


def _seen_from(session: Session, exposures: tuple[Exposure, ...], file: Path, *, at_root: bool) -> tuple[Exposure, ...]:
    """The exposures with paths from the baseline's folder, so that it does not matter where the command runs."""
    from gitctl.cli.start import start_folder
    from gitctl.source.checkout import find_root

    start = start_folder(session)
    base = (find_root(start) or start) if at_root else start
    folder = file.absolute().parent
    return tuple(replace(one, path=Path(os.path.relpath(base / one.path, folder)).as_posix()) for one in exposures)
