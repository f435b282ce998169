"""Creation rules: the `.sops.yaml` that says for whom a file is encrypted, found as sops finds it, and made where there is none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitctl.documents import load_marked
from gitctl.errors import ErrorId, InputError

FILE = ".sops.yaml"
KUBERNETES_REGEX = "^(data|stringData)$"
"""Only the values of a Secret are encrypted, so that tools and people can read the rest."""

_SELECTORS = (
    "encrypted_regex",
    "unencrypted_regex",
    "encrypted_suffix",
    "unencrypted_suffix",
    "encrypted_comment_regex",
    "unencrypted_comment_regex",
)
_SERVICES = ("age", "pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri", "hc_vault")
EXPERIMENTAL = {
    "gcp_kms": "GCP KMS",
    "azure_keyvault": "Azure Key Vault",
    "hc_vault_transit_uri": "Vault or OpenBao transit",
    "hc_vault": "Vault or OpenBao transit",
    "hckms": "Huawei Cloud KMS",
}
"""Services that sops knows, and that gitctl was never run against: the same rules, no promise."""
_TEMPLATE = """\
# Who can decrypt the secrets of this repository: public keys of age, several separated by commas.
# After a change here, `gitctl secret rotate --recipients FILE…` brings the files in line.
creation_rules:
  # Kubernetes Secrets: the values alone, so that reviews and tools can read the rest.
  - path_regex: (^|/)(secret|[^/]*[.-]secret)\\.ya?ml$
    encrypted_regex: {regex}
    age: {recipients}
  - age: {recipients}
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One creation rule. `recipients` are the keys that it names; `selective`: it says itself which values are encrypted."""

    config: Path
    recipients: tuple[str, ...]
    selective: bool


def find(file: Path) -> Path | None:
    """The configuration that applies to a file: SOPS_CONFIG, else the first `.sops.yaml` in its folder and above."""
    named = os.environ.get("SOPS_CONFIG")
    if named:
        return Path(named)
    return next((folder / FILE for folder in file.absolute().parents if (folder / FILE).is_file()), None)


def rule_for(file: Path) -> Rule | None:
    """The first rule whose `path_regex` matches, None without one. Raises InputError when the configuration cannot be read."""
    config = find(file)
    if config is None:
        return None
    return rule_in(_read(config), os.path.relpath(file.absolute(), config.absolute().parent), config=config)


def rule_in(content: bytes, path: str, *, config: Path) -> Rule | None:
    """The first rule in the content of a configuration that matches `path`, relative to its folder; None without one. Raises InputError."""
    index = index_of(content, path, config=config)
    if index is None:
        return None
    chosen = entries(content, config=config)[index]
    return Rule(config, tuple(dict.fromkeys(recipients(chosen))), selective=any(chosen.get(s) for s in _SELECTORS))


def index_of(content: bytes, path: str, *, config: Path) -> int | None:
    """The place of the rule that matches `path` among the rules of a configuration, None without one. Raises InputError."""
    rules = enumerate(entries(content, config=config))
    return next((index for index, rule in rules if re.search(str(rule.get("path_regex") or ""), path)), None)


def experimental(content: bytes, *, config: Path) -> tuple[str, ...]:
    """The services of EXPERIMENTAL that the rules of a configuration name, key groups included. Raises InputError."""
    groups = [
        part for rule in entries(content, config=config) for part in (rule, *(rule.get("key_groups") or ())) if isinstance(part, dict)
    ]
    return tuple(dict.fromkeys(name for key, name in EXPERIMENTAL.items() if any(part.get(key) for part in groups)))


def create(folder: Path, recipients: tuple[str, ...]) -> Path:
    """Write a new `.sops.yaml`; never over an old one. Raises InputError when it is there or cannot be written."""
    file = folder / FILE
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text(recipients))
    except OSError as bad:
        raise InputError(f"cannot be written: {bad.strerror}", id=ErrorId.FILE_UNWRITABLE, where=str(file)) from bad
    return file


def text(recipients: tuple[str, ...]) -> str:
    """The content of a first `.sops.yaml` for these age recipients."""
    return _TEMPLATE.format(regex=KUBERNETES_REGEX, recipients=",".join(recipients))


def entries(content: bytes, *, config: Path) -> list[dict[str, Any]]:
    """The creation rules of a configuration, as they are written. Raises InputError when it, or a `path_regex`, cannot be read."""
    top, _ = load_marked(content, where=str(config))
    rules = top.get("creation_rules") if isinstance(top, dict) else None
    found = [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
    for rule in found:
        _checked_regex(str(rule.get("path_regex") or ""), config)
    return found


def _read(config: Path) -> bytes:
    try:
        return config.read_bytes()
    except OSError as bad:
        raise InputError(f"cannot be read: {bad.strerror}", id=ErrorId.SOPS_CONFIG, where=str(config)) from bad


def _checked_regex(pattern: str, config: Path) -> None:
    try:
        re.compile(pattern)
    except re.error as bad:
        raise InputError(f"a path_regex that gitctl cannot read: {bad.msg}", id=ErrorId.SOPS_CONFIG, where=str(config)) from bad


def recipients(rule: dict[str, Any]) -> Iterator[str]:
    """The keys that a rule names, of all services and key groups."""
    for service in _SERVICES:
        keys = rule.get(service) or ()
        for key in keys.split(",") if isinstance(keys, str) else keys:
            if isinstance(key, str) and key.strip():
                yield key.strip()
    for group in rule.get("key_groups") or ():
        if isinstance(group, dict):
            yield from recipients(group)
