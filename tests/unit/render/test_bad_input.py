"""What is wrong in Git: exit 3 with file:line:col, and never a word of the file."""

from __future__ import annotations

import base64
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises
from tests.unit.render.trees import NoSecrets, app, config_map, render_files, write

from gitctl.documents import dump
from gitctl.errors import ErrorId, ExitCode, GitctlError, ManyErrors, exit_code_of
from gitctl.protocols import Document
from gitctl.render.assemble import assemble
from gitctl.render.raw import parse
from gitctl.render.run import render
from gitctl.source.worktree import WorkTree

CANARY = "c4n4ry"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
LAUGHS = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))])

FILES: dict[str, tuple[str | bytes, str]] = {
    "syntax error": (f"apiVersion: v1\nkind: [{CANARY}\n", "app/a.yaml:3:1"),
    "duplicate key": (config_map("a", f"data:\n  a: {CANARY}\n  a: {CANARY}\n"), "app/a.yaml:6:3"),
    "not UTF-8": (config_map("a", "data:\n  a: ").encode() + b"\xff" + CANARY.encode(), "app/a.yaml:5:6"),
    "alias bomb": (LAUGHS, "app/a.yaml:"),
    "10 MB line": (b"a: " + b"x" * 10_000_000, "app/a.yaml:1:1"),
    "no object": (f"- {CANARY}\n", "app/a.yaml:1:1"),
    "text document": (config_map("a") + f"---\n{CANARY}\n", "app/a.yaml:5:1"),
    "no apiVersion": (f"kind: ConfigMap\nmetadata: {{name: {CANARY}}}\n", "app/a.yaml:1:1"),
    "no kind": (f"apiVersion: v1\nmetadata: {{name: {CANARY}}}\n", "app/a.yaml:1:1"),
    "kind is no text": (f"apiVersion: v1\nkind: [{CANARY}]\nmetadata: {{name: a}}\n", "app/a.yaml:2:1 kind"),
    "bad apiVersion": (f"apiVersion: apps/{CANARY}/v1\nkind: X\nmetadata: {{name: a}}\n", "app/a.yaml:1:1 apiVersion"),
    "no metadata": (f"apiVersion: v1\nkind: ConfigMap\ndata: {{a: {CANARY}}}\n", "app/a.yaml:1:1"),
    "no name": (f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {{a: {CANARY}}}\n", "app/a.yaml:3:1 metadata"),
    "number as name": ("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 5\n", "app/a.yaml:4:3 metadata.name"),
    "generateName": (f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: {CANARY}-\n", "app/a.yaml:4:3 metadata.generateName"),
    "number in labels": (
        f"apiVersion: v1\nkind: X\nmetadata:\n  name: a\n  labels:\n    b: {CANARY}\n    a: 1\n",
        "app/a.yaml:7:5 metadata.labels.a",
    ),
    "switch in annotations": (
        "apiVersion: v1\nkind: X\nmetadata: {name: a, annotations: {a: on}}\n",
        "app/a.yaml:3:35 metadata.annotations.a",
    ),
    "owner": (
        f"apiVersion: v1\nkind: X\nmetadata:\n  name: a\n  ownerReferences: [{{uid: {CANARY}}}]\n",
        "app/a.yaml:5:3 metadata.ownerReferences",
    ),
    "bad base64": (SECRET + f"data:\n  a: {CANARY}!\n", "app/a.yaml:5:3 data.a"),
    "base64 without padding": (SECRET + "data: {a: YQ}\n", "app/a.yaml:4:8 data.a"),
    "number in data": (SECRET + "data:\n  port: 54321987\n", "app/a.yaml:5:3 data.port"),
    "mapping in data": (SECRET + f"data:\n  a: {{b: {CANARY}}}\n", "app/a.yaml:5:3 data.a"),
    "data is a list": (SECRET + f"data:\n- {CANARY}\n", "app/a.yaml:4:1 data"),
    "number in stringData": (SECRET + "stringData:\n  port: 54321987\n", "app/a.yaml:5:3 stringData.port"),
    "stringData is text": (SECRET + f"stringData: {CANARY}\n", "app/a.yaml:4:1 stringData"),
    "type is a number": (SECRET + "type: 54321987\n", "app/a.yaml:4:1 type"),
    "immutable is text": (SECRET + f"immutable: {CANARY}\n", "app/a.yaml:4:1 immutable"),
    "switch in a ConfigMap": (config_map("a", "data:\n  a: on\n"), "app/a.yaml:5:3 data.a"),
    "bad binaryData": (config_map("a", f"binaryData:\n  a: {CANARY}!\n"), "app/a.yaml:5:3 binaryData.a"),
    "fault in a List": (
        f"apiVersion: v1\nkind: List\nitems:\n- {config_map('a').replace(chr(10), chr(10) + '  ')}  \n- kind: {CANARY}\n",
        "app/a.yaml:8:3",
    ),
    "fault in the second document": (config_map("a") + "---\n" + SECRET + f"data:\n  a: {CANARY}!\n", "app/a.yaml:9:3 data.a"),
    "stray kustomization": (
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n",
        "app/a.yaml:1:1 apiVersion",
    ),
}


def shown(error: GitctlError) -> str:
    """Everything of an error that could be printed."""
    errors = error.errors if isinstance(error, ManyErrors) else (error,)
    return " ".join(f"{e} {e.hint} {e.details} {e.__cause__}" for e in errors)


def first(error: GitctlError) -> GitctlError:
    return error.errors[0] if isinstance(error, ManyErrors) else error


@pytest.mark.parametrize("name", FILES)
def test_a_bad_manifest_is_refused_with_its_place_and_nothing_is_echoed(name: str, tmp_path: Path) -> None:
    content, place = FILES[name]
    with pytest.raises(GitctlError) as refused:
        render_files(tmp_path, {"app/a.yaml": content})
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert str(first(refused.value).where).startswith(place)
    assert CANARY not in shown(refused.value)
    assert "54321987" not in shown(refused.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ManyErrors) as refused:
        render_files(tmp_path, {"app/a.yaml": FILES["bad base64"][0], "app/b.yaml": FILES["owner"][0], "app/c.yaml": config_map("fine")})
    assert [str(e.where) for e in refused.value.errors] == ["app/a.yaml:5:3 data.a", "app/b.yaml:5:3 metadata.ownerReferences"]


def test_the_same_object_twice_names_both_places(tmp_path: Path) -> None:
    files = {"app/a.yaml": config_map("same"), "app/b.yaml": config_map("other") + "---\n# again\n" + config_map("same")}
    with pytest.raises(GitctlError) as refused:
        render_files(tmp_path, files)
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert str(refused.value) == "app/b.yaml:6:1: ConfigMap same is there twice, first at app/a.yaml:1:1"


def test_the_same_object_under_two_versions_is_there_twice(tmp_path: Path) -> None:
    text = "apiVersion: autoscaling/{}\nkind: HorizontalPodAutoscaler\nmetadata: {{name: a}}\n"
    with raises(ErrorId.DUPLICATE_OBJECT, match="is there twice"):
        render_files(tmp_path, {"app/a.yaml": text.format("v1") + "---\n" + text.format("v2")})


def test_the_namespace_of_the_app_makes_two_objects_one(tmp_path: Path) -> None:
    named = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n"
    files = {"app/a.yaml": config_map("a") + "---\n" + named}
    assert len(render_files(tmp_path, files, app(namespace="elsewhere")).manifests) == 2
    with pytest.raises(GitctlError, match="ConfigMap shop/a is there twice"):
        render_files(tmp_path, files, app(namespace="shop"))


@pytest.mark.parametrize("kind", ["plain", "kustomize", "helm"])
def test_a_link_out_of_the_repository_is_refused(kind: str, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.yaml": config_map(CANARY)}) / "secret.yaml"
    root = tmp_path / "repo"
    extra = {
        "kustomize": {"app/kustomization.yaml": "resources: [a.yaml]\n"},
        "helm": {"app/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n"},
    }
    write(root, {"app/b.yaml": config_map("b"), **extra.get(kind, {})})
    link = root / "app" / ("templates/a.yaml" if kind == "helm" else "a.yaml")
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    with pytest.raises(GitctlError) as refused:
        render(app(), WorkTree(root), vault=NoSecrets())
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert "a.yaml" in shown(refused.value)
    assert CANARY not in shown(refused.value)


keys = st.sampled_from(
    [
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "labels",
        "annotations",
        "data",
        "stringData",
        "binaryData",
        "spec",
        "status",
        "items",
        "webhooks",
        "ownerReferences",
        "type",
    ]
)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "v1", "Secret", "ConfigMap", "List", "a", "YQ==", "helm.sh/hook"])
)
shapes = st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5)), max_leaves=15)
objects = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["v1", "admissionregistration.k8s.io/v1"]),
        "kind": st.sampled_from(["Secret", "ConfigMap", "List", "X"]),
    },
    optional={
        "metadata": st.one_of(st.fixed_dictionaries({"name": st.just("a")}, optional={"labels": shapes, "annotations": shapes}), shapes),
        "data": shapes,
        "stringData": shapes,
        "binaryData": shapes,
        "items": shapes,
        "spec": shapes,
        "status": shapes,
        "webhooks": shapes,
    },
)


@given(st.lists(st.one_of(objects, shapes), max_size=3))
@settings(max_examples=150)
def test_any_shape_is_rendered_or_refused(values: list[object]) -> None:
    raws = [Document(dump(value).encode(), "app/a.yaml", exact=True) for value in values]
    with suppress(GitctlError):
        assemble(app(namespace="shop"), parse(raws), NoSecrets(), renderer="plain")


def test_valid_base64_in_any_layout_is_fine(tmp_path: Path) -> None:
    text = base64.encodebytes(b"x" * 100).decode()
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    (manifest,) = render_files(tmp_path, {"app/a.yaml": f"{SECRET}data:\n  a: |\n{lines}  b: ''\n"}).manifests
    assert manifest.body["data"] == {"a": base64.b64encode(b"x" * 100).decode(), "b": ""}
