"""Read sets: the places of a repository that a render reads: files, folders (they end in `/`), `""` for all of it."""

from __future__ import annotations

from collections.abc import Iterable


def is_read(path: str, places: Iterable[str]) -> bool:
    """Is a file one of the places, or does it lie in one?"""
    return any(not place or path == place or (place.endswith("/") and path.startswith(place)) for place in places)
