"""Fields in which Kubernetes wants text whatever stands in them."""

from __future__ import annotations

from gitctl.model.manifest import Path

_BELOW = frozenset({"labels", "annotations", "stringData", "args", "command", "matchLabels"})


def wants_text(path: Path) -> bool:
    """Is the field of an object one that takes text alone? A number that is put there becomes its digits."""
    below = any(step in _BELOW for step in path[-2:-1])
    return below or path[:1] == ("data",) or (path[-1:] == ("value",) and path[-3:-2] == ("env",))
