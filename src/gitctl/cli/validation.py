"""The two ways to validate, put together: files as they lie there, and what apps render to."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.cli.forms import REPORTS
from gitctl.cli.schemas import SchemaChoice, open_book
from gitctl.cli.session import Session
from gitctl.cli.start import start_folder
from gitctl.config.find import find_config, search
from gitctl.config.load import load
from gitctl.config.resolve import choose_environment
from gitctl.errors import ErrorId, GitctlError, InputError, UsageError
from gitctl.model.app import Cluster
from gitctl.source.checkout import find_root
from gitctl.source.worktree import WorkTree
from gitctl.workflow.validate import Files, Validation, validate_apps, validate_files
from gitctl.workflow.written import SUFFIXES

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.target.kubernetes.target import KubernetesTarget

# What reaches clusters and renders is imported where that is asked for: a file is to be checked in a moment, at every commit.
STDIN = "-"
_LARGEST = 64 << 20

Runs = list[tuple[str, Validation]]


def file_groups(session: Session, names: Sequence[str]) -> list[str] | None:
    """The names when they are files and folders, None when they are apps. Raises UsageError for both at once, InputError for a path
    that is not there."""
    start = start_folder(session)
    apps = _app_names(session, start)
    if not names and apps is None:
        hint = "name files or folders: `gitctl validate .`"
        raise UsageError("there is no gitctl.yaml here, and no file was named", id=ErrorId.ARGUMENT_INVALID, hint=hint)
    paths = [name for name in names if apps is None or _is_path(start, name, apps)]
    if paths and len(paths) < len(names):
        app = next(name for name in names if name not in paths)
        hint = "name files, or apps; a folder that is called as an app is ./NAME"
        raise UsageError(f"{paths[0]} is a file or folder, and {app} is none", id=ErrorId.ARGUMENT_INVALID, hint=hint)
    missing = next((name for name in paths if name != STDIN and not (start / name).exists()), None)
    if missing:
        hint = "name files or folders of manifests, or apps of gitctl.yaml"
        raise InputError(f"{missing} does not exist", id=ErrorId.FILE_MISSING, hint=hint)
    return list(dict.fromkeys(paths)) or None


def _app_names(session: Session, start: Path) -> frozenset[str] | None:
    """The apps of the project, None where there is none. A project that cannot be read has no names: it is no matter of files."""
    if session.flags.config is None and search(start) is None:
        return None
    try:
        file = find_config(start, explicit=session.flags.config)
        return frozenset(spec.template.name for spec in load(file.read_bytes(), path=str(file)).apps)
    except GitctlError:
        return frozenset()


def _is_path(start: Path, name: str, apps: Collection[str]) -> bool:
    """A slash, a dot or a suffix makes a path, and so does being there under a name that is no app's."""
    if name in (STDIN, ".", "..") or "/" in name or name.endswith(SUFFIXES):
        return True
    return name not in apps and (start / name).exists()


def validated_files(session: Session, names: Iterable[str], choice: SchemaChoice) -> Runs:
    """Validate files. A cluster is asked only where -e or --context names one."""
    target, kubernetes = _named_cluster(session)
    book = open_book(session, choice, target, kubernetes)
    return [(book.source, validate_files(files, book)) for files in _files(session, list(names))]


def _named_cluster(session: Session) -> tuple[KubernetesTarget | None, str]:
    flags = session.flags
    if flags.env:
        from gitctl.cli.open import open_project

        environment = choose_environment(open_project(session, worktree=True).project, flags.env)
        cluster = environment.clusters[0] if environment.clusters else None
        if flags.context:
            cluster = Cluster(name=flags.context, context=flags.context)
        return _target(session, cluster), environment.kubernetes
    return _target(session, Cluster(name=flags.context, context=flags.context) if flags.context else None), ""


def _target(session: Session, cluster: Cluster | None) -> KubernetesTarget | None:
    if cluster is None:
        return None
    from gitctl.cli.open import open_cluster
    from gitctl.target.kubernetes.target import KubernetesTarget

    opened = open_cluster(session, cluster)
    return opened if isinstance(opened, KubernetesTarget) else None


def _files(session: Session, names: list[str]) -> Iterable[Files]:
    """The files by the repository that they lie in; those outside of any one by one."""
    start = start_folder(session)
    if STDIN in names:
        yield Files({"stdin": sys.stdin.buffer.read()}, None)
    groups: dict[Path, list[Path]] = {}
    for path in (start / name for name in names if name != STDIN):
        folder = path if path.is_dir() else path.parent
        groups.setdefault(_root(folder, groups), []).append(path)
    for root, paths in groups.items():
        yield _group(session, start, root, paths)


def _root(folder: Path, known: Collection[Path]) -> Path:
    """The repository that holds a folder, else the folder. Git is asked once for each repository: hooks name many files."""
    for above in (folder, *folder.parents):
        if above in known:
            return above
        if (above / ".git").exists():
            break
    return find_root(folder) or folder


def _group(session: Session, start: Path, root: Path, paths: list[Path]) -> Files:
    """Files outside of Git that are named one by one have no tree: what lies around them is nobody's repository."""
    in_git = any((folder / ".git").exists() for folder in (root.resolve(), *root.resolve().parents))
    tree = WorkTree(root) if in_git or any(p.is_dir() for p in paths) else None
    names: Collection[str] = tree.names("") if tree else ()
    contents: dict[str, bytes] = {}
    for path in paths:
        relative = path.resolve().relative_to(root.resolve()).as_posix()
        if path.is_dir() and tree:
            contents |= {n: tree.files(n)[n] for n in _below(names, "" if relative == "." else relative)}
        else:
            contents[relative] = _content(path)
    # Reports for CI name files as the repository does, text as the reader's folder does.
    for_ci = session.flags.output in REPORTS
    return Files(contents, tree, frozenset(names), str if for_ci else lambda name: os.path.relpath(root / name, start))


def _below(names: Collection[str], folder: str) -> list[str]:
    prefix = f"{folder}/" if folder else ""
    inner = (n for n in names if n.startswith(prefix) and n.endswith(SUFFIXES))
    return sorted(n for n in inner if not any(part.startswith(".") for part in n.removeprefix(prefix).split("/")))


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"the file is larger than {_LARGEST >> 20} MiB", id=ErrorId.YAML_TOO_LARGE, where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", id=ErrorId.FILE_UNREADABLE, where=str(path)) from error


def validated_apps(session: Session, names: list[str] | None, choice: SchemaChoice, *, revision: str | None, worktree: bool) -> Runs:
    """Render apps and validate the objects, for each cluster of the environment."""
    from gitctl.cli.open import open_stages

    stages = open_stages(session, names, revision=revision, worktree=worktree, tell_dirty=True, needs_cluster=False)
    return [_stage(session, stage, choice) for stage in stages]


def _stage(session: Session, stage: Stage, choice: SchemaChoice) -> tuple[str, Validation]:
    from gitctl.cli.rendering import render_with
    from gitctl.secrets.keyless import is_sealed
    from gitctl.target.kubernetes.target import KubernetesTarget
    from gitctl.workflow.plan import render_apps

    target = stage.parts.target if isinstance(stage.parts.target, KubernetesTarget) else None
    kubernetes = next((app.kubernetes for app in stage.apps if app.kubernetes), "")
    book = open_book(session, choice, target, kubernetes)
    render = render_with(session, stage.parts.source, keyless=True)
    rendered = render_apps(stage.apps, replace(stage.parts, render=render))
    titled = [(stage.title(r.app), r) for r in rendered]
    return book.source, validate_apps(titled, stage.parts.tree, book, opaque=is_sealed)
