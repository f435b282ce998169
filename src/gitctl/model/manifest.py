"""Manifest: one wanted object, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from gitctl.model.revision import Revision

Json: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """The identity of an object. No version: the API treats versions of one group as one object. `namespace` is "" for cluster scope."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        kind = f"{self.group}/{self.kind}" if self.group else self.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"

    @property
    def short(self) -> str:
        """`Kind/name`, as `--only` takes it."""
        return f"{self.kind}/{self.name}"


class Phase(StrEnum):
    """When an object is applied. Hooks come later; every object is SYNC today."""

    PRE_SYNC = "pre-sync"
    SYNC = "sync"
    POST_SYNC = "post-sync"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a manifest was written: `path` inside the repository, `line` from 1 (0: not known), document number from 0, renderer name."""

    path: str
    line: int = 0
    document: int = 0
    renderer: str = "plain"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


@dataclass(frozen=True, slots=True)
class Manifest:
    """One wanted object in normal form.

    `body` is what is sent, plaintext secrets included: never print it without `redact`. `sensitive` are the paths that came
    from an encrypted file. `digest` is the SHA-256 of the canonical body with placeholders in the place of secrets. `sealed` is that
    encrypted file as Git has it, where the manifest is the whole of it and nothing was added. `covered` is what stands at each of the
    `sensitive` paths while nothing is decrypted. `stored` are the paths whose value came from a store: the digest, which is that of the
    reference, says nothing about it.
    """

    ref: ObjectRef
    api_version: str
    body: Json
    origin: Origin
    digest: str = ""
    sensitive: tuple[Path, ...] = ()
    phase: Phase = Phase.SYNC
    sealed: bytes = b""
    covered: tuple[str, ...] = ()
    stored: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderInputs:
    """What a render depends on besides the commit: recorded so that it can be repeated.

    `variables` are the names that manifests use; `environment` those whose value came from the process environment, with that value.
    """

    renderer: str
    tools: tuple[tuple[str, str], ...] = ()
    kubernetes: str = ""
    api_versions: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RenderResult:
    """All objects that an app wants at a revision, in apply order.

    `digest` is over the manifests' digests; `read_set` are the repository paths that the render may have read (folders end in `/`;
    `("",)` means: the whole tree); `generated` are paths that the app lists as random (the live value is kept).
    """

    app: str
    revision: Revision
    inputs: RenderInputs
    manifests: tuple[Manifest, ...]
    digest: str
    read_set: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
