"""What sops says about keys that it could not use: whose each is, and what stood in the way. Pure.

It reports a file that nothing opens recipient by recipient, wrapped and indented, and a data key that a service did not encrypt in one
line. Both are about keys alone: no word of a file's content is in them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

# Keys that are here or not: age, SSH, PGP. All others are with a service, which answers or not.
_LOCAL = re.compile(r"age1\S+|ssh-\S+ .+|[0-9A-Fa-f]{8,40}")

_RECIPIENT = re.compile(r"^  (\S.*): FAILED$")
_REASON = re.compile(r"^ {4}[ -] \| ?(.*)$")
_UNSEALED = re.compile(r"^(?:Could not generate data key|error updating one or more master keys): \[", re.MULTILINE)
_MASTER = r'failed to encrypt new data key with master key "'
_ONE_UNSEALED = re.compile(rf'{_MASTER}([^"\n]+)": (.*?)(?=\s*(?:{_MASTER}|\]\s*\Z|\Z))', re.DOTALL)


class Trouble(StrEnum):
    """What stood in the way of a key. `FOREIGN`: the service answers that it never encrypted what the file has."""

    NO_KEY = "no key"
    NO_LOGIN = "no login"
    FOREIGN = "foreign"
    DENIED = "denied"
    UNREACHABLE = "unreachable"


# Words of AWS, Google, Azure, Vault and Huawei Cloud, seen with sops 3.11; the first that match hold. A service that answers with none
# of them denies.
_WORDS = (
    (
        Trouble.NO_LOGIN,
        r"no EC2 IMDS role found|failed to get shared config profile|SSO session has expired|could not find default credentials"
        r"|unable to get credential|DefaultAzureCredential: |missing client token",
    ),
    (Trouble.FOREIGN, r"InvalidCiphertextException|IncorrectKeyException|ciphertext is invalid|message authentication failed"),
    (
        Trouble.UNREACHABLE,
        r"dial tcp|no such host|connection re(?:fused|set)|network is unreachable|timeout|deadline exceeded|request send failed"
        r"|proxyconnect|tls: |x509: |: (?:unexpected )?EOF\b|Throttling|TooManyRequests"
        r"|\b(?:Status)?Code: (?:0|429|5\d\d)\b|code = (?:Unavailable|DeadlineExceeded|ResourceExhausted)|RESPONSE (?:429|5\d\d)\b",
    ),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A recipient, as sops names it, whose key was of no use, and what sops said about it, in one line."""

    recipient: str
    said: str

    @property
    def trouble(self) -> Trouble:
        """What stood in the way."""
        if not self.said or not is_service(self.recipient):
            return Trouble.NO_KEY
        return next((trouble for trouble, words in _WORDS if re.search(words, self.said)), Trouble.DENIED)


def is_service(recipient: str) -> bool:
    """Is the key with a service, such as AWS KMS?"""
    return not _LOCAL.fullmatch(recipient)


def unopened(stderr: str) -> tuple[Failure, ...]:
    """The recipients of a file that nothing opens, less those of key groups that did open."""
    found: list[tuple[str, list[str]]] = []
    for line in stderr.splitlines():
        if recipient := _RECIPIENT.match(line):
            found.append((recipient[1], []))
        elif found and (reason := _REASON.match(line)):
            found[-1][1].append(reason[1])
    return tuple(Failure(recipient, " ".join(" ".join(words).split())) for recipient, words in found)


def unsealed(stderr: str) -> tuple[Failure, ...]:
    """The recipients for whom no data key could be encrypted; none when that is not what failed."""
    start = _UNSEALED.search(stderr)
    found = _ONE_UNSEALED.findall(stderr[start.end() :]) if start else ()
    return tuple(Failure(recipient, " ".join(said.split())) for recipient, said in found)
