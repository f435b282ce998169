"""`{env}`, `{cluster}` and `{app}` in the strings of an app: the only three, and no other syntax."""

from __future__ import annotations

import re
from collections.abc import Mapping

NAMES = ("env", "cluster", "app")
_BRACED = re.compile(r"\{([^{}]*)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with `{env}` … replaced. A name that `values` does not have stays as it is written."""
    return _BRACED.sub(lambda m: values.get(m[1], m[0]), text)


def used(text: str) -> frozenset[str]:
    """The names between braces."""
    return frozenset(_BRACED.findall(text))


def problem(text: str) -> tuple[str, str]:
    """What is wrong with the braces of `text`: the bad name and a sentence; two empty strings when nothing is."""
    for name in sorted(used(text)):
        if name not in NAMES:
            return name, f"unknown placeholder {{{name}}}"
    if set("{}") & set(_BRACED.sub("", text)):
        return "", "a brace without its partner"
    return "", ""
