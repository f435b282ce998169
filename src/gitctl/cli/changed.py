"""`gitctl render --changed FILE…`: do the apps still render that read these files? Silent when they do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.cli.session import Session
from gitctl.errors import GitctlError, raise_all, singles

if TYPE_CHECKING:
    from gitctl.cli.open import OpenProject
    from gitctl.model.app import App


def check_changed(session: Session, names: Sequence[str]) -> int:
    """Render the apps of all environments (-e: of one) that read one of the files, as they lie in the work tree.

    Who changes a base need not have the keys of every environment: nothing is decrypted.
    Raises the errors of all apps that do not render.
    """
    from gitctl.cli.open import open_project
    from gitctl.cli.rendering import render_with
    from gitctl.cli.start import start_folder

    opened = open_project(session, worktree=True)
    if opened.project.source.url:
        session.detail("the apps are read from a remote: no file here is part of them")
        return 0
    root = Path(opened.tree.revision.repo).resolve()
    files = {Path(os.path.normpath(start_folder(session).resolve() / name)) for name in names}
    paths = {file.relative_to(root).as_posix() for file in files if file.is_relative_to(root)}
    render = render_with(session, opened.source, keyless=True)
    errors: list[GitctlError] = []
    for app in _chosen(session, opened, paths):
        try:
            render(app, opened.tree)
        except GitctlError as error:
            errors += singles([error])
    raise_all({str(error): error for error in errors}.values())
    return 0


def _chosen(session: Session, opened: OpenProject, paths: set[str]) -> tuple[App, ...]:
    from gitctl.cli.rendering import open_bases
    from gitctl.plugins import renderers
    from gitctl.render.run import reads_of
    from gitctl.workflow.touched import touched

    table, bases = renderers(), open_bases(session, opened.source)

    def reads(app: App) -> tuple[str, ...]:
        return (opened.file, *reads_of(app, opened.tree, renderers=table, bases=bases))

    return touched(_apps(session, opened), paths, reads)


def _apps(session: Session, opened: OpenProject) -> list[App]:
    from gitctl.config.resolve import choose_environment, resolve

    flags, project = session.flags, opened.project
    chosen = choose_environment(project, flags.env or "") if flags.env or not project.environments else None
    environments = (chosen,) if chosen else project.environments
    return [app for env in environments for one in resolve(project, env.name, context=flags.context or "") for app in one.apps]
