"""Session: one run of a command: its flags, its two output streams, its redactor, its Ctrl-C."""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, assert_never

from gitctl.cli.forms import Output
from gitctl.cli.terminal import boxes, may_color
from gitctl.errors import Interrupted, Terminated
from gitctl.parallel import Deadline
from gitctl.redact import Redactor, printable_json

if TYPE_CHECKING:
    from gitctl.cli.flags import Flags
    from gitctl.cli.progress import Progress
    from gitctl.model.outcome import Event

API_VERSION = "gitctl.dev/v1"
GIT_TOKEN = "GITCTL_GIT_TOKEN"

# One a process, so that the last-resort error report hides what any part of the run has learnt.
REDACTOR = Redactor()


class Session:
    """Data goes to stdout, all else to stderr, everything through the redactor."""

    def __init__(self, flags: Flags) -> None:
        self.flags = flags
        self.redactor = REDACTOR
        self.redactor.learn(os.environ.get(GIT_TOKEN, ""))
        self.cancel = Deadline()
        self.signal = 0
        self.withheld: dict[str, str] = {}
        """Variables that were taken out of the environment: values for references, which no other program may have."""

    @property
    def color(self) -> bool:
        """May stdout carry colours?"""
        return may_color(sys.stdout, self.flags.when_colored)

    @property
    def boxes(self) -> bool:
        """May stdout carry box characters?"""
        return boxes(sys.stdout)

    @property
    def interactive(self) -> bool:
        """Can a question be asked?"""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def out(self, text: str) -> None:
        """Print data. Redacted; keeps the terminal's own colour codes only when they are ours (`raw`)."""
        self.raw(self.redactor.clean(text))

    def raw(self, text: str) -> None:
        """Print data that was redacted already."""
        self.close()
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")

    def say(self, text: str) -> None:
        """A line for people, on stderr; silent with --quiet."""
        if not self.flags.quiet:
            self._line("info", text)

    def detail(self, text: str) -> None:
        """A line that is shown with -v."""
        if self.flags.verbose:
            self._line("debug", text)

    def warn(self, text: str) -> None:
        """A warning: shown even with --quiet."""
        self._line("warning", f"warning: {text}")

    def emit(self, event: Event) -> None:
        """Progress of a run."""
        if not self.flags.quiet:
            self._progress.event(event)

    @functools.cached_property
    def _progress(self) -> Progress:
        from gitctl.cli.progress import progress_for

        return progress_for(
            self.say,
            self.redactor.clean,
            verbose=bool(self.flags.verbose),
            color=may_color(sys.stderr, self.flags.when_colored),
            as_json=self.flags.log_format.value == "json",
        )

    def close(self) -> None:
        """Take away what is live on the terminal, and end what is open in a log."""
        if "_progress" in self.__dict__:
            self._progress.close()

    def result(
        self,
        kind: str,
        body: dict[str, Any],
        *,
        text: Callable[[], str],
        forms: Mapping[Output, Callable[[], str]] | None = None,
        paged: bool = False,
    ) -> None:
        """Print a result in the form that `-o` asks for. `text` makes the form for people; `forms` those that only some results have
        (`check_form` has seen to it that no other is asked for). These are redacted by whoever makes them. With `paged` a text that is
        longer than the screen goes through the pager."""
        output = self.flags.output
        match output:
            case Output.JSON:
                self.raw(self.as_json(_result(kind, body)))
            case Output.YAML:
                from gitctl.documents import dump

                self.raw(dump(self.redactor.clean_json(_result(kind, body))))
            case Output.TEXT:
                (self.page if paged else self.raw)(text())
            case Output.NAME | Output.MARKDOWN | Output.SARIF | Output.JUNIT | Output.GITHUB:
                self.raw((forms or {}).get(output, text)())
            case _:
                assert_never(output)

    def page(self, text: str) -> None:
        """Print data that was redacted already; by the pager when it is longer than the screen."""
        from gitctl.cli.pager import show

        if self.flags.no_pager or not show(text, warn=self.warn):
            self.raw(text)

    def as_json(self, value: Any) -> str:
        """The value as redacted JSON."""
        return printable_json(json.dumps(self.redactor.clean_json(value), indent=2, ensure_ascii=False))

    def stream(self, kind: str, body: dict[str, Any]) -> None:
        """One of many results as one line of redacted JSON, at once."""
        self.raw(printable_json(json.dumps(self.redactor.clean_json(_result(kind, body)), ensure_ascii=False)))
        sys.stdout.flush()

    def _line(self, level: str, text: str) -> None:
        clean = self.redactor.clean(text)
        if self.flags.log_format.value == "json":
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            clean = json.dumps({"time": now, "level": level, "message": clean})
        if "_progress" in self.__dict__:
            self._progress.put(clean)
        else:
            sys.stderr.write(clean + "\n")

    @contextmanager
    def graceful(self, *, writes: bool = True) -> Iterator[Deadline]:
        """First Ctrl-C or SIGTERM: nothing new starts; the second one stops at once. Said only where something `writes`."""

        def stop(number: int, _frame: object) -> None:
            if self.cancel.requested():
                raise KeyboardInterrupt
            self.signal = number
            self.cancel.cancel()
            if writes:
                self.say("stopping: what is in flight ends and is recorded; press Ctrl-C again to stop at once")

        before = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self.cancel
        except Interrupted as stopped:
            if self.signal == signal.SIGTERM:
                raise Terminated(stopped.message, hint=stopped.hint) from None
            raise
        finally:
            self.close()
            for number, handler in before.items():
                signal.signal(number, handler)


def _result(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": kind, **body}
