"""Plain manifests: the topmost folders that hold some, when all that gitctl would read there are manifests."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator

from gitctl.config.fill import path_app
from gitctl.model.app import RenderKind
from gitctl.protocols import Tree
from gitctl.render.ignore_file import IGNORE_FILE
from gitctl.render.plain import Plain
from gitctl.workflow.existing.environments import grouped
from gitctl.workflow.existing.proposal import Passed, ProposedApp

SUFFIXES = (".yaml", ".yml", ".json")


def find_plain(tree: Tree, names: Collection[str], is_manifest: Callable[[str], bool]) -> Iterator[ProposedApp | Passed]:
    """An app for each folder of manifests among the files `names`; its name is still to be given.

    A folder in which gitctl would read anything else is passed over, and the file named.
    """
    usable = []
    for folder in _topmost({posixpath.dirname(name) for name in names if is_manifest(name)}):
        stranger = next((f for f in Plain().reads(path_app(folder), tree).files if f not in names or not is_manifest(f)), None)
        if stranger is None:
            usable.append(folder)
        else:
            yield Passed(folder or ".", f"it holds manifests, and {stranger}, which is none: part them, or name it in {IGNORE_FILE}")
    for template, environments in grouped(usable).items():
        why = f"plain manifests for {', '.join(environments)}" if environments else "plain manifests"
        yield ProposedApp(name="", path=template, render=RenderKind.PLAIN, environments=environments, why=why)


def _topmost(folders: Collection[str]) -> tuple[str, ...]:
    def above(folder: str) -> Iterator[str]:
        parts = folder.split("/") if folder else []
        return ("/".join(parts[:n]) for n in range(len(parts)))

    return tuple(f for f in sorted(folders) if not any(a in folders for a in above(f)))
