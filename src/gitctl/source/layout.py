"""Follow symbolic links the way a file system does, but never out of the tree.

A layout says what stands at a path; all else here is pure. Paths are relative to the tree's root, with `/`, "" for the root.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from gitctl.errors import ErrorId, InputError

MOST_HOPS = 40
MOST_FILES = 200_000


@dataclass(frozen=True, slots=True)
class File:
    """A regular file."""


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link and what it says."""

    target: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder and the names in it."""

    names: tuple[str, ...]


Node: TypeAlias = File | Link | Folder


class Layout(Protocol):
    """What a tree holds."""

    def look(self, path: str) -> Node | None:
        """What stands at a path whose parents are no links; None when there is nothing."""
        ...


def real_path(layout: Layout, path: str) -> str:
    """The path with every link in it followed. It need not exist. Raises InputError for links that leave the tree, and for loops."""
    todo = path.split("/")[::-1]
    done: list[str] = []
    hops = 0
    while todo:
        part = todo.pop()
        if part == "..":
            if not done:
                raise _outside(path)
            done.pop()
        elif part not in ("", "."):
            done.append(part)
            node = layout.look("/".join(done))
            if isinstance(node, Link):
                hops += 1
                _check_link(node, path, hops)
                done.pop()
                todo += node.target.split("/")[::-1]
    return "/".join(done)


def _check_link(link: Link, path: str, hops: int) -> None:
    if link.target.startswith("/"):
        raise _outside(path)
    if hops > MOST_HOPS:
        raise InputError(f"more than {MOST_HOPS} links one after the other", id=ErrorId.LINK_UNSAFE, where=path)


def _outside(path: str) -> InputError:
    return InputError(
        "a link leads out of the repository",
        id=ErrorId.LINK_UNSAFE,
        hint="copy the file into the repository, or remove the link",
        where=path,
    )


def walk(layout: Layout, start: str, *, strict: bool) -> dict[str, str]:
    """Every file at or below `start`: path as it is seen → path without links; empty when nothing is there.

    With `strict`, links that lead out, in circles or to nothing raise InputError; else they are passed over.
    """
    found: dict[str, str] = {}
    first = _followed(layout, start, start, strict)
    todo = [] if first is None else [(start, first, frozenset[str]())]
    while todo:
        seen, real, above = todo.pop()
        node = layout.look(real)
        if isinstance(node, Folder):
            todo += _below(layout, seen, real, node, above | {real}, strict)
        elif node is not None:
            found[seen] = real
            _check_count(found, seen)
    return found


def _below(
    layout: Layout, seen: str, real: str, folder: Folder, above: frozenset[str], strict: bool
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """What stands in a folder, links followed. A folder that is met again below itself is a circle."""
    for name in reversed(folder.names):
        path, shown = _join(real, name), _join(seen, name)
        if isinstance(layout.look(path), Link):
            followed = _followed(layout, shown, path, strict)
            if followed in above and strict:
                raise InputError("a link leads in a circle", id=ErrorId.LINK_UNSAFE, where=shown)
            if followed is None or followed in above:
                continue
            path = followed
        yield shown, path, above


def _followed(layout: Layout, seen: str, path: str, strict: bool) -> str | None:
    """Where `path` really is, None for a link that is passed over."""
    try:
        real = real_path(layout, path)
    except InputError as bad:
        if strict:
            raise InputError(bad.message, id=bad.id, hint=bad.hint, where=seen) from bad
        return None
    if strict and real != path and layout.look(real) is None:
        raise InputError("a link leads to nothing", id=ErrorId.LINK_UNSAFE, hint="remove it, or add what it points to", where=seen)
    return real


def _check_count(found: dict[str, str], seen: str) -> None:
    if len(found) > MOST_FILES:
        raise InputError(f"more than {MOST_FILES} files, links followed", id=ErrorId.REPOSITORY_TOO_LARGE, where=seen)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def has_links(layout: Layout, start: str) -> bool:
    """Is there a link on the way to `start`, or anywhere below it?"""
    return real_path(layout, start) != start or any(isinstance(node, Link) for node in _nodes(layout, start))


def _nodes(layout: Layout, start: str) -> Iterator[Node]:
    todo = [start]
    while todo:
        path = todo.pop()
        node = layout.look(path)
        if node is None:
            continue
        yield node
        if isinstance(node, Folder):
            todo += [_join(path, name) for name in node.names]


def folders_of(paths: Collection[str]) -> dict[str, dict[str, None]]:
    """Each folder above some files, the root too, with the names in it in their order."""
    folders: dict[str, dict[str, None]] = {"": {}}
    for path in paths:
        parent, _, name = path.rpartition("/")
        while name not in folders.setdefault(parent, {}):
            folders[parent][name] = None
            if not parent:
                break
            parent, _, name = parent.rpartition("/")
    return folders
