"""Secrets in diff, drift-check and history on the real API server: each key by size and tag, and who wrote it in Git."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from tests.fixtures.project import Project, config_map
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId
from gitctl.secrets import rules
from gitctl.secrets.files import SopsFiles

FILE = "apps/web/secret.yaml"


def seal(project: Project, message: str, **values: str) -> None:
    """Commit the encrypted Secret with these values; those that stay keep their ciphertext."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": values}
    file = project.repo.path / FILE
    plain = json.dumps(body).encode()
    if file.exists():
        found = project.gitctl("secret", "edit", FILE, cwd=project.repo.path, env={"EDITOR": "cp new.json"}, stdin="")
        found.expect()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(SopsFiles().seal(file, plain, readers=()))
    project.commit(message)


def only(body: Any) -> Any:
    """The one changed object of a result."""
    (cluster,) = body["clusters"]
    return next(iter(cluster["apps"][0]["changes" if "changes" in cluster["apps"][0] else "objects"]))
