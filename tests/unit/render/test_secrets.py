"""Encrypted files through every renderer: placeholders inside, plaintext at the end, nothing of it anywhere else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.fixtures.secrets import AgeKey
from tests.unit.render.trees import app, config_map, write

from gitctl.documents import dump, load_all
from gitctl.errors import ErrorId, RenderError
from gitctl.model.app import App, HelmOptions
from gitctl.model.manifest import RenderResult
from gitctl.model.variable import Variable, VarScope
from gitctl.redact import Redactor
from gitctl.render.run import render
from gitctl.secrets import pysops
from gitctl.secrets.placeholder import as_base64, token
from gitctl.secrets.pysops import Kind
from gitctl.secrets.sops import SopsProvider
from gitctl.secrets.vault import SecretVault
from gitctl.source.worktree import WorkTree

CANARY = "c4n4ry-hunter2"
ENCODED = base64.b64encode(CANARY.encode()).decode()
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {CANARY}}}\ndata: {{old: {ENCODED}}}\n"


def seal(key: AgeKey, text: str, kind: Kind = Kind.YAML, regex: str = "") -> bytes:
    return pysops.encrypt(text.encode(), kind=kind, recipients=(key.recipient,), encrypted_regex=regex)


def rendered(folder: Path, wanted: App | None = None) -> RenderResult:
    vault = SecretVault((SopsProvider(),), Redactor())
    return render(wanted or app(), WorkTree(folder), vault=vault, cache=folder.parent / "cache")


def kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder.parent / "cache").rglob("*") if path.is_file())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path / "tree"


def test_plain(tree: Path, age_key: AgeKey) -> None:
    write(tree, {"app/s.yaml": seal(age_key, SECRET, regex="^(data|stringData)$")})
    for _ in range(2):  # the second is from the cache
        (manifest,) = rendered(tree).manifests
        assert manifest.body["data"] == {"password": ENCODED, "old": ENCODED}
        assert set(manifest.sensitive) == {("data", "password"), ("data", "old")}
    assert CANARY.encode() not in kept(tree)
    assert ENCODED.encode() not in kept(tree)


def test_the_digest_is_over_placeholders(tree: Path, age_key: AgeKey) -> None:
    sealed = seal(age_key, SECRET, regex="^(data|stringData)$")
    write(tree, {"app/s.yaml": sealed})
    first = rendered(tree)
    write(tree, {"app/s.yaml": pysops.rotate(sealed, kind=Kind.YAML)})
    again = rendered(tree)
    assert first.manifests[0].body == again.manifests[0].body
    assert first.digest != again.digest


def test_kustomize_hash_suffixes_follow_the_content(tree: Path, age_key: AgeKey) -> None:
    text = "secretGenerator: [{name: s, files: [password.txt], envs: [more.env]}]\n"
    write(tree, {"app/kustomization.yaml": text, "app/password.txt": seal(age_key, CANARY, Kind.BINARY)})
    write(tree, {"app/more.env": seal(age_key, f"TOKEN={CANARY}\n", Kind.DOTENV)})
    (first,) = rendered(tree).manifests
    assert first.body["data"] == {"password.txt": ENCODED, "TOKEN": ENCODED}
    assert set(first.sensitive) == {("data", "password.txt"), ("data", "TOKEN")}
    write(tree, {"app/password.txt": seal(age_key, CANARY + "!", Kind.BINARY)})
    (second,) = rendered(tree).manifests
    assert first.ref.name != second.ref.name
    assert CANARY.encode() not in kept(tree)


def test_helm_values(tree: Path, age_key: AgeKey) -> None:
    template = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {url: {{ printf "pg://u:%s@db" .Values.password | b64enc }}}\n'
    write(tree, {"app/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n", "app/templates/s.yaml": template})
    write(tree, {"app/dev.yaml": seal(age_key, f"password: {CANARY}\n")})
    for _ in range(2):
        (manifest,) = rendered(tree, app(helm=HelmOptions(values_files=("dev.yaml",)))).manifests
        assert base64.b64decode(manifest.body["data"]["url"]).decode() == f"pg://u:{CANARY}@db"
        assert manifest.sensitive == (("data", "url"),)
    assert CANARY.encode() not in kept(tree)


def test_errors_of_tools_show_no_plaintext(tree: Path, age_key: AgeKey) -> None:
    write(tree, {"app/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n", "app/templates/s.yaml": "{{ fail .Values.password }}"})
    write(tree, {"app/dev.yaml": seal(age_key, f"password: {CANARY}\n")})
    with raises(ErrorId.RENDER_FAILED) as failed:
        rendered(tree, app(helm=HelmOptions(values_files=("dev.yaml",))))
    assert CANARY not in f"{failed.value} {failed.value.details}"


def test_files_of_other_environments_need_no_key(tree: Path, age_key: AgeKey, stranger: AgeKey) -> None:
    files = {
        "app/dev/kustomization.yaml": "resources: [a.yaml]\n",
        "app/dev/a.yaml": config_map("a"),
        "app/dev/not-used.yaml": seal(stranger, f"password: {CANARY}\n"),
    }
    write(tree, files)
    assert len(rendered(tree, app("app/dev")).manifests) == 1


def chart(template: str) -> dict[str, str]:
    return {"app/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n", "app/templates/a.yaml": template}


def test_files_that_a_template_reads_by_name(tree: Path, age_key: AgeKey) -> None:
    write(tree, chart('apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {f: {{ .Files.Get "files/token.txt" | b64enc }}}\n'))
    write(tree, {"app/files/token.txt": seal(age_key, CANARY, Kind.BINARY)})
    (manifest,) = rendered(tree).manifests
    assert manifest.body["data"] == {"f": ENCODED}


def test_files_of_a_chart_without_key_fail_only_where_they_are_used(tree: Path, age_key: AgeKey, stranger: AgeKey) -> None:
    write(tree, chart(config_map("a")) | {"app/env/prod.yaml": seal(stranger, f"password: {CANARY}\n")})
    assert len(rendered(tree).manifests) == 1
    write(tree, chart(config_map("a", 'data: {f: {{ .Files.Get "env/dev.yaml" | quote }}}\n')) | {"app/env/dev.yaml": "plain"})
    assert rendered(tree).manifests[0].body["data"] == {"f": "plain"}
    write(tree, chart(config_map("a", 'data: {f: {{ .Files.Get "env/prod.yaml" | quote }}}\n')))
    with pytest.raises(RenderError, match="stands for no secret"):
        rendered(tree)


def test_files_that_a_builtin_generator_names_are_opened(tree: Path, age_key: AgeKey) -> None:
    generator = "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: s}\nfiles: [token=token.txt]\n"
    write(tree, {"app/kustomization.yaml": "generators: [g.yaml]\n", "app/g.yaml": generator})
    write(tree, {"app/token.txt": seal(age_key, CANARY, Kind.BINARY)})
    assert rendered(tree).manifests[0].body["data"] == {"token": ENCODED}


def test_ciphertext_that_becomes_data_is_told(tree: Path, age_key: AgeKey) -> None:
    inner = seal(age_key, f"password: {CANARY}\n").decode()
    write(tree, {"app/a.yaml": dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": inner}})})
    assert "sops encrypted and nothing opened" in rendered(tree).warnings[0]


def test_a_file_without_its_key_is_told(tree: Path, age_key: AgeKey, stranger: AgeKey) -> None:
    write(tree, {"app/s.yaml": seal(stranger, SECRET, regex="^(data|stringData)$")})
    with raises(ErrorId.WRONG_KEY) as refused:
        rendered(tree)
    assert "app/s.yaml" in f"{refused.value} {refused.value.where}"
    age_key.file.unlink()
    with raises(ErrorId.NO_USABLE_KEY):
        rendered(tree)


def test_variables_do_not_reach_into_encrypted_values_and_cannot_name_them(tree: Path, age_key: AgeKey) -> None:
    secret = SECRET.replace(CANARY, "'${A}-${UNKNOWN:-x}'")
    public = config_map("public", "data:\n  a: ${A}\n  b: 'x-${B}'\n  both: gitctl-${C}\n")
    sealed = seal(age_key, secret, regex="^(data|stringData)$")
    write(tree, {"app/s.yaml": sealed, "app/p.yaml": public})

    def with_variables(**values: str) -> RenderResult:
        return rendered(tree, app(vars=tuple(Variable(name, value, VarScope.APP) for name, value in values.items())))

    opened = {m.ref.kind: m.body["data"] for m in with_variables(A="one", B="two", C="three").manifests}
    assert base64.b64decode(opened["Secret"]["password"]) == b"${A}-${UNKNOWN:-x}"
    assert opened["ConfigMap"] == {"a": "one", "b": "x-two", "both": "gitctl-three"}
    # Whoever can read the repository can compute a placeholder: a value such as a branch's name must not become a secret by it.
    document = load_all(sealed, where="s")[0].value
    name = token(document["stringData"]["password"], (0, "stringData", "password"))
    for values in ({"A": name}, {"B": f"y{name}"}, {"A": as_base64(name)}, {"C": name.removeprefix("gitctl-")}):
        with raises(ErrorId.VARIABLE_VALUE, match="a variable whose value makes a secret's placeholder"):
            with_variables(**({"A": "x", "B": "x", "C": "x"} | values))
