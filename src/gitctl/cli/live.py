"""Live: a run's progress at the foot of the terminal, drawn anew four times a second; other lines go above it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gitctl.cli.show.frame import Progressing, folded, frame, summary
from gitctl.cli.terminal import boxes
from gitctl.model.outcome import Event, EventKind
from gitctl.parallel import mutex

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live as RichLive

_TOLD = frozenset({EventKind.FAILED, EventKind.WARNING, EventKind.STEP})
_PER_SECOND = 4


class LiveProgress:
    """Implements `cli.progress.Progress` on a terminal. Events come from several threads at a time."""

    def __init__(self, say: Callable[[str], None], clean: Callable[[str], str], *, verbose: bool, color: bool) -> None:
        self._say = say
        self._clean = clean
        self._verbose = verbose
        self._color = color
        self._run = Progressing()
        self._mutex = mutex()
        self._live: RichLive | None = None

    def event(self, event: Event) -> None:
        """Count it; show it above as well when it is a failure, or with -v."""
        from gitctl.cli.progress import text_of

        now = time.monotonic()
        # Nothing of the screen is touched under the lock: the drawing thread holds the screen's lock when it looks at the run.
        with self._mutex:
            self._run = folded(self._run, replace(event, message=self._clean(event.message)), now=now)
        if event.kind is EventKind.DONE:
            self.close()
            self._say(summary(self._run, event.message, now=now))
            self._run = Progressing()
        elif event.kind in (EventKind.PLAN, EventKind.WAITING):
            self._open()
        elif self._verbose or event.kind in _TOLD:
            self._say(text_of(event))

    def put(self, line: str) -> None:
        """A line of text above the frame."""
        if self._live is None:
            sys.stderr.write(line + "\n")
            return
        from rich.text import Text

        self._live.console.print(Text(line), soft_wrap=True)

    def close(self) -> None:
        """Take the frame away and give the cursor back."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _open(self) -> None:
        if self._live is not None:
            return
        from rich.live import Live as RichLive

        self._live = RichLive(
            console=self._console(),
            get_renderable=self._drawn,
            transient=True,
            refresh_per_second=_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def _console(self) -> Console:
        from rich.console import Console

        return Console(stderr=True, force_terminal=True, no_color=not self._color, highlight=False, color_system="standard")

    def _drawn(self) -> RenderableType:
        from rich.text import Text

        lines = frame(self._run, now=time.monotonic(), boxes=boxes(sys.stderr))
        rows = [Text.assemble(*((text, style.value) for text, style in spans)) for spans in lines]
        return Text("\n", no_wrap=True, overflow="ellipsis").join(rows)
