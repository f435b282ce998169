"""`gitctl secret seal|unseal|reseal|verify` as a user runs them. That the real kubeseal agrees is in test_seal_kubeseal.py."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.sealing import Controller, controller
from tests.fixtures.secrets import AgeKey

from gitctl.documents import load_all
from gitctl.errors import ErrorId

MakeRepo = Callable[..., GitRepo]

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {password: kanarienvogel}\n"
CANARIES = ("kanarienvogel", base64.b64encode(b"kanarienvogel").decode())


@pytest.fixture
def sealed(tmp_path: Path, sealer: Controller, gitctl: Runner) -> Path:
    """`sealed.yaml`, sealed for `sealer` by the command itself."""
    gitctl("secret", "seal", "-q", "--cert", sealer.cert, "-w", "sealed.yaml", stdin=SECRET).expect()
    return tmp_path / "sealed.yaml"


def states(found: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["state"] for one in found["sealedSecrets"]]


# ── seal ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_seal_keeps_what_is_no_value_and_leaves_copies_of_the_object_out(gitctl: Runner, sealer: Controller) -> None:
    notes = {"kubectl.kubernetes.io/last-applied-configuration": SECRET, "kapp.k14s.io/original": SECRET, "team": "a"}
    body = load_all(SECRET.encode(), where="x")[0].value
    body["metadata"] |= {"uid": "1", "resourceVersion": "2", "ownerReferences": [], "labels": {"a": "b"}, "annotations": notes}
    body |= {"type": "Opaque", "immutable": True}
    done = gitctl("secret", "seal", "--cert", sealer.cert, "-o", "json", stdin=json.dumps(body)).expect()
    made = json.loads(done.stdout)
    template = made["spec"]["template"]
    assert made["metadata"] == {"name": "db", "namespace": "shop", "annotations": made["metadata"]["annotations"]}
    assert template.pop("metadata") == {"name": "db", "namespace": "shop", "labels": {"a": "b"}, "annotations": {"team": "a"}}
    assert template == {"type": "Opaque", "immutable": True}
    assert not any(canary in done.stdout + done.stderr for canary in CANARIES)


def test_a_value_that_is_in_an_annotation_too_is_refused(gitctl: Runner, sealer: Controller) -> None:
    text = SECRET.replace("{name: db,", "{name: db, annotations: {note: the password is kanarienvogel},")
    done = gitctl("secret", "seal", "--cert", sealer.cert, stdin=text).error(ErrorId.SECRET_CONTENT)
    assert "metadata.annotations note repeats the value of password" in done.stderr
    assert "kanarienvogel" not in done.stderr + done.stdout


def test_seal_in_place_is_all_or_nothing(gitctl: Runner, tmp_path: Path, sealer: Controller) -> None:
    (tmp_path / "a.yaml").write_text(SECRET)
    (tmp_path / "b.yaml").write_text("kind: ConfigMap\napiVersion: v1\n")
    flags = ("secret", "seal", "--cert", sealer.cert, "--in-place")
    assert "b.yaml: a ConfigMap, not a Secret" in gitctl(*flags, "a.yaml", "b.yaml").error(ErrorId.NOT_A_SECRET).stderr
    assert (tmp_path / "a.yaml").read_text() == SECRET
    assert gitctl(*flags, "a.yaml", "-o", "json").expect().json()["action"] == "sealed"
    assert "kind: SealedSecret" in (tmp_path / "a.yaml").read_text()
    assert "gitctl secret reseal" in gitctl(*flags, "a.yaml").error(ErrorId.ALREADY_ENCRYPTED).stderr


def test_what_sops_encrypted_is_opened_first(gitctl: Runner, tmp_path: Path, sealer: Controller, age_key: AgeKey) -> None:
    (tmp_path / "db.yaml").write_text(SECRET)
    gitctl("secret", "encrypt", "-q", "db.yaml").expect()
    moved = gitctl("secret", "seal", "--cert", sealer.cert, "db.yaml").expect().stdout
    assert CANARIES[1] in gitctl("secret", "unseal", "--recovery-private-key", sealer.key, stdin=moved).expect().stdout


@pytest.mark.parametrize(
    ("text", "id", "says"),
    [
        ("", ErrorId.NOT_A_SECRET, "nothing in it"),
        ("kind: [", ErrorId.YAML_SYNTAX, "stdin:"),
        (SECRET.replace("stringData", "data"), ErrorId.BASE64_INVALID, "bad base64 at data.password"),
        (SECRET.replace("kanarienvogel", "7"), ErrorId.SECRET_CONTENT, "stringData.password is no text"),
        (SECRET.replace("stringData", "other"), ErrorId.NOTHING_TO_ENCRYPT, "--allow-empty-data"),
        (SECRET.replace(", namespace: shop", ""), ErrorId.SEALED_SCOPE, "no namespace to seal it for"),
        (SECRET.replace("name: db, ", ""), ErrorId.SEALED_SCOPE, "no name to seal it for"),
    ],
    ids=["empty", "syntax", "base64", "a number", "no values", "no namespace", "no name"],
)
def test_bad_secrets_are_one_clear_error(gitctl: Runner, sealer: Controller, text: str, id: ErrorId, says: str) -> None:
    done = gitctl("secret", "seal", "--cert", sealer.cert, stdin=text).error(id)
    assert says in done.stderr
    assert done.stdout == ""
    assert "kanarienvogel" not in done.stderr


def test_bad_certificates_are_one_clear_error(gitctl: Runner, tmp_path: Path, sealer: Controller) -> None:
    over = controller(tmp_path / "over", 0, since=-3, days=-1)
    gitctl("secret", "seal", "--cert", over.cert, stdin=SECRET).error(ErrorId.CERTIFICATE_EXPIRED)
    plain = tmp_path / "plain.yaml"
    plain.write_text(SECRET)
    told = gitctl("secret", "seal", "--cert", over.cert, "--in-place", plain).error(ErrorId.CERTIFICATE_EXPIRED)
    assert (plain.read_text(), told.stdout, told.stderr.count("error: ")) == (SECRET, "", 1)
    sealed = gitctl("secret", "seal", "--cert", sealer.cert, stdin=SECRET).expect().stdout
    plain.write_text(sealed)
    again = ("secret", "reseal", plain, "--cert", over.cert, "--recovery-private-key", sealer.backup)
    gitctl(*again).error(ErrorId.CERTIFICATE_EXPIRED)
    assert plain.read_text() == sealed
    gitctl("secret", "seal", "--cert", sealer.backup, stdin=SECRET).error(ErrorId.CERTIFICATE_INVALID)
    assert (
        "https://" in gitctl("secret", "seal", "--cert", "http://example.com/c.pem", stdin=SECRET).error(ErrorId.CERTIFICATE_INVALID).stderr
    )
    gitctl("secret", "seal", "--cert", "http://127.0.0.1:1/c.pem", stdin=SECRET).error(ErrorId.CERTIFICATE_UNREACHABLE)
    gitctl("secret", "seal", "--cert", "https://[::1/c.pem", stdin=SECRET).error(ErrorId.CERTIFICATE_INVALID)
    assert "--fetch" in gitctl("secret", "seal", stdin=SECRET).expect(2).stderr
    gitctl("secret", "seal", "--cert", "x", "--fetch", stdin=SECRET).error(ErrorId.FLAGS_CONFLICT)
    soon = controller(tmp_path / "soon", 0, days=3)
    done = gitctl("secret", "seal", stdin=SECRET, env={"SEALED_SECRETS_CERT": str(soon.cert)}).expect()
    assert "warning: the certificate ends on " in done.stderr


def test_a_certificate_from_an_address(gitctl: Runner, sealer: Controller) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/cert.pem": 200, "/large": 200, "/moved": 302}.get(self.path, 404))
            self.send_header("Location", "http://example.com/cert.pem")
            self.end_headers()
            self.wfile.write(sealer.cert.read_bytes() if self.path == "/cert.pem" else b"x" * (2 << 20) if self.path == "/large" else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        seal = ("secret", "seal", "--cert", f"http://127.0.0.1:{server.server_address[1]}")
        assert "kind: SealedSecret" in gitctl(*seal[:-1], f"{seal[-1]}/cert.pem", stdin=SECRET).expect().stdout
        assert "https://" in gitctl(*seal[:-1], f"{seal[-1]}/moved", stdin=SECRET).error(ErrorId.CERTIFICATE_INVALID).stderr
        assert "too long" in gitctl(*seal[:-1], f"{seal[-1]}/large", stdin=SECRET).error(ErrorId.CERTIFICATE_INVALID).stderr
        assert "404" in gitctl(*seal[:-1], f"{seal[-1]}/gone", stdin=SECRET).error(ErrorId.CERTIFICATE_UNREACHABLE).stderr
        server.shutdown()


def test_merging_takes_the_place_of_the_file_and_refuses_another(gitctl: Runner, sealed: Path, sealer: Controller) -> None:
    merge = ("secret", "seal", "--cert", sealer.cert, "--merge-into", sealed)
    gitctl(*merge, stdin="apiVersion: v1\nkind: Secret\nstringData: {more: x}\n").expect()
    opened = gitctl("secret", "unseal", sealed, "--recovery-private-key", sealer.key).expect().stdout
    assert load_all(opened.encode(), where="x")[0].value["data"] == {"more": "eA==", "password": CANARIES[1]}
    before = sealed.read_text()
    other = gitctl(*merge, stdin=SECRET.replace("name: db", "name: dc")).error(ErrorId.SEALED_SCOPE)
    assert "it is for shop/db (strict), and the Secret for shop/dc (strict)" in other.stderr
    gitctl(*merge, "--scope", "cluster-wide", stdin=SECRET).error(ErrorId.SEALED_SCOPE)
    assert sealed.read_text() == before


# ── unseal ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_unseal_says_what_is_wrong(gitctl: Runner, sealed: Path, sealer: Controller, successor: Controller) -> None:
    text = sealed.read_text()
    value = text.partition("password: ")[2].partition("\n")[0]
    for broken, id, key in (
        (text, ErrorId.SEALED_WRONG_KEY, successor.key),
        (text.replace(value, value[:-8] + ("AAAAAAA=" if value.endswith("=") else "AAAAAAAA")), ErrorId.SEALED_BROKEN, sealer.key),
        (text.replace(value, value[:40]), ErrorId.SEALED_BROKEN, sealer.key),
        (text.replace(value, '"%"'), ErrorId.SEALED_BROKEN, sealer.key),
        (SECRET, ErrorId.NOT_A_SECRET, sealer.key),
        (text, ErrorId.SEALING_KEY_INVALID, sealer.cert),
    ):
        done = gitctl("secret", "unseal", "--recovery-private-key", key, stdin=broken).error(id)
        assert done.stdout == ""
        assert done.stderr.count("error: ") == 1


def test_a_backup_may_be_encrypted_by_sops(gitctl: Runner, sealed: Path, sealer: Controller, age_key: AgeKey) -> None:
    gitctl("secret", "encrypt", "-q", sealer.backup).expect()
    assert "PRIVATE" not in sealer.backup.read_text()
    assert CANARIES[1] in gitctl("secret", "unseal", sealed, "--recovery-private-key", sealer.backup).expect().stdout
    age_key.file.unlink()
    gitctl("secret", "unseal", sealed, "--recovery-private-key", sealer.backup).error(ErrorId.NO_USABLE_KEY)


def test_unseal_in_place_and_templates_that_only_the_controller_fills_in(gitctl: Runner, sealed: Path, sealer: Controller) -> None:
    sealed.write_text(sealed.read_text().replace("  template:\n", "  template:\n    data: {plain: x, url: '{{ .password }}@db'}\n"))
    done = gitctl("secret", "unseal", sealed, "--dangerous-in-place", "--recovery-private-key", sealer.key).expect()
    gitctl("secret", "unseal", "--dangerous-in-place", "--recovery-private-key", sealer.key).expect(2)
    assert done.stdout == ""
    assert "left out: url" in done.stderr
    assert "plain text now: do not commit it" in done.stderr
    assert load_all(sealed.read_bytes(), where="x")[0].value["data"] == {"password": CANARIES[1], "plain": "eA=="}


# ── verify ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_verify_without_keys(gitctl: Runner, tmp_path: Path, sealed: Path, sealer: Controller, successor: Controller) -> None:
    verify = ("secret", "verify", "sealed.yaml", "-o", "json")
    assert states(gitctl(*verify).expect().json()) == ["not proven"]
    assert states(gitctl(*verify, "--cert", sealer.cert).expect().json()) == ["current"]
    assert states(gitctl(*verify, "--cert", successor.cert).expect().json()) == ["old key"]
    gitctl(*verify, "--cert", successor.cert, "--strict").expect(1)
    text = sealed.read_text()
    sealed.write_text(text.replace("shop\n", "stage\n"))
    assert states(gitctl(*verify, "--cert", sealer.cert).expect(1).json()) == ["moved"]
    sealed.write_text(text.replace("  namespace: shop\n", "", 1))
    bare = gitctl(*verify, "--cert", sealer.cert).expect().json()["sealedSecrets"][0]
    assert (bare["state"], "-n names" in bare["why"]) == ("not proven", True)
    assert states(gitctl(*verify, "--cert", sealer.cert, "-n", "shop").expect().json()) == ["current"]
    assert states(gitctl(*verify, "--cert", sealer.cert, "-n", "stage").expect(1).json()) == ["moved"]
    sealed.write_text(text.replace("password: A", "password: %"))
    assert states(gitctl(*verify).expect(1).json()) == ["broken"]
    sealed.write_text(text.replace("template:\n    metadata:\n      name: db", "template:\n    metadata:\n      name: dc"))
    assert states(gitctl(*verify).expect().json()) == ["not proven"], "the controller does not read the template's name"
    sealed.write_text("kind: SealedSecret\n x: [\n")
    assert states(gitctl(*verify).expect(1).json()) == ["broken"]
    sealed.write_text("{{ if .x }}\nkind: SealedSecret\n x: [\n{{ end }}")
    assert "a template" in gitctl("secret", "verify", "sealed.yaml").expect().stderr
    over = controller(tmp_path / "over", 0, since=-3, days=-1)
    assert "has expired" in gitctl("secret", "verify", "--cert", over.cert, "sealed.yaml").expect(1).stdout


def test_verify_with_keys_proves(gitctl: Runner, sealed: Path, sealer: Controller, successor: Controller) -> None:
    verify = ("secret", "verify", "sealed.yaml", "-o", "json", "--recovery-private-key")
    assert states(gitctl(*verify, sealer.backup).expect().json()) == ["current"]
    assert states(gitctl(*verify, f"{sealer.backup},{successor.backup}").expect().json()) == ["old key"]
    assert states(gitctl(*verify, successor.backup).expect(1).json()) == ["wrong key"]


# ── reseal ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reseal_changes_the_ciphertext_and_nothing_else(gitctl: Runner, sealed: Path, sealer: Controller, successor: Controller) -> None:
    sealed.write_text("# kept\n" + sealed.read_text().replace("spec:", "spec: # kept"))
    before = sealed.read_text().splitlines()
    flags = ("secret", "reseal", "sealed.yaml", "--cert", successor.cert, "--recovery-private-key", sealer.backup)
    assert gitctl(*flags, "-o", "json").expect().json()["files"] == ["sealed.yaml"]
    after = sealed.read_text()
    changed = [new.partition(":")[0].strip() for old, new in zip(before, after.splitlines(), strict=True) if old != new]
    assert changed == ["gitctl.dev/sealed-with", "password"]
    assert CANARIES[1] in gitctl("secret", "unseal", sealed, "--recovery-private-key", successor.key).expect().stdout
    again = gitctl(*flags, "-o", "json").expect().json()
    assert (again["files"], again["unchanged"], sealed.read_text()) == ([], ["sealed.yaml"], after)


def test_reseal_all_is_one_commit_or_none(
    gitctl: Runner, git_repo: MakeRepo, sealed: Path, sealer: Controller, successor: Controller
) -> None:
    stream = f"# two\n{sealed.read_text()}---\n{sealed.read_text()}---\nkind: ConfigMap\napiVersion: v1\n"
    repo = git_repo({"a/one.yaml": sealed.read_text(), "b/two.yaml": stream, "c.yaml": "kind: Other\n", "doc.md": "SealedSecret"})
    flags = ("secret", "reseal", "--all", "--cert", successor.cert, "--recovery-private-key")
    head = repo.git("rev-parse", "HEAD")
    assert gitctl(*flags, successor.key, cwd=repo.path).expect(3).stderr.count("no key at hand opens it") == 2
    repo.write("a/one.yaml", "mine\n")
    gitctl(*flags, sealer.key, cwd=repo.path).error(ErrorId.UNCOMMITTED_CHANGES)
    repo.git("checkout", "-q", "a/one.yaml")
    assert (repo.git("rev-parse", "HEAD"), repo.git("status", "--porcelain")) == (head, "")
    done = gitctl(*flags, sealer.key, "-o", "json", cwd=repo.path / "a").expect().json()
    assert (done["files"], done["commit"]) == (["a/one.yaml", "b/two.yaml"], repo.git("rev-parse", "HEAD"))
    assert (repo.git("rev-parse", "HEAD~1"), repo.git("status", "--porcelain")) == (head, "")
    assert repo.git("log", "-1", "--format=%s") == "reseal 2 files for the current certificate"
    assert (repo.path / "b/two.yaml").read_text().startswith("# two\n")
    told = gitctl("secret", "verify", "--recovery-private-key", successor.key, "-o", "json", cwd=repo.path).expect().json()
    assert states(told) == ["current"] * 3
    again = gitctl(*flags, sealer.key, "-o", "json", cwd=repo.path).expect().json()
    assert (again["files"], again["commit"]) == ([], "")
