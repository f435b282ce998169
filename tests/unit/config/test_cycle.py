from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.config.cycle import find_cycle, in_order

NAMES = st.sampled_from("abcdefg")
GRAPHS = st.dictionaries(NAMES, st.lists(NAMES, max_size=3))


@given(GRAPHS)
@settings(max_examples=150, deadline=None)
def test_either_a_true_cycle_or_a_true_order(graph: dict[str, list[str]]) -> None:
    cycle = find_cycle(graph)
    if cycle:
        assert all(following in graph[name] for name, following in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        return
    order = in_order(graph)
    assert sorted(order) == sorted(graph)
    assert all(order.index(needed) < order.index(name) for name in graph for needed in graph[name] if needed in graph)


def test_a_long_chain_needs_no_recursion() -> None:
    chain = {str(n): [str(n + 1)] for n in range(5000)}
    assert in_order(chain)[0] == "4999"
    assert len(find_cycle(chain | {"4999": ["0"]})) == 5000


def test_keeps_the_order_of_the_file() -> None:
    assert in_order({"c": [], "a": [], "b": ["a"]}) == ("c", "a", "b")
