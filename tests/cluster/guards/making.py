"""Small objects for tests of guards."""

from __future__ import annotations

from typing import Any


def named(kind: str, name: str, version: str = "v1", **more: Any) -> dict[str, Any]:
    """An object of a kind."""
    metadata = more.pop("metadata", {})
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, **more}
