"""Which apps read a file? Found by what their renderers would read, without rendering."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from gitctl.errors import GitctlError
from gitctl.model.app import App
from gitctl.model.readset import is_read

ReadsOf = Callable[[App], tuple[str, ...]]
"""The places that a render of the app reads: files, folders (end in `/`), `""` for the whole tree. Raises GitctlError."""


def touched(apps: Iterable[App], files: Collection[str], reads: ReadsOf) -> tuple[App, ...]:
    """The apps that read one of the files (paths in the repository), and those of which that cannot be said: rendering tells why.

    The same app on several clusters comes once where the cluster makes no difference to it.
    """
    chosen: list[App] = []
    for app in apps:
        if app not in chosen and _reads_one(app, files, reads):
            chosen.append(app)
    return tuple(chosen)


def _reads_one(app: App, files: Collection[str], reads: ReadsOf) -> bool:
    try:
        places = reads(app)
    except GitctlError:
        return True
    return any(is_read(file, places) for file in files)
