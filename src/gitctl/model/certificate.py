"""Certificate: what was true of an object when the server said that a forced apply changes nothing about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verify(StrEnum):
    """How many of the objects that a certificate proves are asked of the server all the same."""

    SERVER = "server"
    SAMPLE = "sample"
    NONE = "none"


class Standing(StrEnum):
    """What a look at one object says. Only `IN_SYNC` is final; all else is settled by the server, where it may be asked."""

    IN_SYNC = "in-sync"
    CHANGED = "changed"
    DRIFTED = "drifted"
    OWNERSHIP = "ownership-changed"
    MISSING = "missing"
    DELETING = "deleting"
    UNPROVEN = "unproven"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Epoch:
    """The rules by which the server judges one kind in one namespace, as a hash: versions, definitions, admission, the namespace.

    `guarded`: some webhook or policy may see the object. Admission may read any field, and anybody's name.
    `changed`: when anything that it is made of was last written, in seconds since 1970; None where nobody can tell.
    """

    digest: str
    guarded: bool
    changed: int | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """Hashes are 16 bytes, base64; those over values are keyed (HMAC).

    `desired` is over the body that was sent, the manager and force; `fields` over our field set as the server wrote it; `values` over
    what those fields hold, and where list items of ours stand; `whole` over the whole object where it is guarded, else ""; `version`
    over this very version of the object where its fields do not tell enough, else "". No hash is over a value of a Secret.
    `minted` is the server's clock, in seconds since 1970. `final`: the epoch had been known for long enough, and where the object is
    guarded, the answer was the very object that was there before.
    """

    uid: str
    api_version: str
    desired: str
    fields: str
    values: str
    whole: str
    version: str
    resource_version: str
    generation: int
    identity: str
    epoch: str
    minted: int
    final: bool
