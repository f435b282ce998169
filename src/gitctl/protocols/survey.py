"""Targets at which many apps can be looked at for the price of one."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from gitctl.model.manifest import ObjectRef


@runtime_checkable
class Survey(Protocol):
    """A target that answers for many apps with as many requests as for one. Targets that make no requests leave it out."""

    def survey(self, owners: Collection[str], *, wanted: Collection[tuple[ObjectRef, str]] = ()) -> AbstractContextManager[None]:
        """One look at some owners' apps: until it ends, what was read is not read again, and one request serves all of them.

        `wanted` are (ref, api version) pairs that will be asked for besides those of the inventories. Nothing is written meanwhile."""
        ...
