"""Which program plays which part: our build, or the user's own kube-apiserver and etcd."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitctl.process import find
from gitctl.sandbox.build import Built, Say, build
from gitctl.sandbox.part import Part

# What envtest and kubebuilder call the folder with another version's programs.
ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"


@dataclass(frozen=True, slots=True)
class Programs:
    """The first words of each part's command line; `tool` is our own program for stages and certificates."""

    starts: Mapping[Part, tuple[str, ...]]
    tool: Path


def programs(say: Say) -> Programs:
    """Find or build them. The controllers, the scheduler and kwok are always ours. Raises ToolMissing, RenderError."""
    built = build(say)
    starts = {part: _ours(part, built) for part in Part}
    own = _users_own()
    if own:
        say(f"using {own[Part.API_SERVER]} and {own[Part.ETCD]}")
    return Programs(starts | {part: (str(path),) for part, path in own.items()}, built.sandbox)


def _ours(part: Part, built: Built) -> tuple[str, ...]:
    return (str(built.kwok),) if part is Part.KWOK else (str(built.sandbox), part.value)


def _users_own() -> dict[Part, Path]:
    """kube-apiserver and etcd from KUBEBUILDER_ASSETS, else from PATH; both or none."""
    assets = os.environ.get(ASSETS_VARIABLE)
    for look in (_in_folder(Path(assets)) if assets else {}, _on_path()):
        if len(look) == 2:
            return look
    return {}


def _in_folder(folder: Path) -> dict[Part, Path]:
    paths = {part: folder / part.value for part in (Part.API_SERVER, Part.ETCD)}
    return {part: path for part, path in paths.items() if os.access(path, os.X_OK)}


def _on_path() -> dict[Part, Path]:
    found = {part: find(part.value) for part in (Part.API_SERVER, Part.ETCD)}
    return {part: Path(path) for part, path in found.items() if path}
