"""The keys of Secrets, for people and for machines: added, removed, changed, same, by size and tag; and which of them are equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gitctl.cli.show.lines import Line, Style, line
from gitctl.cli.show.tags import sealed_tag, size_of, tag_of, tagged
from gitctl.model.culprit import Culprit
from gitctl.model.secretkey import KeyKind, SecretKey
from gitctl.plan.fields import path_text

_SHOWN = 12


def key_lines(keys: Sequence[SecretKey], *, kinds: Sequence[KeyKind]) -> list[Line]:
    """A line for each of these kinds that there is: `same: host *** (4 bytes) ~1c0ffee1, user *** (5 bytes) ~0b5e55ed`."""
    chosen = ((kind, [key for key in keys if key.kind is kind]) for kind in kinds)
    return [line(f"      {kind.value}: {_listed(some)}", Style.QUIET) for kind, some in chosen if some]


def _listed(keys: Sequence[SecretKey]) -> str:
    more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
    return ", ".join(f"{key.name} {_told(key)}" for key in keys[:_SHOWN]) + more


def _told(key: SecretKey) -> str:
    value = key.old if key.kind is KeyKind.REMOVED else key.new
    return sealed_tag(value) if key.sealed else tagged(value, encoded=key.encoded)


def side_json(old: Any, new: Any, *, encoded: bool, names: tuple[str, str] = ("old", "new")) -> dict[str, Any]:
    """Size and tag of the values on both sides; null for a value that is not there."""
    pairs = tuple(zip(names, (old, new), strict=True))
    sizes = {f"{name}Bytes": None if value is None else size_of(value, encoded=encoded) for name, value in pairs}
    return sizes | {f"{name}Tag": None if value is None else tag_of(value, encoded=encoded) for name, value in pairs}


def keys_json(keys: Iterable[SecretKey], *, names: tuple[str, str] = ("old", "new")) -> list[dict[str, Any]]:
    """Each key of a Secret: what happens to it, with sizes and tags. Of a SealedSecret no size is known, and tags are of ciphertexts."""
    return [{"path": path_text(key.path), "kind": key.kind.value, **_sides(key, names)} for key in keys]


def _sides(key: SecretKey, names: tuple[str, str]) -> dict[str, Any]:
    sides = side_json(key.old, key.new, encoded=key.encoded, names=names)
    return sides | {f"{name}Bytes": None for name in names} if key.sealed else sides


def writer_text(by: Culprit, verb: str = "changed") -> str:
    """`changed in Git by Ada Lovelace 2026-11-20 (3f2a1b9c rotate the database's password)`."""
    author = by.author.partition(" <")[0]
    anew = ", which encrypted the whole file anew: the value may be older" if by.anew else ""
    return f"{verb} in Git by {author} {by.time[:10]} ({' '.join(filter(None, (by.sha[:8], by.subject)))}){anew}"


def writer_json(by: Culprit | None) -> dict[str, Any] | None:
    """The commit that wrote a value, as data. `encryptedAnew`: every value of its file, so that the value itself may be older."""
    if by is None:
        return None
    body = {"sha": by.sha, "author": by.author, "time": by.time, "subject": by.subject, "file": by.path, "line": by.line}
    return body | ({"encryptedAnew": True} if by.anew else {})
