"""Parts: what every verb works with, for one cluster of one environment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gitctl.model.app import App, Limits
from gitctl.model.culprit import Culprit
from gitctl.model.manifest import ObjectRef, Origin, Path, RenderResult
from gitctl.model.revision import Revision
from gitctl.model.suspension import Suspension
from gitctl.parallel import Deadline
from gitctl.protocols import Emit, NoReferences, Publisher, References, Source, Target, Tree

Renders = Callable[[App, Tree], RenderResult]


@dataclass(frozen=True, slots=True)
class WantedField:
    """A field as Git wants it at a commit: where its manifest comes from, and its value (None for a secret). Without a path: the object.

    `places` are the files and folders that the render read. With `ref` the object is looked for in its file where no line is known.
    `covered` is what stands there while nothing is decrypted: by it the encrypted value of a secret is found.
    """

    sha: str
    origin: Origin
    path: Path
    value: Any
    places: tuple[str, ...]
    ref: ObjectRef | None = None
    covered: str = ""


Blame = Callable[[WantedField], Culprit | None]
"""The commit that wrote a wanted value, None where that cannot be found out."""


def nobody(_field: WantedField) -> None:
    """Blame where there is no repository."""


class Lookup(Protocol):
    """The project at other revisions than the one that is read."""

    def app_at(self, app: App, tree: Tree) -> App:
        """The app as that tree's gitctl.yaml says (same environment and cluster). Raises ConfigError when it has none."""
        ...

    def settings_at(self, app: App, past: Tree, now: Tree, *, variables: Collection[str] = ()) -> Mapping[str, bytes]:
        """Files of `now` in which the app's own settings are those of `past`, and these variables in all scopes that the app sees; none
        where they are the same. Raises ConfigError."""
        ...

    def siblings(self, app: App, tree: Tree) -> tuple[App, ...]:
        """The apps of the app's environment and cluster as that tree's gitctl.yaml says, itself among them."""
        ...

    def suspended(self, app: App, tree: Tree, suspension: Suspension | None) -> Mapping[str, bytes]:
        """Files of `tree` that say that the app is suspended in its environment (None: that it is not); none where they do already."""
        ...

    def all_apps(self, tree: Tree) -> tuple[App, ...]:
        """Every app of every environment, as that tree's gitctl.yaml says."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The collaborators of a run. `source` is None in path mode; `tree` is what the run reads; `cluster`, or `branch`, is for messages."""

    source: Source | None
    tree: Tree
    target: Target
    render: Renders
    emit: Emit
    now: Callable[[], datetime]
    cancel: Deadline
    actor: str
    project: Lookup
    publisher: Publisher | None = None
    blame: Blame = nobody
    cluster: str = ""
    branch: str = ""
    limits: Limits = Limits()
    stores: References = NoReferences()

    @property
    def revision(self) -> Revision:
        """The revision that the run reads."""
        return self.tree.revision

    @property
    def place(self) -> str:
        """The cluster, or the branch."""
        return f"branch {self.branch}" if self.branch else self.cluster

    def timestamp(self) -> str:
        """Now, as RFC 3339 UTC."""
        return rfc3339(self.now())


def rfc3339(time: datetime) -> str:
    """A time in UTC as it is recorded."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
