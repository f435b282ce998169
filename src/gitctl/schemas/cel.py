"""CEL rules of custom resources, evaluated as the API server does at a creation. The only door of cel-expr-python, an extra.

Rules that compare with the old object say nothing about a new one and are passed over, as the API server does. What the library lacks
(`quantity`, `url`, `ip`, … of Kubernetes' own) makes a rule one that was not checked: that is reported, and never called a pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from gitctl.model.finding import Problem, Rule, Severity
from gitctl.model.manifest import Path
from gitctl.schemas.structure import CelRule, Node, nodes, visits
from gitctl.schemas.typed import escaped, typed, unescaped

INSTALL: Final = "pip install 'gitctl-cli[cel]'"
_OLD = re.compile(r"\boldSelf\b")
_TIMES: Final = frozenset({"date-time", "date", "duration"})
_MISSING_KEY = "Key not found"


class CelRules:
    """The rules of one kind."""

    def __init__(self, tree: Node) -> None:
        self._tree = tree
        names = "|".join(re.escape(name) for name in sorted(_timed(tree)))
        # The library takes no times and durations as data: rules that read them would compare texts.
        self._times = re.compile(rf"\b(?:{names})\b") if names else None

    def problems(self, body: Any) -> Iterator[Problem]:
        """Rules that the object breaks, and rules that could not be checked (warnings)."""
        for visit in visits(self._tree, typed(self._tree, body)):
            for rule in visit.node.rules:
                path = tuple(unescaped(step) if isinstance(step, str) else step for step in visit.path)
                if rule.optional_old:
                    yield _unchecked(rule, path, "it may compare with the old object")
                elif _is_time(visit.node) or (self._times and self._times.search(rule.rule)):
                    yield _unchecked(rule, path, "it reads a time or a duration")
                elif not _OLD.search(rule.rule):
                    yield from _problems(rule, visit.value, path)


def _timed(tree: Node) -> set[str]:
    """Names, as expressions write them, of fields that hold times and durations."""
    return {escaped(name) for node in nodes(tree) for name, below in node.fields.items() if _is_time(below)}


def _is_time(node: Node) -> bool:
    return node.schema.get("format") in _TIMES


def _problems(rule: CelRule, value: Any, path: Path) -> Iterator[Problem]:
    answer, why = _evaluate(rule.rule, value)
    if answer is False:
        yield Problem(Rule.CEL, _message(rule, value), path)
    elif answer is not True and _MISSING_KEY in why:
        yield Problem(Rule.CEL, f"{_message(rule, value)} (the rule reads a field that is not there)", path)
    elif answer is not True:
        yield _unchecked(rule, path, why)


def _unchecked(rule: CelRule, path: Path, why: str) -> Problem:
    return Problem(Rule.CEL_NOT_CHECKED, f"the rule {_short(rule.rule)} was not checked: {why}", path, severity=Severity.WARNING)


def _message(rule: CelRule, value: Any) -> str:
    made, _ = _evaluate(rule.expression, value) if rule.expression else (None, "")
    return made if isinstance(made, str) and made.strip() else rule.message or f"breaks the rule {_short(rule.rule)}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:100]}…"


def _evaluate(expression: str, value: Any) -> tuple[Any, str]:
    """The value of an expression over `self`, or None and why there is none."""
    environment = _environment()
    if environment is None:
        return None, f"the CEL library is not installed: {INSTALL}"
    program, why = _compiled(expression)
    if program is None:
        return None, why
    result = program.eval(data={"self": value})
    if result.type().name() == "ERROR":
        return None, f"{_MISSING_KEY}" if _MISSING_KEY in str(result.value()) else "the CEL library cannot evaluate it"
    return result.plain_value(), ""


@cache
def _compiled(expression: str) -> tuple[Any, str]:
    try:
        return _environment().compile(expression), ""
    except RuntimeError as error:
        lacking = re.search(r"undeclared reference to '(\w+)'", str(error))
        return None, f"the CEL library has no {lacking[1]}" if lacking else "the CEL library cannot read it"


@cache
def _environment() -> Any:
    """Kubernetes' dialect as far as the library has it; None where the library is not installed."""
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_optional, ext_strings
    except ImportError:
        return None
    any_list = cel.Type.List(cel.Type.DYN)

    def function(name: str, answer: Any, call: Callable[..., Any], *parameters: Any) -> Any:
        overload = cel.Overload(f"list_{name}", return_type=answer, parameters=[any_list, *parameters], is_member=True, impl=call)
        return cel.FunctionDecl(name, [overload])

    functions = [
        function("isSorted", cel.Type.BOOL, lambda items: sorted(items) == items),
        function("sum", cel.Type.DYN, sum),
        function("min", cel.Type.DYN, min),
        function("max", cel.Type.DYN, max),
    ]
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
    return cel.NewEnv(variables={"self": cel.Type.DYN}, extensions=extensions, functions=functions)
