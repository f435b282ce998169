"""Encrypted files with the keys that sops knows beside X25519: SSH keys, post-quantum keys, PGP, AWS KMS (moto's server)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.aws import NO_KMS
from tests.fixtures.commands import Runner, run
from tests.fixtures.secrets import AgeKey
from tests.servers.moto import Moto

from gitctl.errors import ErrorId

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {password: kanarienvogel, user: bob}\n"


def lifecycle(
    gitctl: Runner, folder: Path, rule: str, *, open_: dict[str, str], shut: dict[str, str], told_as: ErrorId = ErrorId.NO_USABLE_KEY
) -> None:
    """Encrypt by a rule, decrypt, edit, rotate, verify; without the key one clear error."""
    (folder / ".sops.yaml").write_text(f"creation_rules:\n  - encrypted_regex: ^(data|stringData)$\n    {rule}\n")
    (folder / "s.yaml").write_text(SECRET)
    gitctl("secret", "encrypt", "s.yaml", env=open_).expect()
    sealed = (folder / "s.yaml").read_text()
    assert "kanarienvogel" not in sealed
    gitctl("secret", "edit", "s.yaml", env=open_ | {"EDITOR": "sed -i s/bob/alice/"}).expect()
    edited = (folder / "s.yaml").read_text()
    assert sealed.split("password: ")[1].split("\n")[0] in edited
    gitctl("secret", "rotate", "s.yaml", env=open_).expect()
    assert "password: kanarienvogel" in gitctl("secret", "decrypt", "s.yaml", env=open_).expect().stdout
    told = gitctl("secret", "status", "--exit-code", "-o", "json", env=open_).expect(0).json()
    assert [(one["state"], one["rule"]) for one in told["files"]] == [("encrypted", "matches")]
    failed = gitctl("secret", "decrypt", "s.yaml", env=shut).error(told_as)
    assert "kanarienvogel" not in failed.stdout + failed.stderr


def test_several_age_recipients_each_open_it(gitctl: Runner, tmp_path: Path, age_key: AgeKey, stranger: AgeKey) -> None:
    other = {"SOPS_AGE_KEY_FILE": str(stranger.file), "XDG_CONFIG_HOME": str(tmp_path)}
    none = {"XDG_CONFIG_HOME": str(tmp_path), "SOPS_AGE_KEY_FILE": ""}
    rule = f"age: {age_key.recipient},{stranger.recipient}"
    lifecycle(gitctl, tmp_path, rule, open_={}, shut=none)
    assert "kanarienvogel" in gitctl("secret", "decrypt", "s.yaml", env=other).expect().stdout


def test_ssh_keys(gitctl: Runner, tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen on this machine")
    run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(tmp_path / "id")), cwd=tmp_path).expect()
    public = (tmp_path / "id.pub").read_text().strip()
    lifecycle(gitctl, tmp_path, f"age: {public}", open_={"SOPS_AGE_SSH_PRIVATE_KEY_FILE": str(tmp_path / "id")}, shut={})


def test_post_quantum_keys(gitctl: Runner, tmp_path: Path) -> None:
    """Where the sops found knows them."""
    made = subprocess.run(["age-keygen", "-pq", "-o", tmp_path / "pq.txt"], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip("this age-keygen makes no post-quantum keys")
    public = next(line for line in (tmp_path / "pq.txt").read_text().splitlines() if "public key: " in line).split(": ")[1]
    (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{age: '{public}'}}]\n")
    (tmp_path / "s.yaml").write_text(SECRET)
    sealed = gitctl("secret", "encrypt", "s.yaml")
    if sealed.code:
        sealed.error(ErrorId.RECIPIENT_INVALID)
        pytest.skip("this sops knows no post-quantum recipients")
    assert "kanarienvogel" in gitctl("secret", "decrypt", "s.yaml", env={"SOPS_AGE_KEY_FILE": str(tmp_path / "pq.txt")}).expect().stdout


@pytest.fixture
def gnupg() -> Iterator[Path]:
    """A private GNUPGHOME with one key; its path must be short: sockets are made in it."""
    if not shutil.which("gpg"):
        pytest.skip("no gpg on this machine")
    with tempfile.TemporaryDirectory(prefix="gpg-") as name:
        home = Path(name)
        made = ("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "ada@example.com", "default", "default", "never")
        subprocess.run(made, env=os.environ | {"GNUPGHOME": name}, capture_output=True, check=True)
        yield home
        subprocess.run(["gpgconf", "--kill", "all"], env=os.environ | {"GNUPGHOME": name}, check=False)


def test_pgp_with_a_private_home(gitctl: Runner, tmp_path: Path, gnupg: Path) -> None:
    env = {"GNUPGHOME": str(gnupg)}
    listed = run(("gpg", "--list-keys", "--with-colons"), cwd=tmp_path, env=env).expect().stdout
    fingerprint = next(line for line in listed.splitlines() if line.startswith("fpr:")).split(":")[9]
    empty = tmp_path / "nobody"
    empty.mkdir(mode=0o700)
    lifecycle(gitctl, tmp_path, f"pgp: {fingerprint}", open_=env, shut={"GNUPGHOME": str(empty)})


ABSENT = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"


def kms_key(aws: Moto) -> str:
    return str(aws.call("kms", "CreateKey")["KeyMetadata"]["Arn"])


@pytest.mark.xdist_group("aws")
def test_aws_kms(gitctl: Runner, tmp_path: Path, aws: Moto) -> None:
    lifecycle(gitctl, tmp_path, f"kms: {kms_key(aws)}", open_=aws.environment, shut=NO_KMS, told_as=ErrorId.KEY_SERVICE_UNREACHABLE)


@pytest.mark.xdist_group("aws")
@pytest.mark.parametrize("why", ["out of reach", "refused", "nobody is logged in"])
def test_a_key_service_that_does_not_help_is_one_error_and_nothing_changed(why: str, gitctl: Runner, tmp_path: Path, aws: Moto) -> None:
    arn = kms_key(aws)
    (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{kms: '{arn}'}}]\n")
    (tmp_path / "s.yaml").write_text(SECRET)
    gitctl("secret", "encrypt", "s.yaml", env=aws.environment).expect()
    env, id_ = aws.environment | {"EDITOR": "touch ran"}, ErrorId.KEY_SERVICE_DENIED
    if why == "out of reach":
        env, id_ = env | NO_KMS, ErrorId.KEY_SERVICE_UNREACHABLE
    elif why == "refused":
        sealed = (tmp_path / "s.yaml").read_text()
        (tmp_path / "s.yaml").write_text(sealed.replace(arn, ABSENT))
        (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{kms: '{ABSENT}'}}]\n")
    else:
        env |= {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    before = (tmp_path / "s.yaml").read_bytes()
    (tmp_path / "new.yaml").write_text(SECRET)
    for verb in ("decrypt", "view", "edit", "rotate", "encrypt"):
        failed = gitctl("secret", verb, "new.yaml" if verb == "encrypt" else "s.yaml", env=env).error(id_)
        assert (failed.code, failed.stdout, failed.stderr.count("see: gitctl explain ")) == (6, "", 1), failed.stderr
        assert "kanarienvogel" not in failed.stderr
        assert (ABSENT if why == "refused" else arn) in failed.stderr
    assert ((tmp_path / "s.yaml").read_bytes(), (tmp_path / "new.yaml").read_text()) == (before, SECRET)
    assert not (tmp_path / "ran").exists()


@pytest.mark.xdist_group("aws")
def test_age_beside_a_key_service(gitctl: Runner, tmp_path: Path, aws: Moto, age_key: AgeKey, stranger: AgeKey) -> None:
    """Any one of them is enough; when none is, each is told with why."""
    arn = kms_key(aws)
    (tmp_path / ".sops.yaml").write_text(f"creation_rules: [{{kms: '{arn}', age: '{age_key.recipient}'}}]\n")
    (tmp_path / "s.yaml").write_text(SECRET)
    gitctl("secret", "encrypt", "s.yaml", env=aws.environment).expect()
    assert "kanarienvogel" in gitctl("secret", "decrypt", "s.yaml", env=NO_KMS).expect().stdout
    as_stranger = {"SOPS_AGE_KEY_FILE": str(stranger.file), "XDG_CONFIG_HOME": str(tmp_path)}
    assert "kanarienvogel" in gitctl("secret", "decrypt", "s.yaml", env=aws.environment | as_stranger).expect().stdout
    failed = gitctl("secret", "decrypt", "s.yaml", env=NO_KMS | as_stranger).error(ErrorId.KEY_SERVICE_UNREACHABLE)
    for words in (f"wanted: a key of {arn}", "connection refused", f"wanted: a key of {age_key.recipient}", "did not match any"):
        assert words in failed.stderr
    logged_out = as_stranger | {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-central-1"}
    gitctl("secret", "decrypt", "s.yaml", env=logged_out).error(ErrorId.WRONG_KEY)
