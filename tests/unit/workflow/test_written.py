"""Which documents are manifests, which are patches, and where definitions lie."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from gitctl.errors import ManifestError
from gitctl.workflow.written import definitions, patches, read_file

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n"
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"


class Memory:
    """A tree in memory that says what was read."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: text.encode() for path, text in files.items()}
        self.read: list[str] = []

    def files(self, folder: str) -> Mapping[str, bytes]:
        """Files at or below a folder."""
        found = {p: c for p, c in self._files.items() if p == folder or not folder or p.startswith(f"{folder}/")}
        self.read += found
        return found

    def names(self, folder: str) -> Collection[str]:
        """Their names."""
        return tuple(p for p in self._files if p == folder or not folder or p.startswith(f"{folder}/"))


@pytest.mark.parametrize(
    ("path", "text", "other"),
    [
        ("a/kustomization.yaml", "resources: []", "a kustomization"),
        ("gitctl.yaml", "kind: Project", "a project file"),
        ("chart/templates/a.yaml", "a: {{ .Values.b }}", "a helm template"),
        ("chart/values.yaml", "replicas: 1", "no Kubernetes manifest"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: a", "no Kubernetes manifest"),
        (".github/a.yaml", "on: push", "no Kubernetes manifest"),
        ("a.json", "[1, 2]", "no Kubernetes manifest"),
        ("patch.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component", "no Kubernetes manifest"),
        ("empty.yaml", "# nothing\n---\n", "no Kubernetes manifest"),
    ],
)
def test_other_files_are_told_apart(path: str, text: str, other: str) -> None:
    found = read_file(path, text.encode(), {"chart/Chart.yaml", path})
    assert (found.objects, found.other.split(":")[0]) == ((), other)


def test_objects_have_their_document_and_their_step_in_a_list() -> None:
    items = (
        "---\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: x}}\n- {apiVersion: v1, kind: B}\n- 7\n"
    )
    found = read_file("a.yaml", (OBJECT + items + "---\nkind: C\nmetadata: {name: c}\nsops: {mac: x}\n").encode(), ()).objects
    assert [(o.name, o.document, o.step) for o in found] == [
        ("ConfigMap b/a", 0, ()),
        ("A x", 2, ("items", 0)),
        ("B", 2, ("items", 1)),
        ("C c", 3, ()),
    ]
    assert "sops" not in found[-1].body


def test_a_template_outside_of_a_chart_is_an_error_that_says_so() -> None:
    with pytest.raises(ManifestError) as caught:
        read_file("templates/a.yaml", b"a: {{ .Values.b }}\nc: {{ d }}", {"templates/a.yaml"})
    assert caught.value.hint == "a template? validate what it renders to"


def test_patches_are_those_that_kustomizations_name() -> None:
    tree = Memory(
        {
            "over/kustomization.yaml": "patches: [{path: ../p/a.yaml}, {patch: '- op: add'}]\npatchesStrategicMerge: [b.yaml, \"a: |\\n  b\"]\n",
            "broken/kustomization.yaml": "patches: [",
            "strange/Kustomization": "patches: 7",
        }
    )
    assert patches(tree, tree.names("")) == {"p/a.yaml", "over/b.yaml"}  # type: ignore[arg-type]


def test_definitions_are_found_and_little_else_is_read() -> None:
    tree = Memory(
        {
            "crds/a.yaml": CRD,
            "x/a.txt": "a",
            "x/y/b.yaml": OBJECT + "---\n" + CRD,
            "c.yaml": CRD,
            ".git/d.yaml": CRD,
            "x/y/e.yaml": "CustomResourceDefinition: [",
        }
    )
    assert len(definitions(tree, tree.names(""))) == 3  # type: ignore[arg-type]
    assert set(tree.read) == {"crds/a.yaml", "x/y/b.yaml", "c.yaml", "x/y/e.yaml"}
