"""Secrets in diff, drift-check and history on the real API server: each key by size and tag, and who wrote it in Git."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.fixtures.project import Project
from tests.fixtures.secrets import AgeKey

from gitctl.secrets import rules
from gitctl.secrets.files import SopsFiles

FILE = "apps/web/secret.yaml"
BODY = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "correct-horse", "user": "shop-user"}}
WROTE = r"changed in Git by Ada Author \d{4}-\d\d-\d\d \(\w{8} rotate the password\)"


def kinds(one: Any) -> dict[str, str]:
    """What happens to the keys of a changed Secret."""
    return {key["path"]: key["kind"] for key in one["keys"]}


def history(project: Project, number: int, **options: Any) -> Any:
    """What a record changed in Secrets."""
    return project.run("history", "web", "--secrets", str(number), "-o", "json", **options).json()["clusters"][0]


def test_a_password_that_is_rotated_and_one_that_is_set_by_hand(project: Project, age_key: AgeKey) -> None:
    rules.create(project.repo.path, (age_key.recipient,))
    file = project.repo.write(FILE, json.dumps(BODY))
    file.write_bytes(SopsFiles().seal(file, file.read_bytes(), readers=()))
    project.commit("the first")
    project.run("sync")

    edit = {"EDITOR": "sed -i s/correct-horse/battery-staple/"}
    project.gitctl("secret", "edit", FILE, cwd=project.repo.path, env=edit).expect()
    project.commit("rotate the password")
    told = project.run("diff", code=1).stdout
    changed = r"data\.password: \*\*\* \(13 bytes\) ~\w{8} → \*\*\* \(14 bytes\) ~\w{8}\n"
    assert re.search(rf"{changed} +{WROTE}\n      same: user \*\*\* \(9 bytes\) ~\w{{8}}\n", told), told
    project.run("sync")

    project.edit("secret", "db", {"data": {"password": "aHVudGVyMg==", "extra": "eA=="}})
    (found,) = project.run("drift-check", "-o", "json", code=1).json()["clusters"][0]["apps"][0]["objects"]
    assert kinds(found) == {"data.extra": "removed", "data.password": "changed", "data.user": "same"}
    password = next(field for field in found["fields"] if field["path"] == "data.password")
    assert (password["owner"]["manager"], password["wantedBy"]["subject"], password["wantedBy"]["file"]) == (
        "kubectl-edit",
        "rotate the password",
        FILE,
    )

    second = history(project, 2)
    (change,) = second["changes"]
    assert (second["before"]["number"], second["decrypted"]) == (1, True)
    assert kinds(change) == {"data.password": "changed", "data.user": "same"}
    assert (change["fields"][0]["oldBytes"], change["fields"][0]["newBytes"]) == (13, 14)
    edit = {"EDITOR": "sed -i s|shop-user|ref+env://USER|"}
    project.gitctl("secret", "edit", FILE, cwd=project.repo.path, env=edit).expect()
    warned = project.run("diff", "--worktree", code=1).stdout
    assert "/db data.user begins with ref+ but was encrypted in Git, so it is applied as it stands" in warned
    assert "USER" not in warned
    age_key.file.unlink()
    covered = history(project, 2)
    assert (covered["decrypted"], kinds(covered["changes"][0])) == (False, kinds(change))
    assert (covered["changes"][0]["keys"][0]["newBytes"], covered["changes"][0]["fields"][0]["writtenBy"]["file"]) == (None, FILE)
    shown = told + json.dumps([found, second, covered])
    assert not [value for value in ("correct-horse", "battery-staple", "shop-user", "hunter2") if value in shown]
