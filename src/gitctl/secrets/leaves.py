"""The values inside a file that sops stores: which of them are encrypted, and what the file is without sops' metadata."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from gitctl.documents import Limits, dump_all, load_all, to_json, too_deep
from gitctl.errors import ErrorId, InputError, ManifestError, Where
from gitctl.model.manifest import Path
from gitctl.secrets.pysops.kind import Kind

ENCRYPTED = re.compile(r"ENC\[AES256_GCM,data:[^\]]*,type:(?P<type>[a-z]+)\]")

_COMMENT = re.compile(r"#ENC\[AES256_GCM,[^\]]*\]")
_YAML_BLOCK = re.compile(r"^[\"']?sops[\"']?[ \t]*:[^\n]*(?:\n(?:[ \t][^\n]*|(?=\n)))*", re.MULTILINE)
_DOTENV_LINE = re.compile(r"^sops_[a-z_0-9]+=[^\n]*\n?", re.MULTILINE)
_INI_SECTION = re.compile(r"^\[sops\]$.*?(?=^\[|\Z)", re.MULTILINE | re.DOTALL)

_LIMITS = Limits()

Documents = tuple[tuple[int, Any], ...]
"""Values of a file with the number (from 0) that each document has in it."""


def documents(content: bytes, *, kind: Kind, where: str) -> Documents:
    """The documents of a file, encrypted or not, without sops' metadata. Raises ManifestError when it cannot be parsed."""
    match kind:
        case Kind.YAML:
            return tuple((d.index, _without_metadata(d.value)) for d in load_all(content, where=where))
        case Kind.DOTENV:
            return ((0, dict(_dotenv(content.decode("utf-8", "surrogateescape")))),)
        case Kind.INI:
            return ((0, _ini(content.decode("utf-8", "surrogateescape"))),)
        case _:
            return ((0, _without_metadata(_json(content, where))),)


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf of a value with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))
    else:
        yield path, value


def encrypted(found: Documents) -> Iterator[tuple[Path, str]]:
    """The encrypted leaves; a path starts with the number of the document."""
    for index, value in found:
        yield from ((path, leaf) for path, leaf in walk(value, (index,)) if isinstance(leaf, str) and ENCRYPTED.fullmatch(leaf))


def secret_data(found: Documents) -> frozenset[Path]:
    """Paths below `data` of Kubernetes Secrets, wherever one stands: what is there is base64."""
    return frozenset(path for index, value in found for path in _secret_data(value, (index,)))


def _secret_data(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secret_data(item, (*path, index))
    elif isinstance(value, dict):
        if value.get("kind") == "Secret" and isinstance(value.get("data"), dict):
            yield from ((*path, "data", key) for key in value["data"])
        else:
            for key, item in value.items():
                yield from _secret_data(item, (*path, key))


def decoded(text: str, path: Path, *, where: str) -> str:
    """The UTF-8 text (surrogate escapes where it is none) of base64 at a path. Raises InputError with the path, never the text."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "surrogateescape")
    except ValueError:
        raise InputError(
            f"bad base64 at {shown(path[1:])}", id=ErrorId.BASE64_INVALID, where=where, hint="plain text goes below stringData"
        ) from None


def shown(path: Path) -> str:
    """A path for messages."""
    return ".".join(map(str, path)) or "the top"


def template(content: bytes, *, kind: Kind, where: str) -> bytes:
    """An encrypted file without metadata and encrypted comments, every encrypted value still in its place.

    YAML keeps its text and its line numbers, so that errors found later name the right place; when the text is too unusual for
    that, it is written anew from its values.
    """
    text = content.decode("utf-8", "surrogateescape")
    match kind:
        case Kind.YAML:
            return _yaml_template(text, documents(content, kind=kind, where=where), where)
        case Kind.DOTENV:
            return _bytes(_COMMENT.sub("#", _DOTENV_LINE.sub("", text)))
        case Kind.INI:
            return _bytes(_COMMENT.sub("#", _INI_SECTION.sub("", text)).rstrip() + "\n")
        case Kind.BINARY:
            return _bytes("".join(leaf for _, leaf in encrypted(documents(content, kind=kind, where=where))))
        case _:
            return to_json(_without_metadata(_json(content, where))).encode() + b"\n"


def _yaml_template(text: str, wanted: Documents, where: str) -> bytes:
    # Comment lines, not empty ones: those would belong to a block of text that ends the document.
    stripped = _YAML_BLOCK.sub(lambda block: "\n".join("#" for _ in block.group().split("\n")), text)
    draft = _bytes(_COMMENT.sub("#", stripped))
    try:
        faithful = tuple((d.index, d.value) for d in load_all(draft, where=where)) == wanted
    except ManifestError:
        faithful = False
    if faithful and all(leaf.encode() in draft for _, leaf in encrypted(wanted)):
        return draft
    return dump_all(value for _, value in wanted).encode()


def _without_metadata(value: Any) -> Any:
    return {k: v for k, v in value.items() if k != "sops"} if isinstance(value, dict) else value


def _json(content: bytes, where: str) -> Any:
    try:
        value = json.loads(content)
    except RecursionError:
        raise too_deep(Where(where), _LIMITS) from None
    except ValueError:
        raise ManifestError("not JSON", id=ErrorId.YAML_SYNTAX, where=where) from None
    if not _is_shallow(value):
        raise too_deep(Where(where), _LIMITS)
    return value


def _is_shallow(value: Any) -> bool:
    """Level by level: what is too deep for a function that calls itself is what is looked for."""
    level = [value]
    for _ in range(_LIMITS.depth + 1):
        level = [item for one in level if isinstance(one, dict | list) for item in (one.values() if isinstance(one, dict) else one)]
    return not level


def _dotenv(text: str) -> Iterator[tuple[str, str]]:
    for line in _DOTENV_LINE.sub("", text).splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            yield name, value


def _ini(text: str) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    current = "DEFAULT"
    for line in _INI_SECTION.sub("", text).splitlines():
        heading = re.fullmatch(r"\s*\[(.+)\]\s*", line)
        name, sign, value = line.partition("=")
        if heading:
            current = heading[1]
        elif sign and not line.lstrip().startswith((";", "#")):
            sections.setdefault(current, {})[name.strip()] = value.strip()
    return sections


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
