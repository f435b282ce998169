"""Which keys of Secrets in one report have the same value: told where one of them changes, so that a reviewer sees what comes together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitctl.cli.show.lines import Line, Style, line
from gitctl.cli.show.tags import is_covered, tag_of
from gitctl.cli.show.values import ref_json
from gitctl.model.change import Plan
from gitctl.model.manifest import ObjectRef
from gitctl.model.secretkey import KeyKind, SecretKey
from gitctl.plan.fields import path_text
from gitctl.plan.secretkeys import keys_of_change, keys_of_comparison

_NEWS = frozenset({KeyKind.ADDED, KeyKind.CHANGED})
_SHOWN = 8

Titled = Sequence[tuple[str, Plan]]


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """A key of a Secret of an app, whose owner id names project and environment."""

    title: str
    app: str
    owner: str
    ref: ObjectRef
    key: SecretKey

    @property
    def identity(self) -> tuple[object, ...]:
        """The same on all clusters of an environment: that an object is equal there is no news."""
        return self.owner, self.ref, self.key.path

    def __str__(self) -> str:
        return f"{self.title} {self.ref} {path_text(self.key.path)}"


def equal_values(titled: Titled, beside: Titled = ()) -> list[tuple[str, list[KeyPlace]]]:
    """(tag, keys) of values that several keys would have, one of which gets it now. Secrets that do not change are looked at as well, and
    those of plans that are not shown but stand `beside`."""
    changed = [place for title, plan in titled for place in _changed(title, plan)]
    if not any(place.key.kind in _NEWS for place in changed):
        return []
    groups: dict[str, dict[tuple[object, ...], KeyPlace]] = {}
    for place in (*changed, *(place for title, plan in (*titled, *beside) for place in _unchanged(title, plan))):
        if place.key.new and not place.key.sealed and not is_covered(place.key.new):
            tag = tag_of(place.key.new, encoded=place.key.encoded)
            groups.setdefault(tag, {}).setdefault(place.identity, place)
    return [(tag, list(some.values())) for tag, some in groups.items() if len(some) > 1 and _is_news(some.values())]


def _is_news(places: Iterable[KeyPlace]) -> bool:
    return any(place.key.kind in _NEWS for place in places)


def _changed(title: str, plan: Plan) -> Iterator[KeyPlace]:
    for change in plan.changes:
        yield from (KeyPlace(title, plan.app, plan.owner, change.ref, key) for key in keys_of_change(change))


def _unchanged(title: str, plan: Plan) -> Iterator[KeyPlace]:
    for one in plan.unchanged:
        yield from (KeyPlace(title, plan.app, plan.owner, one.ref, key) for key in keys_of_comparison(one))


def equal_lines(titled: Titled, beside: Titled = ()) -> list[Line]:
    """`equal values: storefront (dev) Secret shop/web data.password = database (dev) Secret shop/db data.password`."""
    return [line(f"equal values: {_joined(places)}", Style.CHANGED) for _, places in equal_values(titled, beside)]


def _joined(places: Sequence[KeyPlace]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return " = ".join(map(str, places[:_SHOWN])) + more


def equal_json(titled: Titled, beside: Titled = ()) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "tag": tag,
            "keys": [{"app": p.app, "owner": p.owner, "object": ref_json(p.ref), "path": path_text(p.key.path)} for p in places],
        }
        for tag, places in equal_values(titled, beside)
    ]
