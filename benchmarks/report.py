"""The figures as the tables of benchmarks/README.md."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from bars import Bar
from measured import Measured

_README = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- figures: written by compare.py -->", "<!-- end of figures -->"
_VERSIONS = {
    "gitctl": ("--version",),
    "kubectl": ("version", "--client"),
    "helm": ("version", "--short"),
    "kapp": ("version",),
    "kustomizer": ("--version",),
    "kluctl": ("version",),
}


class Figures(Protocol):
    """A case: its title, its results, and the load of the machine when it began."""

    title: str
    results: list[Measured]
    load: float


def shown(cases: Sequence[Figures], bars: Sequence[Bar], *, seconds: float, left_out: Sequence[str]) -> str:
    """All tables as markdown."""
    lines = [*_machine(seconds), *([f"Left out: {', '.join(left_out)}.", ""] if left_out else [])]
    for case in cases:
        lines += ["", f"### {case.title}", "", f"Load of the machine before it: {case.load:.1f}.", "", *_table(case.results)]
    return "\n".join([*lines, "", "### Bars", "", *_bars(bars)]) + "\n"


def _machine(seconds: float) -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()};"
    yield f"the API server on the same machine; all of it took {seconds / 60:.0f} minutes."
    yield ""
    for tool, ask in _VERSIONS.items():
        yield f"- {_version(tool, ask)}"
    yield ""


def _version(tool: str, ask: tuple[str, ...]) -> str:
    if shutil.which(tool) is None:
        return f"{tool}: not on PATH, not measured"
    said = subprocess.run([tool, *ask], capture_output=True, text=True, check=False).stdout.strip().splitlines()
    return f"{tool}: {said[0].removeprefix(tool).strip(' :') if said else 'version not known'}"


def _table(results: Sequence[Measured]) -> Iterator[str]:
    yield "| tool | what | wall | own CPU | peak memory | requests | runs |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for one in results:
        if one.failed:
            yield f"| {one.tool} | {one.step} | failed: {one.failed} | | | | |"
            continue
        figures = f"{one.seconds:.2f} s | {one.cpu_seconds:.2f} s | {one.mebibytes:.0f} MiB | {one.requests or ''}"
        yield f"| {one.tool} | {one.step} | {figures} | {one.runs} |"


def _bars(bars: Sequence[Bar]) -> Iterator[str]:
    yield "| case | bar | found | |"
    yield "|---|---|---|---|"
    for bar in bars:
        yield f"| {bar.case} | {bar.bar} | {bar.found} | {'held' if bar.met else '**missed**'} |"


def written(text: str) -> None:
    """Put the tables into benchmarks/README.md, in the place of those that are there."""
    page = _README.read_text()
    head, _, rest = page.partition(_BEGIN)
    _README.write_text(f"{head}{_BEGIN}\n\n{text}\n{_END}{rest.partition(_END)[2]}")
