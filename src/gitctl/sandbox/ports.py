"""Ports on loopback: chosen free once, then kept, so that a part can be restarted where its clients look for it."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import asdict, dataclass

from gitctl.errors import ClusterError, ErrorId
from gitctl.paths import write_private
from gitctl.sandbox.layout import Layout, known_names, layout
from gitctl.sandbox.part import Part

LOOPBACK = "127.0.0.1"

# Below the ports that kernels hand to outgoing connections (32768 and up): one of those could take a port while its part restarts.
_RANGE = range(20000, 30000)


@dataclass(frozen=True, slots=True)
class Ports:
    """The listening ports of one control plane. The controllers and the scheduler listen on none."""

    etcd: int
    etcd_peer: int
    api_server: int
    kubelet: int

    def of(self, part: Part) -> tuple[int, ...]:
        """The ports on which a part listens."""
        match part:
            case Part.ETCD:
                return (self.etcd, self.etcd_peer)
            case Part.API_SERVER:
                return (self.api_server,)
            case Part.KWOK:
                return (self.kubelet,)
            case Part.CONTROLLERS | Part.SCHEDULER:
                return ()


def is_free(port: int) -> bool:
    """Can a server listen there now?"""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose() -> Ports:
    """Ports that are free now and belong to no other control plane, running or not. Raises ClusterError when there are none."""
    taken = {port for name in known_names() for port in _recorded_numbers(layout(name))}
    candidates = (port for port in random.sample(_RANGE, len(_RANGE)) if port not in taken and is_free(port))
    try:
        return Ports(*(next(candidates) for _ in range(4)))
    except (StopIteration, RuntimeError):
        raise ClusterError(f"no free ports between {_RANGE.start} and {_RANGE.stop} on {LOOPBACK}", id=ErrorId.SANDBOX_FAILED) from None


def save(files: Layout, ports: Ports) -> None:
    """Record the ports."""
    write_private(files.ports_file, json.dumps(asdict(ports)) + "\n")


def load(files: Layout) -> Ports | None:
    """The recorded ports, or None where there is no control plane or its record is damaged."""
    try:
        return Ports(**{key: int(value) for key, value in json.loads(files.ports_file.read_text()).items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _recorded_numbers(files: Layout) -> tuple[int, ...]:
    ports = load(files)
    return tuple(asdict(ports).values()) if ports else ()
