"""Where a control plane keeps its files: under the user's state folder, never in the cache, for this user alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, UsageError
from gitctl.paths import state_folder
from gitctl.sandbox.part import Part

DEFAULT_NAME = "sandbox"

# RFC 1123, as Kubernetes names are, and short enough for a unit's name, a folder and a context.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


def check_name(name: str) -> str:
    """The name itself. Raises UsageError when it is not 1 to 40 of a-z, 0-9 and inner hyphens."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a name for a control plane",
            id=ErrorId.ARGUMENT_INVALID,
            hint="1 to 40 of a-z, 0-9 and -, no hyphen first or last",
        )
    return name


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one control plane."""

    name: str
    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """Admin access; the user's own kubeconfig is never touched."""
        return self.folder / "kubeconfig"

    @property
    def ports_file(self) -> Path:
        """The chosen ports. Its presence makes the folder a control plane."""
        return self.folder / "ports.json"

    @property
    def pki(self) -> Path:
        """Certificate authority, certificates, keys and the token."""
        return self.folder / "pki"

    @property
    def tokens(self) -> Path:
        """The API server's static tokens: `token,user,uid,groups`."""
        return self.pki / "tokens.csv"

    @property
    def etcd_data(self) -> Path:
        """Everything that the cluster knows. May be copied, and put back, while etcd is stopped."""
        return self.folder / "etcd"

    @property
    def stages(self) -> Path:
        """What kwok simulates."""
        return self.folder / "stages.yaml"

    @property
    def pod_log(self) -> Path:
        """What `kubectl logs` shows for every simulated container."""
        return self.folder / "pod.log"

    def log(self, part: Part) -> Path:
        """Output of a part since its last start; the one before has `.1` behind it."""
        return self.folder / "logs" / f"{part}.log"

    def pid_file(self, part: Part) -> Path:
        """Pid and birth of a part."""
        return self.folder / "run" / f"{part}.json"


def sandbox_folder() -> Path:
    """The folder of all control planes."""
    return state_folder() / "sandbox"


def layout(name: str) -> Layout:
    """The files of the control plane of that name, there or not. Raises UsageError for a bad name."""
    return Layout(check_name(name), sandbox_folder() / name)


def lock_of(name: str) -> Path:
    """Whoever changes a control plane holds this. Beside the folder, because the folder itself can be removed."""
    return sandbox_folder() / f".{check_name(name)}.lock"


def known_names() -> tuple[str, ...]:
    """Control planes that were started once and not purged, sorted."""
    return tuple(sorted(path.parent.name for path in sandbox_folder().glob("*/ports.json") if _NAME.fullmatch(path.parent.name)))
