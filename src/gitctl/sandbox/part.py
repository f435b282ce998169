"""The parts of a control plane, in the order in which they start."""

from __future__ import annotations

from enum import StrEnum

from gitctl.errors import ErrorId, UsageError


class Part(StrEnum):
    """A process of a control plane. The order of the members is the order of start."""

    ETCD = "etcd"
    API_SERVER = "kube-apiserver"
    CONTROLLERS = "kube-controller-manager"
    SCHEDULER = "kube-scheduler"
    KWOK = "kwok"


# The API server goes before etcd: without etcd it hangs for a minute on its way out.
STOP_ORDER: tuple[tuple[Part, ...], ...] = ((Part.KWOK, Part.SCHEDULER, Part.CONTROLLERS, Part.API_SERVER), (Part.ETCD,))


def parse_part(text: str) -> Part:
    """The part of that name. Raises UsageError."""
    try:
        return Part(text)
    except ValueError:
        raise UsageError(
            f"{text} is not a part of a control plane", id=ErrorId.ARGUMENT_INVALID, hint=f"one of {', '.join(Part)}"
        ) from None
