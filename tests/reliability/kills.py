"""A signal at the k-th request of a change: before the server sees it, or when it has done its work and nobody knows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures import warm
from tests.reliability.stage import Json, Stage
from tests.reliability.stories import CHANGE, Story
from tests.servers.fault_proxy import Call, FaultProxy, Reset

from gitctl.model.record import Record
from gitctl.sandbox import ControlPlane

AT_A_TIME = 2
# Before a run has anything to record, SIGTERM ends it at once, as it ends any program.
_CODES = {signal.SIGKILL: (-9,), signal.SIGINT: (130,), signal.SIGTERM: (143, -15)}


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill point: the number of the request, from 1, and on which side of the server's work.

    A killed process needs no answer; one that was only told to stop gets it.
    """

    number: int
    after: bool = False
    signal: int = signal.SIGKILL

    def __str__(self) -> str:
        return f"{signal.Signals(self.signal).name} {'after' if self.after else 'before'} request {self.number}"

    def arm(self, proxy: FaultProxy) -> _Trap:
        """Let the proxy send the signal at this point to what is caught in the trap."""
        trap = _Trap(self.signal)
        proxy.on(Call(trap.spring, after_server=self.after), at=self.number)
        if self.signal == signal.SIGKILL and not self.after:
            proxy.on(Reset(), at=self.number)
        return trap


class _Trap:
    """Sends a signal to a process that is known only after it was started."""

    def __init__(self, number: int = signal.SIGKILL) -> None:
        self._number = number
        self._caught = threading.Event()
        self._process: warm.Running | None = None

    def catch(self, process: warm.Running) -> warm.Running:
        """This is the one."""
        self._process = process
        self._caught.set()
        return process

    def spring(self) -> None:
        """Send it."""
        assert self._caught.wait(30)
        assert self._process
        self._process.kill(self._number)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stage ended: `code` is that of the first run, `told` its words, `left` the records as it left them; `looks` are those of its
    requests that looked at the lock."""

    kill: Kill | None
    code: int
    told: str
    left: tuple[Record, ...]
    requests: int
    looks: int
    picture: Json


def looks_at_lock(proxy: FaultProxy) -> int:
    """How many requests read a Lease."""
    return proxy.count(method="GET", path="/leases/")


_WHOLE: dict[tuple[str, str], Ending] = {}


def uninterrupted(plane: ControlPlane, folder: Path, story: Story = CHANGE) -> Ending:
    """The story without a kill. Played once for all tests of a process."""
    key = (plane.server, story.name)
    if key not in _WHOLE:
        _WHOLE[key] = play(plane, folder, None, story)
    return _WHOLE[key]


def play(plane: ControlPlane, folder: Path, kill: Kill | None, story: Story = CHANGE) -> Ending:
    """Run the story's command, killed at one point; go on; look at what is there. Everything on a stage of its own."""
    stage = Stage(plane, folder)
    try:
        story.prepare(stage)
        with FaultProxy(plane, stage.place) as proxy:
            trap = kill.arm(proxy) if kill else _Trap()
            code, out, err = trap.catch(stage.begin(*story.command, kubeconfig=proxy.kubeconfig)).wait(120)
            requests, looks = proxy.count(), looks_at_lock(proxy)
        assert code == 0 or (kill and code in _CODES[kill.signal]), f"{kill}: exit {code}\n{out}\n{err}"
        left = stage.state().records if code else ()
        if kill and code:
            story.go_on(stage, kill.number)
        return Ending(kill, code, err, left, requests, looks, story.picture(stage))
    except AssertionError as failure:
        raise AssertionError(f"{story.name}: {kill}: {failure}") from failure
    finally:
        stage.drop()


def play_all(plane: ControlPlane, folder: Path, kills: Sequence[Kill], story: Story = CHANGE) -> list[Ending | AssertionError]:
    """Each kill point, several at a time; a failure is a value, so that one does not hide the others."""

    def one(kill: Kill) -> Ending | AssertionError:
        try:
            return play(plane, folder, kill, story)
        except AssertionError as failure:
            return failure

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(one, kills))
