"""Open the source and the publisher of a project: its own checkout, or the remote that gitctl.yaml names."""

from __future__ import annotations

from pathlib import Path

from gitctl.model.app import SourceSpec
from gitctl.source.mirror import FETCH_SECONDS, Mirror
from gitctl.source.names import parse_remote
from gitctl.source.publish import GitPublisher, checkout_publisher, mirror_publisher
from gitctl.source.refstore import CheckoutRefs, MirrorRefs
from gitctl.source.repository import LocalSource, MirrorSource
from gitctl.source.token import with_trust


def open_source(root: Path, spec: SourceSpec, *, cache: Path, timeout: float = FETCH_SECONDS) -> LocalSource | MirrorSource:
    """The source of a project whose checkout is at `root`; nothing is read or fetched yet. Raises SourceError for a bad URL."""
    if not spec.url:
        return LocalSource(root, default=spec.ref)
    remote = with_trust(parse_remote(spec.url, base=root), root, known=spec.url)
    return MirrorSource(Mirror(remote, cache=cache, timeout=timeout), default=spec.ref)


def open_publisher(root: Path, spec: SourceSpec, *, cache: Path, branch: str = "") -> GitPublisher:
    """Writes to `branch`; by default to the branch that is checked out, or that `source.ref` names. Nothing is asked of Git yet.

    On a mirrored remote a commit can be seen by nobody before it is pushed.
    """
    if not spec.url:
        return checkout_publisher(root, branch=branch)
    remote = with_trust(parse_remote(spec.url, base=root), root, known=spec.url)
    return mirror_publisher(Mirror(remote, cache=cache), branch=branch or spec.ref)


def open_refs(root: Path, spec: SourceSpec, repo: str, *, cache: Path, push: bool) -> CheckoutRefs | MirrorRefs:
    """The refs of another repository (`repo`: URL or path), or of the project's own. Raises SourceError for a bad URL, and without a
    repository."""
    url = repo or spec.url
    if not url:
        return CheckoutRefs(root, push=push)
    return MirrorRefs(Mirror(with_trust(parse_remote(url, base=root), root, known=spec.url), cache=cache))
