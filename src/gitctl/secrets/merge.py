"""A three-way merge of files that sops encrypted: decrypted trees are merged in memory, and only what changed is encrypted anew."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from gitctl.documents import REMOVED, dump_all, edit
from gitctl.errors import ErrorId, InputError
from gitctl.model.manifest import Path
from gitctl.redact import mask_value
from gitctl.secrets import leaves, pysops
from gitctl.secrets.pysops import Kind
from gitctl.secrets.pysops.metadata import metadata
from gitctl.secrets.threeway import Difference, difference

_SELECTION = ("encrypted_regex", "unencrypted_regex", "encrypted_suffix", "unencrypted_suffix", "mac_only_encrypted")


@dataclass(frozen=True, slots=True)
class Versions:
    """A file as Git has it in a merge; `base` is empty where both sides added it."""

    base: bytes
    ours: bytes
    theirs: bytes


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place that both sides changed, each otherwise; the path starts with the number of the document. Values are masks."""

    path: Path
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The encrypted result, ours where there are conflicts, and how many changes of theirs are in it."""

    content: bytes
    changes: int
    conflicts: tuple[Conflict, ...]


def merge(file: str, versions: Versions, *, room: FilePath, take: Mapping[Path, bool] | None = None) -> Merged:
    """Merge; what theirs changed is put into ours. `take` decides conflicts (path → True for theirs), `room` is private and in memory.

    Raises InputError (tampered, another selection of keys to encrypt), RenderError (no key), ToolMissing.
    """
    kind = pysops.kind_of(file, versions.ours)
    _check_selection(file, versions, kind)
    plain = Versions(*(_opened(file, content, kind) for content in (versions.base, versions.ours, versions.theirs)))
    trees = [_tree(content, kind, file) for content in (plain.base, plain.ours, plain.theirs)]
    found = difference(*trees, take=take)
    content = versions.ours
    if found.changes:
        edited = _edited(plain.ours, trees[1], found.changes, kind)
        content = pysops.reencrypt(content, edited, kind=kind, folder=room, filename=file)
        _check_covered(file, content, versions, kind)
    return Merged(_readers(file, content, versions, kind), len(found.changes), _conflicts(found, trees))


def _opened(file: str, content: bytes, kind: Kind) -> bytes:
    return pysops.decrypt(content, kind=kind, filename=file) if pysops.is_encrypted(file, content) else content


def _tree(content: bytes, kind: Kind, file: str) -> dict[int, Any]:
    """Documents by number. What has no structure that could be merged is one text."""
    if not content:
        return {}
    if kind in (Kind.YAML, Kind.JSON, Kind.DOTENV):
        return dict(leaves.documents(content, kind=kind, where=file))
    return {0: content.decode("utf-8", "surrogateescape")}


def _edited(text: bytes, tree: dict[int, Any], changes: Mapping[Path, Any], kind: Kind) -> bytes:
    """The plaintext of ours with the changes. Comments stay in YAML of one document."""
    if kind is Kind.YAML and tree.keys() == {0} and all(len(path) > 1 for path in changes) and isinstance(tree[0], dict):
        return edit(text.decode(), {path[1:]: value for path, value in changes.items()}).encode()
    merged = _applied(tree, changes)
    match kind:
        case Kind.YAML:
            return dump_all(merged[number] for number in sorted(merged)).encode()
        case Kind.JSON:
            return json.dumps(merged[0], ensure_ascii=False, indent=4).encode()
        case Kind.DOTENV:
            return "".join(f"{name}={value}\n" for name, value in merged[0].items()).encode("utf-8", "surrogateescape")
        case _:
            return str(merged[0]).encode("utf-8", "surrogateescape")


def _applied(tree: dict[int, Any], changes: Mapping[Path, Any]) -> dict[int, Any]:
    merged = copy.deepcopy(tree)
    for path, value in changes.items():
        parent: Any = merged
        for step in path[:-1]:
            parent = parent.setdefault(step, {}) if isinstance(parent, dict) else parent[step]
        if value is REMOVED:
            del parent[path[-1]]
        else:
            parent[path[-1]] = value
    return merged


def _conflicts(found: Difference, trees: list[dict[int, Any]]) -> tuple[Conflict, ...]:
    return tuple(Conflict(path, _mask(trees[1], path), _mask(trees[2], path)) for path in found.conflicts)


def _mask(tree: Any, path: Path) -> str:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return "removed"
    return mask_value(tree)


def _check_selection(file: str, versions: Versions, kind: Kind) -> None:
    """Where the sides encrypt different keys, a secret of one would be plain text by the rules of the other."""
    chosen = []
    for content in (versions.ours, versions.theirs):
        if not pysops.is_encrypted(file, content):
            raise InputError(
                "encrypted on one side of the merge only",
                id=ErrorId.SECRET_MERGE,
                where=file,
                hint="encrypt it on the other side, then merge",
            )
        known = metadata(content, kind=kind, filename=file) or {}
        chosen.append({name: known.get(name) for name in _SELECTION})
    if chosen[0] != chosen[1]:
        raise InputError(
            "the two sides encrypt different keys of it (encrypted_regex and the like)",
            id=ErrorId.SECRET_MERGE,
            where=file,
            hint="take one side (git checkout --ours or --theirs), and make the other's changes with `gitctl secret edit`",
        )


def _check_covered(file: str, content: bytes, versions: Versions, kind: Kind) -> None:
    """Whatever was ciphertext on a side is ciphertext in the result."""
    now = dict(leaves.documents(content, kind=kind, where=file))
    sealed = {path for path, _ in leaves.encrypted(tuple(now.items()))}
    plain = {path for number, value in now.items() for path, _ in leaves.walk(value, (number,))} - sealed
    before = {p for c in (versions.ours, versions.theirs) for p, _ in leaves.encrypted(leaves.documents(c, kind=kind, where=file))}
    if open_ := sorted(leaves.shown(path[1:]) for path in plain & before):
        raise InputError(
            f"the merge would leave {open_[0]} as plain text",
            id=ErrorId.SECRET_MERGE,
            where=file,
            hint="merge it with `gitctl secret edit`",
        )


def _readers(file: str, content: bytes, versions: Versions, kind: Kind) -> bytes:
    """Recipients merged as a set. Who was taken away on their side knows the data key of ours: it is changed."""
    base, ours, theirs = (_recipients(file, one, kind) for one in (versions.base, versions.ours, versions.theirs))
    add = tuple(one for one in theirs if one not in base and one not in ours)
    remove = tuple(one for one in ours if one in base and one not in theirs)
    if not add and not remove:
        return content
    if any(not one.startswith("age1") for one in (*add, *remove)):
        raise InputError(
            "the sides have different recipients, some of which are not age keys",
            id=ErrorId.SECRET_MERGE,
            where=file,
            hint="take one side, then `gitctl secret rotate --recipients`",
        )
    if remove or any(not one.startswith("age1") for one in ours):
        return pysops.rotate(content, kind=kind, add=add, remove=remove, filename=file)
    return pysops.updatekeys(content, kind=kind, recipients=(*ours, *add), filename=file)


def _recipients(file: str, content: bytes, kind: Kind) -> tuple[str, ...]:
    return pysops.recipients(content, kind=kind, filename=file) if content else ()
