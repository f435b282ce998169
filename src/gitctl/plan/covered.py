"""What stands at a field of a manifest while nothing is decrypted: a placeholder, by which its encrypted value is found. Pure."""

from __future__ import annotations

from gitctl.model.manifest import Manifest, Path
from gitctl.plan.fields import named_path


def covered_at(manifest: Manifest, path: Path) -> str:
    """The text with placeholders at a path (with merge keys), or of what lies above or below it; "" where nothing was encrypted."""
    for place, text in zip(manifest.sensitive, manifest.covered, strict=False):
        named = named_path(manifest.body, place)
        if named[: len(path)] == path[: len(named)]:
            return text
    return ""
