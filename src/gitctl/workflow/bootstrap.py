"""Bootstrap: a repository that gitctl can work with, from nothing; a second run changes nothing."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

from gitctl.model.app import Cluster

_ROOT = resources.files("gitctl.scaffold") / "files"
_SHARED = (
    "gitctl.yaml",
    "README.md",
    ".gitignore",
    "docs/runbook.md",
    "apps/web/base/kustomization.yaml",
    "apps/web/base/deployment.yaml",
    "apps/web/base/service.yaml",
)
_OVERLAY = "apps/web/overlay/kustomization.yaml"


class FileState(StrEnum):
    """What bootstrap found where it wants to write."""

    NEW = "new"
    SAME = "same"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class ScaffoldFile:
    """One file: `diff` shows what a kept (changed by the user) file has against ours."""

    path: str
    content: bytes
    state: FileState
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What is asked for. `cluster` is None without a context; environments in order, the first gets the first sync.

    `sops_rules` is the content of `.sops.yaml`, `schema` that of the editors' schema; empty ones are not written.
    """

    name: str
    environments: tuple[str, ...]
    cluster: Cluster | None = None
    sops_rules: bytes = b""
    schema: bytes = b""


def scaffold_files(wanted: Scaffold, read: Callable[[str], bytes | None]) -> tuple[ScaffoldFile, ...]:
    """All files of the scaffold, compared with what `read(path)` finds (None: nothing)."""
    return tuple(compared(path, content, read(path)) for path, content in _contents(wanted).items())


def compared(path: str, content: bytes, found: bytes | None) -> ScaffoldFile:
    """A file beside what is found in its place (None: nothing)."""
    if found is None:
        return ScaffoldFile(path, content, FileState.NEW)
    if found == content:
        return ScaffoldFile(path, content, FileState.SAME)
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (content, found))
    diff = difflib.unified_diff(old, new, f"scaffold/{path}", path, lineterm="")
    return ScaffoldFile(path, content, FileState.KEPT, "\n".join(diff))


def _contents(wanted: Scaffold) -> Mapping[str, bytes]:
    words = _words(wanted)
    files = {path: _filled(path, words) for path in _SHARED}
    for env in wanted.environments:
        files[f"apps/web/overlays/{env}/kustomization.yaml"] = _filled(_OVERLAY, {**words, "@ENV@": env})
    made = {".sops.yaml": wanted.sops_rules, ".gitctl.schema.json": wanted.schema}
    return files | {path: content for path, content in made.items() if content}


def _words(wanted: Scaffold) -> Mapping[str, str]:
    return {
        "@NAME@": wanted.name,
        "@FIRST@": wanted.environments[0],
        "@LAST@": wanted.environments[-1],
        "@CLUSTERS@": _clusters(wanted.cluster),
        "@ENVIRONMENTS@": "\n".join(_environment(env, wanted) for env in wanted.environments),
    }


def _clusters(cluster: Cluster | None) -> str:
    if cluster is None:
        return ""
    pin = f", uid: {cluster.uid}" if cluster.uid else ""
    return f'clusters:\n  {cluster.name}: {{context: "{cluster.context}"{pin}}}\n'


def _environment(env: str, wanted: Scaffold) -> str:
    parts = [f"clusters: [{wanted.cluster.name}]"] if wanted.cluster else []
    if env.startswith("prod"):
        parts.append("protect: true")
    return f"  {env}: {{{', '.join(parts)}}}"


def _filled(path: str, words: Mapping[str, str]) -> bytes:
    text = (_ROOT / path).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    return text.encode()
