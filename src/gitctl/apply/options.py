"""How a plan is carried out."""

from __future__ import annotations

from dataclasses import dataclass, field

from gitctl.model.app import HealthRule
from gitctl.parallel import Deadline


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """`owner` is the owner id that is written. `deadline` bounds all waiting, `cancel` is the user's Ctrl-C.

    `continue_on_error` starts later waves although an object of an earlier one was refused. Without `wait`, only definitions and
    namespaces are waited for. `concurrency` bounds the writes in flight; the client lowers it when the server asks for it.
    """

    owner: str
    rules: tuple[HealthRule, ...] = ()
    continue_on_error: bool = False
    wait: bool = True
    deadline: Deadline = field(default_factory=Deadline)
    cancel: Deadline = field(default_factory=Deadline)
    concurrency: int = 16
