"""The stores of a run: each source asked for once, several at a time, and every value made known to the redactor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

from gitctl.model.reference import Reference, Source, StoreKind
from gitctl.parallel import map_bounded
from gitctl.protocols import Fault, Store
from gitctl.redact import Redactor
from gitctl.secrets.stores.content import value_at

_AT_ONCE = 8


class StoreReader:
    """Implements `protocols.References`. `stores` makes them when the first one is wanted; `redactor` learns all that they answer, not
    only what was asked for."""

    def __init__(self, stores: Callable[[], Iterable[Store]], redactor: Redactor) -> None:
        self._make = stores
        self._redactor = redactor
        self._known: dict[Source, bytes | Fault] = {}

    def values(self, wanted: Collection[Reference]) -> Mapping[Reference, bytes | Fault]:
        """See References."""
        if not wanted:
            return {}
        stores = self._stores  # made by this thread alone
        new = [source for source in dict.fromkeys(one.source for one in wanted) if source not in self._known]
        answers = map_bounded(lambda source: stores[source.kind].read(source), new, limit=_AT_ONCE)
        # Learnt by this thread alone: the redactor is no place for several at a time.
        for content in answers:
            if isinstance(content, bytes):
                self._learn(content)
        self._known |= dict(zip(new, answers, strict=True))
        return {one: self._value(one) for one in wanted}

    @cached_property
    def _stores(self) -> Mapping[StoreKind, Store]:
        return {store.kind: store for store in self._make()}

    def _value(self, reference: Reference) -> bytes | Fault:
        content = self._known[reference.source]
        if isinstance(content, Fault) or not reference.keys:
            return content
        found = value_at(content, reference.keys)
        if isinstance(found, bytes):
            self._learn(found)
        return found

    def _learn(self, value: bytes) -> None:
        self._redactor.learn(value.decode("utf-8", "replace"))
