"""Looks for secret values wherever a command could leave them: output, files, Git objects, other processes' arguments and environment."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

_PROC = Path("/proc/self").exists()
_TRACED = ("sops", "helm", "kustomize", "kubectl", "git", "mv")


class Search:
    """Finds needles in any form that a program may give them. A leak is told as `place: form`, never with the text around it."""

    def __init__(self, needles: Iterable[str]) -> None:
        self._forms = [(form, name) for needle in needles for form, name in _forms(needle)]

    def text(self, place: str, content: bytes | str) -> list[str]:
        """Leaks in a text."""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        return sorted({f"{place}: {name}" for form, name in self._forms if form in raw})

    def files(self, folder: Path, *, without: Iterable[Path] = ()) -> list[str]:
        """Leaks in the files of a folder, whatever they are; names count too."""
        skipped = {path.resolve() for path in without}
        found = []
        for path in _below(folder):
            found += self.text(f"the name of {path}", path.name)
            # A file may vanish while it is looked for.
            with suppress(OSError):
                if path.is_file() and path.resolve() not in skipped:
                    found += self.text(str(path), path.read_bytes())
        return found

    def git_objects(self, repository: Path) -> list[str]:
        """Leaks in any object of a repository, reachable or not."""
        argv = ("git", "cat-file", "--batch-all-objects", "--batch")
        done = subprocess.run(argv, cwd=repository, capture_output=True, check=True)
        return self.text(f"git objects of {repository.name}", done.stdout)

    @contextmanager
    def watching(self, *folders: Path) -> Iterator[list[str]]:
        """While inside, look at every new process and at the files of these folders, again and again; leaks gather in the list."""
        found: list[str] = []
        done = threading.Event()
        before = frozenset(os.listdir("/proc")) if _PROC else frozenset()
        watcher = threading.Thread(target=self._watch, args=(folders, before, found, done), daemon=True)
        watcher.start()
        try:
            yield found
        finally:
            done.set()
            watcher.join()

    def _watch(self, folders: tuple[Path, ...], before: frozenset[str], found: list[str], done: threading.Event) -> None:
        known: set[tuple[str, int, int, int]] = set()
        while not done.is_set():
            for place, content in _processes(before):
                found += self.text(place, content)
            for folder in folders:
                found += self._new_files(folder, known)
            time.sleep(0.05)

    def _new_files(self, folder: Path, known: set[tuple[str, int, int, int]]) -> list[str]:
        """Leaks in what was not looked at before in this state; a large repository is not read again and again."""
        found = []
        for path in _below(folder):
            with suppress(OSError):
                state = path.stat()
                version = (str(path), state.st_ino, state.st_mtime_ns, state.st_size)
                if version not in known:
                    known.add(version)
                    found += self.text(f"the name of {path}", path.name)
                    found += self.text(str(path), path.read_bytes()) if path.is_file() else []
        return found


def _below(folder: Path) -> Iterator[Path]:
    """Everything in a folder. What vanishes meanwhile is left out."""
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent, name) for name in (*folders, *files))


def _processes(without: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    for name in os.listdir("/proc") if _PROC else ():
        if name.isdigit() and name not in without:
            for what in ("cmdline", "environ"):
                with suppress(OSError):
                    yield f"{what} of a process", Path("/proc", name, what).read_bytes()


def _forms(needle: str) -> Iterator[tuple[bytes, str]]:
    raw = needle.encode()
    yield raw, "as it is"
    yield raw.upper(), "in capitals"
    yield raw.lower(), "in small letters"
    yield raw.hex().encode(), "hexadecimal"
    yield quote(needle, safe="").encode(), "as part of a URL"
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
        yield text[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6], f"base64, shifted by {shift}"


def traced_tools(folder: Path, trace: Path) -> str:
    """A PATH on which the tools write their arguments and environment into `trace` before they run: what a sampler may miss."""
    folder.mkdir()
    for name in _TRACED:
        real = shutil.which(name)
        if real:
            tool = folder / name
            tool.write_text(f'#!/bin/sh\n{{ printf "%s\\n" "$0" "$@"; env; }} >> {trace}\nexec {real} "$@"\n')
            tool.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
