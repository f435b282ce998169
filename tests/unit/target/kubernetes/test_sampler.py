"""The sample of proven objects that the server is asked about all the same."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gitctl.model.manifest import ObjectRef
from gitctl.target.kubernetes.verify import Sampler


def refs(count: int, app: int = 0) -> list[ObjectRef]:
    """So many objects."""
    return [ObjectRef("", "ConfigMap", f"app-{app}", f"c{n}") for n in range(count)]


def test_alone_an_app_gives_one_in_a_hundred_and_at_least_one() -> None:
    assert [len(Sampler().choose(refs(count))) for count in (0, 1, 99, 100, 399, 400)] == [0, 1, 1, 1, 3, 4]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_a_look_at_many_apps_gives_one_in_a_hundred_of_all_and_at_least_one(sizes: list[int]) -> None:
    total = sum(sizes)
    sampler = Sampler(total=total)
    chosen = [ref for app, size in enumerate(sizes) for ref in sampler.choose(refs(size, app))]
    assert len(chosen) in (max(1, total // 100), max(1, total // 100) + 1)
    assert len(set(chosen)) == len(chosen)


def test_each_app_has_its_turn() -> None:
    seen: Counter[str] = Counter()
    for _ in range(400):
        sampler = Sampler(total=50)
        seen.update(ref.namespace for app in range(5) for ref in sampler.choose(refs(10, app)))
    assert len(seen) == 5
    assert min(seen.values()) > 20
