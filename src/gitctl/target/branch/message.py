"""PURE: the message of a commit with rendered manifests."""

from __future__ import annotations

from gitctl.model.record import Record
from gitctl.refs import APP_TRAILER


def message_of(owner: str, record: Record) -> str:
    """What was delivered, and trailers for programs: app, revision of the source, digest of the render."""
    app = owner.rpartition("/")[2]
    subject = f"{app}: {record.verb.value} {record.revision[:8]}" + (f" {record.subject}" if record.subject else "")
    trailers = (
        f"{APP_TRAILER}: {owner}",
        f"Gitctl-Source-Revision: {record.revision}",
        f"Gitctl-Render-Digest: {record.render_digest}",
    )
    return f"{subject}\n\n" + "".join(f"{line}\n" for line in trailers)
