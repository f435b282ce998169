"""Kustomizations: those that no other builds on are apps; overlays of one app are its environments."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gitctl.documents import load_all
from gitctl.errors import GitctlError, ManifestError
from gitctl.model.app import RenderKind
from gitctl.protocols import Tree
from gitctl.render.kustomization import kustomization_of, scan
from gitctl.workflow.existing.environments import PLACEHOLDER, grouped
from gitctl.workflow.existing.proposal import Passed, ProposedApp
from gitctl.workflow.existing.remote import RemoteBases

_BUILT_ON = ("resources", "bases", "components")


def kustomization_folders(names: Collection[str]) -> Mapping[str, str]:
    """Folder → its kustomization file."""
    known = frozenset(names)
    folders = sorted({posixpath.dirname(name) for name in known})
    return {folder: path for folder in folders if (path := kustomization_of(known, folder))}


def find_kustomizations(tree: Tree, files: Mapping[str, str], *, listed: Collection[str] = ()) -> Iterator[ProposedApp | Passed]:
    """An app for each kustomization, or set of overlays, that nothing builds on; its name is still to be given.

    `files` are those of `kustomization_folders`, `listed` the remote bases that may be read. A build that gitctl would refuse is passed
    over, with what is wrong in it; but what only lacks consent to its remote bases is an app, with what is to do.
    """
    usable: dict[str, tuple[str, ...]] = {}
    for folder in _tops(tree, files):
        remote = RemoteBases(listed)
        problem = _problem(tree, folder, remote)
        if problem:
            yield Passed(folder or ".", problem)
        else:
            usable[folder] = remote.to_do
    for template, environments in grouped(usable).items():
        folders = [template.replace(PLACEHOLDER, env) for env in environments] or [template]
        to_do = tuple(dict.fromkeys(text for folder in folders for text in usable[folder]))
        why = _why(template, environments)
        yield ProposedApp("", template, RenderKind.KUSTOMIZE, environments, why=why, to_do=to_do)


def _tops(tree: Tree, files: Mapping[str, str]) -> tuple[str, ...]:
    contents = {folder: _content(tree, path) for folder, path in files.items()}
    used = {inner for folder, content in contents.items() for inner in _built_on(folder, content)}
    return tuple(f for f, content in contents.items() if f not in used and content.get("kind") != "Component")


def _content(tree: Tree, path: str) -> Mapping[str, Any]:
    try:
        values = [loaded.value for loaded in load_all(tree.files(path)[path], where=path)]
    except ManifestError:
        return {}
    return values[0] if values and isinstance(values[0], dict) else {}


def _built_on(folder: str, content: Mapping[str, Any]) -> Iterator[str]:
    for key in _BUILT_ON:
        listed = content.get(key)
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, str):
                path = posixpath.normpath(posixpath.join(folder, entry))
                yield "" if path == "." else path


def _problem(tree: Tree, folder: str, remote: RemoteBases) -> str:
    try:
        scan(tree, folder, bring=remote.note)
    except GitctlError as error:
        return f"{error.where}: {error.message}" if error.where else error.message
    return ""


def _why(template: str, environments: tuple[str, ...]) -> str:
    return f"kustomize overlays for {', '.join(environments)}" if PLACEHOLDER in template else "a kustomization"
