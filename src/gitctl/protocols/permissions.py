"""Permissions: what an account may do, asked before anything is tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol, runtime_checkable

from gitctl.model.change import Change
from gitctl.model.rights import Need, Rule


@runtime_checkable
class Permissions(Protocol):
    """A target that knows in advance what an account may do; targets without such a thing leave it out.

    `owner` says whose objects it is about: an app may have an account of its own. "" is the account that keeps the state.
    """

    @property
    def state_namespace(self) -> str:
        """Where states and locks are written."""
        ...

    def held(self, owner: str, namespaces: Collection[str]) -> Mapping[str, tuple[Rule, ...]]:
        """The rights in each namespace, those of the whole cluster among them; "" asks for these alone. One request a namespace.
        A namespace that nothing is told about is left out."""
        ...

    def permitted(self, owner: str, needs: Collection[Need]) -> tuple[Need, ...]:
        """Those of the needs that are met. One request each."""
        ...

    def refuses(self, change: Change, *, owner: str) -> bool:
        """Would the object be refused for lack of rights? By a dry run."""
        ...

    def user(self, owner: str) -> str:
        """The account's name, "" when it is not told."""
        ...
