"""Where a rendered field is written."""

from __future__ import annotations

from typing import Any

from tests.unit.workflow.test_written import Memory

from gitctl.model.manifest import Manifest, ObjectRef, Origin, Path
from gitctl.workflow.places import RenderedPlaces
from gitctl.workflow.validate import field_text

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: web
          image: a
        - name: side
          image: b
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5
  template:
    spec:
      containers:
        - name: side
          image: c
"""
BODY: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "dev-web"},
    "spec": {
        "replicas": 5,
        "template": {"spec": {"containers": [{"name": "web", "image": "a"}, {"name": "side", "image": "c", "new": 1}]}},
    },
}
CONTAINERS: Path = ("spec", "template", "spec", "containers")


def place(path: Path, *, renderer: str = "kustomize", body: dict[str, Any] = BODY, origin: str = "base/d.yaml", line: int = 0) -> str:
    """The place of a path, as text."""
    tree = Memory(
        {
            "base/d.yaml": BASE,
            "over/p.yaml": PATCH,
            "over/s.yaml": "kind: Secret\nmetadata: {name: s}\nstringData:\n  a: x\n",
            "over/bad.yaml": "a: [",
        }
    )
    ref = ObjectRef("apps", body["kind"], "", body["metadata"]["name"])
    manifest = Manifest(ref, "apps/v1", body, Origin(origin, line, 0, renderer))
    return str(RenderedPlaces(tree, ("base/", "over/")).where(manifest, path))  # type: ignore[arg-type]


def test_a_field_of_an_overlay_is_where_its_value_is() -> None:
    assert place((*CONTAINERS, 0, "image")) == "base/d.yaml:10:11"
    assert place((*CONTAINERS, 1, "image")) == "over/p.yaml:10:11"
    assert place(("spec", "replicas")) == "over/p.yaml:5:3"
    assert place(CONTAINERS) == "base/d.yaml:8:7"


def test_what_is_written_nowhere_is_where_the_object_is() -> None:
    assert place((*CONTAINERS, 1, "new")) == "base/d.yaml:1:1"
    assert place(("metadata", "name")) == "base/d.yaml:1:1"


def test_a_template_is_named_without_a_line() -> None:
    assert place(("spec", "replicas"), renderer="helm", origin="chart/templates/d.yaml") == "chart/templates/d.yaml"


def test_plain_files_have_exact_places_also_where_the_normal_form_moved_a_field() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "eA=="}}
    assert place(("data", "a"), renderer="plain", body=secret, origin="over/s.yaml", line=1) == "over/s.yaml:4:3"
    assert place(("data", "b"), renderer="plain", body=secret, origin="gone.yaml", line=3) == "gone.yaml"


def test_a_path_names_items_by_their_name() -> None:
    assert field_text((*CONTAINERS, 1, "image"), BODY) == "spec.template.spec.containers[side].image"
    assert field_text(("spec", "args", 2, "x"), {"spec": {"args": [1]}}) == "spec.args[2].x"
