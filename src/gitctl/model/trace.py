"""Trace: where a live object comes from: who owns it, which app applied it, which commit wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitctl.model.change import FieldOwner
from gitctl.model.culprit import Culprit
from gitctl.model.health import Health
from gitctl.model.manifest import ObjectRef, Origin, Path
from gitctl.model.record import Record


@dataclass(frozen=True, slots=True)
class Applied:
    """The app that applied an object. `ref` is the object that its inventory lists: the traced one, or one that owns it.

    `revision` is the commit whose manifest was last applied to it, `record` the newest run of that commit.
    """

    app: str
    owner: str
    ref: ObjectRef
    revision: str
    acknowledged: str = ""
    acknowledged_name: str = ""
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """A field of the applied object: the wanted value (a mask for a secret, None where Git has none), who wrote it (with the line),
    and the managers that own it in the live object."""

    path: Path
    wanted: Any = None
    written: Culprit | None = None
    managers: tuple[FieldOwner, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known about one live object. `owners` are those above it, the nearest first.

    `applied` is None for an object that no app of this state namespace applied; `others` then says who may have. `gap` says why
    something is not known.
    """

    ref: ObjectRef
    health: Health
    owners: tuple[ObjectRef, ...] = ()
    applied: Applied | None = None
    origin: Origin | None = None
    written: Culprit | None = None
    fields: tuple[FieldTrace, ...] = ()
    others: tuple[str, ...] = ()
    gap: str = ""
