"""Files of a commit by what is in them: found by `git grep`, read in bulk."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.source.git import Git
from gitctl.source.objects import LINK, SUBMODULE, list_entries, read_blobs


def files_with(git: Git, sha: str, text: str) -> Mapping[str, bytes]:
    """The text files of a commit that hold this text, path → content; links are left out. Raises SourceError."""
    done = git.run("grep", "-l", "-z", "-I", "-F", "--full-name", "-e", text, sha, "--")
    if done.code > 1:
        raise git.failure("the files cannot be searched", done)
    names = {name.partition(":")[2] for name in done.stdout.decode("utf-8", "surrogateescape").split("\0") if name}
    found = {e.path: e.sha for e in (list_entries(git, sha) if names else ()) if e.path in names and e.mode not in (LINK, SUBMODULE)}
    contents = read_blobs(git, {blob: path for path, blob in found.items()})
    return {path: contents[blob] for path, blob in found.items()}
