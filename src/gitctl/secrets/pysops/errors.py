"""What can go wrong with sops: a type each."""

from __future__ import annotations

from gitctl.errors import ErrorId, ExitCode, InputError, RenderError


class SopsFailed(RenderError):
    """sops failed in a way that has no better name."""

    default_id = ErrorId.SOPS_FAILED


class NoUsableKey(RenderError):
    """No private key at hand opens the file."""

    default_id = ErrorId.NO_USABLE_KEY


class WrongKey(NoUsableKey):
    """The age keys at hand are not those of the file."""

    exit_code = ExitCode.INPUT
    default_id = ErrorId.WRONG_KEY


class KeyServiceUnreachable(NoUsableKey):
    """A key service gives no answer, and no other key does."""

    exit_code = ExitCode.CLUSTER
    default_id = ErrorId.KEY_SERVICE_UNREACHABLE


class KeyServiceDenied(NoUsableKey):
    """A key service does not let this account use the key, or knows no account at all, and no other key does."""

    exit_code = ExitCode.CLUSTER
    default_id = ErrorId.KEY_SERVICE_DENIED


class Tampered(InputError):
    """The file was changed after it was encrypted."""

    default_id = ErrorId.SECRET_TAMPERED


class AlreadyEncrypted(InputError):
    """The content has sops metadata already."""

    default_id = ErrorId.ALREADY_ENCRYPTED


class NotEncrypted(InputError):
    """The content has no sops metadata."""

    default_id = ErrorId.NOT_ENCRYPTED


class NoSuchFile(InputError):
    """The file does not exist."""

    default_id = ErrorId.FILE_MISSING


class BadContent(InputError):
    """The content is not what its kind says, or cannot be stored by sops."""

    default_id = ErrorId.SECRET_CONTENT


class BadRecipient(InputError):
    """A recipient is not a public key."""

    default_id = ErrorId.RECIPIENT_INVALID


class NoRule(InputError):
    """No recipients are given, and no creation rule matches."""

    default_id = ErrorId.SOPS_RULE_MISSING
