"""Rights: how a kind is called in rules of RBAC, one such rule, and which accounts there are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ServedKind:
    """A kind as rules name it: its `plural`, and whether its objects have a namespace."""

    group: str
    kind: str
    plural: str
    namespaced: bool


class Account(StrEnum):
    """Who works with the cluster: for pull requests, or for delivery."""

    READER = "reader"
    DEPLOYER = "deployer"


class SecretReads(StrEnum):
    """Which Secrets of an app's namespaces the reader may read: those that the app has, by name; all; none."""

    NAMED = "named"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """One right that a run will use. `namespace` is "" for the whole cluster, `name` for any object; `reason` says what for."""

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""
    reason: str = ""

    @property
    def of_any_name(self) -> Need:
        """The right for every object of the kind there."""
        return Need(self.namespace, self.group, self.resource, self.verb)

    @property
    def text(self) -> str:
        """`patch configmaps in namespace shop`, as the API server says it."""
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {resource}" + (f" in namespace {self.namespace}" if self.namespace else " in the whole cluster")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """What RBAC calls a policy rule. `names` () means every name; `urls` are paths that are no resources, of cluster roles only."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
