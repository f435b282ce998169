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
from gitctl.schemas.explain import holds
from gitctl.schemas.structure import CelRule, Node
from gitctl.schemas.typed import escaped, typed, visits

INSTALL: Final = "pip install 'gitctl-cli[cel]'"
_OLD = re.compile(r"\boldSelf\b")
_TIMES: Final = frozenset({"date-time", "date", "duration"})
_MISSING_KEY = "Key not found"


def rule_problems(tree: Node, body: Any, *, opaque: Callable[[Any], bool]) -> Iterator[Problem]:
    """Rules that the object breaks, and rules that could not be checked (warnings)."""
    found = list(visits(tree, typed(tree, body)))
    # The library takes no times and durations as data: rules that read them would compare texts.
    times = "|".join(sorted({re.escape(_name(v.path)) for v in found if _is_time(v.node)}))
    for visit in found:
        for rule in visit.node.rules:
            if rule.optional_old:
                yield _unchecked(rule, visit.path, "it may compare with the old object")
            elif _OLD.search(rule.rule):
                continue
            elif holds(visit.value, opaque):
                yield _unchecked(rule, visit.path, "a value that it may read is a variable, or encrypted")
            elif _is_time(visit.node) or (times and re.search(rf"\b(?:{times})\b", rule.rule)):
                yield _unchecked(rule, visit.path, "it reads a time or a duration")
            else:
                yield from _problems(rule, visit.value, visit.path)


def _name(path: Path) -> str:
    """The field that a value is in, as expressions write it."""
    return next((escaped(step) for step in reversed(path) if isinstance(step, str)), "self")


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
    try:
        result = program.eval(data={"self": value})
    except (RuntimeError, TypeError, ValueError):
        return None, "the CEL library cannot evaluate it"
    if result.type().name() == "ERROR":
        return None, _MISSING_KEY if _MISSING_KEY in str(result.value()) else "the CEL library cannot evaluate it"
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
