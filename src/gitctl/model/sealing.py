"""Sealed Secrets as people look at them: for whom a value is sealed, with which certificate, and in what state a file is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

EXPIRY_NOTICE = timedelta(days=30)
"""A certificate that ends within this time is reported. Controllers make a new key every 30 days by default."""


class Scope(StrEnum):
    """Where the controller may open a value: under the one name, in the one namespace, or anywhere."""

    STRICT = "strict"
    NAMESPACE = "namespace-wide"
    CLUSTER = "cluster-wide"


class SealState(StrEnum):
    """The state of a SealedSecret. UNPROVEN: well-formed, but nothing at hand tells which key it is sealed with."""

    CURRENT = "current"
    OLD_KEY = "old key"
    UNPROVEN = "not proven"
    MOVED = "moved"
    WRONG_KEY = "wrong key"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What is told about a certificate: the fingerprint of its public key (16 hexadecimal digits), and until when it holds.

    `ends` is None for a bare public key, which has no end.
    """

    fingerprint: str
    ends: datetime | None

    def expired(self, now: datetime) -> bool:
        """Is it over?"""
        return self.ends is not None and self.ends <= now

    def ends_soon(self, now: datetime) -> bool:
        """Is it over within EXPIRY_NOTICE?"""
        return self.ends is not None and self.ends <= now + EXPIRY_NOTICE


@dataclass(frozen=True, slots=True)
class SealStatus:
    """A SealedSecret in a file. `why` says more about a state that needs a word; `values` is how many it holds."""

    file: str
    object: str
    scope: Scope
    values: int
    state: SealState
    why: str = ""

    @property
    def finding(self) -> bool:
        """Will the controller fail to open it?"""
        return self.state in (SealState.MOVED, SealState.WRONG_KEY, SealState.BROKEN)

    @property
    def notice(self) -> bool:
        """Does it work, and ought to be sealed anew?"""
        return self.state is SealState.OLD_KEY
