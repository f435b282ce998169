"""Deploy keys: what a pod could not use is refused before anything is written."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from gitctl.errors import ErrorId, InputError
from gitctl.source.deploykey import read_key, read_known_hosts
from gitctl.source.names import parse_remote

REMOTE = parse_remote("git@git.example.test:shop.git", base=Path("/"))
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMyoPhhAqtFpfwoI0J0hmmXZHxUzbmgkbVdkGPP4FIw"


def armoured(cipher: bytes) -> str:
    """The beginning of a key in OpenSSH's format."""
    body = base64.b64encode(b"openssh-key-v1\0" + len(cipher).to_bytes(4, "big") + cipher + b"rest").decode()
    return f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----"


def test_a_key_without_a_passphrase_ends_with_a_newline(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(armoured(b"none"))
    assert read_key(file) == armoured(b"none") + "\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (armoured(b"aes256-ctr"), "has a passphrase"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n", "has a passphrase"),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n-----END RSA PRIVATE KEY-----\n", "has a passphrase"),
        (HOST_KEY, "is no private key"),
        ("", "is no private key"),
    ],
    ids=["openssh", "pkcs8", "pem", "a public key", "empty"],
)
def test_other_keys_are_refused_and_never_quoted(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        read_key(file)
    assert caught.value.id is ErrorId.DEPLOY_KEY
    assert "MIIB" not in f"{caught.value} {caught.value.hint}"


def test_keys_that_ssh_keygen_makes(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen on this machine")
    for name, passphrase in (("open", ""), ("shut", "secret")):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(tmp_path / name)]
        subprocess.run(argv, check=True)
    assert "PRIVATE KEY" in read_key(tmp_path / "open")
    with pytest.raises(InputError, match="passphrase"):
        read_key(tmp_path / "shut")


@pytest.mark.parametrize(
    "row",
    [
        f"git.example.test {HOST_KEY}",
        f"# a comment\nother.test,git.example.test {HOST_KEY}",
        f"[git.example.test]:2222 {HOST_KEY}",
        f"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {HOST_KEY}",
        f"@cert-authority *.example.test {HOST_KEY}",
    ],
    ids=["plain", "one of several", "with a port", "hashed", "an authority"],
)
def test_known_hosts_that_may_have_the_host(row: str, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(row + "\n")
    assert read_known_hosts(tmp_path / "hosts", REMOTE) == row + "\n"


@pytest.mark.parametrize("text", ["", "# nothing\n", f"other.test {HOST_KEY}\n"], ids=["empty", "a comment", "another host"])
def test_known_hosts_without_the_host_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text(text)
    with pytest.raises(InputError, match=r"does not have the host git\.example\.test"):
        read_known_hosts(tmp_path / "hosts", REMOTE)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_key(tmp_path / "nowhere")
