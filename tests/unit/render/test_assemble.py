from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.render.trees import app, config_map, render_files

from gitctl.documents import dump_all
from gitctl.model.manifest import ObjectRef

ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n"


def refs(folder: Path, text: str, **options: object) -> list[str]:
    return [str(m.ref) for m in render_files(folder, {"app/a.yaml": text}, app(**options)).manifests]


def test_namespace_is_given_only_where_none_is_named(tmp_path: Path) -> None:
    named = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: other}\n"
    assert refs(tmp_path, config_map("a") + "---\n" + named, namespace="shop") == ["ConfigMap shop/a", "ConfigMap other/b"]


def test_an_empty_namespace_is_none(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ''}\n"
    assert refs(tmp_path, text, namespace="shop") == ["ConfigMap shop/a"]
    (manifest,) = render_files(tmp_path, {"app/a.yaml": text}).manifests
    assert manifest.body["metadata"] == {"name": "a"}


def test_cluster_scoped_kinds_get_none(tmp_path: Path) -> None:
    assert refs(tmp_path, ROLE, namespace="shop") == ["rbac.authorization.k8s.io/ClusterRole r"]


def test_a_definition_in_the_render_decides_its_scope(tmp_path: Path) -> None:
    text = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusterissuers.cert-manager.io}
spec: {group: cert-manager.io, names: {kind: ClusterIssuer}, scope: %s}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: a}
"""
    assert refs(tmp_path, text % "Cluster", namespace="shop")[1] == "cert-manager.io/ClusterIssuer a"
    assert refs(tmp_path, text % "Namespaced", namespace="shop")[1] == "cert-manager.io/ClusterIssuer shop/a"


def test_create_namespace_adds_it_unless_the_files_do(tmp_path: Path) -> None:
    own = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n"
    assert refs(tmp_path, config_map("a"), namespace="shop", create_namespace=True) == ["Namespace shop", "ConfigMap shop/a"]
    assert refs(tmp_path, config_map("a") + "---\n" + own, namespace="shop", create_namespace=True) == [
        "ConfigMap shop/a",
        "Namespace shop",
    ]


def test_lists_are_flattened_at_any_depth(tmp_path: Path) -> None:
    def as_list(*items: object) -> dict[str, object]:
        return {"apiVersion": "v1", "kind": "List", "items": list(items)}

    def item(name: str) -> dict[str, object]:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}

    typed = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [item("d")]}
    text = dump_all([as_list(item("a"), as_list(item("b"), item("c"))), typed, as_list()])
    assert refs(tmp_path, text) == ["ConfigMap a", "ConfigMap b", "ConfigMap c", "ConfigMap d"]


def test_order_is_by_path_then_document(tmp_path: Path) -> None:
    files = {"app/b.yaml": config_map("1"), "app/a/z.yaml": config_map("x2") + "---\n" + config_map("x1"), "app/B.yaml": config_map("x3")}
    files["app/b.yaml"] = config_map("x4")
    assert [m.ref.name for m in render_files(tmp_path, files).manifests] == ["x3", "x2", "x1", "x4"]


def test_the_digest_does_not_depend_on_files_order_or_spelling(tmp_path: Path) -> None:
    one = render_files(tmp_path / "1", {"app/a.yaml": config_map("a", "data: {x: 'on', z: '1'}\n") + "---\n" + config_map("b")})
    other = render_files(
        tmp_path / "2",
        {
            "app/z.yaml": 'data: {"z": "1", "x": "on"}\nkind: ConfigMap\nmetadata: {name: a}\napiVersion: v1\n',
            "app/b.yaml": config_map("b"),
        },
    )
    assert one.digest == other.digest


@pytest.mark.parametrize("change", ["data: {x: '2'}\n", "data: {}\n", "immutable: true\n"])
def test_the_digest_changes_with_content(change: str, tmp_path: Path) -> None:
    before = render_files(tmp_path / "1", {"app/a.yaml": config_map("a", "data: {x: '1'}\n")})
    after = render_files(tmp_path / "2", {"app/a.yaml": config_map("a", change)})
    assert before.digest != after.digest


@given(names=st.lists(st.sampled_from("abcdef"), unique=True, min_size=1), random=st.randoms())
@settings(max_examples=15)
def test_the_digest_is_the_same_in_any_order(names: list[str], random: Random, tmp_path_factory: pytest.TempPathFactory) -> None:
    mixed = list(names)
    random.shuffle(mixed)
    folders = [tmp_path_factory.mktemp("tree") for _ in range(2)]
    texts = ["---\n".join(map(config_map, order)) for order in (names, mixed)]
    results = [render_files(folder, {"app/a.yaml": text}) for folder, text in zip(folders, texts, strict=True)]
    assert results[0].digest == results[1].digest


def test_an_empty_folder_renders_nothing(tmp_path: Path) -> None:
    result = render_files(tmp_path, {"app/README.md": "nothing here"})
    assert (result.manifests, result.inputs.renderer) == ((), "plain")


def test_group_is_without_version(tmp_path: Path) -> None:
    (manifest,) = render_files(tmp_path, {"app/a.yaml": ROLE}).manifests
    assert (manifest.ref, manifest.api_version) == (
        ObjectRef("rbac.authorization.k8s.io", "ClusterRole", "", "r"),
        "rbac.authorization.k8s.io/v1",
    )
