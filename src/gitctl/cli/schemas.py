"""Which schemas a run uses: those of the cluster, as it has them now or as they were kept, else those of a named version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.cli.session import Session
from gitctl.errors import ClusterError, ConfigError, GitctlError
from gitctl.schemas.book import Published, SchemaBook, served
from gitctl.schemas.lifecycle import minor_of
from gitctl.schemas.openapi import ApiDocument, read
from gitctl.schemas.shipped import named, versions

if TYPE_CHECKING:
    from gitctl.target.kubernetes.openapi import PublishedSchemas
    from gitctl.target.kubernetes.target import KubernetesTarget


@dataclass(frozen=True, slots=True)
class SchemaChoice:
    """What the flags say: `version` names a version and leaves the cluster out; `folder` has more versions."""

    version: str = ""
    folder: Path | None = None
    offline: bool = False


def open_book(session: Session, choice: SchemaChoice, target: KubernetesTarget | None, kubernetes: str = "") -> SchemaBook:
    """The schemas for a cluster (None: none is known); `kubernetes` is the version that the environment names.

    A cluster that cannot be reached is said, and not an error: kept schemas, or those of a version, take its place. Raises InputError for
    a version that is not there; ConfigError, Refused.
    """
    newest = next(iter(versions(choice.folder)))
    own = named(newest, choice.folder)
    found = None if choice.version or target is None else _of_cluster(session, target, own, offline=choice.offline)
    if found is not None:
        return SchemaBook(found, own)
    version = choice.version or kubernetes or newest
    document = own if minor_of(version) == minor_of(newest) else named(version, choice.folder)
    return SchemaBook(served(document, minor_of(version) or (0, 0), f"Kubernetes {version}"), own)


def _of_cluster(session: Session, target: KubernetesTarget, own: ApiDocument, *, offline: bool) -> Published | None:
    trouble: GitctlError | None = None
    if not offline:
        try:
            return _published(target.schemas(), target.name, own)
        except (ClusterError, ConfigError) as error:
            if isinstance(error, ConfigError) and session.flags.context:
                raise
            trouble = error
    try:
        kept = _published(target.schemas(offline=True), target.name, own)
    except (ClusterError, ConfigError):
        kept = None
    if trouble is not None:
        session.warn(f"{trouble}; checking against {kept.source if kept else 'a version of Kubernetes that is named or shipped'}")
    return kept


def _published(found: PublishedSchemas, context: str, own: ApiDocument) -> Published:
    pages: dict[str, ApiDocument] = {}

    def document(api_version: str) -> ApiDocument:
        if api_version not in pages:
            pages[api_version] = _page(found, api_version, own)
        return pages[api_version]

    remark = ", as kept from an earlier run" if found.offline else ""
    source = f"{context} (Kubernetes {found.version}{remark})"
    return Published(document, frozenset(found.paths), minor_of(found.version) or (0, 0), source, complete=not found.offline)


def _page(found: PublishedSchemas, api_version: str, own: ApiDocument) -> ApiDocument:
    """The kinds of an API version. Of one that was not kept, those of Kubernetes' own that are shipped."""
    try:
        return read(found.document(api_version))
    except ClusterError:
        if not found.offline:
            raise
        return own
