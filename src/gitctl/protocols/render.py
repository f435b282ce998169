"""What turns a folder into documents: Renderer, with what it asks for and gets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gitctl.model.app import App
from gitctl.protocols.source import Tree


@dataclass(frozen=True, slots=True)
class Reads:
    """What a renderer will read, found before it runs. `files` must be there; encrypted ones are opened. `maybe` are opened where
    their key is here; without it, rendering fails only when it uses them. `folders` (end in `/`, "" is the whole tree) are handed
    over as they are, for what no scan can foresee: ciphertext in them stays ciphertext."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """What a renderer gets: the app, and the files that it said it reads (repository path → content, placeholders for secrets).

    `chart` are the files of a pinned remote chart (path inside the chart → content).
    """

    app: App
    files: Mapping[str, bytes]
    chart: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of YAML that a renderer made or passed on: text, and the file that it comes from.

    `exact` says that the text is the file itself, so that lines and columns hold.
    """

    text: bytes
    path: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Rendering:
    """A renderer's answer. `tools` are (program, version). `noted`: kustomize's origin annotation is on the objects, and is ours."""

    documents: tuple[Document, ...]
    tools: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    noted: bool = False


class Renderer(Protocol):
    """Turns a folder into YAML documents. Renderers see the files that they asked for, in memory, and nothing else."""

    name: str
    repeatable: bool
    """The same files always give the same documents; others are rendered twice to find out."""

    def detects(self, names: Collection[str]) -> str:
        """Why this renderer fits a folder with these file names (relative to it), "" when it does not."""
        ...

    def reads(self, app: App, tree: Tree) -> Reads:
        """What will be read. Raises InputError for input that is not allowed: remote bases that gitctl.yaml does not list, plug-ins, links
        out of the repository."""
        ...

    def fingerprint(self) -> str:
        """Changes when the external program changes, cheaply; "" when there is none. Raises ToolMissing."""
        ...

    def render(self, request: RenderRequest) -> Rendering:
        """Render. Raises RenderError, ToolMissing, ManifestError."""
        ...
