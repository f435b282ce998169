"""A real Kubernetes control plane on loopback, without containers: etcd, API server, controllers, scheduler, and pods simulated by kwok.

`up` builds the programs when needed, starts what does not run and waits until the API server answers; nothing of the user's kubeconfig is
read or written. Several control planes stand side by side by name.
"""

from __future__ import annotations

from gitctl.sandbox.layout import DEFAULT_NAME, known_names
from gitctl.sandbox.part import Part, parse_part
from gitctl.sandbox.plane import ControlPlane
from gitctl.sandbox.start import reset, restart, start_part, up
from gitctl.sandbox.status import PartStatus, Status, status
from gitctl.sandbox.stop import down, stop_part

__all__ = [
    "DEFAULT_NAME",
    "ControlPlane",
    "Part",
    "PartStatus",
    "Status",
    "down",
    "known_names",
    "parse_part",
    "reset",
    "restart",
    "start_part",
    "status",
    "stop_part",
    "up",
]
