"""The project from round to round: read anew at each poll, taken as it is in between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gitctl.cli.session import Session
from gitctl.cli.show.error import print_error
from gitctl.errors import GitctlError, UsageError
from gitctl.model.app import Cluster
from gitctl.protocols import Followable
from gitctl.workflow.agenda import Due, Key

if TYPE_CHECKING:
    from gitctl.cli.open import OpenProject, Stage

Read = Callable[[], "OpenProject | None"]
Open = Callable[["OpenProject | None"], tuple["Stage", ...]]


class Rounds:
    """`read` fetches and opens the project (None for a folder), `open_stages` makes stages of it, each with a target that knows nothing
    yet."""

    def __init__(self, session: Session, read: Read, open_stages: Open) -> None:
        self._session = session
        self._read = read
        self._open = open_stages
        self._project: OpenProject | None = None
        self._stages: tuple[Stage, ...] = ()
        self._sight: object = None

    def poll(self) -> bool:
        """Read the project; has it moved? A folder, and uncommitted files, always have. What goes wrong is told; then the project stays
        what it was before. Raises UsageError: that would never get better."""
        try:
            project = self._read()
            stages = self._open(project)
        except UsageError:
            raise
        except GitctlError as error:
            print_error(error)
            return False
        self._project, self._stages = project, stages
        before, self._sight = self._sight, [_sight(stage) for stage in self._stages]
        return self._sight != before or any(stage.path_mode or stage.parts.revision.dirty for stage in self._stages)

    def keys(self) -> Collection[Key]:
        """All apps."""
        return {key_of(stage, app.owner) for stage in self._stages for app in stage.apps}

    def stages(self, due: Sequence[Due]) -> tuple[Stage, ...]:
        """Stages as new, with the apps that are due and no others. Raises GitctlError."""
        keys = {one.key for one in due}
        found = (replace(s, apps=tuple(a for a in s.apps if key_of(s, a.owner) in keys)) for s in self._open(self._project))
        return tuple(stage for stage in found if stage.apps)

    def target(self, place: str) -> Followable | None:
        """A place anew, if it tells of changes."""
        from gitctl.cli.open import open_cluster

        stage = next((s for s in self._stages if s.parts.place == place), None)
        if stage is None or stage.parts.branch:
            return None
        name = self._session.flags.context or ""
        found = open_cluster(self._session, stage.at or Cluster(name=name, context=name))
        return found if isinstance(found, Followable) else None


def key_of(stage: Stage, owner: str) -> Key:
    """How an app of a stage is called here."""
    return (stage.parts.place, owner)


def _sight(stage: Stage) -> object:
    """All that a round goes by, but for the cluster."""
    revision = stage.parts.revision
    return stage.parts.place, stage.apps, stage.parts.limits, stage.protected, revision.sha, revision.stale_seconds is None
