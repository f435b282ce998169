"""The scheme of Sealed Secrets, and files that are rewritten. That kubeseal agrees is in tests/cli/test_seal_kubeseal.py."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises
from tests.fixtures.sealing import Controller, controller

from gitctl.documents import load_all
from gitctl.errors import ErrorId
from gitctl.model.sealing import CertificateFacts
from gitctl.secrets.kubeseal.backup import read_backup
from gitctl.secrets.kubeseal.check import inspect
from gitctl.secrets.kubeseal.crypt import Certificate, SealingKey, read_certificate, read_sealing_key, unseal
from gitctl.secrets.kubeseal.errors import BadSealedValue, WrongSealingKey
from gitctl.secrets.kubeseal.files import SealedFiles, rewritten


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Controller:
    return controller(tmp_path_factory.mktemp("controller"))


@cache
def keys_of(files: Controller) -> tuple[SealingKey, ...]:
    return read_backup("backup.json", files.backup.read_bytes())


@cache
def certificate_of(files: Controller) -> Certificate:
    return read_certificate(files.cert.read_bytes(), where="c")


@settings(max_examples=12)
@given(st.binary(max_size=200), st.text(max_size=20), st.data())
def test_a_value_comes_back_only_whole_and_only_in_its_place(files: Controller, value: bytes, place: str, data: st.DataObject) -> None:
    certificate, keys = certificate_of(files), keys_of(files)
    label = place.encode("utf-8", "replace")
    sealed = certificate.seal(value, label)
    assert unseal(sealed, label, keys, where="x")[0] == value
    with pytest.raises(WrongSealingKey):
        unseal(sealed, label + b"/", keys, where="x")
    at = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises((WrongSealingKey, BadSealedValue)):
        unseal(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], label, keys, where="x")
    with pytest.raises((WrongSealingKey, BadSealedValue)):
        unseal(sealed[:at], label, keys, where="x")


def test_values_have_session_keys_of_their_own(files: Controller) -> None:
    certificate = read_certificate(files.cert.read_bytes(), where="c")
    assert len({certificate.seal(b"same", b"") for _ in range(5)}) == 5


def test_a_bare_public_key_has_no_end_and_keys_of_other_kinds_are_refused(files: Controller) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with raises(ErrorId.CERTIFICATE_INVALID):
        read_certificate(public, where="c")
    with raises(ErrorId.SEALING_KEY_INVALID):
        read_sealing_key(private, where="k")
    for content in (b"", b"kind: List\nitems: []\n", b"kind: Secret\ndata: {tls.key: '%'}\n", b"kind: Secret\ndata: {tls.key: eA==}\n"):
        with raises(ErrorId.SEALING_KEY_INVALID):
            read_backup("b", content)
    assert "PRIVATE" not in repr(read_backup("b", files.backup.read_bytes()))


def test_a_certificate_is_over_at_its_end() -> None:
    end = datetime(2026, 1, 31, tzinfo=UTC)
    facts = CertificateFacts("f", end)
    assert [(facts.expired(now), facts.ends_soon(now)) for now in (end - timedelta(days=31), end - timedelta(days=30), end)] == [
        (False, False),
        (False, True),
        (True, True),
    ]
    assert not CertificateFacts("f", None).ends_soon(end)


FORMS = {
    "plain": "a: {} # kept\n",
    "quoted": "a: '{}' # kept\n",
    "a block": "# kept\n    a: |\n      {}\n",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_file_is_sealed_anew_in_place(files: Controller, tmp_path: Path, form: str) -> None:
    next_one = controller(tmp_path, 1)
    old, new = (read_certificate(file.cert.read_bytes(), where="c") for file in (files, next_one))
    value = base64.b64encode(old.seal(b"eins", b"shop/db")).decode()
    head = "# kept\n---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: shop}\nspec:\n"
    before = head + "  encryptedData:\n    " + form.format(value)
    tools = SealedFiles(new, read_backup("b", files.backup.read_bytes()))
    after = tools.reseal("a.yaml", before.encode()).decode()
    assert after.count("# kept") == 2
    opened, _ = SealedFiles(keys=read_backup("b", next_one.backup.read_bytes())).open("a.yaml", after.encode())
    assert load_all(opened, where="x")[0].value["data"] == {"a": base64.b64encode(b"eins").decode()}
    assert tools.reseal("a.yaml", after.encode()).decode() == after


def test_a_stream_keeps_its_comments_though_its_objects_have_no_mark_yet(files: Controller, tmp_path: Path) -> None:
    value = base64.b64encode(certificate_of(files).seal(b"eins", b"shop/db")).decode()
    one = f"# kept\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {{name: db, namespace: shop}}\nspec:\n  encryptedData: {{a: {value}}}\n"
    before = f"{one}---\nkind: Other # kept\n"
    new = read_certificate(controller(tmp_path, 1).cert.read_bytes(), where="c")
    after = SealedFiles(new, keys_of(files)).reseal("a.yaml", before.encode()).decode()
    assert after.count("# kept") == 2
    assert value not in after


def test_json_and_streams_stay_what_they_are() -> None:
    one: dict[str, Any] = {"kind": "SealedSecret", "apiVersion": "bitnami.com/v1alpha1", "spec": {"encryptedData": {"a": "old"}}}
    two = one | {"spec": {"encryptedData": {"a": "new"}}, "metadata": {"annotations": {"x": "y"}}}
    made = rewritten(json.dumps(one).encode(), [two], where="a.json")
    assert json.loads(made) == two
    stream = f"{json.dumps(one)}\n---\nkind: Other # lost\n".encode()
    assert [loaded.value for loaded in load_all(rewritten(stream, [two, {"kind": "Other"}], where="x"), where="x")] == [
        two,
        {"kind": "Other"},
    ]


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "annotations", "a", "data"]), inner, max_size=3),
    max_leaves=8,
)


@given(ANY, ANY, ANY)
def test_any_sealed_secret_has_a_state(files: Controller, metadata: Any, data: Any, template: Any) -> None:
    spec = {"encryptedData": data, "template": template}
    body = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata, "spec": spec}
    certificate = certificate_of(files)
    for some in ((), keys_of(files)):
        assert inspect(body, certificate, some, file="f").file == "f"
