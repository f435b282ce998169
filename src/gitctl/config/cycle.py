"""Graphs of names (name → what it depends on): a cycle, and an order in which what is depended on comes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

Graph = Mapping[str, Iterable[str]]


def find_cycle(graph: Graph) -> tuple[str, ...]:
    """The names of one cycle, each depending on the next and the last on the first; () when there is none."""
    try:
        _sorter(graph).prepare()
    except CycleError as found:
        # graphlib lists each name before the one that depends on it, and the first one twice.
        return tuple(reversed(found.args[1][1:]))
    return ()


def in_order(graph: Graph) -> tuple[str, ...]:
    """The keys, each after what it depends on, else in the given order. The graph has no cycle."""
    return tuple(_sorter(graph).static_order())


def _sorter(graph: Graph) -> TopologicalSorter[str]:
    """Names that are no keys are left out: they are other apps' business."""
    return TopologicalSorter({name: [n for n in needs if n in graph] for name, needs in graph.items()})
