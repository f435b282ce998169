"""Why no key opens a file: sops' words, as 3.11 prints them, and the errors that they become. KMS itself: tests/cli/test_secret_services.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, GitctlError, exit_code_of
from gitctl.secrets import pysops
from gitctl.secrets.pysops import Kind
from gitctl.secrets.pysops.explain import explain
from gitctl.secrets.pysops.report import Failure, Trouble, unopened, unsealed

AGE = "age1hqpqjhvquqn4tvxk24dw6u2dl8307u395mlxn3tz3munnxmpsclqpq0yw2"
OTHER = "age1lgjt6zsxccnjpzw74yky2ewmyuv8ddck9ptszqfutc94xg23uets6gettk"
KMS = "arn:aws:kms:eu-central-1:111122223333:key/5161c092-c1f9-4e8f-a82d-5a92d5950680"
HEAD = "Failed to get the data key required to decrypt the SOPS file.\n"
AGE_WRONG = """\
    - | failed to create reader for decrypting sops data key with
      | age: identity did not match any of the recipients: incorrect
      | identity for recipient block. Did not find keys in locations
      | 'SOPS_AGE_KEY'.
"""
KMS_CLOSED = """\
    - | failed to decrypt sops data key with AWS KMS: operation
      | error KMS: Decrypt, exceeded maximum number of attempts, 3,
      | https response error StatusCode: 0, RequestID: , request
      | send failed, Post "http://127.0.0.1:9/": dial tcp
      | 127.0.0.1:9: connect: connection refused
"""
KMS_DENIED = """\
    - | failed to decrypt sops data key with AWS KMS: operation
      | error KMS: Decrypt, https response error StatusCode: 400,
      | RequestID: abc-123, api error AccessDeniedException: not
      | allowed
"""
KMS_NOBODY = """\
    - | failed to decrypt sops data key with AWS KMS: operation
      | error KMS: Decrypt, get identity: get credentials: failed to
      | refresh cached credentials, no EC2 IMDS role found,
      | operation error ec2imds: GetMetadata, request canceled,
      | context deadline exceeded
"""
KMS_FOREIGN = """\
    - | failed to decrypt sops data key with AWS KMS: operation
      | error KMS: Decrypt, https response error StatusCode: 400,
      | RequestID: abc-123, InvalidCiphertextException:
"""
VAULT_DENIED = """\
    - | failed to decrypt sops data key from Vault transit backend
      | 'sops/decrypt/k': Error making API request.
      |\x20
      | URL: PUT https://vault.example.com/v1/sops/decrypt/k
      | Code: 403. Errors:
      |\x20
      | * permission denied
"""


def report(*recipients: tuple[str, str]) -> str:
    return HEAD + "\nGroup 0: FAILED\n" + "  \n".join(f"  {name}: FAILED\n{why}" for name, why in recipients) + "\nRecovery failed\n"


def told(stderr: str, *wanted: str, at_hand: bool = False) -> GitctlError:
    return explain(128, stderr, name="s.yaml", wanted=wanted, looked=("SOPS_AGE_KEY (not set)",), at_hand=at_hand)


def test_a_report_is_read_recipient_by_recipient_and_unwrapped() -> None:
    first, second = unopened(report((AGE, AGE_WRONG), ("https://vault.example.com/v1/sops/keys/k", VAULT_DENIED)))
    assert first.recipient == AGE
    assert first.said.startswith("failed to create reader for decrypting sops data key with age: identity did not match any")
    assert second.said.endswith("PUT https://vault.example.com/v1/sops/decrypt/k Code: 403. Errors: * permission denied")


def test_a_data_key_that_services_did_not_encrypt() -> None:
    one = 'failed to encrypt new data key with master key "{}": failed to encrypt sops data key with AWS KMS: {}'
    stderr = f"Could not generate data key: [{one.format(KMS, 'x: connection refused')} {one.format(AGE, 'y')}]\n"
    assert [(f.recipient, f.said.rpartition(": ")[2]) for f in unsealed(stderr)] == [(KMS, "connection refused"), (AGE, "y")]
    assert unsealed(f"something else\n{one.format(KMS, 'z')}") == ()


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ('StatusCode: 0, RequestID: , request send failed, Post "http://x/": dial tcp: lookup x: no such host', Trouble.UNREACHABLE),
        ("https response error StatusCode: 503, RequestID: a, deserialization failed", Trouble.UNREACHABLE),
        ("https response error StatusCode: 400, RequestID: a, api error ThrottlingException: slow down", Trouble.UNREACHABLE),
        ('request send failed, Post "https://x/": tls: first record does not look like a TLS handshake', Trouble.UNREACHABLE),
        ('get credentials: failed to retrieve credentials, operation error STS: x, Post "https://sts/": dial tcp', Trouble.UNREACHABLE),
        ("Error making API request. URL: PUT http://x/v1/sops/decrypt/k Code: 503. Errors: * Vault is sealed", Trouble.UNREACHABLE),
        ("https response error StatusCode: 400, RequestID: a, NotFoundException: Key 'x' does not exist", Trouble.DENIED),
        ("https response error StatusCode: 400, RequestID: a, DisabledException: x is disabled", Trouble.DENIED),
        ("https response error StatusCode: 403, RequestID: a, deserialization failed", Trouble.DENIED),
        ("https response error StatusCode: 400, RequestID: a, api error ExpiredTokenException: x", Trouble.DENIED),
        ("could not load AWS config: failed to get shared config profile, nope", Trouble.NO_LOGIN),
        ("get credentials: failed to refresh cached credentials, the SSO session has expired or is invalid: x", Trouble.NO_LOGIN),
        ("cannot create GCP KMS service: credentials: could not find default credentials. See https://x", Trouble.NO_LOGIN),
        ("https response error StatusCode: 400, RequestID: a, InvalidCiphertextException:", Trouble.FOREIGN),
        ("", Trouble.NO_KEY),
    ],
)
def test_what_stood_in_the_way(said: str, trouble: Trouble) -> None:
    assert Failure(KMS, said).trouble is trouble
    assert Failure(AGE, said).trouble is Trouble.NO_KEY


@pytest.mark.parametrize(
    ("recipients", "at_hand", "id_"),
    [
        (((KMS, KMS_CLOSED),), False, ErrorId.KEY_SERVICE_UNREACHABLE),
        (((KMS, KMS_DENIED),), False, ErrorId.KEY_SERVICE_DENIED),
        (((KMS, KMS_NOBODY),), False, ErrorId.KEY_SERVICE_DENIED),
        (((KMS, KMS_FOREIGN),), False, ErrorId.SECRET_TAMPERED),
        # Who might still open it goes before who cannot.
        (((AGE, AGE_WRONG), (KMS, KMS_CLOSED)), True, ErrorId.KEY_SERVICE_UNREACHABLE),
        (((AGE, AGE_WRONG), (KMS, KMS_DENIED)), True, ErrorId.KEY_SERVICE_DENIED),
        (((KMS, KMS_DENIED), (KMS + "2", KMS_CLOSED)), False, ErrorId.KEY_SERVICE_UNREACHABLE),
        # A login that nobody has is a key that nobody has, where the file has other keys.
        (((AGE, AGE_WRONG), (KMS, KMS_NOBODY)), True, ErrorId.WRONG_KEY),
        (((AGE, AGE_WRONG), (KMS, KMS_NOBODY)), False, ErrorId.NO_USABLE_KEY),
    ],
)
def test_several_recipients_have_one_error(recipients: tuple[tuple[str, str], ...], at_hand: bool, id_: ErrorId) -> None:
    error = told(report(*recipients), at_hand=at_hand)
    assert (error.id, exit_code_of(error)) == (id_, id_.exit_code)
    for name, _ in recipients:
        assert f"wanted: a key of {name}" in error.details
    assert sum(line.startswith("said: ") for line in error.details) == len(recipients)


def test_groups_that_opened_are_not_asked_for() -> None:
    stderr = (
        f"{HEAD}\nGroup 0: SUCCESS\n\nGroup 1: FAILED\n  {KMS}: FAILED\n{KMS_CLOSED}\nGroup 2: FAILED\n  {OTHER}: FAILED\n{AGE_WRONG}\n"
    )
    error = told(stderr, AGE, KMS, OTHER, at_hand=True)
    assert error.message == f"the key service gives no answer for {KMS}"
    assert [line for line in error.details if line.startswith("wanted")] == [f"wanted: a key of {one}" for one in (KMS, OTHER)]


def test_a_report_in_another_form_still_names_the_recipients() -> None:
    error = told("no idea", KMS)
    assert (error.id, error.details) == (ErrorId.NO_USABLE_KEY, (f"wanted: a key of {KMS}",))


@pytest.mark.parametrize(("recipient", "id_"), [(KMS, ErrorId.KEY_SERVICE_UNREACHABLE), (AGE, ErrorId.PROGRAM_TIMEOUT)])
def test_a_service_that_never_answers(recipient: str, id_: ErrorId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sops").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "sops").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    service, field = ("kms", "arn") if recipient == KMS else ("age", "recipient")
    content = f"a: ENC[x]\nsops: {{{service}: [{{{field}: '{recipient}'}}], mac: x, version: '3'}}\n".encode()
    with raises(id_):
        pysops.decrypt(content, kind=Kind.YAML, seconds=0.1)
