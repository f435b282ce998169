"""PURE: when an object was last written, by what the server notes on it. In seconds since 1970; None where it notes nothing.

A write that only takes a field away leaves no time. So this is of use for what is one value (the `versions` of a definition, the `limits`
of a LimitRange): whoever takes something out of that writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gitctl.model.manifest import Json


def written(item: Json) -> int | None:
    """The newest time of its creation and of all writes, those of its status apart."""
    metadata = item.get("metadata", {})
    entries = [entry for entry in metadata.get("managedFields") or () if not entry.get("subresource")]
    times = [_seconds(metadata.get("creationTimestamp")), *(_seconds(entry.get("time")) for entry in entries)]
    return newest(times) if entries else None


def newest(times: Iterable[int | None]) -> int | None:
    """The newest; None when one of them is not known, 0 when there are none."""
    known = list(times)
    return None if None in known else max((time for time in known if time is not None), default=0)


def _seconds(text: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp())
    except ValueError:
        return None
