"""`secret scan`: which secrets lie in files as plain text? Reads files, writes nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Protocol

from gitctl.model.exposure import Exposure, GeneratorInput, Scan
from gitctl.model.filename import KUSTOMIZATIONS

LARGEST = 8 * 1024 * 1024
"""Bytes of a file that is still looked at."""

_AT_ONCE = 60  # of the largest size they still fit in memory


class Files(Protocol):
    """Files to look at, in the index or on the disk."""

    @property
    def names(self) -> tuple[str, ...]:
        """Those that were asked for."""
        ...

    def read(self, names: Collection[str], *, largest: int) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
        """Contents, also of files that were not asked for, and the names of those that are too large; what is no file is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Detector:
    """How a file is looked at: `exposures(path, content)` also says why it could not be read; a kustomization names the files that
    it makes Secrets of (`inputs`), and these are looked at by `exposed_inputs`."""

    exposures: Callable[[str, bytes], tuple[tuple[Exposure, ...], str]]
    inputs: Callable[[str, bytes], tuple[GeneratorInput, ...]]
    exposed_inputs: Callable[[str, bytes, bool], tuple[Exposure, ...]]


@dataclass(slots=True)
class _Run:
    files: Files
    detector: Detector
    found: dict[tuple[str, int, str, str], Exposure]
    passed_over: list[tuple[str, str]]
    looked_at: int = 0

    def contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for start in range(0, len(names), _AT_ONCE):
            read, large = self.files.read(names[start : start + _AT_ONCE], largest=LARGEST)
            self.passed_over += [(name, f"larger than {LARGEST >> 20} MiB") for name in large]
            yield from read.items()

    def look(self, path: str, content: bytes) -> None:
        self.looked_at += 1
        exposures, trouble = self.detector.exposures(path, content)
        self.take(exposures)
        if trouble:
            self.passed_over.append((path, trouble))

    def take(self, exposures: Iterable[Exposure]) -> None:
        for exposure in exposures:
            self.found.setdefault((exposure.path, exposure.line, exposure.kind, exposure.key), exposure)


def scan(files: Files, detector: Detector, *, exclude: Sequence[str] = ()) -> Scan:
    """Look at the files, less those that match a shell pattern of `exclude`; and at what their kustomizations make Secrets of.

    Raises SourceError, InputError.
    """
    names = tuple(name for name in files.names if not any(fnmatch(name, pattern) for pattern in exclude))
    run = _Run(files, detector, {}, [])
    inputs: dict[GeneratorInput, None] = {}
    for path, content in run.contents(names):
        run.look(path, content)
        inputs |= dict.fromkeys(detector.inputs(path, content))
    _look_at_inputs(run, inputs, _named_around(run, names))
    found = sorted(run.found.values(), key=lambda e: (e.path, e.line, e.column, e.key))
    return Scan(
        run.looked_at,
        tuple(e for e in found if not e.accepted),
        tuple(e for e in found if e.accepted),
        tuple(sorted(run.passed_over)),
    )


def _named_around(run: _Run, names: Sequence[str]) -> Iterator[GeneratorInput]:
    """Inputs among `names` of kustomizations that were not asked for: in the folders of the files and above."""
    chosen = set(names)
    folders = {folder for name in names for folder in _above(name)}
    others = [path for folder in sorted(folders) for name in KUSTOMIZATIONS if (path := posixpath.join(folder, name)) not in chosen]
    for path, content in run.contents(others):
        yield from (entry for entry in run.detector.inputs(path, content) if entry.path in chosen)


def _above(name: str) -> Iterator[str]:
    folder = posixpath.dirname(name)
    yield folder
    while folder not in ("", "/", ".", "..") and not folder.endswith("/.."):
        folder = posixpath.dirname(folder)
        yield folder


def _look_at_inputs(run: _Run, inputs: Mapping[GeneratorInput, None], around: Iterable[GeneratorInput]) -> None:
    forms = {entry.path: entry.lines for entry in (*inputs, *around)}
    for path, content in run.contents([*forms]):
        run.take(run.detector.exposed_inputs(path, content, forms[path]))
