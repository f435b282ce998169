"""The vault: what renderers see, and what comes back out of what they made."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey

from gitctl.documents import dump_all, load_all
from gitctl.errors import ErrorId, RenderError
from gitctl.redact import Redactor
from gitctl.secrets import pysops
from gitctl.secrets.pysops import Kind
from gitctl.secrets.sops import SopsProvider
from gitctl.secrets.vault import SecretVault

SECRET = b"""\
apiVersion: v1
kind: Secret
metadata: {name: db}
data: {password: aHVudGVyMmh1bnRlcjI=}
stringData: {user: shopkeeper, port: 5432}
"""


def vault(redactor: Redactor | None = None) -> SecretVault:
    return SecretVault([SopsProvider()], redactor or Redactor())


def seal(key: AgeKey, content: bytes, kind: Kind = Kind.YAML, *, regex: str = "") -> bytes:
    return pysops.encrypt(content, kind=kind, recipients=(key.recipient,), encrypted_regex=regex)


def covered(box: SecretVault, content: bytes, name: str = "x.yaml") -> Any:
    """The values of a file as a renderer reads it."""
    cover = box.cover(name, content)
    assert cover is not None
    return load_all(cover, where=name)[0].value


def test_plain_files_are_left_alone() -> None:
    assert vault().cover("x.yaml", SECRET) is None


def test_a_covered_secret_is_still_a_valid_secret(age_key: AgeKey) -> None:
    seen = covered(vault(), seal(age_key, SECRET, regex="^(data|stringData)$"))
    assert seen["metadata"] == {"name": "db"}
    assert base64.b64decode(seen["data"]["password"], validate=True).startswith(b"gitctl-")
    assert seen["stringData"]["user"].startswith("gitctl-")
    assert "sops" not in seen


def test_covers_are_equal_on_every_machine_and_new_when_encrypted_anew(age_key: AgeKey) -> None:
    first = seal(age_key, SECRET, regex="^(data|stringData)$")
    assert vault().cover("a.yaml", first) == vault().cover("a.yaml", first)
    assert covered(vault(), first) != covered(vault(), pysops.rotate(first, kind=Kind.YAML))


def test_uncover_names_the_sensitive_paths(age_key: AgeKey) -> None:
    box = vault()
    body, paths = box.uncover(covered(box, seal(age_key, SECRET, regex="^(data|stringData)$")))
    assert body["data"] == {"password": "aHVudGVyMmh1bnRlcjI="}
    assert body["stringData"] == {"user": "shopkeeper", "port": "5432"}
    assert paths == (("data", "password"), ("stringData", "user"), ("stringData", "port"))


def test_the_redactor_learns_every_plaintext(age_key: AgeKey) -> None:
    redactor = Redactor()
    vault(redactor).cover("x.yaml", seal(age_key, SECRET, regex="^(data|stringData)$"))
    assert redactor.clean("hunter2hunter2 aHVudGVyMmh1bnRlcjI= shopkeeper") == "*** *** ***"


def test_typed_values_where_text_is_not_wanted(age_key: AgeKey) -> None:
    box = vault()
    values = covered(box, seal(age_key, b"port: 5432\nratio: 0.5\nflag: true\nname: db\n"))
    container = {
        "env": [{"name": "PORT", "value": values["port"]}],
        "args": [values["port"], "--listen=:" + values["port"]],
        "ports": [{"containerPort": values["port"]}],
        "flag": values["flag"],
    }
    body, _ = box.uncover({"spec": {"containers": [container], "ratio": values["ratio"]}, "metadata": {"labels": {"p": values["port"]}}})
    assert body == {
        "spec": {
            "containers": [
                {
                    "env": [{"name": "PORT", "value": "5432"}],
                    "args": ["5432", "--listen=:5432"],
                    "ports": [{"containerPort": 5432}],
                    "flag": True,
                }
            ],
            "ratio": 0.5,
        },
        "metadata": {"labels": {"p": "5432"}},
    }


def test_binary_files_go_below_data_of_a_secret_only(age_key: AgeKey) -> None:
    box = vault()
    cover = box.cover("tls.key", seal(age_key, b"\x00\xff\x80key", Kind.BINARY))
    assert cover is not None
    body, paths = box.uncover({"kind": "Secret", "data": {"tls.key": base64.b64encode(cover).decode()}})
    assert base64.b64decode(body["data"]["tls.key"]) == b"\x00\xff\x80key"
    assert paths == (("data", "tls.key"),)
    with raises(ErrorId.SECRET_MISPLACED, match=r"a binary secret as text, at data\.x"):
        box.uncover({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"x": cover.decode()}})


@pytest.mark.parametrize(("kind", "plain"), [(Kind.DOTENV, b"PASSWORD=hunter2\n"), (Kind.INI, b"[db]\nPASSWORD = hunter2\n")])
def test_files_that_a_generator_puts_in_whole(age_key: AgeKey, kind: Kind, plain: bytes) -> None:
    box = vault()
    cover = box.cover(f"file.{kind}", seal(age_key, plain, kind))
    assert cover is not None
    assert b"hunter2" not in cover
    body, _ = box.uncover({"kind": "Secret", "data": {"f": base64.b64encode(cover).decode()}})
    assert b"hunter2" in base64.b64decode(body["data"]["f"])


def test_bad_base64_names_the_place_and_not_the_value(age_key: AgeKey) -> None:
    with raises(ErrorId.BASE64_INVALID) as caught:
        vault().cover("x.yaml", seal(age_key, b"kind: Secret\ndata: {password: 'kanarien vogel!'}\n", regex="^data$"))
    assert str(caught.value) == "x.yaml: bad base64 at data.password"
    assert "kanarien" not in repr(vars(caught.value))


@pytest.mark.parametrize("where", [("metadata", "name"), ("metadata", "namespace"), ("kind",)])
def test_a_secret_in_the_identity_is_refused(age_key: AgeKey, where: tuple[str, ...]) -> None:
    box = vault()
    secret = covered(box, seal(age_key, b"a: hunter2\n"))["a"]
    body: dict[str, Any] = {"kind": "ConfigMap", "metadata": {"name": "x"}}
    (body["metadata"] if len(where) == 2 else body)[where[-1]] = secret
    with pytest.raises(RenderError) as caught:
        box.uncover(body)
    assert "hunter2" not in repr(vars(caught.value))


def test_a_secret_as_a_key_is_refused(age_key: AgeKey) -> None:
    box = vault()
    secret = covered(box, seal(age_key, b"a: hunter2\n"))["a"]
    with pytest.raises(RenderError, match="as a key, below data"):
        box.uncover({"kind": "ConfigMap", "data": {secret: "x"}})


def test_an_encrypted_value_that_lost_its_metadata_is_refused(age_key: AgeKey) -> None:
    line = seal(age_key, b"a: hunter2\n").split(b"\n")[0]
    with raises(ErrorId.SECRET_UNOPENED, match=r"nothing opened at data\.a"):
        vault().uncover({"kind": "ConfigMap", "data": {"a": line.decode().split(": ")[1]}})


def test_an_unknown_placeholder_names_object_and_place() -> None:
    with raises(ErrorId.SECRET_MANGLED) as caught:
        vault().uncover({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "gitctl-" + "0" * 32}})
    assert str(caught.value) == "ConfigMap c: a placeholder that stands for no secret of this run, at data.a"


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=12)
scalars = texts | st.booleans() | st.none() | st.integers(-(2**53), 2**53)
# Names that Kubernetes wants text below are tested above.
names = st.text("bcdfgh", min_size=1, max_size=5)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
trees = st.dictionaries(names, values, min_size=1, max_size=4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trees, min_size=1, max_size=2), st.sampled_from([Kind.YAML, Kind.JSON]))
def test_cover_then_uncover_is_decrypt(age_key: AgeKey, documents: list[dict[str, Any]], kind: Kind) -> None:
    content = dump_all(documents).encode() if kind is Kind.YAML else json.dumps(documents[0]).encode()
    sealed = seal(age_key, content, kind)
    box = vault()
    cover = box.cover(f"x.{kind}", sealed)
    wanted = [d.value for d in load_all(pysops.decrypt(sealed, kind=kind), where="x")]
    if cover is None:
        assert b"ENC[AES256_GCM,data" not in sealed.split(b"lastmodified")[0]
        return
    assert [box.uncover(d.value)[0] for d in load_all(cover, where="x")] == wanted
    leaked = [t for t in _texts(documents) if len(t) > 5 and t.encode() in cover]
    assert leaked == []


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        return [t for item in (value.values() if isinstance(value, dict) else value) for t in _texts(item)]
    return [value] if isinstance(value, str) else []
