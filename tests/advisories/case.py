"""One advisory: a folder with `case.yaml`. How to write one: README.md."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """A hostile input and what must come of it.

    `files` are committed in the repository, `outside` lie beside it, `links` (path → target) are made in the repository, `scripts` are
    `files` that may be executed. `setup` names a function of setups.py for what text cannot say. `run` are the arguments of gitctl.
    `error` is the id; `shows` and `hides` are texts that must, and must not, be printed. `without` is the function of defences.py that takes
    the defence away: with it the case must fail. `why` says why there is none.
    """

    advisory: str
    name: str
    run: tuple[str, ...]
    exit: int
    error: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    setup: str = ""
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    without: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.advisory} {self.name}"


@dataclass(frozen=True, slots=True)
class Advisory:
    """`id` is the folder's name; `ids` are all advisories that its cases stand for."""

    id: str
    ids: tuple[str, ...]
    what: str
    cases: tuple[Case, ...]


def read(folder: Path) -> Advisory:
    """One folder. Raises TypeError for a key that a case does not have."""
    body: dict[str, Any] = yaml.safe_load((folder / "case.yaml").read_text())
    common = body.get("common", {})
    cases = tuple(
        _case(folder.name, {**common, **one, "files": {**common.get("files", {}), **one.get("files", {})}}) for one in body["cases"]
    )
    return Advisory(folder.name, (folder.name, *body.get("also", ())), body["what"], cases)


def _case(advisory: str, body: dict[str, Any]) -> Case:
    known = {one.name: one.type for one in dataclasses.fields(Case)}
    values = {key: tuple(value) if isinstance(value, list) and key in known else value for key, value in body.items()}
    return Case(advisory=advisory, **values)


def museum() -> tuple[Advisory, ...]:
    """All folders."""
    return tuple(read(path.parent) for path in sorted(HERE.glob("*/case.yaml")))
