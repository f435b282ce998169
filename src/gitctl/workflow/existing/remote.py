"""Remote bases of an app that is proposed: who may be read is for people to say, so they are noted, and nothing is fetched."""

from __future__ import annotations

from collections.abc import Collection

from gitctl.errors import ErrorId, InputError, Where
from gitctl.render.bases.permission import how_to_pin, is_listed
from gitctl.render.bases.reference import Reference

_FILES = (".yaml", ".yml", ".json")


class RemoteBases:
    """The bases of one app. `listed` are the patterns that gitctl.yaml has; `to_do` is what is left to settle, each thing once."""

    def __init__(self, listed: Collection[str]) -> None:
        self._listed = listed
        self._to_do: dict[str, None] = {}

    @property
    def to_do(self) -> tuple[str, ...]:
        """In the order of reading."""
        return tuple(self._to_do)

    def note(self, reference: Reference, where: Where) -> None:
        """In the place of fetching it. Raises InputError for what can never be one."""
        if reference.folder.endswith(_FILES):
            raise InputError("a remote file", id=ErrorId.REMOTE_BASE, where=where, hint="copy it into the repository")
        if not is_listed(reference, self._listed):
            self._to_do[f"list {reference.repository} under `remote_bases` in gitctl.yaml, if you trust it"] = None
        if not reference.is_pinned:
            self._to_do[f"{where}: {how_to_pin(reference)}"] = None
