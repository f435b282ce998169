"""The index: what the next commit would hold, read as blobs. Links and submodules hold no text of this repository and are left out."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

from gitctl.source.git import Git
from gitctl.source.objects import LINK, SUBMODULE, read_blobs

_VARIABLE = "GIT_INDEX_FILE"


class Staged:
    """The files that the index has otherwise than HEAD, paths relative to the root of the repository. Renamed files are new files."""

    def __init__(self, git: Git) -> None:
        self._git = git

    @cached_property
    def _env(self) -> Mapping[str, str]:
        """`git commit -a` and `git commit FILE` let hooks see an index of their own. One of another repository is not meant."""
        named = os.environ.get(_VARIABLE, "")
        if not named:
            return {}
        file = Path(named).resolve()
        own = Path(self._git.text("rev-parse", "--absolute-git-dir")).resolve()
        is_others = any((folder / "HEAD").is_file() for folder in file.parents) and own not in file.parents
        return {} if is_others else {_VARIABLE: str(file)}

    @cached_property
    def _changed(self) -> dict[str, str]:
        """Path → object id."""
        against = "HEAD" if self._git.try_text("rev-parse", "--verify", "--quiet", "HEAD") else self._empty_tree()
        flags = ("--cached", "-r", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--diff-filter=AMT")
        fields = self._out("diff-index", *flags, against, "--").split("\0")
        entries = ((header.split(" "), path) for header, path in zip(fields[::2], fields[1::2], strict=False) if header)
        return {path: sha for (_, mode, _, sha, _), path in entries if mode not in (LINK, SUBMODULE)}

    @property
    def names(self) -> tuple[str, ...]:
        """The files, in the order of their paths. Raises SourceError."""
        return tuple(sorted(self._changed))

    def read(self, names: Collection[str], *, largest: int) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
        """The contents of these files, of any in the index, and the names of those larger than `largest` bytes; what the index has
        not is left out. Raises SourceError."""
        wanted = self._ids(names)
        sizes = self._sizes(wanted.values())
        large = tuple(name for name, sha in wanted.items() if sizes.get(sha, 0) > largest)
        small = {name: sha for name, sha in wanted.items() if name not in large}
        contents = read_blobs(self._git, {sha: name for name, sha in small.items()})
        return {name: contents[sha] for name, sha in small.items()}, large

    def _ids(self, names: Collection[str]) -> dict[str, str]:
        known = {name: self._changed[name] for name in names if name in self._changed}
        others = [name for name in names if name not in known]
        if not others:
            return known
        lines = self._out("ls-files", "--stage", "-z", "--full-name", "--", *others).split("\0")
        entries = ((line.partition("\t")[0].split(" "), line.partition("\t")[2]) for line in lines if line)
        return known | {path: sha for (mode, sha, _), path in entries if mode not in (LINK, SUBMODULE) and path in others}

    def _sizes(self, ids: Collection[str]) -> dict[str, int]:
        request = "".join(f"{sha}\n" for sha in ids).encode("ascii")
        answer = self._git.out("cat-file", "--batch-check", "--buffer", stdin=request).decode("ascii") if request else ""
        rows = (line.split(" ") for line in answer.splitlines())
        return {row[0]: int(row[2]) for row in rows if row[1] == "blob"}

    def _empty_tree(self) -> str:
        return self._git.out("hash-object", "-t", "tree", "--stdin").decode("ascii").strip()

    def _out(self, *args: str) -> str:
        return self._git.out(*args, env=self._env).decode("utf-8", "surrogateescape")
