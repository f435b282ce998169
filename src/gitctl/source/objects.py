"""Git objects in bulk: one `ls-tree` for all names of a commit, one `cat-file --batch` for all contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitctl.errors import ErrorId, InputError, SourceError
from gitctl.source.git import Git

LINK = "120000"
SUBMODULE = "160000"
LARGEST_FILE = 64 * 1024 * 1024
LARGEST_READ = 512 * 1024 * 1024
MOST_ENTRIES = 500_000
LONGEST_LISTING = MOST_ENTRIES * 256
"""Bytes of all names. A few trees that name each other again and again are a list without end."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a commit: mode as six octal digits, object id, path in the repository."""

    mode: str
    sha: str
    path: str


def list_entries(git: Git, sha: str) -> tuple[Entry, ...]:
    """All files, links and submodules of a commit. Raises InputError for paths that Git itself would not have written."""
    try:
        listed = git.out("ls-tree", "-r", "-z", "--full-tree", sha, most_output=LONGEST_LISTING).split(b"\0")
    except InputError:
        raise _too_many(git, sha) from None
    if len(listed) > MOST_ENTRIES:
        raise _too_many(git, sha)
    return tuple(_entry(line) for line in listed if line)


def _too_many(git: Git, sha: str) -> InputError:
    return InputError(f"the commit {sha[:8]} has more than {MOST_ENTRIES} files", id=ErrorId.REPOSITORY_TOO_LARGE, where=git.where)


def _entry(line: bytes) -> Entry:
    header, _, raw = line.partition(b"\t")
    mode, _, sha = header.decode("ascii").split(" ")
    path = raw.decode("utf-8", "surrogateescape")
    check_path(path)
    return Entry(mode, sha, path)


def check_path(path: str) -> None:
    """Refuse a path that leads out of a folder, or into Git's own files (CVE-2014-9390). Raises InputError."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.rstrip(". ").lower() == ".git" for part in parts) or "\0" in path:
        raise InputError(f"the repository has a hostile path: {path!a}", id=ErrorId.PATH_UNSAFE)


def read_blobs(git: Git, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """The contents by object id; `wanted` maps each id to a path, for messages. Raises InputError above the size limits."""
    if not wanted:
        return {}
    request = "".join(f"{sha}\n" for sha in wanted).encode("ascii")
    _check_sizes(git.out("cat-file", "--batch-check", "--buffer", stdin=request).decode("ascii"), wanted)
    answer = dict(_contents(git.out("cat-file", "--batch", "--buffer", stdin=request, timeout=600.0)))
    missing = [path for sha, path in wanted.items() if sha not in answer]
    if missing:
        return _again(git, wanted, missing[0])
    return answer


def small_blobs(git: Git, wanted: Iterable[str], *, largest: int, total: int) -> dict[str, bytes]:
    """The contents of those that are here and small, as long as all of them together are; of others nothing. For reading ahead."""
    request = "".join(f"{sha}\n" for sha in wanted).encode("ascii")
    # What a partial clone lacks is fetched when it is needed, not before.
    env = {"GIT_NO_LAZY_FETCH": "1"}
    lines = git.out("cat-file", "--batch-check", "--buffer", stdin=request, env=env).decode("ascii").splitlines()
    sizes = {sha: int(rest[0]) for sha, kind, *rest in (line.split(" ") for line in lines) if kind == "blob"}
    small = [sha for sha, size in sizes.items() if size <= largest]
    if not small or sum(sizes[sha] for sha in small) > total:
        return {}
    request = "".join(f"{sha}\n" for sha in small).encode("ascii")
    return dict(_contents(git.out("cat-file", "--batch", "--buffer", stdin=request, env=env, timeout=600.0)))


def _again(git: Git, wanted: Mapping[str, str], path: str) -> dict[str, bytes]:
    """Objects are missing: mirrors are rebuilt once, other repositories are not ours to repair."""
    if git.heal is None:
        raise SourceError(
            f"the repository lacks the content of {path}", id=ErrorId.REPOSITORY_DAMAGED, hint="`git fsck` says more", where=git.where
        )
    git.heal()
    return read_blobs(Git(git.folder, bare=git.bare, env=git.env, secret=git.secret), wanted)


def _check_sizes(lines: str, wanted: Mapping[str, str]) -> None:
    total = 0
    for line in lines.splitlines():
        sha, kind, *rest = line.split(" ")
        size = int(rest[0]) if kind == "blob" else 0
        total += size
        if size > LARGEST_FILE:
            raise InputError(f"the file is larger than {LARGEST_FILE >> 20} MiB", id=ErrorId.REPOSITORY_TOO_LARGE, where=wanted[sha])
        if total > LARGEST_READ:
            raise InputError(f"the folder holds more than {LARGEST_READ >> 20} MiB", id=ErrorId.REPOSITORY_TOO_LARGE, where=wanted[sha])


def _contents(stream: bytes) -> Iterator[tuple[str, bytes]]:
    """The answers of `cat-file --batch`: `<id> blob <size>`, line feed, content, line feed; or `<id> missing`."""
    at = 0
    while at < len(stream):
        end = stream.index(b"\n", at)
        sha, kind, *rest = stream[at:end].decode("ascii").split(" ")
        if kind == "missing":
            at = end + 1
            continue
        size = int(rest[0])
        yield sha, stream[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def modes(entries: Iterable[Entry]) -> dict[str, str]:
    """Path → mode."""
    return {entry.path: entry.mode for entry in entries}
