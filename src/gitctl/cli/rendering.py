"""The render stage with its collaborators in it: secrets, caches, plug-ins, and the repositories of remote bases."""

from __future__ import annotations

import os
from collections.abc import Callable

from gitctl.cli.session import Session
from gitctl.cli.start import start_folder
from gitctl.model.app import App
from gitctl.model.manifest import RenderResult
from gitctl.paths import cache_folder
from gitctl.protocols import Bases, Source, Tree, Vault
from gitctl.source.checkout import find_root
from gitctl.source.pinned import PinnedCommits
from gitctl.source.repository import MirrorSource


def render_with(
    session: Session, source: Source | None, *, keyless: bool = False, opens_branches: bool = False
) -> Callable[[App, Tree], RenderResult]:
    """The render stage with the secret providers in it. `source` is that of the project, None for a folder. `keyless`: nothing is
    decrypted, placeholders stay. So it is for what goes to a branch, unless `opens_branches`."""
    from gitctl.plugins import renderers
    from gitctl.render.run import render
    from gitctl.secrets.keyless import KeylessVault
    from gitctl.secrets.sops import SopsProvider
    from gitctl.secrets.vault import SecretVault

    table = renderers()
    # One for the run: a file that several apps share is decrypted once.
    opening: Vault = SecretVault((SopsProvider(),), session.redactor)
    closed: Vault = KeylessVault((SopsProvider(),), session.redactor)

    bases = open_bases(session, source)
    cache, reuse = cache_folder() / "render", not session.flags.no_cache

    def run(app: App, tree: Tree) -> RenderResult:
        by = closed if keyless or (app.target and not opens_branches) else opening
        return render(
            app, tree, vault=by, cache=cache, say=session.detail, renderers=table, environment=os.environ, reuse=reuse, bases=bases
        )

    return last_kept(run)


def open_bases(session: Session, source: Source | None) -> Bases:
    """Where remote bases come from; nothing is fetched yet."""
    start = start_folder(session)
    known = source.mirror.url if isinstance(source, MirrorSource) else ""
    return PinnedCommits(find_root(start) or start, cache=cache_folder(), say=session.detail, known=known)


def last_kept(render: Callable[[App, Tree], RenderResult]) -> Callable[[App, Tree], RenderResult]:
    """The render that keeps its last result: a look asks for an app's twice, as it was acknowledged and as it is wanted."""
    last: tuple[App, Tree, RenderResult] | None = None

    def run(app: App, tree: Tree) -> RenderResult:
        nonlocal last
        if last is None or last[1] is not tree or last[0] != app:
            last = (app, tree, render(app, tree))
        return last[2]

    return run
