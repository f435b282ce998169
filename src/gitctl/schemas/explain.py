"""A fault that the schema's engine found, in the words of somebody who wrote the manifest. No message holds a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.errors import did_you_mean
from gitctl.model.finding import Problem, Rule
from gitctl.model.manifest import Path
from gitctl.schemas.convert import LABEL, NAME, QUANTITY
from gitctl.schemas.formats import WORDS

_PATTERNS: Mapping[str, str] = {
    QUANTITY: "is no quantity such as 500m or 1Gi",
    LABEL: "is no label value: letters, digits, '-', '_' and '.', a letter or digit at both ends",
    NAME: "is no object name: lower-case letters, digits, '-' and '.', a letter or digit at both ends",
}
_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_LIMITS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "pattern": lambda a: _PATTERNS.get(str(a["pattern"]), f"does not match {a['pattern']}"),
    "format": lambda a: WORDS.get(a["format"], f"is no {a['format']}"),
    "minimum": lambda a: f"must not be under {a['limit']}",
    "maximum": lambda a: f"must not be over {a['limit']}",
    "exclusiveMinimum": lambda a: f"must be over {a['limit']}",
    "exclusiveMaximum": lambda a: f"must be under {a['limit']}",
    "multipleOf": lambda a: f"must be a multiple of {a.get('multiple_of', a.get('value'))}",
    "minLength": lambda a: "must not be empty" if a["limit"] == 1 else f"must have {a['limit']} characters or more",
    "maxLength": lambda a: f"must have {a['limit']} characters at most",
    "minItems": lambda a: "must not be empty" if a["limit"] == 1 else f"must have {a['limit']} items or more",
    "maxItems": lambda a: f"must have {a['limit']} items at most",
    "minProperties": lambda a: "must not be empty" if a["limit"] == 1 else f"must have {a['limit']} fields or more",
    "maxProperties": lambda a: f"must have {a['limit']} fields at most",
    "uniqueItems": lambda _: "has an item twice",
    "not": lambda _: "has a form that is not allowed",
    "oneOfMultipleValid": lambda _: "fits several forms of which only one is allowed",
}

Opaque = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Fault:
    """A keyword of JSON Schema that an instance breaks. `about` is what the keyword says, `branches` the faults of each form of an
    `anyOf`, `known` the fields that would be allowed."""

    keyword: str
    path: Path
    value: Any
    about: Mapping[str, Any]
    branches: tuple[tuple[Fault, ...], ...] = ()
    known: tuple[str, ...] = ()


def problems_of(fault: Fault, *, opaque: Opaque, partial: bool) -> Iterator[Problem]:
    """The problems that a fault means: none where an opaque value or a partial object excuses it."""
    match fault.keyword:
        case "additionalProperties" | "falseSchema":
            yield from (_unknown(name, fault) for name in fault.about.get("unexpected", ()) if not _excused(name, opaque, partial))
        case "required":
            if not partial:
                yield Problem(Rule.MISSING_FIELD, f"{fault.about['property']} is missing", fault.path)
        case _:
            if not holds(fault.value, opaque) and not (partial and fault.keyword in ("minItems", "minProperties", "anyOf", "oneOf", "not")):
                yield _value(fault)


_WHOLE = frozenset({"minItems", "minProperties", "anyOf", "oneOf", "oneOfNotValid", "oneOfMultipleValid", "not"})
"""What only a whole object can be held to."""


def _excused(name: str, opaque: Opaque, partial: bool) -> bool:
    """A field that is no field: a variable, or a directive of a strategic merge patch (`$patch`)."""
    return opaque(name) or (partial and name.startswith("$"))


def holds(value: Any, opaque: Opaque) -> bool:
    """Is there an opaque value in this one?"""
    if isinstance(value, dict):
        return any(opaque(key) or holds(item, opaque) for key, item in value.items())
    return any(holds(item, opaque) for item in value) if isinstance(value, list) else opaque(value)


def _unknown(name: str, fault: Fault) -> Problem:
    hint = did_you_mean(name, fault.known, what="there is")
    if name in ("true", "false") and not hint.startswith("did"):
        hint = "y, n, yes, no, on and off are booleans in YAML: quote them"
    return Problem(Rule.UNKNOWN_FIELD, f"unknown field {name!r}", (*fault.path, name), hint)


def _value(fault: Fault) -> Problem:
    about, what = fault.about, fault.keyword
    match what:
        case "type":
            return _type(fault)
        case "enum":
            known = [str(o) for o in about["options"] if o not in (None, "")]
            hint = did_you_mean(fault.value, known) if isinstance(fault.value, str) else ""
            return Problem(Rule.WRONG_VALUE, f"must be one of {', '.join(known)}", fault.path, hint if hint.startswith("did") else "")
        case "anyOf" | "oneOf" | "oneOfNotValid":
            return Problem(Rule.WRONG_VALUE, _forms(fault), fault.path)
        case _:
            return Problem(Rule.WRONG_VALUE, _limit(what, about), fault.path)


def _limit(keyword: str, about: Mapping[str, Any]) -> str:
    say = _LIMITS.get(keyword)
    return say(about) if say else f"breaks {keyword} of the schema"


def _type(fault: Fault) -> Problem:
    wanted = [t for t in fault.about["types"] if t != "null"]
    found = _name(fault.value)
    text = "string" in wanted and not isinstance(fault.value, dict | list) and fault.value is not None
    quoted = isinstance(fault.value, str) and bool({"integer", "number", "boolean"} & set(wanted))
    hint = "put it in quotes" if text else "take the quotes away" if quoted else ""
    return Problem(Rule.WRONG_TYPE, f"must be {' or '.join(_NAMES.get(t, t) for t in wanted)}, is {found}", fault.path, hint)


def _name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "text" if isinstance(value, str) else "a number"


def _forms(fault: Fault) -> str:
    """`one of a, b is missing` where each form asks for one field; else that no form fits."""
    asked = [b[0].about.get("property") if len(b) == 1 and b[0].keyword == "required" else None for b in fault.branches]
    if asked and all(asked):
        return f"needs one of {', '.join(str(a) for a in asked)}"
    return "fits none of the forms that are allowed"
