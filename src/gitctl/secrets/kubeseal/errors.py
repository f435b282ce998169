"""What can go wrong with certificates, keys and sealed values. No message has a word of a value or a key."""

from __future__ import annotations

from gitctl.errors import ClusterError, ErrorId, InputError


class BadCertificate(InputError):
    """Not a certificate that values can be sealed for."""

    default_id = ErrorId.CERTIFICATE_INVALID


class ExpiredCertificate(InputError):
    """The certificate is over."""

    default_id = ErrorId.CERTIFICATE_EXPIRED


class NoCertificate(ClusterError):
    """The controller, or the URL, gave none."""

    default_id = ErrorId.CERTIFICATE_UNREACHABLE


class BadSealingKey(InputError):
    """Not a backup of the controller's private keys."""

    default_id = ErrorId.SEALING_KEY_INVALID


class WrongSealingKey(InputError):
    """No key at hand opens the value."""

    default_id = ErrorId.SEALED_WRONG_KEY


class BadSealedValue(InputError):
    """A sealed value, or the object around it, is damaged."""

    default_id = ErrorId.SEALED_BROKEN


class BadScope(InputError):
    """Name, namespace and scope do not fit together."""

    default_id = ErrorId.SEALED_SCOPE


class NotASecret(InputError):
    """The manifest is of another kind."""

    default_id = ErrorId.NOT_A_SECRET
