"""GHSA-3v3m-wc6v-x4x3 and its like on a real API server: the answer of a dry run holds more of a Secret than we sent."""

from __future__ import annotations

import base64

import pytest
from tests.advisories.world import CANARY
from tests.canary.search import Search
from tests.fixtures.project import Project

FORMS = (("-o", "text"), ("-o", "text", "-vvv"), ("-o", "json", "-vvv"), ("-o", "markdown"), ("-o", "sarif"), ("-o", "junit", "-vvv"))
OTHER = f"{CANARY}other"


def secret(**data: str) -> dict[str, object]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": encoded}


@pytest.mark.torture
def test_keys_of_others_in_our_secret(project: Project) -> None:
    """We own one key; the server's answer has the other one too, and kubectl's annotation has the whole."""
    project.configure({"web": {}})
    project.write("web", secret(ours="public-and-old"))
    project.commit()
    project.run("sync")
    copy = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"kind":"Secret","stringData":{{"theirs":"{CANARY}"}}}}'}
    project.edit("secret", "a", {"metadata": {"annotations": copy}, "stringData": {"theirs": OTHER}}, manager="vault-agent")
    project.write("web", secret(ours="public-and-new", mask="***"))
    project.commit()
    search = Search((CANARY, OTHER))
    for form in FORMS:
        done = project.run("diff", *form, code=1)
        assert [*search.text("stdout", done.stdout), *search.text("stderr", done.stderr)] == [], form
    live = (project.live("secret", "a") or {})["data"]
    assert base64.b64decode(live["theirs"]).decode() == OTHER
    drift = project.run("drift-check", "-o", "json", "-vvv")
    assert search.text("stdout", drift.stdout + drift.stderr) == []
