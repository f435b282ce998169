from __future__ import annotations

import pytest

from gitctl.errors import ManifestError, Refused
from gitctl.model.change import FieldOwner
from gitctl.model.fieldset import of_manager
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin
from gitctl.model.marks import OWNER_ANNOTATION, annotation, uid
from gitctl.target.branch.check import check_manifests
from gitctl.target.branch.edits import edits
from gitctl.target.branch.files import as_live, body_of, content_of
from gitctl.target.branch.place import Place

PLACE = Place("rendered/dev", "site")
REF = ObjectRef("", "ConfigMap", "shop", "web")
BODY: Json = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}, "data": {"a": "1", "on": "yes"}}


def manifest(ref: ObjectRef = REF, *, path: str = "all.yaml", secret: bool = False, sealed: bytes = b"") -> Manifest:
    return Manifest(ref, "v1", BODY, Origin(path, 1), sensitive=(("data", "a"),) if secret else (), sealed=sealed)


def test_a_file_says_what_the_body_says() -> None:
    assert body_of(content_of(manifest(), BODY), REF, where="x") == BODY
    assert content_of(manifest(sealed=b"kind: Secret\n"), BODY) == b"kind: Secret\n"


@pytest.mark.parametrize("text", [b"", b"[1]", b"a: [", b"\xff", b"kind: A\n---\nkind: B\n", b"metadata: 1\n", b"a: 1\na: 2\n"])
def test_a_file_that_is_no_object_has_nothing_in_it(text: bytes) -> None:
    assert body_of(text, REF, where="x") == {"kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}}


def test_an_owned_file_looks_like_an_object_of_ours() -> None:
    live = as_live(BODY, REF, PLACE, owner="shop/dev/site")
    assert uid(live) == "rendered/dev:site/shop/configmap_web.yaml"
    assert annotation(live, OWNER_ANNOTATION) == "shop/dev/site"
    assert sorted(of_manager(live, "gitctl")) == [("f:data", "f:a"), ("f:data", "f:on")]
    assert "managedFields" not in as_live(BODY, REF, PLACE, owner="")["metadata"]
    assert "annotations" not in BODY["metadata"]


def test_edits_are_named_field_by_field() -> None:
    before = {"spec": {"replicas": 1, "on": True, "containers": [{"name": "a", "image": "x"}, {"name": "b"}], "args": [1, 2]}, "old": 1}
    after = {"spec": {"replicas": 2, "on": 1, "containers": [{"name": "b"}, {"name": "a", "image": "y"}], "args": [1], "new": {"x": 1}}}
    eve = FieldOwner("Eve")
    taken, additions = edits(before, after, eve)
    changed = {("spec", "replicas"), ("spec", "on"), ("spec", "containers", "[name=a]", "image"), ("spec", "args"), ("old",)}
    assert {c.path for c in taken} == changed
    assert [(a.path, a.owner) for a in additions] == [(("spec", "new"), eve)]
    assert edits(before, before, eve) == ((), ())


def test_secrets_in_the_open_are_refused_by_name() -> None:
    with pytest.raises(Refused) as refused:
        check_manifests([manifest(), manifest(secret=True)], PLACE)
    assert refused.value.details == ("ConfigMap shop/web (all.yaml:1)",)
    check_manifests([manifest(secret=True, sealed=b"x")], PLACE)
    with pytest.raises(Refused, match="JSON"):
        check_manifests([manifest(secret=True, sealed=b"x", path="a.json")], PLACE)


def test_kinds_that_differ_in_case_only_are_told() -> None:
    with pytest.raises(ManifestError, match="would be one file, site/shop/configmap_web"):
        check_manifests([manifest(), manifest(ObjectRef("", "CONFIGMAP", "shop", "web"))], PLACE)
