"""`secret git-setup`: the drivers with which Git diffs and merges encrypted files, and for which files it uses them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

DRIVER = "gitctl"
SETTINGS: Mapping[str, str] = {
    f"diff.{DRIVER}.textconv": "gitctl secret textconv",
    # A cache of what is shown would outlive the key's tags, and lies in the repository.
    f"diff.{DRIVER}.cachetextconv": "false",
    f"merge.{DRIVER}.name": "encrypted files, key by key",
    f"merge.{DRIVER}.driver": "gitctl secret merge-driver %O %A %B %P",
}
_ATTRIBUTES = f"diff={DRIVER} merge={DRIVER}"
_BEGIN = "# encrypted files, kept by `gitctl secret git-setup`"
_END = "# end of encrypted files"
_BLOCK = re.compile(rf"^{re.escape(_BEGIN)}\n(.*?)^{re.escape(_END)}\n?", re.MULTILINE | re.DOTALL)
_GLOB = re.compile(r"[*?\[\]]")


class Clone(Protocol):
    """What is set up: a clone of a repository."""

    def names(self) -> tuple[str, ...]:
        """The files that Git tracks, or would."""
        ...

    def encrypted(self, names: Collection[str]) -> frozenset[str]:
        """Which of these are encrypted."""
        ...

    def settings(self) -> Mapping[str, str]:
        """The clone's own configuration."""
        ...

    def configure(self, settings: Mapping[str, str]) -> None:
        """Set these."""
        ...

    def forget(self, section: str) -> None:
        """Take a section of the configuration away."""
        ...

    @property
    def attributes(self) -> str:
        """The text of `.gitattributes`."""
        ...

    def write_attributes(self, text: str) -> None:
        """Write it."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What was (or, for a check, is to be) done: settings, patterns that came and went; and how many files are encrypted."""

    settings: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    files: int

    @property
    def anything(self) -> bool:
        """Is anything missing or stale?"""
        return bool(self.settings or self.added or self.removed)


def check(clone: Clone, patterns: Sequence[str]) -> Setup:
    """What `set_up` would do."""
    return _compared(clone, patterns)[0]


def set_up(clone: Clone, patterns: Sequence[str]) -> Setup:
    """Bring configuration and `.gitattributes` in line; `patterns` are kept from then on. Raises InputError, SourceError."""
    setup, wanted = _compared(clone, patterns)
    clone.configure({key: SETTINGS[key] for key in setup.settings})
    if setup.added or setup.removed:
        clone.write_attributes(with_patterns(clone.attributes, wanted))
    return setup


def remove(clone: Clone) -> Setup:
    """Take all of it away. Raises InputError, SourceError."""
    there = tuple(key for key in SETTINGS if key in clone.settings())
    for section in dict.fromkeys(key.rsplit(".", 1)[0] for key in there):
        clone.forget(section)
    text = clone.attributes
    gone = patterns_in(text)
    if gone:
        clone.write_attributes(with_patterns(text, ()))
    return Setup(there, (), gone, 0)


def patterns_for(names: Collection[str], encrypted: Collection[str]) -> tuple[str, ...]:
    """Patterns that match all encrypted files and no other: a name where all files of that name are encrypted, else the path."""
    plain = {posixpath.basename(name) for name in set(names) - set(encrypted)}
    named = {(base if (base := posixpath.basename(name)) not in plain else "/" + name) for name in encrypted}
    return tuple(sorted(_GLOB.sub(lambda found: "\\" + found.group(), name) for name in named))


def with_patterns(text: str, patterns: Sequence[str]) -> str:
    """The text of `.gitattributes` with our block for these patterns, in the place of the one before; without any, no block."""
    lines = "".join(f"{_quoted(pattern)} {_ATTRIBUTES}\n" for pattern in patterns)
    block = f"{_BEGIN}\n{lines}{_END}\n" if patterns else ""
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda _: block, text)
    return text + ("\n" if text and not text.endswith("\n") else "") + block


def patterns_in(text: str) -> tuple[str, ...]:
    """The patterns of our block, as they are written."""
    found = _BLOCK.search(text)
    return tuple(line.removesuffix(_ATTRIBUTES).strip() for line in found[1].splitlines()) if found else ()


def _compared(clone: Clone, patterns: Sequence[str]) -> tuple[Setup, tuple[str, ...]]:
    now = clone.settings()
    names = clone.names()
    encrypted = clone.encrypted(names)
    before = patterns_in(clone.attributes)
    # A glob was asked for by somebody: it stays.
    kept = tuple(one for one in before if _GLOB.search(one.replace("\\*", "").replace("\\?", "").replace("\\[", "").replace("\\]", "")))
    wanted = tuple(dict.fromkeys((*patterns_for(names, encrypted), *kept, *patterns)))
    quoted = tuple(map(_quoted, wanted))
    settings = tuple(key for key, value in SETTINGS.items() if now.get(key) != value)
    added = tuple(one for one in quoted if one not in before)
    return Setup(settings, added, tuple(one for one in before if one not in quoted), len(encrypted)), wanted


def _quoted(pattern: str) -> str:
    """gitattributes(5): a pattern with blanks stands in double quotes, with C escapes."""
    if not re.search(r'[\s"]', pattern) and not pattern.startswith(("#", "!", '"')):
        return pattern
    return '"' + pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
