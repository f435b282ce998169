"""The stores of a run: each source asked for once, several at a time, and every value made known to the redactor."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gitctl.model.reference import Reference, Source
from gitctl.parallel import map_bounded
from gitctl.protocols import Fault, Store
from gitctl.redact import Redactor
from gitctl.secrets.stores.content import value_at

_AT_ONCE = 8


class StoreReader:
    """Implements `protocols.References`. `redactor` learns all that a store answers, not only what was asked for."""

    def __init__(self, stores: Iterable[Store], redactor: Redactor) -> None:
        self._stores = {store.kind: store for store in stores}
        self._redactor = redactor
        self._known: dict[Source, bytes | Fault] = {}

    def values(self, wanted: Collection[Reference]) -> Mapping[Reference, bytes | Fault]:
        """See References."""
        new = [source for source in dict.fromkeys(one.source for one in wanted) if source not in self._known]
        answers = map_bounded(lambda source: self._stores[source.kind].read(source), new, limit=_AT_ONCE)
        # Learnt by this thread alone: the redactor is no place for several at a time.
        for content in answers:
            if isinstance(content, bytes):
                self._learn(content)
        self._known |= dict(zip(new, answers, strict=True))
        return {one: self._value(one) for one in wanted}

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
