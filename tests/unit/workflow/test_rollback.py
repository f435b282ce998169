"""Rollback of what has no commits; with commits it is tested on the real API server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.fixtures.errors import raises
from tests.unit.history.test_find import record

from gitctl.errors import ErrorId
from gitctl.model.app import App
from gitctl.model.state import AppState
from gitctl.workflow.rollback import RollbackRequest, plan_rollback


def test_a_folder_outside_of_a_project_has_no_revisions() -> None:
    app = App(project="path", env="demo", name="demo", path="manifests")
    state = AppState(app.owner, records=(record(1, "a"), record(2, "b")))
    target = SimpleNamespace(read_state=lambda _owner: state)
    parts: Any = SimpleNamespace(source=None, target=target, timestamp=lambda: "2026-11-26T15:00:00Z")
    with raises(ErrorId.NOT_A_PROJECT, match="has no revisions"):
        plan_rollback(app, parts, RollbackRequest(to="v1.2"), overlay=lambda tree, _files: tree)
