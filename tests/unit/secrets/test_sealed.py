"""The sealed vault shows renderers exactly what the real one shows them, without a key."""

from __future__ import annotations

from tests.fixtures.secrets import AgeKey
from tests.unit.secrets.test_vault import SECRET, seal, vault

from gitctl.documents import load_all
from gitctl.secrets.pysops import Kind
from gitctl.secrets.sealed import SealedVault, is_sealed


def test_files_are_covered_as_by_the_vault_that_opens_them(age_key: AgeKey) -> None:
    files = {
        "s.yaml": seal(age_key, SECRET),
        "part.yaml": seal(age_key, b"a: open\nb: {c: [1, true, hunter2hunter2]}\n---\nb: x\n", regex="^b$"),
        "a.env": seal(age_key, b"A=hunter2hunter2\n", Kind.DOTENV),
        "a.json": seal(age_key, b'{"a": "hunter2hunter2"}', Kind.JSON),
        "a.bin": seal(age_key, b"\x00hunter2hunter2\xff", Kind.BINARY),
    }
    covered = {name: SealedVault().cover(name, content) for name, content in files.items()}
    assert covered == {name: vault().cover(name, content) for name, content in files.items()}
    assert SealedVault().cover("plain.yaml", b"a: 1") is None
    (found,) = load_all(covered["s.yaml"] or b"", where="s.yaml")
    body, paths = SealedVault().uncover(found.value)
    assert body is found.value
    assert {("data", "password"), ("stringData", "user"), ("stringData", "port")} <= set(paths)
    assert is_sealed(body["data"]["password"])
    assert not any(map(is_sealed, ("gitctl-web", "aGk=", 7, None)))
