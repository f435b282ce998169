"""Stop a control plane: the API server before etcd."""

from __future__ import annotations

import shutil

from gitctl.paths import exclusive
from gitctl.sandbox import daemon
from gitctl.sandbox.layout import Layout, layout, lock_of
from gitctl.sandbox.part import STOP_ORDER, Part
from gitctl.sandbox.plane import open_plane


def down(name: str, *, purge: bool = False) -> bool:
    """Stop it; with `purge` its data, certificates and kubeconfig are removed too. True when something ran. Raises ClusterError."""
    files = layout(name)
    with exclusive(lock_of(name)):
        ran = stop_all(files)
        if purge:
            shutil.rmtree(files.folder, ignore_errors=True)
    return ran


def stop_part(name: str, part: Part) -> bool:
    """Stop one part; the others go on. True when it ran. Raises InputError for an unknown control plane, ClusterError."""
    files = open_plane(name).files
    with exclusive(lock_of(name)):
        return bool(daemon.stop(files, (part,)))


def stop_all(files: Layout) -> bool:
    """Stop all parts in order; the caller holds the lock. True when one ran."""
    ran = [daemon.stop(files, group) for group in STOP_ORDER]
    return any(ran)
