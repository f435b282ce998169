"""Reversible: a target whose writes are seen one by one, so that a failed run has to be taken back."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from gitctl.model.change import Change
from gitctl.model.outcome import Outcome
from gitctl.model.restoration import Restored


@runtime_checkable
class Reversible(Protocol):
    """A target that can try a write, and put an object back. One that writes all or nothing (a branch) leaves it out."""

    def rehearse(self, change: Change, *, owner: str, force: bool) -> Outcome:
        """What `apply` or `delete` would answer, without writing. NOT_TRIED, with the reason, for what cannot be tried beforehand."""
        ...

    def restore(self, outcome: Outcome, *, owner: str) -> Restored:
        """Put an object back as the change saw it (`comparison.live`, or `live`): the values of all fields that the write touched,
        and who owned them. An object that is gone is created anew. Never raises for the object's own failure."""
        ...
