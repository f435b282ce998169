"""Past: every version of every file that the commits of a range brought, merges included."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from gitctl.errors import ErrorId, SourceError
from gitctl.source.git import Git
from gitctl.source.objects import LINK, SUBMODULE, read_blobs


class Past:
    """Names are `COMMIT/path`, the whole commit id first: so folders are folders, of one commit."""

    def __init__(self, git: Git, span: str) -> None:
        """`span` is what `git log` takes: `main..HEAD`, or one name for all that leads to it."""
        self._git = git
        self._span = span

    @cached_property
    def _brought(self) -> dict[str, str]:
        """Name → object id; of the same content at the same path only the oldest."""
        found: dict[tuple[str, str], str] = {}
        for name, sha in self._listed():
            found.setdefault((name.partition("/")[2], sha), name)
        return {name: sha for (_, sha), name in found.items()}

    def _listed(self) -> Iterator[tuple[str, str]]:
        flags = (
            "--reverse",
            "--topo-order",
            "--format=%H",
            "--raw",
            "-r",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "-m",
            "--root",
        )
        span = [self._end(part) for part in self._span.split("..", 1)]
        done = self._git.run("log", *flags, "--diff-filter=AMT", "--end-of-options", "..".join(span), "--", timeout=600.0)
        if done.code:
            raise self._git.failure(f"the commits of {self._span} cannot be listed", done)
        yield from _versions(iter(done.stdout.decode("utf-8", "surrogateescape").split("\0")))

    def _end(self, name: str) -> str:
        """An end of the range as a commit id. Raises SourceError."""
        sha = self._git.try_text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name or 'HEAD'}^{{commit}}")
        if not sha:
            hint = "a range is OLD..NEW; one name means all that leads to it"
            raise SourceError(f"no commit {name!r}", id=ErrorId.REVISION_UNKNOWN, where=self._git.where, hint=hint)
        return sha

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the oldest commit first. Raises SourceError."""
        return tuple(self._brought)

    def read(self, names: Collection[str], *, largest: int) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
        """The contents of these, of any file of their commits, and the names of those larger than `largest` bytes; what a commit has
        not is left out. Raises SourceError."""
        wanted = [name for name in names if "/" in name and (name in self._brought or "\n" not in name)]
        request = "".join(f"{self._brought.get(name) or name.replace('/', ':', 1)}\n" for name in wanted)
        answer = self._git.out("cat-file", "--batch-check", stdin=request.encode("utf-8", "surrogateescape")) if wanted else b""
        rows = [line.split(" ") for line in answer.decode("utf-8", "surrogateescape").splitlines()]
        blobs = {name: (row[0], int(row[2])) for name, row in zip(wanted, rows, strict=True) if row[-2:-1] == ["blob"]}
        large = tuple(name for name, (_, size) in blobs.items() if size > largest)
        small = {name: sha for name, (sha, size) in blobs.items() if size <= largest}
        contents = read_blobs(self._git, {sha: name for name, sha in small.items()})
        return {name: contents[sha] for name, sha in small.items()}, large


def _versions(fields: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Of `git log --raw -z`: a commit's id, then headers and paths in turn, then the next commit's."""
    commit = ""
    for field in fields:
        text = field.strip("\n")
        if not text.startswith(":"):
            commit = text or commit
            continue
        _, mode, _, sha, _ = text.split(" ")
        path = next(fields)
        if mode not in (LINK, SUBMODULE):
            yield f"{commit}/{path}", sha
