"""How fast `gitctl validate` is: 1,020 objects after they were loaded, one changed file, and beside kubeconform where it is on PATH.

    python benchmarks/validate.py [RUNS]

Medians. The check alone is timed in this process: schemas compiled in it, files read before it. Commands are timed from start to end;
kubeconform gets the same schemas as files, so that it asks no network. Exit code 1 when a limit is passed.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from objects import TOTAL, write

from gitctl.schemas.book import SchemaBook, served
from gitctl.schemas.convert import json_schema
from gitctl.schemas.shipped import named
from gitctl.workflow.validate import Files, validate_files
from gitctl.workflow.written import read_file

GITCTL = str(Path(sys.executable).with_name("gitctl"))
VERSION = "1.37"
CHECK_SECONDS = 1.0
FILE_SECONDS = 1.0


def main(runs: int) -> int:
    """Print the figures; 1 when a limit is passed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "all", "bench")
        one = folder / "all" / "00.yaml"
        contents = {p.name: p.read_bytes() for p in sorted((folder / "all").iterdir())}
        figures = {
            f"check of {TOTAL} loaded objects": median(runs, lambda: check(contents), timed=True),
            f"gitctl validate, {TOTAL} objects": median(runs, command(GITCTL, "validate", str(folder / "all"))),
            "gitctl validate, one file": median(runs, command(GITCTL, "validate", str(one))),
        }
        kubeconform = shutil.which("kubeconform")
        if kubeconform:
            schemas(folder / "schemas")
            place = f"{folder / 'schemas'}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
            rest = ("-strict", "-schema-location", place, "-summary")
            figures[f"kubeconform, {TOTAL} objects"] = median(runs, command(kubeconform, *rest, str(folder / "all")))
            figures["kubeconform, one file"] = median(runs, command(kubeconform, *rest, str(one)))
    for what, seconds in figures.items():
        print(f"{what:<36} {seconds * 1000:8.0f} ms")
    slow = figures[f"check of {TOTAL} loaded objects"] > CHECK_SECONDS or figures["gitctl validate, one file"] > FILE_SECONDS
    return int(slow)


def check(contents: dict[str, bytes]) -> float:
    """Seconds of the check: a fresh book, whose schemas are compiled while it is timed; the reading of YAML is taken off."""
    document = named(VERSION)
    began = time.perf_counter()
    for path, content in contents.items():
        read_file(path, content, ())
    reading = time.perf_counter() - began
    began = time.perf_counter()
    found = validate_files(Files(contents, None), SchemaBook(served(document, (1, 37), VERSION), document))
    seconds = time.perf_counter() - began - reading
    assert not found.findings, found.findings[0]
    assert len(found.cases) == TOTAL
    return seconds


def command(*argv: str) -> Callable[[], float]:
    """A run of a program; it must find nothing."""

    def run() -> float:
        began = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    return run


def median(runs: int, measure: Callable[[], float], *, timed: bool = False) -> float:
    """The median of some runs, after one that fills caches (but for what is timed in this process)."""
    if not timed:
        measure()
    return statistics.median(measure() for _ in range(runs))


def schemas(folder: Path) -> None:
    """Our schemas under the names that kubeconform looks for."""
    folder.mkdir()
    document = named(VERSION)
    for (api_version, kind), name in document.kinds.items():
        group, _, version = api_version.rpartition("/")
        suffix = f"-{group.partition('.')[0]}-{version}" if group else f"-{version}"
        (folder / f"{kind.lower()}{suffix}.json").write_text(json.dumps(json_schema(document.components, name, (api_version, kind))))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
