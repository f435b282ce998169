"""The metadata that sops keeps in each file, read without any key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitctl.documents import load_all
from gitctl.errors import ManifestError
from gitctl.secrets.pysops.errors import BadContent
from gitctl.secrets.pysops.kind import Kind

# Master keys by service: the list in the metadata, and the field that names the key.
_SERVICES = {
    "age": "recipient",
    "pgp": "fp",
    "kms": "arn",
    "gcp_kms": "resource_id",
    "hckms": "key_id",
    "azure_kv": "vault_url",
    "hc_vault": "vault_address",
}

# A `sops` mapping without any of these is somebody's own, such as the values of a chart.
_OURS = {"lastmodified", "mac", "version"}


@dataclass(frozen=True, slots=True)
class Status:
    """What the metadata says. `recipients` are public keys and key names; `modified` is RFC 3339; all empty for a plain file."""

    encrypted: bool
    recipients: tuple[str, ...] = ()
    modified: str = ""
    version: str = ""
    encrypted_regex: str = ""


def status(content: bytes, *, kind: Kind, filename: str = "") -> Status:
    """The status of a file's content, encrypted or not. Raises BadContent when it cannot be parsed."""
    found = metadata(content, kind=kind, filename=filename)
    if found is None:
        return Status(encrypted=False)
    texts = (str(found.get(key, "")) for key in ("lastmodified", "version", "encrypted_regex"))
    return Status(True, tuple(dict.fromkeys(_recipients(found))), *texts)


def recipients(content: bytes, *, kind: Kind, filename: str = "") -> tuple[str, ...]:
    """Whose keys open the content: age and PGP public keys, names of keys in the clouds; empty for a plain file."""
    return status(content, kind=kind, filename=filename).recipients


def metadata(content: bytes, *, kind: Kind, filename: str = "") -> Mapping[str, Any] | None:
    """The `sops` mapping of a file, None when it has none. Raises BadContent."""
    match kind:
        case Kind.DOTENV:
            return _nested(re.findall(r"^sops_([^=\r\n]+)=(.*)$", _text(content), re.MULTILINE))
        case Kind.INI:
            section = re.search(r"^\[sops\]$(.*?)(?=^\[|\Z)", _text(content), re.MULTILINE | re.DOTALL)
            return _nested(re.findall(r"^([^=\s;#]+)[ \t]*=[ \t]*(.*)$", section[1], re.MULTILINE)) if section else None
        case Kind.BINARY if b'"sops"' not in content:
            return None
        case _:
            return _top(content, filename or "content")


def _top(content: bytes, where: str) -> Mapping[str, Any] | None:
    try:
        documents = load_all(content, where=where)
    except ManifestError as bad:
        raise BadContent(bad.message, where=bad.where) from bad
    tops = (d.value.get("sops") for d in documents if isinstance(d.value, dict))
    return next((top for top in tops if isinstance(top, dict) and top.keys() & _OURS), None)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _nested(pairs: list[tuple[str, str]]) -> Mapping[str, Any] | None:
    """Flat stores write `age__list_0__map_recipient=…`; only names of keys matter here, so a list becomes one mapping an item."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        top, _, rest = name.partition("__")
        item = re.fullmatch(r"list_(\d+)__map_(.+)", rest)
        if item:
            found.setdefault(top, {}).setdefault(item[1], {})[item[2]] = value
        else:
            found[name] = value
    return {k: list(v.values()) if isinstance(v, dict) else v for k, v in found.items()} or None


def _recipients(found: Mapping[str, Any]) -> Iterator[str]:
    for service, field in _SERVICES.items():
        for entry in found.get(service) or ():
            if isinstance(entry, dict) and entry.get(field):
                yield str(entry[field])
    for group in found.get("key_groups") or ():
        if isinstance(group, dict):
            yield from _recipients(group)
