"""`gitctl … --watch` as a process of its own, its output in a file, and generous waiting: other tests keep the machine busy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.project import Project

PATIENCE = 90.0


def until(true: Callable[[], object], what: Callable[[], str]) -> float:
    """Wait until something is true; the seconds that it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < PATIENCE, what()
        time.sleep(0.02)
    return time.monotonic() - began


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch that runs. `out` has what it prints, `log` what it tells."""

    child: subprocess.Popen[bytes]
    out: Path
    log: Path

    def told(self) -> str:
        """Everything so far, for messages."""
        return f"--- stdout\n{self.out.read_text()}\n--- stderr\n{self.log.read_text()}"

    def logs(self, *texts: str, times: int = 1) -> float:
        """Wait until all texts were told, each so many times."""
        return until(lambda: all(self.log.read_text().count(text) >= times for text in texts), self.told)

    def prints(self, *texts: str, times: int = 1) -> float:
        """Wait until all texts were printed, each so many times."""
        return until(lambda: all(self.out.read_text().count(text) >= times for text in texts), self.told)

    def lines(self, text: str) -> list[str]:
        """The printed lines that have a text in them."""
        return [line for line in self.out.read_text().splitlines() if text in line]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Stop it; its exit code. It must not have failed."""
        self.child.send_signal(number)
        code = self.child.wait(PATIENCE)
        assert "Traceback" not in self.log.read_text(), self.told()
        return code

    def stop(self) -> None:
        """Stop a sync wherever it is: between rounds, or in one."""
        assert self.end() in (0, 143), self.told()


@contextmanager
def watching(
    project: Project, folder: Path, *args: str | Path, env: Mapping[str, str] | None = None, where: tuple[str, ...] = ("-e", "dev")
) -> Iterator[Watch]:
    """`gitctl ARGS -e dev --watch` in the repository, until the block ends."""
    with running(project, folder, *args, *where, "--watch", env=env) as watch:
        yield watch


@contextmanager
def running(project: Project, folder: Path, *args: str | Path, env: Mapping[str, str] | None = None) -> Iterator[Watch]:
    """`gitctl ARGS` in the repository, until the block ends."""
    out, log = folder / "out", folder / "log"
    argv = [sys.executable, "-m", "gitctl", *map(str, args)]
    with out.open("wb") as stdout, log.open("wb") as stderr:
        child = subprocess.Popen(argv, cwd=project.repo.path, stdout=stdout, stderr=stderr, env={**os.environ, **(env or {})})
    with child:
        try:
            yield Watch(child, out, log)
        finally:
            child.kill()
