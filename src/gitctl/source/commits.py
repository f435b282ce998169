"""Commits: what a branch holds and who wrote it, read and written without a work tree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from gitctl.errors import ErrorId, InputError
from gitctl.refs import APP_TRAILER, Touch
from gitctl.source.commit import write_commit, write_note
from gitctl.source.git import Git
from gitctl.source.objects import LINK, SUBMODULE, Entry, check_path, list_entries, read_blobs
from gitctl.source.resolve import commit_of

_FIELDS = f"%H%x00%an <%ae>%x00%ct%x00%s%x00%(trailers:key={APP_TRAILER},valueonly,separator=%x2C)"


class Commits:
    """The commits of one repository, read and made as `protocols.Refs` wants it. `where` names the repository in messages."""

    def __init__(self, git: Git, where: str) -> None:
        self.git = git
        self._where = where
        self._entries = lru_cache(4)(lambda commit: list_entries(git, commit))

    @property
    def where(self) -> str:
        """See Refs."""
        return self._where

    def files(self, commit: str, paths: Collection[str]) -> Mapping[str, bytes]:
        """See Refs."""
        if not commit:
            return {}
        folders = tuple(path for path in paths if path.endswith("/"))
        exact = frozenset(paths)
        found = [e for e in self._entries(commit) if e.mode not in (LINK, SUBMODULE) and (e.path in exact or _is_below(e, folders))]
        contents = read_blobs(self.git, {e.sha: e.path for e in found})
        return {e.path: contents[e.sha] for e in found}

    def touches(self, old: str, new: str, folder: str) -> tuple[Touch, ...] | None:
        """See Refs."""
        if old and self.git.run("merge-base", "--is-ancestor", old, new).code:
            return None
        below = (folder,) if folder else ()
        listed = self.git.out("log", "-z", f"--format={_FIELDS}", "--end-of-options", f"{old}..{new}" if old else new, "--", *below)
        fields = listed.decode("utf-8", "replace").split("\0")
        rows = [fields[i : i + 5] for i in range(0, len(fields) - 4, 5)]
        changed = self._changed([row[0] for row in rows], below)
        return tuple(
            Touch(
                commit_of("\0".join(row[:4]).encode(), name=row[0], repo=self._where),
                frozenset(changed.get(row[0], ())),
                tuple(filter(None, row[4].split(","))),
            )
            for row in rows
        )

    def _changed(self, commits: list[str], below: tuple[str, ...]) -> Mapping[str, list[str]]:
        """The files that each commit changed, the sides of a merge left to the commits that made them."""
        if not commits:
            return {}
        flags = ("--stdin", "-r", "-z", "--root", "--name-only", "--no-renames", "--no-ext-diff")
        stream = self.git.out("diff-tree", *flags, "--", *below, stdin="".join(f"{c}\n" for c in commits).encode())
        known, found = frozenset(commits), dict[str, list[str]]()
        now: list[str] = []
        for token in stream.decode("utf-8", "surrogateescape").split("\0"):
            if token in known:
                now = found.setdefault(token, [])
            elif token:
                now.append(token)
        return found

    def commit(self, files: Mapping[str, bytes | None], message: str, *, parent: str) -> str:
        """See Refs."""
        for path in files:
            check_path(path)
        sha, placed = write_commit(self.git, files, message, parent=parent)
        astray = sorted(files.keys() - placed.keys())
        if astray:
            message = "a link in the branch leads to another place"
            raise InputError(message, id=ErrorId.LINK_UNSAFE, hint="remove the link from the branch", where=astray[0])
        return sha

    def note(self, files: Mapping[str, bytes], message: str, *, parent: str) -> str:
        """See Refs."""
        return write_note(self.git, files, message, parent=parent)

    def here(self, refs: Collection[str]) -> dict[str, str]:
        """The refs of this repository at or below some names."""
        exact = frozenset(refs)
        folders = tuple(name for name in refs if name.endswith("/"))
        listed = self.git.text("for-each-ref", "--format=%(objectname) %(refname)", *(name.rstrip("/") for name in refs))
        return {ref: sha for sha, ref in _pairs(listed) if ref in exact or ref.startswith(folders)}


def _is_below(entry: Entry, folders: tuple[str, ...]) -> bool:
    return "/" in folders or entry.path.startswith(folders)


def _pairs(listed: str) -> Iterator[tuple[str, str]]:
    for line in listed.splitlines():
        sha, _, ref = line.partition(" ")
        yield sha, ref
