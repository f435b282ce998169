"""The long campaigns (`make torture`): every test that is marked so, each in full; figures are added up by promise.

Each test file is a run of its own, and one that passed is not run again for the same source: stopped and started, it goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fixtures.figures import FILE, LONG
from tests.torture.table import TORTURE, Note, filled, printed, summed

from gitctl.paths import cache_folder

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
_MARKED = re.compile(rf"pytest\.mark\.{TORTURE}\b")
_NO_TESTS = 5


def main() -> int:
    """Run, print the table, write it beside the figures; exit code 1 when a test failed, 130 when stopped."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("files", nargs="*", help="test files; without any, all that have a marked test")
    parser.add_argument("--workers", default="2", help="how many pytest workers")
    parser.add_argument("--again", action="store_true", help="run also what passed before")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/reliability.md")
    asked = parser.parse_args()
    campaign = Campaign(cache_folder() / TORTURE, source_digest())
    files = [Path(name).resolve() for name in asked.files] or marked()
    try:
        for file in files:
            if asked.again or not campaign.has_passed(file):
                campaign.run(file, workers=asked.workers)
    except KeyboardInterrupt:
        print(f"torture: stopped; run it again to go on\n{campaign.table()}")
        return 130
    print(campaign.table())
    if asked.write and campaign.is_whole(marked()):
        PAGE.write_text(filled(PAGE.read_text(), summed(campaign.notes())))
    return 1 if campaign.failed(files) else 0


def marked() -> list[Path]:
    """The test files with a long version."""
    return [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if _MARKED.search(path.read_text())]


def source_digest() -> str:
    """A hash of code and tests: a result holds for what it was found with."""
    content = hashlib.sha256()
    for folder in ("src", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            content.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:16]


@dataclass(slots=True)
class Campaign:
    """The results of one source tree, one JSON file for each test file."""

    home: Path
    digest: str
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.home / self.digest
        self.folder.mkdir(parents=True, exist_ok=True)

    def run(self, file: Path, *, workers: str) -> None:
        """Run the marked tests of one file. What they noted counts only together with the result."""
        figures = self._place(file, ".jsonl")
        figures.unlink(missing_ok=True)
        began = time.monotonic()
        argv = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-m",
            TORTURE,
            "-n",
            workers,
            "--dist",
            "loadgroup",
            "-p",
            "no:cacheprovider",
            str(file),
        ]
        print(f"torture: {_name(file)}", flush=True)
        done = subprocess.run(argv, cwd=ROOT, env={**os.environ, LONG: "1", FILE: str(figures)}, check=False)
        seconds = round(time.monotonic() - began)
        notes = [json.loads(line) for line in figures.read_text().splitlines()] if figures.exists() else []
        result = {"file": _name(file), "passed": done.returncode in (0, _NO_TESTS), "seconds": seconds, "notes": notes}
        self._place(file, ".json").write_text(json.dumps(result))

    def has_passed(self, file: Path) -> bool:
        """Is there a good result already?"""
        return bool(self._result(file).get("passed"))

    def failed(self, files: Iterable[Path]) -> list[str]:
        """Files without a good result."""
        return [_name(file) for file in files if not self.has_passed(file)]

    def is_whole(self, files: Iterable[Path]) -> bool:
        """Did everything pass?"""
        return not self.failed(files)

    def notes(self) -> Iterator[Note]:
        """All figures of tests that passed."""
        for path in sorted(self.folder.glob("*.json")):
            result = json.loads(path.read_text())
            if result["passed"]:
                yield from (Note(**note) for note in result["notes"])

    def table(self) -> str:
        """The table and, at its end, what went wrong; it is written beside the figures too."""
        page = PAGE.read_text() if PAGE.exists() else ""
        results = [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]
        lines = [f"{'passed' if r['passed'] else 'FAILED'} {r['file']} in {r['seconds']} s" for r in results]
        text = "\n".join((printed(page, summed(self.notes())), *lines, f"the table is kept in {self.folder / 'table.txt'}"))
        (self.folder / "table.txt").write_text(text + "\n")
        return text

    def _result(self, file: Path) -> dict[str, Any]:
        path = self._place(file, ".json")
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def _place(self, file: Path, suffix: str) -> Path:
        return self.folder / f"{_name(file).replace('/', '-').removesuffix('.py')}{suffix}"


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(main())
