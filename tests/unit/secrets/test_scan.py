"""What counts as a secret in plain text, file by file. Real keys are made here, so that none lies in the repository."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.secrets import AgeKey

from gitctl.model.exposure import Exposure, GeneratorInput
from gitctl.process import Command, run
from gitctl.secrets import pysops
from gitctl.secrets.scan import exposed_inputs, exposures, generator_inputs

SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: db
"""


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def found(text: str | bytes, path: str = "a.yaml") -> list[str]:
    """`line:column kind object key size` of what lies open; a file that cannot be read fails the test."""
    exposed, trouble = exposures(path, text if isinstance(text, bytes) else text.encode())
    assert trouble == ""
    assert all(e.path == path and not e.accepted for e in exposed)
    return [shown(e) for e in exposed]


def shown(exposure: Exposure) -> str:
    parts = (f"{exposure.line}:{exposure.column}", exposure.kind.value, exposure.object, exposure.key, str(exposure.size))
    return " ".join(part for part in parts if part)


# ── Kubernetes Secrets ────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_plain_value_is_told_with_place_and_decoded_size() -> None:
    text = SECRET + f"data:\n  a: {b64('hunter2')}\n  b: !!str abcd\nstringData:\n  c: |\n    long\n    text\n  d: 5432\n"
    assert found(text) == [
        "6:3 kubernetes-secret Secret/db data.a 7",
        "7:3 kubernetes-secret Secret/db data.b 3",
        "9:3 kubernetes-secret Secret/db stringData.c 10",
        "12:3 kubernetes-secret Secret/db stringData.d 4",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "---\n" + SECRET + "stringData: {a: b}\n---\nkind: ConfigMap\n",
        "kind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {a: b}}\n",
        json.dumps({"kind": "List", "items": [{"kind": "Secret", "metadata": {"name": "db"}, "stringData": {"a": "b"}}]}),
        json.dumps({"kind": "Secret", "metadata": {"name": "db"}, "stringData": {"a": "b", "\U0001f511": ""}}),
        "objects:\n- apiVersion: v1\n  kind: 'Secret'\n  metadata: {name: db}\n  stringData: {a: b}\n",
        "{{- if .Values.on }}\n"
        + SECRET
        + '  labels: {{ include "x" . | nindent 4 }}\nstringData:\n  a: b\n  c: {{ .Values.c }}\n{{- end }}\n',
    ],
    ids=["documents", "a list", "JSON", "JSON with signs", "a template of OpenShift", "a template of Helm"],
)
def test_secrets_are_found_wherever_they_stand(text: str) -> None:
    assert [line.split(" ", 1)[1] for line in found(text)] == ["kubernetes-secret Secret/db stringData.a 1"]


def test_secrets_inside_of_a_text_are_told_at_its_place() -> None:
    inner = "".join(f"    {line}\n" for line in (SECRET + "stringData:\n  a: b\n").splitlines())
    assert found("patches:\n- target: {kind: Secret}\n  patch: |\n" + inner, "kustomization.yaml") == [
        "3:3 kubernetes-secret Secret/db stringData.a 1"
    ]
    assert found("patchesStrategicMerge:\n- |-\n" + inner, "kustomization.yaml") == ["2:3 kubernetes-secret Secret/db stringData.a 1"]
    assert found("text: |\n  kind: Secret\n  or: [none\n") == []


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "value",
    [
        "''",
        "ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]",
        "ref+vault://secret/db#/password",
        '"${DB_PASSWORD}"',
        "postgres://app:${DB_PASSWORD:=x}@db/app",
        "'{{ .Values.password }}'",
        "<path:secret/data/db#password>",
        "op://vault/db/password",
        json.dumps(CERTIFICATE),
        "null",
    ],
)
def test_a_reference_is_no_secret(value: str) -> None:
    assert found(SECRET + f"stringData:\n  a: {value}\n") == []


@pytest.mark.parametrize("plain", ["", "ref+awssecrets://db", "${DB_PASSWORD}", CERTIFICATE, CERTIFICATE * 2])
def test_a_reference_in_base64_is_no_secret(plain: str) -> None:
    assert found(SECRET + f"data:\n  a: {b64(plain)}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec: {encryptedData: {a: AgB}}\n",
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nspec: {target: {template: {data: {a: '{{ .a }}'}}}}\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: t, annotations: {kubernetes.io/service-account.name: x}}\ntype: kubernetes.io/service-account-token\n",
        "valueFrom: {secretKeyRef: {kind: Secret, name: db}}\n",
        "apiVersion: example.com/v1\nkind: Secret\ndata: {a: b}\n",
        "kind: ConfigMap\ndata: {password: x}\n",
    ],
)
def test_what_holds_no_plain_value_is_fine(text: str) -> None:
    assert found(text) == []


def test_a_file_that_sops_encrypted_is_fine_and_what_it_left_plain_is_not(age_key: AgeKey) -> None:
    recipient = age_key.recipient
    text = (SECRET + "stringData:\n  a: one\n  b_unencrypted: two\n").encode()
    sealed = pysops.encrypt(text, kind=pysops.Kind.YAML, recipients=(recipient,), encrypted_regex="^(data|stringData)$", filename="a.yaml")
    assert found(sealed) == []
    half = sealed.replace(b"    b_unencrypted: ENC", b"    c: two\n    b_unencrypted: ENC")
    assert [line.split(" ", 1)[1] for line in found(half)] == ["kubernetes-secret Secret/db stringData.c 3"]


# ── keys by their form ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def ssh_key(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    folder = tmp_path_factory.mktemp("keys")

    def make(name: str, *flags: str) -> bytes:
        assert run(Command(("ssh-keygen", "-q", "-f", str(folder / name), *flags))).code == 0
        return (folder / name).read_bytes()

    return make


def test_private_keys_in_any_file(ssh_key: Callable[..., bytes]) -> None:
    plain = ssh_key("ed", "-t", "ed25519", "-N", "")
    pem = ssh_key("pem", "-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "")
    locked = ssh_key("locked", "-t", "rsa", "-b", "1024", "-m", "PEM", "-N", "passphrase")
    size = len(plain.strip())
    assert found(plain, "id_ed25519") == [f"1:1 private-key {size}"]
    assert [line.split(" ")[1] for line in found(pem, "x.pem")] == ["private-key"]
    assert [line.split(" ")[1] for line in found(locked, "x.pem")] == ["encrypted-private-key"]
    indented = b"key: |\n" + b"".join(b"  " + line + b"\n" for line in plain.splitlines())
    assert [line.split(" ")[:2] for line in found(indented, "values.yaml")] == [["2:3", "private-key"]]
    assert [line.split(" ")[:2] for line in found(json.dumps({"k": plain.decode()}), "a.json")] == [["1:8", "private-key"]]
    assert [line.split(" ")[1] for line in found(b"x: " + base64.b64encode(plain), "values.yaml")] == ["private-key"]
    assert [line.split(" ")[1] for line in found(b"\0\1" + plain, "a.bin")] == ["private-key"]


def test_a_mention_is_no_key() -> None:
    assert found("if text.startswith('-----BEGIN PRIVATE KEY-----'):\n    pass\n", "a.py") == []
    assert found("-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----\n", "README.md") == []
    assert found(CERTIFICATE + "-----BEGIN PUBLIC KEY-----\n" + "A" * 64, "ca.pem") == []
    assert found("AGE-SECRET-KEY-1…", "README.md") == []


def test_keys_of_other_programs(age_key: AgeKey) -> None:
    text = age_key.file.read_text()
    assert [line.split(" ")[1:] for line in found(text, "keys.txt")] == [["age-key", "74"]]
    assert [line.split(" ")[1] for line in found("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "x.ppk")] == ["private-key"]
    pgp = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\n" + "l" * 64 + "\n-----END PGP PRIVATE KEY BLOCK-----\n"
    assert [line.split(" ")[1] for line in found(pgp, "x.asc")] == ["private-key"]


def test_a_key_in_a_secret_is_told_once(ssh_key: Callable[..., bytes]) -> None:
    key = ssh_key("once", "-t", "ed25519", "-N", "")
    inside = b"".join(b"    " + line + b"\n" for line in key.splitlines())
    text = SECRET.encode() + b"stringData:\n  key: |\n" + inside + b"data:\n  key2: " + base64.b64encode(key) + b"\n"
    assert [line.split(" ")[1:4] for line in found(text)] == [
        ["kubernetes-secret", "Secret/db", "stringData.key"],
        ["kubernetes-secret", "Secret/db", "data.key2"],
    ]
    assert len(found(text + b"---\nkind: ConfigMap\ndata:\n  key: |\n" + inside)) == 3


# ── kubeconfigs, registries ───────────────────────────────────────────────────────────────────────────────────────────


def test_kubeconfigs() -> None:
    users = [
        {"name": "a", "user": {"client-certificate-data": b64("public"), "client-key-data": b64("secret")}},
        {"name": "b", "user": {"token": "abcdef"}},
        {"name": "c", "user": {"exec": {"command": "aws"}}},
        {"name": "d", "user": {"password": "x", "username": "y"}},
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "Config", "users": users}, indent=1)
    assert [line.split(" ", 1)[1] for line in found(text, "config")] == [
        "kubeconfig user a client-key-data 6",
        "kubeconfig user b token 6",
        "kubeconfig user d password 1",
    ]


def test_registries() -> None:
    text = json.dumps({"auths": {"ghcr.io": {"auth": b64("u:p")}, "quay.io": {}, "x": {"identitytoken": "t"}}}, indent=1)
    assert [line.split(" ", 1)[1] for line in found(text, ".docker/config.json")] == [
        "docker-auth ghcr.io auth 3",
        "docker-auth x identitytoken 1",
    ]


# ── kustomizations ────────────────────────────────────────────────────────────────────────────────────────────────────

KUSTOMIZATION = """\
secretGenerator:
- name: db
  literals: [USER=bob, "PASSWORD=${DB}", EMPTY=]
  envs: [db.env]
  files: [tls.key=../certs/tls.key, plain.txt]
configMapGenerator:
- name: c
  literals: [A=b]
  envs: [public.env]
"""


def test_generators_of_kustomize() -> None:
    assert found(KUSTOMIZATION, "web/kustomization.yaml") == ["3:14 kustomize-secret Secret/db USER 3"]
    assert generator_inputs("web/kustomization.yaml", KUSTOMIZATION.encode()) == (
        GeneratorInput("web/db.env", lines=True),
        GeneratorInput("certs/tls.key", lines=False),
        GeneratorInput("web/plain.txt", lines=False),
    )
    assert generator_inputs("web/other.yaml", KUSTOMIZATION.encode()) == ()
    assert generator_inputs("web/kustomization.yaml", b"secretGenerator: [") == ()


def test_files_that_become_secrets(age_key: AgeKey) -> None:
    env = b"# A=b\nUSER=bob\nEMPTY=\nREF=ref+vault://x\nQUOTED='two words'\n"
    assert [shown(e) for e in exposed_inputs("db.env", env, True)] == ["2:1 kustomize-secret USER 3", "5:1 kustomize-secret QUOTED 11"]
    assert [shown(e) for e in exposed_inputs("a/plain.txt", b"hunter2\n", False)] == ["1:1 kustomize-secret plain.txt 8"]
    assert exposed_inputs("ca.crt", CERTIFICATE.encode(), False) == ()
    sealed = pysops.encrypt(b"A=b\n", kind=pysops.Kind.DOTENV, recipients=(age_key.recipient,), filename="x.env")
    assert exposed_inputs("x.env", sealed, True) == ()


# ── accepted, unreadable, anything ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        SECRET + "  annotations:\n    gitctl.dev/allow-plaintext: only in tests\nstringData:\n  a: b\n",
        SECRET + "stringData:\n  a: b # gitctl.dev/allow-plaintext: only in tests\n",
        SECRET + "stringData:\n  # gitctl.dev/allow-plaintext: only in tests\n  a: b\n",
    ],
    ids=["annotation", "same line", "line above"],
)
def test_a_reason_accepts(text: str) -> None:
    (exposure,), _ = exposures("a.yaml", text.encode())
    assert exposure.accepted == "only in tests"


@pytest.mark.parametrize(
    "text",
    [
        SECRET + "  annotations:\n    gitctl.dev/allow-plaintext: ''\nstringData:\n  a: b\n",
        SECRET + "stringData:\n  a: b # gitctl.dev/allow-plaintext:\n",
        SECRET + "stringData:\n  # gitctl.dev/allow-plaintext: another\n  x: ''\n  a: b\n",
    ],
    ids=["empty annotation", "empty comment", "too far above"],
)
def test_without_a_reason_or_elsewhere_it_accepts_nothing(text: str) -> None:
    assert [line.split(" ", 1)[1] for line in found(text)] == ["kubernetes-secret Secret/db stringData.a 1"]


def test_a_file_that_cannot_be_read_is_told_and_keys_in_it_are_found(age_key: AgeKey) -> None:
    key = age_key.file.read_bytes()
    exposed, trouble = exposures("a.yaml", b"kind: Secret\n a: [\n" + key)
    assert [e.kind.value for e in exposed] == ["age-key"]
    assert trouble.startswith("not readable: ")


@given(st.binary(max_size=200), st.sampled_from(["a.yaml", "kustomization.yaml", "x.json", "x"]))
def test_any_bytes_can_be_looked_at(content: bytes, path: str) -> None:
    for prefix in (b"", b"kind: Secret\n", b"secretGenerator:\n", b'{"auths":', b"{{"):
        exposures(path, prefix + content)
        generator_inputs(path, prefix + content)
        exposed_inputs(path, prefix + content, True)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=8, max_size=30))
def test_no_result_holds_a_value(value: str) -> None:
    body = {"kind": "Secret", "stringData": {"k": f"hunter-{value}"}, "data": {"d": b64(f"hunter-{value}")}}
    exposed, _ = exposures("a.json", json.dumps(body).encode())
    assert len(exposed) == 2
    assert "hunter-" not in repr(exposed)
    assert b64("hunter-")[:8] not in repr(exposed)


@pytest.mark.parametrize(
    "piece",
    ["${", "{{", "$(", "-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----\\n", "gitctl.dev/allow-plaintext", " ", "a\\n", "-"],
)
def test_hostile_texts_take_no_longer_than_others(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    exposures("a.yaml", f'kind: Secret\nstringData:\n  a: "{text}"\n'.encode())
    exposures("a.yaml", f"kind: Secret # {text} x".encode())
    exposed_inputs("a.env", f"A={text} x".encode(), True)


def test_a_file_can_be_full_of_secrets() -> None:
    many = SECRET + "stringData:\n" + "".join(f"  k{n}: v\n" for n in range(5000))
    assert len(exposures("a.yaml", many.encode())[0]) == 5000


def test_this_repository_explains_what_it_has() -> None:
    root = Path(__file__).parents[3]
    exposed, _ = exposures("demo-key.txt", (root / "examples/shop/demo-key.txt").read_bytes())
    assert [(e.kind.value, bool(e.accepted)) for e in exposed] == [("age-key", True)]
