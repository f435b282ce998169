"""Variables: `${NAME}` and `${NAME:=default}` in the texts of rendered objects. Values are put into texts, never into YAML: no value can
change the shape of an object.

A text without quotes that is nothing but `${NAME}` becomes what the variable is, number or boolean; every other text stays text.
`$${` stands for `${`. What else begins with `${` is refused: it would reach the cluster as it is.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gitctl.documents import Unquoted
from gitctl.documents.scalar import Mistaken, as_json_number, resolve
from gitctl.errors import ErrorId, InputError, ManifestError, RenderError, did_you_mean, raise_all
from gitctl.model.app import App
from gitctl.model.manifest import Json, Path
from gitctl.model.textfield import wants_text
from gitctl.model.variable import VarValue
from gitctl.render.raw import Raw

OFF: Final = "disabled"
SWITCH: Final = "gitctl.dev/vars"
FLUX_SWITCH: Final = "kustomize.toolkit.fluxcd.io/substitute"

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_TOKEN = re.compile(rf"\$(?P<escaped>\$+\{{)|\$\{{(?:(?P<name>{_NAME})(?::=(?P<default>[^{{}}]*))?\}})?")
_OPERATOR = re.compile(rf"\$\{{({_NAME})(:-|:\+|:\?|[-=+?:/#%^,@])")
_MOST = 50


@dataclass(frozen=True, slots=True)
class Variables:
    """Values by name. `from_env` came from the process environment; `unset` ought to, and are neither there nor in gitctl.yaml."""

    values: Mapping[str, VarValue]
    from_env: frozenset[str] = frozenset()
    unset: frozenset[str] = frozenset()

    def environment(self, used: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Those of the used ones that came from the process environment."""
        return tuple((name, str(self.values[name])) for name in used if name in self.from_env)


def variables_of(app: App, environment: Mapping[str, str]) -> Variables | None:
    """The app's variables, None where `${NAME}` stays as it is. Of the environment only the listed names are looked at.

    Raises InputError for a listed variable that is no text.
    """
    if not app.substitutes:
        return None
    known = dict(app.environment) if app.environment is not None else environment
    found = {name: _checked(name, known[name]) for name in app.vars_from_env if name in known}
    values: dict[str, VarValue] = {v.name: v.value for v in app.vars}
    unset = frozenset(app.vars_from_env) - found.keys() - values.keys()
    return Variables(values | found, frozenset(found), unset)


def _checked(name: str, value: str) -> str:
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise InputError(f"the environment variable {name} is not UTF-8", id=ErrorId.VARIABLE_VALUE, hint="`vars_from_env` lists it")
    return value


Opens = Callable[[str], str]
"""A text with secrets in the place of their placeholders."""


def substitute(objects: Iterable[Raw], variables: Variables, *, opens: Opens = str) -> tuple[list[Raw], dict[str, tuple[str, ...]]]:
    """The objects with variables filled in, and the names that were used in each file.

    A value must not make a secret's placeholder, which is known to whoever can read the repository: `opens` tells. Raises ManifestError
    (ManyErrors for several) with all that is wrong: unknown variables, forms that there are not.
    """
    used: dict[str, set[str]] = defaultdict(set)
    faults: list[ManifestError] = []
    filled = [_filled(raw, variables, opens, used[raw.path], faults) for raw in objects]
    more = faults[_MOST:]
    rest = [ManifestError(f"{len(more)} more places with `${{`", id=one.id) for one in more[:1]]
    raise_all([*faults[:_MOST], *rest])
    return filled, {path: tuple(sorted(names)) for path, names in used.items() if names}


def _filled(raw: Raw, variables: Variables, opens: Opens, used: set[str], faults: list[ManifestError]) -> Raw:
    try:
        off = _is_off(raw)
    except ManifestError as fault:
        faults.append(fault)
        return raw
    filling = _Filling(raw, None if off else variables, opens, used, faults)
    return replace(raw, body=filling.value(raw.body, ()))


def _is_off(raw: Raw) -> bool:
    """Does the object say that its `${…}` stay? Flux's mark counts too; both may be a label."""
    metadata = raw.body.get("metadata")
    marks = [(key, metadata.get(key)) for key in ("annotations", "labels")] if isinstance(metadata, dict) else []
    values = {(key, name): mark[name] for key, mark in marks if isinstance(mark, dict) for name in (SWITCH, FLUX_SWITCH) if name in mark}
    for (key, name), value in values.items():
        if name == SWITCH and value != OFF:
            hint = "leave it out to have variables filled in"
            raise raw.fault(f"{SWITCH} takes {OFF!r} and nothing else", ("metadata", key, name), hint)
    return OFF in values.values()


@dataclass(slots=True)
class _Filling:
    """One object. Without variables its texts stay, and only forget that they were written without quotes."""

    raw: Raw
    variables: Variables | None
    opens: Opens
    used: set[str]
    faults: list[ManifestError]

    def value(self, value: Any, path: Path) -> Any:
        """The value with every text in it filled in."""
        if isinstance(value, dict):
            return self._mapping(value, path)
        if isinstance(value, list):
            return [self.value(item, (*path, number)) for number, item in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) and "${" in value else value

    def _mapping(self, value: Json, path: Path) -> Json:
        result: Json = {}
        for key, item in value.items():
            name = self._as_text(key, (*path, key)) if "${" in key else key
            if name in result:
                hint = "give one of the variables another value"
                self._fault("two keys are the same with their variables filled in", (*path, key), hint, id=ErrorId.VARIABLE_VALUE)
            result[name] = self.value(item, (*path, key))
        return result

    def _text(self, text: str, path: Path) -> Any:
        found = _TOKEN.fullmatch(text)
        if self.variables is None or not isinstance(text, Unquoted) or found is None or not found["name"] or wants_text(path):
            return self._as_text(text, path)
        value = self._lookup(found, path, typed=True)
        self._check_sealed([("", str(value))], path)
        return value

    def _as_text(self, text: str, path: Path) -> str:
        if self.variables is None:
            return str(text)
        pieces: list[tuple[str, str]] = []
        done = 0
        for found in _TOKEN.finditer(text):
            written = text[done : found.start()] + (found["escaped"] or "")
            pieces.append((written, self._token(found, path)))
            done = found.end()
        pieces.append((text[done:], ""))
        self._check_sealed(pieces, path)
        return "".join(part for piece in pieces for part in piece)

    def _token(self, found: re.Match[str], path: Path) -> str:
        if found["name"]:
            return text_of(self._lookup(found, path, typed=False))
        if not found["escaped"]:
            self._unsupported(found, path)
        return ""

    def _check_sealed(self, pieces: Sequence[tuple[str, str]], path: Path) -> None:
        """Of (written, filled in) pieces: every placeholder in the whole must be in what is written."""
        whole = "".join(part for piece in pieces for part in piece)
        try:
            is_sealed = self.opens(whole) == "".join(self.opens(written) + value for written, value in pieces)
        except RenderError:
            is_sealed = False
        if not is_sealed:
            hint = "placeholders are gitctl's own: take another value"
            self._fault("a variable whose value makes a secret's placeholder", path, hint, id=ErrorId.VARIABLE_VALUE)

    def _lookup(self, found: re.Match[str], path: Path, *, typed: bool) -> Any:
        assert self.variables is not None
        name, default = found["name"], found["default"]
        value = self.variables.values.get(name)
        if value is not None and not (value == "" and default is not None):
            self.used.add(name)
            return value
        if default is not None:
            self.used.add(name)
            return _as_written(default) if typed else default
        self._unknown(name, path, self.variables)
        return found.group()

    def _unknown(self, name: str, path: Path, variables: Variables) -> None:
        if name in variables.unset:
            hint = f"`vars_from_env` lists it: export it, or write ${{{name}:=default}}"
            self._fault(f"the variable {name} is not set", path, hint, id=ErrorId.VARIABLE_UNKNOWN)
            return
        near = did_you_mean(name, variables.values, what="")
        hint = near if near.startswith("did you mean") else f"set it under `vars`, or write $${{{name}}} for the text itself"
        self._fault(f"unknown variable {name}", path, hint, id=ErrorId.VARIABLE_UNKNOWN)

    def _unsupported(self, found: re.Match[str], path: Path) -> None:
        operator = _OPERATOR.match(found.string, found.start())
        if operator:
            message = f"${{{operator[1]}{operator[2]}…}} is no form of a variable"
            hint = f"write ${{{operator[1]}:=default}} (without braces in the default), or $${{ for the text itself"
        else:
            message, hint = "`${` that names no variable", f"write $${{ for the text itself, or annotate the object with {SWITCH}: {OFF}"
        self._fault(message, path, hint, id=ErrorId.VARIABLE_FORM)

    def _fault(self, message: str, path: Path, hint: str, *, id: ErrorId) -> None:
        # A place costs a pass over the file: no more of them than are shown.
        shown = len(self.faults) < _MOST
        self.faults.append(self.raw.fault(message, path, hint, id=id) if shown else ManifestError(message, id=id))


def text_of(value: VarValue) -> str:
    """A value as text: numbers and booleans as JSON writes them."""
    return value if isinstance(value, str) else json.dumps(value)


def _as_written(default: str) -> Any:
    """A default as YAML reads it without quotes."""
    value = resolve(default) if default else default
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return as_json_number(value)
    except Mistaken:
        return default
