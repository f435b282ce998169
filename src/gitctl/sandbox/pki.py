"""Certificates of a control plane, made by its own program: nothing else on the machine is needed."""

from __future__ import annotations

from pathlib import Path

from gitctl.errors import ClusterError, ErrorId
from gitctl.process import Command, run
from gitctl.sandbox.layout import Layout
from gitctl.sandbox.ports import LOOPBACK

_LOOPBACK_NAMES = ("localhost", LOOPBACK)
_SERVICE_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "10.96.0.1")
_NEEDED = {"apiserver": (*_LOOPBACK_NAMES, *_SERVICE_NAMES), "etcd": _LOOPBACK_NAMES, "kubelet": _LOOPBACK_NAMES}


def make_certificates(files: Layout, tool: Path) -> None:
    """Authority, service-account key and the certificates of the parts, where not all are there."""
    missing = {name: hosts for name, hosts in _NEEDED.items() if not (files.pki / f"{name}.crt").is_file()}
    if missing:
        _run(files, tool, missing)


def issue(files: Layout, tool: Path, name: str, hosts: tuple[str, ...]) -> tuple[Path, Path]:
    """A certificate and key of the control plane's authority for a server on these hosts, such as an admission webhook."""
    _run(files, tool, {name: hosts})
    return files.pki / f"{name}.crt", files.pki / f"{name}.key"


def _run(files: Layout, tool: Path, wanted: dict[str, tuple[str, ...]]) -> None:
    names = tuple(f"{name}={','.join(hosts)}" for name, hosts in wanted.items())
    done = run(Command((str(tool), "pki", str(files.pki), *names)))
    if done.code != 0:
        raise ClusterError("certificates could not be made", id=ErrorId.SANDBOX_FAILED, details=done.stderr.strip().splitlines()[-5:])
