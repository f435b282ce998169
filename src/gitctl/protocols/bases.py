"""Where remote bases of kustomizations come from: Bases."""

from __future__ import annotations

from typing import Protocol

from gitctl.protocols.source import Tree


class Bases(Protocol):
    """Fetches single commits of other repositories. What is asked for was allowed before."""

    def tree(self, url: str, commit: str) -> Tree:
        """The files of a commit (40 or 64 digits) of the repository at `url`; from what is kept when it is there. Raises SourceError."""
        ...
