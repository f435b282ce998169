"""A private folder for a program that needs files, and an environment that gives it nothing else."""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, InputError, RenderError

# A port where nothing listens: a renderer that tries to reach the network fails at once.
_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Room:
    """`work` holds the files; `home` is empty. Both are deleted afterwards; what is written there has placeholders only."""

    work: Path
    home: Path


@contextmanager
def room(files: Mapping[str, bytes]) -> Iterator[Room]:
    """Write the files (relative path → content) into a folder that only this user can read (0700). Raises RenderError, InputError."""
    top: Path | None = None
    try:
        try:
            top = Path(tempfile.mkdtemp(prefix="gitctl-")).resolve()
            place = _furnished(top, files)
        except OSError as fault:
            raise RenderError(
                f"the files to render cannot be written: {fault.strerror}",
                id=ErrorId.NO_ROOM,
                where=str(top or "the temporary folder"),
                hint="make room there, or name another folder: TMPDIR",
            ) from None
        yield place
    finally:
        if top is not None:
            shutil.rmtree(top, ignore_errors=True)


def _furnished(top: Path, files: Mapping[str, bytes]) -> Room:
    place = Room(top / "work", top / "home")
    place.work.mkdir()
    place.home.mkdir()
    for path, content in files.items():
        _write(place.work, path, content)
    return place


def _write(folder: Path, path: str, content: bytes) -> None:
    if posixpath.isabs(path) or ".." in path.split("/"):
        raise InputError("a path out of the repository", id=ErrorId.PATH_UNSAFE, where=path)
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def environment(home: Path) -> dict[str, str]:
    """Variables for a renderer: an empty home, no programs to start, no cluster, no network."""
    folder = str(home)
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), _NOWHERE)
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "PATH"), folder)
    return {**proxies, **homes, "NO_PROXY": "", "no_proxy": "", "KUBECONFIG": os.devnull, "LC_ALL": "C", "TMPDIR": folder}


def foreign_variables() -> tuple[str, ...]:
    """Variables of ours that would steer a renderer, or tell it where a cluster is."""
    prefixes = ("HELM_", "KUSTOMIZE_", "KUBERNETES_", "KUBE_", "SOPS_", "AWS_", "AZURE_", "GOOGLE_", "VAULT_", "GITCTL_", "GIT_")
    return tuple(name for name in os.environ if name.startswith(prefixes))
