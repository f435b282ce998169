"""A SealedSecret: made of a Secret, and made a Secret again."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitctl.errors import ErrorId, InputError
from gitctl.model.manifest import Json
from gitctl.model.sealing import Scope
from gitctl.secrets.kubeseal.crypt import Certificate, SealingKey, unseal
from gitctl.secrets.kubeseal.errors import BadScope, BadSealedValue, NotASecret
from gitctl.secrets.kubeseal.place import SEALED_WITH, Place, annotations_of, place_of, with_scope
from gitctl.secrets.kubeseal.secret import PlainSecret

API_VERSION = "bitnami.com/v1alpha1"
KIND = "SealedSecret"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the command line says about the place; "" and None leave it to the manifest."""

    scope: Scope | None = None
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The Secret of a SealedSecret, the fingerprints of the keys that opened it, and the keys that only the controller can make: their
    value is a template over the others."""

    body: Json
    fingerprints: frozenset[str]
    templated: tuple[str, ...]


def is_sealed(body: Any) -> bool:
    """Is this manifest a SealedSecret?"""
    return isinstance(body, dict) and body.get("kind") == KIND and str(body.get("apiVersion", "")).startswith("bitnami.com/")


def seal(secret: PlainSecret, certificate: Certificate, chosen: Chosen, *, allow_empty: bool, where: str) -> Json:
    """The SealedSecret of a Secret. Raises BadScope, InputError for a Secret without values unless `allow_empty`."""
    if not (secret.values or allow_empty):
        hint = "--allow-empty-data seals it all the same"
        raise InputError("a Secret without values", id=ErrorId.NOTHING_TO_ENCRYPT, where=where, hint=hint)
    place = _placed(secret.metadata, chosen)
    place.check(where=where)
    if not place.name:
        raise BadScope("the Secret has no name", where=where, hint="add metadata.name")
    names = {"name": place.name} | ({"namespace": place.namespace} if place.namespace else {})
    annotations = with_scope(annotations_of(secret.metadata), place.scope)
    inner = {key: value for key, value in secret.metadata.items() if key not in ("name", "namespace", "annotations")}
    mark = {SEALED_WITH: place.mark(certificate.facts.fingerprint)}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": names | {"annotations": with_scope({}, place.scope) | mark},
        "spec": {
            "encryptedData": {key: seal_value(value, certificate, place) for key, value in sorted(secret.values.items())},
            "template": {"metadata": names | ({"annotations": annotations} if annotations else {}) | inner, **secret.rest},
        },
    }


def seal_value(value: bytes, certificate: Certificate, place: Place) -> str:
    """One value, as it stands below `encryptedData`."""
    return base64.b64encode(certificate.seal(value, place.label)).decode("ascii")


def open_sealed(body: Json, keys: Sequence[SealingKey], *, where: str) -> Opened:
    """The Secret of a SealedSecret. Raises NotASecret, BadSealedValue, WrongSealingKey."""
    values: dict[str, str] = {}
    used: set[str] = set()
    for key, plain, by in opened_values(body, keys, where=where):
        values[key] = base64.b64encode(plain).decode("ascii")
        used.add(by.fingerprint)
    template = mapping(mapping(body, "spec"), "template")
    more = {key: str(value) for key, value in mapping(template, "data").items()}
    templated = tuple(sorted(key for key, text in more.items() if "{{" in text))
    values |= {key: base64.b64encode(text.encode()).decode("ascii") for key, text in more.items() if key not in templated}
    outer = mapping(body, "metadata")
    names = {key: outer[key] for key in ("name", "namespace") if outer.get(key)}
    metadata = names | {key: value for key, value in mapping(template, "metadata").items() if key not in (*names, "creationTimestamp")}
    rest = {key: template[key] for key in ("type", "immutable") if template.get(key) is not None}
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **rest, "data": dict(sorted(values.items()))}
    return Opened(made, frozenset(used), templated)


def opened_values(body: Json, keys: Sequence[SealingKey], *, where: str) -> Iterator[tuple[str, bytes, SealingKey]]:
    """Each value with its key in `encryptedData` and the private key that opened it. Raises as `open_sealed`."""
    label = place_of(mapping(body, "metadata")).label
    for key, text in sealed_values(body, where=where).items():
        plain, by = unseal(sealed_bytes(text, where=f"{where}: {key}"), label, keys, where=f"{where}: {key}")
        yield key, plain, by


def reseal(body: Json, keys: Sequence[SealingKey], certificate: Certificate, learn: Callable[[bytes], None], *, where: str) -> Json:
    """The same values for another certificate. Those that its own key opens keep their ciphertext. Raises as `open_sealed`.

    A file that says that it is sealed with this certificate is believed where its private key is not at hand.
    """
    place, spec = place_of(mapping(body, "metadata")), mapping(body, "spec")
    current = certificate.facts.fingerprint
    said = annotations_of(mapping(body, "metadata")).get(SEALED_WITH)
    if said == place.mark(current) and all(key.fingerprint != current for key in keys):
        return body
    # The current key first: in a file that is half done, what is done already stays as it is.
    ordered = sorted(keys, key=lambda key: key.fingerprint != current)
    values = dict(sealed_values(body, where=where))
    for key, plain, by in opened_values(body, ordered, where=where):
        learn(plain)
        if by.fingerprint != current:
            values[key] = seal_value(plain, certificate, place)
    return marked(body | {"spec": spec | {"encryptedData": values}}, place.mark(current))


def merged(into: Json, new: Json, *, where: str) -> Json:
    """The SealedSecret with the values and the template's metadata of another one for the same place. Raises BadScope when it is not."""
    old_place, new_place = (place_of(mapping(body, "metadata")) for body in (into, new))
    if old_place != new_place:
        raise BadScope(f"it is for {_told(old_place)}, and the Secret for {_told(new_place)}", where=where)
    values = {**sealed_values(into, where=where), **sealed_values(new, where=where)}
    spec = mapping(into, "spec") | {"encryptedData": values}
    template, added = mapping(spec, "template"), mapping(mapping(mapping(new, "spec"), "template"), "metadata")
    metadata = mapping(template, "metadata")
    for part in ("annotations", "labels"):
        if mapping(added, part):
            metadata = metadata | {part: mapping(metadata, part) | mapping(added, part)}
    both = into | {"spec": spec | ({"template": template | {"metadata": metadata}} if template or metadata else {})}
    # Values of two certificates: the mark of the older one stays, so that `verify` asks for a `reseal`.
    fresh = annotations_of(mapping(new, "metadata"))[SEALED_WITH]
    return marked(both, fresh) if not set(sealed_values(into, where=where)) - set(sealed_values(new, where=where)) else both


def marked(body: Json, mark: str) -> Json:
    """The object with SEALED_WITH."""
    metadata = mapping(body, "metadata")
    return body | {"metadata": metadata | {"annotations": annotations_of(metadata) | {SEALED_WITH: mark}}}


def sealed_values(body: Any, *, where: str) -> Mapping[str, str]:
    """`encryptedData`. Raises NotASecret, BadSealedValue."""
    if not is_sealed(body):
        kind = body.get("kind") if isinstance(body, dict) else None
        what = f"a {kind}, not a SealedSecret" if isinstance(kind, str) else "not a SealedSecret"
        raise NotASecret(what, where=where, hint="`gitctl secret seal` makes one of a Secret")
    spec = body.get("spec")
    if isinstance(spec, dict) and spec.get("data") and not spec.get("encryptedData"):
        hint = "seal the Secret anew: `gitctl secret seal`"
        raise BadSealedValue("spec.data, a form that controllers no longer open by default", where=where, hint=hint)
    values = spec.get("encryptedData") if isinstance(spec, dict) else None
    if not isinstance(values, dict | None) or any(not isinstance(text, str) for text in (values or {}).values()):
        raise BadSealedValue("spec.encryptedData is no mapping of texts", where=where)
    return values or {}


def sealed_bytes(text: str, *, where: str) -> bytes:
    """A value of `encryptedData` as bytes. Raises BadSealedValue."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        hint = "take the file from Git again, or seal the value anew"
        raise BadSealedValue("not a sealed value: bad base64", where=where, hint=hint) from None


def mapping(body: Any, key: str) -> Json:
    """A mapping below a key, {} where there is none."""
    found = body.get(key) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _placed(metadata: Json, chosen: Chosen) -> Place:
    said = place_of(metadata)
    return replace(said, scope=chosen.scope or said.scope, namespace=said.namespace or chosen.namespace, name=said.name or chosen.name)


def _told(place: Place) -> str:
    return f"{place.namespace}/{place.name} ({place.scope})".lstrip("/")
