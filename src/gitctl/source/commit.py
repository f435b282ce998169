"""Make a commit out of contents in memory: a temporary index, no checkout, nothing of the user's touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gitctl.errors import ErrorId, InputError, SourceError
from gitctl.process import Finished
from gitctl.source.export import exported, temporary
from gitctl.source.git import Git
from gitctl.source.layout import real_path
from gitctl.source.listing import Listing
from gitctl.source.objects import LINK, Entry, list_entries

PLAIN = "100644"
EXECUTABLE = "100755"
_COMMIT_SECONDS = 60.0
_OWN = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in (("NAME", "gitctl"), ("EMAIL", "gitctl@localhost"))}


def write_commit(
    git: Git, files: Mapping[str, bytes | None], message: str, *, parent: str, executable: Collection[str] = ()
) -> tuple[str, Mapping[str, bytes | None]]:
    """A commit on top of `parent` ("" for a first commit) that no branch holds yet: its id, and what it writes where.

    New files named in `executable` may be run.

    Paths are checked ones. Links on the way to a file are followed; a link at the place of a file is replaced. The id is that of
    `parent` when nothing changes. Raises SourceError, InputError.
    """
    entries = list_entries(git, parent) if parent else ()
    placed = _placed(git, files, entries)
    tree = _write_tree(git, placed, entries, parent, executable)
    if parent and tree == git.text("rev-parse", f"{parent}^{{tree}}"):
        return parent, placed
    sign = git.try_text("config", "--type=bool", "--get", "commit.gpgsign") == "true"
    return commit_tree(git, tree, message, parent=parent, sign=sign), placed


def write_note(git: Git, files: Mapping[str, bytes], message: str, *, parent: str) -> str:
    """A commit that holds these files alone, for gitctl's own bookkeeping: in its own name, never signed. Raises SourceError."""
    return commit_tree(git, _write_tree(git, files, (), ""), message, parent=parent, env=_OWN)


def require_identity(git: Git) -> None:
    """Raise SourceError when Git does not know who commits."""
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        done = git.run("var", who)
        if done.code:
            raise _refusal(git, done)


def commit_tree(git: Git, tree: str, message: str, *, parent: str, sign: bool = False, env: Mapping[str, str] | None = None) -> str:
    """The id of a commit of a tree. Raises SourceError when Git does not know who commits."""
    flags = (*(("-p", parent) if parent else ()), *(("-S",) if sign else ()))
    done = git.run("commit-tree", tree, *flags, "-F", "-", stdin=message.encode(), env=env, timeout=_COMMIT_SECONDS)
    if done.code:
        raise _refusal(git, done)
    return done.stdout.decode("ascii").strip()


def _placed(git: Git, files: Mapping[str, bytes | None], entries: tuple[Entry, ...]) -> dict[str, bytes | None]:
    """The files by the paths at which Git keeps them: a folder on the way may be a link."""
    listing = Listing(git, entries)
    placed: dict[str, bytes | None] = {}
    for path, content in files.items():
        parent, _, name = path.rpartition("/")
        folder = real_path(listing, parent)
        real = f"{folder}/{name}" if folder else name
        if placed.setdefault(real, content) != content:
            raise InputError("two contents for one file, seen through a link", id=ErrorId.LINK_UNSAFE, where=path)
    return placed


def _write_tree(
    git: Git, placed: Mapping[str, bytes | None], entries: tuple[Entry, ...], parent: str, executable: Collection[str] = ()
) -> str:
    before = {entry.path: entry for entry in entries}
    written = {path: content for path, content in placed.items() if content is not None}
    ids = _write_blobs(git, tuple(written.values()))
    removed = {path for path, content in placed.items() if content is None and path in before}
    lines = [f"0 {'0' * 40}\t{path}" for path in sorted(removed)]
    lines += [f"{_mode(before.get(path), path in executable)} {sha}\t{path}" for path, sha in zip(written, ids, strict=True)]
    with temporary("gitctl-index-") as folder:
        env = {"GIT_INDEX_FILE": str(folder / "index")}
        git.out("read-tree", parent or "--empty", env=env)
        stdin = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
        git.out("update-index", "-z", "--add", "--replace", "--index-info", stdin=stdin, env=env)
        return git.text("write-tree", env=env)


def _write_blobs(git: Git, contents: tuple[bytes, ...]) -> tuple[str, ...]:
    """The ids of new blobs; filters (line ends, LFS) stay off, because the bytes come from Git or from us."""
    if not contents:
        return ()
    with exported({str(number): content for number, content in enumerate(contents)}) as folder:
        names = "".join(f"{folder / str(number)}\n" for number in range(len(contents)))
        return tuple(git.out("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names.encode()).decode("ascii").split())


def _mode(before: Entry | None, executable: bool) -> str:
    if before is None or before.mode == LINK:
        return EXECUTABLE if executable else PLAIN
    return before.mode


def _refusal(git: Git, done: Finished) -> SourceError:
    if "tell me who you are" in done.stderr or "empty ident name" in done.stderr or "auto-detect email" in done.stderr:
        hint = 'git config user.name "NAME", git config user.email MAIL; in CI: GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, GIT_COMMITTER_…'
        return git.failure("Git does not know who commits", done, hint=hint, id=ErrorId.COMMITTER_UNKNOWN)
    return git.failure("the commit could not be made", done)
