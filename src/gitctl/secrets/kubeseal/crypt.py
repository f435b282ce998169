"""The door of cryptography: certificates, private keys, and the hybrid scheme of Sealed Secrets.

A value is sealed by a session key of 32 random bytes: AES-256-GCM with an all-zero nonce (each session key seals one value) and no
additional data. The session key is sealed by RSA-OAEP (SHA-256, MGF1 of SHA-256) under a label that binds the place. The result is the
length of the RSA part (two bytes, big-endian), that part, and the GCM part. Source: pkg/crypto of the Sealed Secrets project.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from gitctl.model.sealing import CertificateFacts
from gitctl.secrets.kubeseal.errors import BadCertificate, BadSealedValue, BadSealingKey, ExpiredCertificate, WrongSealingKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

_SESSION_BYTES = 32
_NONCE = bytes(12)  # safe: a session key is never used twice
_TAG_BYTES = 16
_SMALLEST_RSA = 2048


@dataclass(frozen=True, slots=True)
class Certificate:
    """A public key to seal for, and what is told about it."""

    facts: CertificateFacts
    _key: RSAPublicKey = field(repr=False)

    @property
    def rsa_bytes(self) -> int:
        """The length of the RSA part of what is sealed for it."""
        return self._key.key_size // 8

    def check_time(self, now: datetime, *, where: str) -> None:
        """Raise ExpiredCertificate when it is over: its private key may be gone from the cluster."""
        if self.facts.ends is not None and self.facts.expired(now):
            over = f"the certificate has expired on {self.facts.ends:%Y-%m-%d}"
            raise ExpiredCertificate(over, where=where, hint="get the current one: `gitctl secret seal --fetch-cert`")

    def seal(self, plain: bytes, label: bytes) -> bytes:
        """Seal a value for the place that the label names."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        session = os.urandom(_SESSION_BYTES)
        sealed_session = self._key.encrypt(session, _oaep(label))
        return len(sealed_session).to_bytes(2, "big") + sealed_session + AESGCM(session).encrypt(_NONCE, plain, None)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A private key of the controller. `since` is when its certificate begins (None: not known); the newest one is in use."""

    fingerprint: str
    since: datetime | None
    _key: RSAPrivateKey = field(repr=False)

    def session(self, sealed: bytes, label: bytes) -> bytes | None:
        """The session key; None when this is not the key, or the label is another one: the two cannot be told apart."""
        try:
            return self._key.decrypt(sealed, _oaep(label))
        except ValueError:
            return None


def read_certificate(pem: bytes, *, where: str) -> Certificate:
    """The first certificate of a PEM file, or a bare public key. Raises BadCertificate."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = x509.load_pem_x509_certificate(pem) if b"BEGIN CERTIFICATE" in pem else None
        key = found.public_key() if found else load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Not chained: its text may quote what was given, and that may be the wrong file.
        raise BadCertificate("not a certificate in PEM form", where=where, hint="`gitctl secret seal --fetch-cert` prints one") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_RSA:
        raise BadCertificate(f"not the certificate of an RSA key of at least {_SMALLEST_RSA} bits", where=where)
    return Certificate(CertificateFacts(_fingerprint(key), found.not_valid_after_utc if found else None), key)


def read_sealing_key(pem: bytes, certificate: bytes = b"", *, where: str) -> SealingKey:
    """A private key in PEM form; `certificate` (PEM) tells its age. Raises BadSealingKey."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "a backup is the output of `kubectl get secret -n kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml`"
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadSealingKey("not a private key in PEM form", where=where, hint=hint) from None
    if not isinstance(key, RSAPrivateKey):
        raise BadSealingKey("not an RSA key", where=where, hint=hint)
    return SealingKey(_fingerprint(key.public_key()), _begins(certificate), key)


def unseal(sealed: bytes, label: bytes, keys: Iterable[SealingKey], *, where: str) -> tuple[bytes, SealingKey]:
    """The value, and the key that opened it. Raises BadSealedValue (damaged), WrongSealingKey (no key, or another place)."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    session, body = split(sealed, where=where)
    for key in keys:
        opened = key.session(session, label)
        if opened is not None:
            try:
                return AESGCM(opened).decrypt(_NONCE, body, None), key
            except (InvalidTag, ValueError):
                hint = "take the file from Git again, or seal the value anew"
                raise BadSealedValue("changed after it was sealed", where=where, hint=hint) from None
    why = "no key at hand opens it: sealed with another key, or for another name, namespace or scope"
    raise WrongSealingKey(why, where=where, hint="name a backup of all keys of the cluster: --recovery-private-key")


def split(sealed: bytes, *, where: str) -> tuple[bytes, bytes]:
    """The RSA part and the GCM part. Raises BadSealedValue when the lengths cannot be right."""
    length = int.from_bytes(sealed[:2], "big")
    if length < _SMALLEST_RSA // 8 or len(sealed) < 2 + length + _TAG_BYTES:
        hint = "take the file from Git again, or seal the value anew"
        raise BadSealedValue("not a sealed value: it is cut short", where=where, hint=hint)
    return sealed[2 : 2 + length], sealed[2 + length :]


def _oaep(label: bytes) -> OAEP:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.hashes import SHA256

    return OAEP(MGF1(SHA256()), SHA256(), label)


def _fingerprint(key: RSAPublicKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()[:16]


def _begins(certificate: bytes) -> datetime | None:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(certificate).not_valid_before_utc if certificate else None
    except ValueError:
        return None
