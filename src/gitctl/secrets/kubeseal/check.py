"""Is a SealedSecret well-formed, for the place where it is, and for the current key? No cluster is asked; private keys prove more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from gitctl.model.manifest import Json
from gitctl.model.sealing import Scope, SealState, SealStatus
from gitctl.secrets.kubeseal.crypt import Certificate, SealingKey, split
from gitctl.secrets.kubeseal.errors import BadSealedValue, WrongSealingKey
from gitctl.secrets.kubeseal.place import SEALED_WITH, Place, annotations_of, place_of
from gitctl.secrets.kubeseal.sealed import mapping, opened_values, sealed_bytes, sealed_values

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def inspect(body: Json, certificate: Certificate | None, keys: Sequence[SealingKey], *, file: str) -> SealStatus:
    """The state of a SealedSecret. `certificate` is the current one, `keys` private ones, newest first; either may be missing."""
    place = place_of(mapping(body, "metadata"))
    shown = f"{place.namespace}/{place.name}".strip("/")
    try:
        values = sealed_values(body, where=file)
        _check_form(values, file)
        if place.scope is not Scope.CLUSTER and not place.namespace:
            why = "no namespace in the file; -n names the one that it is for"
            return SealStatus(file, shown, place.scope, len(values), SealState.UNPROVEN, why)
        state, why = _proven(body, certificate, keys, file) if keys else _by_mark(body, place, certificate)
    except WrongSealingKey as wrong:
        return SealStatus(file, shown, place.scope, len(values), SealState.WRONG_KEY, _reason(wrong, file))
    except BadSealedValue as bad:
        count = len(mapping(mapping(body, "spec"), "encryptedData"))
        return SealStatus(file, shown, place.scope, count, SealState.BROKEN, _reason(bad, file))
    return SealStatus(file, shown, place.scope, len(values), state, why)


def _check_form(values: Any, file: str) -> None:
    for key, text in values.items():
        if not _KEY.fullmatch(key):
            raise BadSealedValue(f"{key!r} can be no key of a Secret", where=file)
        split(sealed_bytes(text, where=f"{file}: {key}"), where=f"{file}: {key}")


def _by_mark(body: Json, place: Place, certificate: Certificate | None) -> tuple[SealState, str]:
    """What can be told without a private key: by the annotation that gitctl leaves, and by the length of the RSA parts."""
    mark = annotations_of(mapping(body, "metadata")).get(SEALED_WITH)
    fingerprint, _, label = str(mark or "").partition("/")
    if mark and label.encode() != place.label:
        return SealState.MOVED, f"sealed for {label or 'any place'}; the controller will not open it here"
    if certificate is None:
        return SealState.UNPROVEN, ""
    if any(len(split(sealed_bytes(text, where=""), where="")[0]) != certificate.rsa_bytes for text in _texts(body)):
        return SealState.OLD_KEY, "sealed with a key of another length"
    if not mark:
        return SealState.UNPROVEN, "nothing says with which key it is sealed; a backup of the keys would (--recovery-private-key)"
    current = fingerprint == certificate.facts.fingerprint
    return (SealState.CURRENT, "") if current else (SealState.OLD_KEY, f"sealed with {fingerprint}")


def _proven(body: Json, certificate: Certificate | None, keys: Sequence[SealingKey], file: str) -> tuple[SealState, str]:
    """By opening it, in memory."""
    current = certificate.facts.fingerprint if certificate else keys[0].fingerprint
    older = [key for key, _, by in opened_values(body, keys, where=file) if by.fingerprint != current]
    return (SealState.OLD_KEY, f"sealed with an older key: {', '.join(older)}") if older else (SealState.CURRENT, "")


def _texts(body: Json) -> list[str]:
    return list(sealed_values(body, where="").values())


def _reason(error: BadSealedValue | WrongSealingKey, file: str) -> str:
    return str(error).removeprefix(f"{file}: ")
