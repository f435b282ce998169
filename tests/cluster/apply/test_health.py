"""The health of an app: its inventory, observed on the control plane."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.cluster.apply.rig import Rig, job, lives, simulated
from tests.cluster.target.bench import configmap

from gitctl.model.app import App, HealthRule, ObjectSelector
from gitctl.model.health import HealthState
from gitctl.model.state import AppState, InventoryEntry
from gitctl.parallel import Deadline
from gitctl.workflow.health import app_health, health_apps
from gitctl.workflow.parts import Parts


@pytest.fixture
def parts(rig: Rig) -> Parts:
    """What a health check needs: a target."""
    none: Any = None
    return Parts(none, none, rig.target, none, print, lambda: datetime.now(UTC), Deadline(), "me", none)


def app(rig: Rig, **more: Any) -> App:
    """The rig's app."""
    project, env, name = rig.bench.owner.split("/")
    return App(project, env, name, "", **more)


def remember(rig: Rig, *bodies: Any, completed: frozenset[str] = frozenset()) -> None:
    """Store an inventory of these objects."""
    refs = [(rig.bench.ref(b), b["apiVersion"]) for b in bodies]
    inventory = tuple(InventoryEntry(ref, version, completed=ref.name in completed) for ref, version in refs)
    rig.target.write_state(AppState(rig.bench.owner, inventory))


def test_every_object_of_the_inventory_has_its_health(rig: Rig, parts: Parts) -> None:
    web, settings = simulated("fail", deadline=2), configmap()
    made = lives(rig.apply([web, settings]))
    rig.wait(web, seconds=60)
    missing = {**configmap("gone"), "metadata": {"name": "gone", "namespace": rig.bench.namespace}}
    finished = {**job("finish"), "metadata": {"name": "migrate", "namespace": rig.bench.namespace}}
    remember(rig, *made, missing, finished, completed=frozenset({"migrate"}))
    assert {h.ref.short: h.health.state.value for h in app_health(app(rig), parts)} == {
        "Deployment/web": "failed",
        "ConfigMap/web": "healthy",
        "ConfigMap/gone": "missing",
        "Job/migrate": "healthy",
    }


def test_the_unwell_are_explained_and_user_rules_count(rig: Rig, parts: Parts) -> None:
    web = simulated("fail", deadline=2)
    remember(rig, *lives(rig.apply([web])))
    rig.wait(web, seconds=60)
    assert app_health(app(rig), parts)[0].logs
    ignoring = app(rig, health=(HealthRule(ObjectSelector(kind="Deployment"), ignore=True),))
    (one,) = app_health(ignoring, parts)
    assert (one.health.rule, one.events) == ("user rule 1", ())


def test_an_app_that_was_never_synced(rig: Rig, parts: Parts) -> None:
    (found,) = health_apps([app(rig)], parts)
    assert (found.state, found.message, found.error) == (HealthState.UNKNOWN, "never synced here, or owns nothing", None)
