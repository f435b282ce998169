"""Kinds of content that sops stores, and how to tell them apart."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePosixPath


class Kind(StrEnum):
    """A store of sops, by its name on sops' command line."""

    YAML = "yaml"
    JSON = "json"
    DOTENV = "dotenv"
    INI = "ini"
    BINARY = "binary"


_BY_SUFFIX = {".yaml": Kind.YAML, ".yml": Kind.YAML, ".json": Kind.JSON, ".env": Kind.DOTENV, ".ini": Kind.INI}

VALUE = "ENC[AES256_GCM,"
"""How every encrypted value starts."""

# Top-level metadata of each store; an indented `sops:` belongs to something else, such as a block of text that shows a file of sops.
_METADATA = {
    Kind.YAML: re.compile(rb"^[\"']?sops[\"']?[ \t]*:", re.MULTILINE),
    Kind.JSON: re.compile(rb"\"sops\"[ \t\r\n]*:"),
    Kind.DOTENV: re.compile(rb"^sops_[a-z_0-9]+=", re.MULTILINE),
    Kind.INI: re.compile(rb"^\[sops\]", re.MULTILINE),
}
_LONE_DATA = re.compile(rb"\A\s*\{\s*\"data\"\s*:\s*\"ENC\[AES256_GCM,[^\"]*\"\s*,\s*\"sops\"\s*:")


def kind_of(path: str, content: bytes = b"") -> Kind:
    """The kind by the suffix, as sops decides; for other suffixes by the metadata in `content`, else binary."""
    by_suffix = _BY_SUFFIX.get(PurePosixPath(path).suffix.lower()) or (Kind.DOTENV if PurePosixPath(path).name == ".env" else None)
    if by_suffix:
        return by_suffix
    if _LONE_DATA.match(content) or VALUE.encode() not in content:
        return Kind.BINARY
    if content.lstrip().startswith(b"{"):
        return Kind.JSON if _METADATA[Kind.JSON].search(content) else Kind.BINARY
    return next((kind for kind in (Kind.YAML, Kind.DOTENV, Kind.INI) if _METADATA[kind].search(content)), Kind.BINARY)


def is_encrypted(path: str, content: bytes) -> bool:
    """Does the content carry sops metadata and an encrypted value? Cheap: nothing is parsed.

    A file that lost its MAC counts too: it must not pass as plain.
    """
    if VALUE.encode() not in content:
        return False
    kind = kind_of(path, content)
    # sops writes what it stores as binary as JSON; a YAML file may hold JSON.
    stores = {Kind.BINARY: (Kind.JSON,), Kind.YAML: (Kind.YAML, Kind.JSON)}.get(kind, (kind,))
    return any(_METADATA[store].search(content) for store in stores)
