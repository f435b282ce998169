"""A comparison made on this side: exact where nobody touched what was applied, with the culprit where somebody did."""

from __future__ import annotations

from typing import Any

from gitctl.model.change import Comparison, Proof
from gitctl.model.fieldset import FieldSet
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin, Path
from gitctl.model.state import InventoryEntry
from gitctl.target.kubernetes.local import compared_here
from gitctl.target.kubernetes.ownership import Claim

REF = ObjectRef("", "ConfigMap", "shop", "x")


def tree(*paths: str) -> Json:
    """FieldsV1 of dotted paths."""
    found: Json = {}
    for path in paths:
        node = found
        for step in path.split("."):
            node = node.setdefault(f"f:{step}", {})
    return found


def live(data: Json, **managers: tuple[str, ...]) -> Json:
    """An object with these managers; `gitctl` by Apply, all others by Update."""
    listed = [
        {
            "manager": name.replace("_", "-"),
            "operation": "Apply" if name == "gitctl" else "Update",
            "apiVersion": "v1",
            "fieldsV1": tree(*paths),
        }
        for name, paths in managers.items()
    ]
    return {"metadata": {"name": "x", "uid": "u", "managedFields": listed}, "data": data}


def compared(
    there: Json, sent: Json, *, applied: tuple[str, ...], digest: str = "same", stored: tuple[Path, ...] = (), **options: Any
) -> Comparison:
    """The wanted data beside a live object; `applied` are the fields of the last apply, of the manifest `same`."""
    manifest = Manifest(REF, "v1", {}, Origin("a.yaml"), digest=digest, stored=stored)
    fields = FieldSet.parse(tree(*applied)).canonical()
    entry = InventoryEntry(REF, "v1", uid="u", fields=fields, digest="same")
    found = Comparison(manifest, there, None, {"metadata": {"name": "x"}, "data": sent})
    return compared_here(found, there, entry, Claim(fields, **options))


def test_what_the_server_made_of_an_untouched_object_is_no_difference() -> None:
    there = live({"cpu": "1"}, gitctl=("data.cpu", "data.empty"), operator=("data.theirs",))
    found = compared(there, {"cpu": "1000m", "empty": {}}, applied=("data.cpu", "data.empty"))
    assert (found.merged, found.proof, found.taken, found.additions) == (there, Proof.LOCAL, (), ())


def test_another_wanted_object_is_laid_over_the_live_one() -> None:
    there = live({"a": "1"}, gitctl=("data.a",))
    found = compared(there, {"a": "2"}, applied=("data.a",), digest="other")
    assert found.merged is not None
    assert found.merged["data"] == {"a": "2"}


def test_a_value_of_a_store_is_compared_although_the_digest_is_the_same() -> None:
    there = live({"a": "b2xk"}, gitctl=("data.a",))
    found = compared(there, {"a": "bmV3"}, applied=("data.a",), stored=(("data", "a"),))
    assert found.merged is not None
    assert found.merged["data"] == {"a": "bmV3"}


def test_a_changed_field_is_taken_back_from_who_changed_it() -> None:
    there = live({"a": "by hand", "b": "1"}, gitctl=("data.b",), kubectl_edit=("data.a",))
    found = compared(there, {"a": "1", "b": "1"}, applied=("data.a", "data.b"))
    assert found.merged is not None
    assert found.merged["data"] == {"a": "1", "b": "1"}
    assert [(c.path, c.owner.manager) for c in found.taken] == [(("data", "a"), "kubectl-edit")]
    assert found.additions == ()


def test_what_people_add_goes_and_what_controllers_add_stays() -> None:
    there = live({"a": "1", "added": "x", "theirs": "y"}, gitctl=("data.a",), kubectl_edit=("data.added",), operator=("data.theirs",))
    found = compared(there, {"a": "1"}, applied=("data.a",))
    assert found.merged is not None
    assert found.merged["data"] == {"a": "1", "theirs": "y"}
    assert [(a.path, a.owner.manager) for a in found.additions] == [(("data", "added"), "kubectl-edit")]
    kept = compared(there, {"a": "1"}, applied=("data.a",), keep_additions=True)
    assert kept.merged == there


def test_an_object_made_anew_by_somebody_else_is_not_the_one_that_was_applied() -> None:
    there = live({"a": "other"}, gitctl=("data.a",))
    there["metadata"]["uid"] = "another"
    found = compared(there, {"a": "1"}, applied=("data.a",))
    assert found.merged is not None
    assert found.merged["data"] == {"a": "1"}
