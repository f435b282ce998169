"""Variables: values of gitctl.yaml that manifests name as `${NAME}`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

VarValue: TypeAlias = str | int | bool


class VarScope(StrEnum):
    """Where a variable is set. A later scope wins over an earlier one."""

    PROJECT = "project"
    ENVIRONMENT = "environment"
    CLUSTER = "cluster"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Variable:
    """A name, its value, and where that was set."""

    name: str
    value: VarValue
    scope: VarScope


def merged(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """One variable a name, that of the latest scope; in the order of their names."""
    ranks = list(VarScope)
    chosen = {v.name: v for v in sorted(variables, key=lambda v: ranks.index(v.scope))}
    return tuple(chosen[name] for name in sorted(chosen))
