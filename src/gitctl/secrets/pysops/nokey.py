"""The error of a file that no key opens, or of a service that encrypts none: which, and everything that was tried."""

from __future__ import annotations

from collections.abc import Collection

from gitctl.errors import GitctlError
from gitctl.secrets.pysops.errors import KeyServiceDenied, KeyServiceUnreachable, NoUsableKey, Tampered, WrongKey
from gitctl.secrets.pysops.report import Failure, Trouble, is_service

# Whose keys are looked for in the places that `looked` names.
_AGE = ("age1", "ssh-")
_REACH = "look at the network and at what says where the service is: AWS_REGION, AWS_ENDPOINT_URL, VAULT_ADDR, a proxy"
_LOGIN = "see who you are there (`aws sts get-caller-identity`, `vault token lookup`): that account needs the right to use the key"


def late(wanted: Collection[str], seconds: float, *, name: str) -> KeyServiceUnreachable | None:
    """The error of a sops that did not end in time: a key service that it waited for, where the file has one among its recipients."""
    waited = tuple(Failure(one, f"no answer within {seconds:g} s") for one in wanted if is_service(one))
    return KeyServiceUnreachable(_silent(waited), where=name or None, details=_listed(waited), hint=_REACH) if waited else None


def unopened_by(failed: tuple[Failure, ...], where: str | None, looked: tuple[str, ...], *, at_hand: bool) -> GitctlError:
    """No key opened the file. A service that may still answer, or allow it, goes before the keys that are missing here."""
    troubles = {one.trouble for one in failed}
    details = [*_listed(failed), *(f"looked in: {place}" for place in looked if _asks_age(failed))]
    if troubles & {Trouble.UNREACHABLE, Trouble.DENIED} or troubles == {Trouble.NO_LOGIN}:
        return _by_service(failed, where, details)
    if Trouble.FOREIGN in troubles:
        hint = "take the file from Git again"
        return Tampered("tampered: its data key is not what the key service encrypted", where=where, details=details, hint=hint)
    hint = "point SOPS_AGE_KEY_FILE to a key of one of them, or have yours added: .sops.yaml, then `gitctl secret rotate --recipients`"
    if at_hand and any(one.recipient.startswith("age1") for one in failed):
        return WrongKey("no usable key: the keys at hand are not those of the file", where=where, details=details, hint=hint)
    return NoUsableKey("no usable key", where=where, details=details, hint=hint)


def unsealed_by(failed: tuple[Failure, ...], where: str | None) -> NoUsableKey:
    """The error of services that encrypted no data key: all recipients are needed for that."""
    return _by_service(failed, where, _listed(failed))


def _by_service(failed: tuple[Failure, ...], where: str | None, details: list[str]) -> NoUsableKey:
    silent, denied = (tuple(one for one in failed if one.trouble is trouble) for trouble in (Trouble.UNREACHABLE, Trouble.DENIED))
    if silent:
        return KeyServiceUnreachable(_silent(silent), where=where, details=details, hint=_REACH)
    if denied:
        return KeyServiceDenied(f"the key service refuses {_names(denied)}", where=where, details=details, hint=_LOGIN)
    return KeyServiceDenied(f"no credentials for the key service of {_names(failed)}", where=where, details=details, hint=_LOGIN)


def _silent(failed: tuple[Failure, ...]) -> str:
    return f"the key service gives no answer for {_names(failed)}"


def _names(failed: tuple[Failure, ...]) -> str:
    return ", ".join(dict.fromkeys(one.recipient for one in failed))


def _listed(failed: tuple[Failure, ...]) -> list[str]:
    """Each recipient, and what was said; of age keys alone only whose: where they were looked for is told once."""
    spoke = not all(one.recipient.startswith("age1") for one in failed)
    lines = ((f"wanted: a key of {one.recipient}", f"said: {one.said}" if spoke and one.said else "") for one in failed)
    return [line for pair in lines for line in pair if line]


def _asks_age(failed: tuple[Failure, ...]) -> bool:
    return not failed or any(one.recipient.startswith(_AGE) for one in failed)
