"""Start a control plane, or the parts of it that do not run, and wait until it can be used."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from gitctl.errors import ClusterError, ErrorId
from gitctl.paths import exclusive, private_folder
from gitctl.sandbox import daemon, ports
from gitctl.sandbox.arguments import arguments
from gitctl.sandbox.build import Say
from gitctl.sandbox.layout import Layout, layout, lock_of, sandbox_folder
from gitctl.sandbox.nodes import furnish, usable
from gitctl.sandbox.part import Part
from gitctl.sandbox.pki import make_certificates
from gitctl.sandbox.plane import ControlPlane, make_token, open_plane, write_kubeconfig
from gitctl.sandbox.programs import Programs, programs
from gitctl.sandbox.server import ready
from gitctl.sandbox.stages import write_stages
from gitctl.sandbox.stop import stop_all

_READY_LIMIT = 90.0
_PORT_LIMIT = 10.0
_INTERVAL = 0.1


def up(name: str, *, say: Say = lambda _text: None) -> ControlPlane:
    """Start what does not run; a running control plane is left as it is. `say` gets lines for people.

    Raises ToolMissing without Go, RenderError when the build fails, ClusterError when a part does not come up.
    """
    files = layout(name)
    found = programs(say)
    with exclusive(lock_of(name), waiting=lambda: say(f"waiting for another command on control plane {name}")):
        return _up(files, found, say)


def reset(name: str, *, say: Say = lambda _text: None) -> ControlPlane:
    """Empty a control plane: nothing of its cluster is left, its address, certificates and token stay. Raises as `up`, and InputError."""
    files = open_plane(name).files
    found = programs(say)
    with exclusive(lock_of(name)):
        stop_all(files)
        shutil.rmtree(files.etcd_data, ignore_errors=True)
        return _up(files, found, say)


def restart(name: str, part: Part, *, say: Say = lambda _text: None) -> ControlPlane:
    """Restart one part where it was: same port, same data. Raises as `up`, and InputError."""
    files = open_plane(name).files
    found = programs(say)
    with exclusive(lock_of(name)):
        daemon.stop(files, (part,))
        return _start_one(files, part, found, say)


def start_part(name: str, part: Part, *, say: Say = lambda _text: None) -> ControlPlane:
    """Start one part that was stopped (`stop_part`), where it was. Raises as `restart`."""
    files = open_plane(name).files
    found = programs(say)
    with exclusive(lock_of(name)):
        return _start_one(files, part, found, say)


def _up(files: Layout, found: Programs, say: Say) -> ControlPlane:
    private_folder(files.folder)
    make_token(files)
    make_certificates(files, found.tool)
    _settle_ports(files, say)
    plane = open_plane(files.name)
    write_kubeconfig(plane)
    missing = tuple(part for part in Part if daemon.running(files, part) is None)
    for part in missing:
        _start(plane, part, found, say)
    if missing:
        furnish(plane)
        _wait(plane, Part.KWOK, lambda: usable(plane), "its nodes are not ready")
        say(f"control plane {plane.name} is ready at {plane.server}")
    return plane


def _settle_ports(files: Layout, say: Say) -> None:
    """Keep the recorded ports. When a stranger took one of a stopped part, choose anew: then all parts must learn it."""
    chosen = ports.load(files)
    stopped = [part for part in Part if daemon.running(files, part) is None]
    if chosen and all(ports.is_free(port) for part in stopped for port in chosen.of(part)):
        return
    if chosen:
        say("another program listens on a port of this control plane: choosing new ones")
    stop_all(files)
    with exclusive(sandbox_folder() / ".ports.lock"):
        ports.save(files, ports.choose())


def _start_one(files: Layout, part: Part, found: Programs, say: Say) -> ControlPlane:
    plane = open_plane(files.name)
    if daemon.running(files, part) is None:
        _start(plane, part, found, say)
    return plane


def _start(plane: ControlPlane, part: Part, found: Programs, say: Say) -> None:
    say(f"starting {part}")
    _wait_for_ports(plane, part)
    if part is Part.KWOK:
        write_stages(plane.files, found.tool)
    daemon.start(plane.files, part, (*found.starts[part], *arguments(part, plane)))
    match part:
        case Part.ETCD:
            _wait(plane, part, lambda: not ports.is_free(plane.ports.etcd), "it does not listen")
        case Part.API_SERVER:
            _wait(plane, part, lambda: ready(plane), "it is not ready")
        case Part.CONTROLLERS | Part.SCHEDULER | Part.KWOK:
            pass


def _wait_for_ports(plane: ControlPlane, part: Part) -> None:
    end = time.monotonic() + _PORT_LIMIT
    while taken := [port for port in plane.ports.of(part) if not ports.is_free(port)]:
        if time.monotonic() > end:
            raise ClusterError(
                f"{part} needs port {taken[0]}, which another program holds",
                id=ErrorId.SANDBOX_FAILED,
                hint=f"end that program, or let `gitctl sandbox up --name {plane.name}` choose new ports",
            )
        time.sleep(_INTERVAL)


def _wait(plane: ControlPlane, part: Part, done: Callable[[], bool], complaint: str) -> None:
    end = time.monotonic() + _READY_LIMIT
    log = plane.files.log(part)
    while not done():
        ended = daemon.running(plane.files, part) is None
        if ended or time.monotonic() > end:
            raise ClusterError(
                f"{part} ended at once" if ended else f"{part} did not come up in {_READY_LIMIT:g} s: {complaint}",
                id=ErrorId.SANDBOX_FAILED,
                details=daemon.last_lines(log),
                hint=f"its whole log is {log}",
            )
        time.sleep(_INTERVAL)
