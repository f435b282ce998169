"""Audit: rendered objects and what is known of their encrypted values → rows and findings. Pure: the time is an argument."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from gitctl.model.audit import AuditedSecret, Consumer, FileReader, ValueFact
from gitctl.model.manifest import Json, Manifest
from gitctl.model.secretmade import Keeping, SecretMade, secrets_made
from gitctl.model.secretuse import UseKind, secret_uses

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class AuditedApp:
    """An app's objects, with placeholders (or sealed texts) where encrypted values are."""

    name: str
    manifests: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What Git tells of encrypted values: those that a text was made of, and who can open a file."""

    values: Callable[[str], tuple[ValueFact, ...]]
    readers: Mapping[str, tuple[FileReader, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Used:
    """The secrets of one place, and the references that lead to none of them."""

    secrets: Mapping[Key, AuditedSecret]
    made: Mapping[Key, SecretMade]
    others: tuple[AuditedSecret, ...]
    dangling: Mapping[Key, tuple[Consumer, ...]]


def account(apps: Sequence[AuditedApp], facts: Facts) -> Used:
    """Every Secret that the apps of one place bring, with its consumers in any of them."""
    made = {key: (app, manifest, one) for app in apps for manifest in app.manifests for key, one in _made(manifest)}
    rows = {key: _row(app, manifest, one, facts) for key, (app, manifest, one) in made.items()}
    consumers = _consumers(apps, made)
    dangling = {key: found for key, found in consumers.items() if key not in rows}
    secrets = {key: replace(row, consumers=consumers.get(key, ())) for key, row in rows.items()}
    others = tuple(_holders(apps, facts))
    return Used(secrets, {key: one for key, (_, _, one) in made.items()}, others, dangling)


def _made(manifest: Manifest) -> Iterator[tuple[Key, SecretMade]]:
    yield from (((manifest.ref.namespace, one.name), one) for one in secrets_made(manifest.body))


def shown(key: Key) -> str:
    """`namespace/name`, or the name alone."""
    return "/".join(filter(None, key))


def _row(app: AuditedApp, manifest: Manifest, made: SecretMade, facts: Facts) -> AuditedSecret:
    values = _values(manifest.body, facts)
    keeping = Keeping.ENCRYPTED if made.keeping is Keeping.PLAIN and values else made.keeping
    if keeping is Keeping.PLAIN and _in_a_store(manifest.body):
        keeping = Keeping.STORE
    name = shown((manifest.ref.namespace, made.name))
    readers = _readers(values, facts) if keeping is Keeping.ENCRYPTED else ()
    return AuditedSecret(name, app.name, keeping, manifest.ref, manifest.origin.path, made.keys, values, readers)


def _in_a_store(body: Json) -> bool:
    """Are the values references that something else resolves (`ref+vault://…`)?"""
    texts = list(_decoded(body))
    return bool(texts) and all(text.startswith("ref+") for text in texts)


def _values(body: Json, facts: Facts) -> tuple[ValueFact, ...]:
    texts = (*_texts(body), *_decoded(body))
    return tuple(dict.fromkeys(fact for text in texts for fact in facts.values(text)))


def _decoded(body: Json) -> Iterator[str]:
    """The data of a Secret as it was before it was base64: it may be base64 then still."""
    for text in _texts(body.get("data")) if body.get("kind") == "Secret" else ():
        with suppress(ValueError):
            yield base64.b64decode(text, validate=True).decode("utf-8", "replace")


def _readers(values: Iterable[ValueFact], facts: Facts) -> tuple[FileReader, ...]:
    return tuple(dict.fromkeys(reader for value in values for reader in facts.readers.get(value.file, ())))


def _holders(apps: Iterable[AuditedApp], facts: Facts) -> Iterator[AuditedSecret]:
    """Objects of other kinds with encrypted values in them."""
    for app in apps:
        for manifest in app.manifests:
            values = () if secrets_made(manifest.body) else _values(manifest.body, facts)
            if values:
                ref, readers = manifest.ref, _readers(values, facts)
                name = f"{ref.kind} {shown((ref.namespace, ref.name))}"
                yield AuditedSecret(name, app.name, Keeping.ENCRYPTED, ref, manifest.origin.path, (), values, readers)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _consumers(apps: Iterable[AuditedApp], made: Collection[Key]) -> Mapping[Key, tuple[Consumer, ...]]:
    names = frozenset(name for _, name in made)
    found: dict[Key, list[Consumer]] = {}
    for app in apps:
        for manifest in app.manifests:
            for use in secret_uses(manifest.body, known=names):
                consumer = Consumer(app.name, manifest.ref, use)
                for key in _meant(use.namespace or manifest.ref.namespace, use.name, use.how, made):
                    found.setdefault(key, []).append(consumer)
    return {key: tuple(some) for key, some in found.items()}


def _meant(namespace: str, name: str, how: UseKind, made: Collection[Key]) -> Iterable[Key]:
    """What has no namespace of its own (a ClusterRole) means a Secret of that name anywhere. Nothing names itself."""
    if not namespace and how in (UseKind.NAMED, UseKind.ALLOWED):
        return [key for key in made if key[1] == name]
    return [(namespace, name)]
