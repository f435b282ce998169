"""Watching as the accounts of `gitctl rbac`: what they may list by name alone is watched too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.watch.running import until, watching
from tests.fixtures.account import kubeconfig_of, token_of
from tests.fixtures.project import Project, config_map

from gitctl.sandbox import ControlPlane


@pytest.fixture
def accounts(project: Project, control_plane: ControlPlane, tmp_path: Path) -> Iterator[dict[str, Path]]:
    """A kubeconfig for each account, after the app was applied once."""
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": project.name}, "value": 7}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"a": "hunter2hunter2"}}
    project.write("web", config_map("settings", a="1"), secret, {**priority, "description": "ours"})
    project.commit()
    project.run("sync")
    rights = project.run("rbac").stdout
    project.kubectl("apply", "--server-side", "-f", "-", stdin=rights)
    users = {name: f"system:serviceaccount:gitctl-{project.name}-dev:{name}" for name in ("reader", "deployer")}
    yield {name: kubeconfig_of(control_plane, token_of(project.kubectl, user), tmp_path / name) for name, user in users.items()}
    project.kubectl("delete", "priorityclass", project.name, "--ignore-not-found", "--wait=false")
    kept = [d for d in rights.split("---\n") if d.strip() and "gitctl-system" not in d and "name: gitctl-environment-reader" not in d]
    project.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", stdin="---\n".join(kept))


def test_a_secret_and_what_has_no_namespace_are_watched_by_name(project: Project, accounts: dict[str, Path], tmp_path: Path) -> None:
    def edit_all() -> None:
        patches: dict[str, Any] = {"configmap/settings": {"data": {"a": "2"}}, "secret/key": {"stringData": {"a": "another-value"}}}
        for name, patch in {**patches, f"priorityclass/{project.name}": {"description": "theirs"}}.items():
            project.edit(*name.split("/"), patch)

    def priority() -> str:
        return str((project.live("priorityclass", project.name) or {})["description"])

    folders = [tmp_path / name for name in ("drift", "sync")]
    for folder in folders:
        folder.mkdir()
    reader, deployer = (("--kubeconfig", accounts[name]) for name in ("reader", "deployer"))
    with watching(project, folders[0], "drift-check", *reader) as drift:
        drift.logs("watching 3 objects")
        edit_all()
        drift.prints("settings: data.a", "/key: data.a", "PriorityClass")
        with watching(project, folders[1], "sync", "--interval", "10m", *deployer) as sync:
            sync.logs("round 1: done")
            drift.prints("in sync again", times=3)
            edit_all()
            drift.prints("settings: data.a", times=2)
            until(lambda: priority() == "ours" and (project.live("configmap", "settings") or {})["data"] == {"a": "1"}, sync.told)
            drift.prints("in sync again", times=4)
            assert "not watched but looked at" not in sync.told() + drift.told()
            assert "another-value" not in sync.told() + drift.told()
            sync.stop()
        assert drift.end() == 143
