"""One kind, ready to be checked: its JSON Schema compiled. The only door of jsonschema-rs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gitctl.model.finding import Problem
from gitctl.model.manifest import Json
from gitctl.schemas.explain import Fault, problems_of
from gitctl.schemas.formats import CHECKS


class CompiledSchema:
    """The check of one kind. Costs milliseconds to make and microseconds to use."""

    def __init__(self, schema: Json) -> None:
        """Raises ValueError for what is no schema. Patterns that only Go understands are left unchecked rather than refused."""
        self._schema = schema
        self._validator = _compiled(schema)
        if self._validator is None:
            self._schema = _without_strange_patterns(schema)
            self._validator = _compiled(self._schema)
        if self._validator is None:
            raise ValueError("no schema")

    def problems(self, body: Any, *, opaque: Callable[[Any], bool], partial: bool) -> list[Problem]:
        """What is wrong with an object. Values for which `opaque` holds may be anything; a `partial` object (a patch) lacks nothing."""
        if self._validator.is_valid(body):
            return []
        return [p for fault in self._faults(body) for p in problems_of(fault, opaque=opaque, partial=partial)]

    def _faults(self, body: Any) -> Iterator[Fault]:
        for error in self._validator.iter_errors(body):
            yield _fault(error, self._schema)


def _compiled(schema: Json) -> Any:
    import jsonschema_rs

    # Patterns by Rust's linear-time engine: like Go's it cannot be made to run for ever by a hostile pattern.
    options = jsonschema_rs.RegexOptions()
    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True, formats=dict(CHECKS), pattern_options=options)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError):
        return None


def _without_strange_patterns(value: Any) -> Any:
    if isinstance(value, dict):
        strange = "pattern" in value and _compiled({"pattern": value["pattern"]}) is None
        return {k: _without_strange_patterns(v) for k, v in value.items() if not (strange and k == "pattern")}
    return [_without_strange_patterns(v) for v in value] if isinstance(value, list) else value


def _fault(error: Any, schema: Json) -> Fault:
    return Fault(
        keyword=str(error.kind.name),
        path=tuple(error.instance_path),
        value=error.instance,
        about=error.kind.as_dict(),
        branches=tuple(tuple(_fault(e, schema) for e in branch) for branch in getattr(error.kind, "context", ())),
        known=_known(schema, error.schema_path) if error.kind.name == "additionalProperties" else (),
    )


def _known(schema: Any, path: list[str | int]) -> tuple[str, ...]:
    """The fields beside an `additionalProperties` keyword."""
    for step in path[:-1]:
        schema = schema[step]
    return tuple(schema.get("properties", ()))
