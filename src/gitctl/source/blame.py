"""Who last changed a line, or any of some files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from gitctl.model.blamed import Blamed
from gitctl.model.revision import Revision
from gitctl.source.git import Git
from gitctl.source.resolve import FORMAT, commit_of


def blame_file(git: Git, sha: str, path: str, *, repo: str) -> Mapping[int, Blamed]:
    """Line (from 1) of a file at a commit → the commit that last changed it. Lines are left out whose commit a shallow clone lacks.

    Empty for a path that the commit does not have.
    """
    done = git.run("-c", "blame.ignoreRevsFile=", "blame", "--line-porcelain", "--root", sha, "--", path)
    if done.code:
        return {}
    cut = _shallow(git)
    found: dict[int, Blamed] = {}
    for line, header in _headers(done.stdout):
        if header["sha"] not in cut:
            found[line] = _blamed(header, repo)
    return found


def newest_change(git: Git, sha: str, places: Iterable[str], *, repo: str) -> Revision | None:
    """The newest commit, up to `sha`, that changed a file at or below `places` ("" is the whole tree); None where nobody can tell."""
    paths = [place.rstrip("/") for place in places]
    return _newest(git, sha, FORMAT, "--end-of-options", sha, "--", *(paths if all(paths) else ()), repo=repo)


def newest_change_of_lines(git: Git, sha: str, path: str, first: int, last: int, *, repo: str) -> Revision | None:
    """The newest commit, up to `sha`, that changed, added or took away a line among some lines of a file (0: up to its end)."""
    lines = f"-L{first},{last or ''}:{path}"
    return _newest(git, sha, "--no-patch", FORMAT, lines, "--end-of-options", sha, repo=repo)


def _newest(git: Git, sha: str, *arguments: str, repo: str) -> Revision | None:
    done = git.run("log", "-1", *arguments)
    if done.code or not done.stdout.strip():
        return None
    found = commit_of(done.stdout, name=sha, repo=repo)
    return None if found.sha in _shallow(git) else found


def _headers(stream: bytes) -> list[tuple[int, dict[str, str]]]:
    """`--line-porcelain` (git-blame(1)): `<sha> <old line> <line> …`, then `key value` lines, then TAB and the content."""
    found: list[tuple[int, dict[str, str]]] = []
    header: dict[str, str] = {}
    for raw in stream.split(b"\n"):
        if raw.startswith(b"\t"):
            found.append((int(header["line"]), header))
            header = {}
            continue
        key, _, value = raw.decode("utf-8", "replace").partition(" ")
        if not header and value:
            header = {"sha": key, "line": value.split(" ")[1]}
        else:
            header[key] = value
    return found


def _blamed(header: Mapping[str, str], repo: str) -> Blamed:
    return Blamed(
        repo=repo,
        sha=header["sha"],
        name=header["sha"],
        author=f"{header.get('author', '')} {header.get('author-mail', '')}".strip(),
        subject=header.get("summary", ""),
        committed_at=datetime.fromtimestamp(int(header.get("committer-time", "0")), tz=UTC),
        # The file's commit and name before this one; git leaves it out where the commit made the file.
        was_there="previous" in header,
    )


def _shallow(git: Git) -> frozenset[str]:
    """Commits whose parents a shallow clone lacks: they seem to have changed every line."""
    place = git.folder / git.text("rev-parse", "--git-path", "shallow")
    return frozenset(place.read_text().split()) if place.is_file() else frozenset()
