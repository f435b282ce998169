"""`diff --external`: the user's program is called as kubectl calls it, sees no secret, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from tests.fixtures.project import Project, config_map

from gitctl.errors import ErrorId

TELL = """#!/bin/sh
if [ "$3" = fail ]; then exit 3; fi
echo "called: $(basename "$1") $(basename "$2") $3 $4"
ls "$1" "$2" | sed 's/^/file: /'
diff -r "$1" "$2"
"""


@pytest.fixture
def telling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files; the program `tell`, which says how it was called, is on PATH and named by the variable."""
    program = tmp_path / "bin" / "tell"
    program.parent.mkdir()
    program.write_text(TELL)
    program.chmod(0o755)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("KUBECTL_EXTERNAL_DIFF", "tell between --flag=1")
    return temporary


def calls(text: str) -> list[str]:
    """How the program was called, and the files that it saw, without what differs from run to run."""
    return [re.sub(r"-\w+ ", "-… ", re.sub(r"-[\w]+(?= |$)", "-…", row)) for row in text.splitlines() if row.startswith(("called", "file"))]


def test_the_program_is_called_as_kubectl_calls_it(project: Project, telling: Path) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "hunter2hunter2"}}
    project.write("web", config_map("a", x="1"), secret)
    project.commit()
    project.run("sync")
    nothing = project.run("diff", "--external")
    assert nothing.stdout == ""
    changed = config_map("a", x="2")
    project.write("web", changed, secret | {"stringData": {"a": "hunter3hunter3"}}, config_map("new"))
    project.commit()
    ours = project.run("diff", "--external", code=1)
    theirs = project.kubectl("-n", project.name, "diff", "-f", "-", stdin=json.dumps(changed), code=1)
    assert calls(ours.stdout)[0] == calls(theirs.stdout)[0] == "called: LIVE-… MERGED-… between --flag=1"
    assert f"file: v1.ConfigMap.{project.name}.a" in ours.stdout
    assert f"file: v1.ConfigMap.{project.name}.a" in theirs.stdout
    assert re.search(rf"^Only in \S+/MERGED-\w+: v1\.ConfigMap\.{project.name}\.new$", ours.stdout, re.MULTILINE)
    assert len(set(re.findall(r"a: '\*\*\* \(14 bytes\) ~(\w{8})'", ours.stdout))) == 2
    assert "hunter" not in ours.stdout + ours.stderr
    assert "1 to create, 2 to update" in ours.stderr
    assert [path.name for path in telling.iterdir() if path.name.startswith(("gitctl", "LIVE", "MERGED"))] == []
    between = project.run("diff", "--external", "--from", "HEAD~1", "--to", "HEAD", env={"KUBECTL_EXTERNAL_DIFF": ""}, code=1)
    assert re.search(r"^\+\+\+ \S*/MERGED-\w+/v1\.ConfigMap\.\S+\.a\b", between.stdout, re.MULTILINE)


def test_a_program_that_fails_or_is_not_there_is_no_result(project: Project, telling: Path) -> None:
    project.write("web", config_map("a", x="1"))
    project.commit()
    for command, failure in (
        ("tell fail", ErrorId.EXTERNAL_DIFF_FAILED),
        ("no-such-program", ErrorId.TOOL_MISSING),
        ("tell $(id)", ErrorId.ARGUMENT_INVALID),
    ):
        project.run("diff", "--external", env={"KUBECTL_EXTERNAL_DIFF": command}, code=failure.exit_code).error(failure)
    project.run("diff", "--external", "--summary", code=2).error(ErrorId.FLAGS_CONFLICT)
    assert [path.name for path in telling.iterdir() if path.name.startswith("gitctl")] == []
