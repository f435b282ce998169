"""Files and variables of the process, as far as gitctl.yaml lists them: whoever may write a manifest must not read all that the deployer
can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from gitctl.model.reference import Source, StoreKind
from gitctl.protocols import Fault, Trouble

_MOST = 1 << 20


class EnvStore:
    """Implements `protocols.Store` for variables; `values` has those that gitctl.yaml lists and that are set."""

    kind = StoreKind.ENV

    def __init__(self, listed: Collection[str], values: Mapping[str, str]) -> None:
        self._listed = frozenset(listed)
        self._values = values

    def read(self, source: Source) -> bytes | Fault:
        """See Store."""
        if source.path not in self._listed:
            return Fault(Trouble.UNLISTED, "gitctl.yaml does not list the variable", hint="add it to references.env in gitctl.yaml")
        value = self._values.get(source.path)
        if value is None:
            return Fault(Trouble.MISSING, "the variable is not set", hint=f"set {source.path} for this run")
        return value.encode("utf-8", "surrogateescape")


class FileStore:
    """Implements `protocols.Store` for files. `listed` are relative to `root`, or absolute; what lies below `root` may not link out."""

    kind = StoreKind.FILE

    def __init__(self, listed: Collection[str], root: Path) -> None:
        self._listed = frozenset(listed)
        self._root = root.resolve()

    def read(self, source: Source) -> bytes | Fault:
        """See Store."""
        if source.path not in self._listed:
            return Fault(Trouble.UNLISTED, "gitctl.yaml does not list the file", hint="add it to references.files in gitctl.yaml")
        path = self._root / source.path
        try:
            if path.is_relative_to(self._root) and not path.resolve().is_relative_to(self._root):
                return Fault(Trouble.UNLISTED, "a link leads out of the repository", hint="list the place that it leads to")
            return _content(path)
        except FileNotFoundError:
            return Fault(Trouble.MISSING, "there is no such file")
        except OSError as fault:
            return Fault(Trouble.DENIED, f"the file cannot be read: {fault.strerror}")


def _content(path: Path) -> bytes | Fault:
    # Not blocked by a pipe that nobody writes into.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return Fault(Trouble.DENIED, "it is no plain file")
        content = file.read(_MOST + 1)
    return content if len(content) <= _MOST else Fault(Trouble.DENIED, "the file has more than 1 MiB")
