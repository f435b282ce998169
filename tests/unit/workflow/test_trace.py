"""Tracing on a target that only knows what the test says: whose an object is, and what cannot be known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.model.app import App
from gitctl.model.culprit import Culprit
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin, RenderInputs, RenderResult
from gitctl.model.revision import Revision
from gitctl.model.state import Acknowledged, AppState, InventoryEntry
from gitctl.model.tree import Ancestry, Descent
from gitctl.workflow.parts import Parts, WantedField
from gitctl.workflow.trace import TraceRequest, trace

WEB = App(project="p", env="dev", name="web", path="web", namespace="n", renamed_from=("old",))
REF = ObjectRef("apps", "Deployment", "n", "web")
BODY = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "n"},
    "spec": {"replicas": 1, "token": "hunter2hunter2"},
}
LIVE = BODY | {"metadata": {"name": "web", "namespace": "n", "uid": "u1"}}
COMMIT = "a" * 40


@dataclass
class Target:
    """A target with these objects and states. Only what `trace` asks for."""

    states: tuple[AppState, ...]
    found: tuple[Json, ...] = (LIVE,)
    namespace: str = ""
    owners: tuple[Json, ...] = ()
    asked: tuple[str, ...] = ()

    def list_states(self) -> tuple[AppState, ...]:
        return self.states

    def find(self, word: str, name: str, namespaces: Sequence[str]) -> tuple[Json, ...]:
        del word, name
        self.asked = tuple(namespaces)
        return self.found

    def ancestors(self, live: Json) -> Ancestry:
        del live
        return Ancestry(self.owners, "ReplicaSet/web-1 is gone")

    def descendants(self, roots: Sequence[Json]) -> Descent:
        raise NotImplementedError

    def locate(self, manifests: tuple[Manifest, ...], *, kinds: Any) -> tuple[Manifest, ...]:
        del kinds
        return manifests


@dataclass
class World:
    """A tree that renders one manifest, and remembers what was blamed."""

    target: Target
    manifest: Manifest = Manifest(REF, "apps/v1", BODY, Origin("web/all.yaml", 3), sensitive=(("spec", "token"),))
    blamed: tuple[WantedField, ...] = ()

    def parts(self) -> Parts:
        """Parts in which only what a trace uses is real."""
        revision = Revision("repo", COMMIT, "main")
        tree = type("Tree", (), {"revision": revision})()
        result = RenderResult("web", revision, RenderInputs(renderer="plain"), (self.manifest,), "d", ("web/",))
        project = type("Lookup", (), {"app_at": lambda _self, app, _tree: app})()
        unused: Any = None
        return Parts(None, tree, self.target, lambda _app, _tree: result, unused, unused, unused, "ada", project, blame=self._blame)  # type: ignore[arg-type]

    def _blame(self, field: WantedField) -> Culprit | None:
        self.blamed += (field,)
        return Culprit("c" * 40, "Ada", "", "why", "web/all.yaml", 7)


def state(owner: str = "p/dev/web", *, revision: str = COMMIT, uid: str = "u1") -> AppState:
    """A state that lists the Deployment."""
    known = Acknowledged(revision, "main", "https://example.test/r.git", "d", RenderInputs(renderer="plain"), "web", "2026-01-02T03:04:05Z")
    return AppState(owner, (InventoryEntry(REF, "apps/v1", uid, revision=revision),), acknowledged=known)


def traced(world: World, **request: str) -> Any:
    """A trace of deploy/web."""
    return trace((WEB,), world.parts(), TraceRequest("deploy", "web", **request))


def test_the_object_leads_to_its_app_and_file() -> None:
    world = World(Target((state(),)))
    found = traced(world)
    assert (found.applied.app, found.applied.revision, found.origin, found.written.line) == ("web", COMMIT, world.manifest.origin, 7)
    assert world.blamed == (WantedField(COMMIT, world.manifest.origin, (), None, ("web/",), REF),)
    assert found.gap == "ReplicaSet/web-1 is gone"


def test_a_state_under_a_former_name_is_the_apps_too() -> None:
    assert traced(World(Target((state("p/dev/old"),)))).written is not None


def test_an_app_that_is_elsewhere_is_named_with_its_repository() -> None:
    found = traced(World(Target((state("other/prod/web"),))))
    assert found.applied.owner == "other/prod/web"
    assert "https://example.test/r.git" in found.gap
    assert found.origin is None


def test_a_namesake_of_what_was_applied_is_not_it() -> None:
    assert traced(World(Target((state(uid="another"),)))).applied is None


def test_uncommitted_files_have_no_commit() -> None:
    world = World(Target((state(revision=f"{COMMIT}-dirty"),)))
    found = traced(world, field="spec.replicas")
    assert "uncommitted" in found.gap
    assert (found.written, found.fields[0].written, world.blamed) == (None, None, ())


def test_what_the_commit_does_not_render_any_more_is_said() -> None:
    world = World(Target((state(),)))
    world.manifest = replace(world.manifest, ref=replace(REF, name="renamed"))
    assert "does not render apps/Deployment n/web any more" in traced(world).gap


@pytest.mark.parametrize("field", ["spec.replicas", ".spec.replicas", "$.spec.replicas", "/spec/replicas"])
def test_a_field_may_be_spelled_in_four_ways(field: str) -> None:
    assert traced(World(Target((state(),))), field=field).fields[0].path == ("spec", "replicas")


def test_the_value_of_a_secret_field_is_neither_shown_nor_looked_for() -> None:
    world = World(Target((state(),)))
    (field,) = traced(world, field="spec.token").fields
    assert field.wanted == "*** (14 bytes)"
    assert world.blamed[-1].value is None
    assert traced(world, field="spec.replicas").fields[0].wanted == 1
    assert world.blamed[-1].value == 1


def test_a_field_that_is_nowhere_is_wrong_usage() -> None:
    with raises(ErrorId.ARGUMENT_INVALID, match=r"has no field spec\.nothing"):
        traced(World(Target((state(),))), field="spec.nothing")


def test_the_namespaces_of_the_apps_are_looked_at_unless_one_is_named() -> None:
    target = Target((state(),), namespace="context-default")
    traced(World(target))
    assert target.asked == ("n", "context-default")
    traced(World(target), namespace="x")
    assert target.asked == ("x",)


@pytest.mark.parametrize(
    ("found", "failure", "said"),
    [
        ((), ErrorId.OBJECT_UNKNOWN, "there is no deploy/web"),
        ((LIVE, LIVE), ErrorId.OBJECT_AMBIGUOUS, "in several namespaces: n, n"),
    ],
)
def test_it_must_be_one_object(found: tuple[Json, ...], failure: ErrorId, said: str) -> None:
    with raises(failure, match=said):
        traced(World(Target((state(),), found=found)))


def test_what_goes_to_a_branch_cannot_be_traced() -> None:
    world = World(Target((state(),)))
    world.target = type("Branch", (), {"list_states": lambda _self: ()})()
    with raises(ErrorId.NO_CLUSTER_APP):
        traced(world)
