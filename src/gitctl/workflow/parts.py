"""Parts: what every verb works with, for one cluster of one environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gitctl.model.app import App, Limits
from gitctl.model.manifest import RenderResult
from gitctl.model.revision import Revision
from gitctl.parallel import Deadline
from gitctl.protocols import Emit, Source, Target, Tree

Renders = Callable[[App, Tree], RenderResult]


@dataclass(frozen=True, slots=True)
class Parts:
    """The collaborators of a run. `source` is None in path mode; `tree` is what the run reads; `cluster` is for messages."""

    source: Source | None
    tree: Tree
    target: Target
    render: Renders
    emit: Emit
    now: Callable[[], datetime]
    cancel: Deadline
    actor: str
    cluster: str = ""
    limits: Limits = Limits()

    @property
    def revision(self) -> Revision:
        """The revision that the run reads."""
        return self.tree.revision

    def timestamp(self) -> str:
        """Now, as RFC 3339 UTC."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
