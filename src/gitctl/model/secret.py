"""Encrypted files as people look at them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitctl.model.manifest import Path


class SecretState(StrEnum):
    """The state of a file that is, or ought to be, encrypted. SEALED is encrypted, but nobody verified it: no key, or not asked."""

    VERIFIED = "encrypted"
    SEALED = "not verified"
    PLAIN = "plain"
    TAMPERED = "tampered"
    UNREADABLE = "unreadable"


class RuleMatch(StrEnum):
    """How a file's recipients compare with the creation rule for it."""

    SAME = "matches"
    DIFFERENT = "differs"
    NONE = "no rule"


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """A file: whose keys open it, when it was last encrypted (RFC 3339), and `why` it is in its state where that needs a word.

    `missing` and `surplus` are recipients by comparison with the rule.
    """

    file: str
    state: SecretState
    recipients: tuple[str, ...] = ()
    modified: str = ""
    rule: RuleMatch = RuleMatch.NONE
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    why: str = ""

    @property
    def finding(self) -> bool:
        """Must somebody do something about it?"""
        return self.state not in (SecretState.VERIFIED, SecretState.SEALED) or self.rule is RuleMatch.DIFFERENT


@dataclass(frozen=True, slots=True)
class MaskedValue:
    """A secret value that is not shown: its path (the number of the document first) and its size in bytes."""

    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """An encrypted file brought in line with its rule.

    The new content, recipients that came and went, and the places of the values that those who went know.
    """

    content: bytes
    added: tuple[str, ...]
    removed: tuple[str, ...]
    known: tuple[str, ...]
