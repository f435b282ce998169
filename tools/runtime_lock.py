"""Write requirements.lock and requirements-build.lock: what the image installs, cut out of requirements-dev.lock.

The first holds what gitctl needs to run on Linux, the second what builds its wheel. Versions and hashes are those that are developed
and tested with; nothing is resolved anew, and no network is used. `make lock` runs it; a test keeps the files fresh.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
DEVELOPMENT = ROOT / "requirements-dev.lock"
PYTHONS = ("3.11", "3.12", "3.13")


def main() -> None:
    """Write both files."""
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: {text.count('==')} packages")


def files() -> dict[Path, str]:
    """What each file must hold."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {
        ROOT / "requirements.lock": locked(project["project"]["dependencies"]),
        ROOT / "requirements-build.lock": locked(project["build-system"]["requires"]),
    }


def locked(wanted: Iterable[str]) -> str:
    """The blocks of the development lock for these requirements and all that they need."""
    blocks = blocks_of(DEVELOPMENT.read_text())
    names = closure([Requirement(text) for text in wanted])
    return "".join(blocks[name] for name in sorted(names))


def blocks_of(text: str) -> Mapping[str, str]:
    """Name → requirement with its hashes."""
    found = re.findall(r"^[A-Za-z0-9][^\n]*(?:\n[ ]+[^\n]*)*\n", text, re.MULTILINE)
    return {canonicalize_name(re.split(r"[=\[ ;]", block)[0]): block for block in found}


def closure(wanted: list[Requirement]) -> set[str]:
    """The names of all distributions that these need, on any of the Pythons."""
    names: set[str] = set()
    todo = [(one, frozenset(one.extras)) for one in wanted]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        one, extras = todo.pop()
        name = canonicalize_name(one.name)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        names.add(name)
        inner = [Requirement(text) for text in requires(name) or ()]
        todo += [(r, frozenset(r.extras)) for r in inner if applies(r, extras)]
    return names


def applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    """Is it needed on Linux, on one of the Pythons, with one of the extras or none?"""
    if requirement.marker is None:
        return True
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "implementation_name": "cpython"}
    places = [linux | {"python_version": p, "python_full_version": f"{p}.1", "extra": e} for p in PYTHONS for e in ("", *extras)]
    return any(requirement.marker.evaluate(place) for place in places)


if __name__ == "__main__":
    main()
