"""A sync, and a watched status, at a real terminal."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator

from tests.fixtures.project import Project, config_map, deployment
from tests.fixtures.terminal import at_terminal

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def test_a_sync_shows_its_waves_and_what_blocks_and_leaves_the_terminal_sane(project: Project) -> None:
    project.write("web", config_map("a"), config_map("b"), deployment("web"))
    project.commit()
    seen = at_terminal("sync", "-e", "dev", cwd=project.repo.path)
    assert seen.code == 0, seen.text
    assert "web: succeeded in" in seen.text
    assert "3 applied" in seen.text
    assert "configuration" in seen.text
    assert seen.raw.count(HIDE) == seen.raw.count(SHOW) > 0
    assert seen.raw.rindex(SHOW) < seen.raw.index("web: succeeded in")
    assert "ConfigMap" not in seen.text.partition("web: succeeded in")[2], "the lines of single objects are for logs"
    project.write("web", config_map("a"), config_map("b"), deployment("web", simulate="never-ready", image="example.test/web:2"))
    project.commit()
    stopped = at_terminal("sync", "-e", "dev", "--timeout", "2m", cwd=project.repo.path, keys=(("waiting for 1 of", "\x03"),))
    assert stopped.code == 130, stopped.text
    assert "stopping: what is in flight ends" in stopped.text
    assert f"apps/Deployment {project.name}/web" in stopped.text
    assert stopped.raw.count(HIDE) == stopped.raw.count(SHOW) > 0
    assert stopped.raw.rindex(SHOW) > stopped.raw.rindex(HIDE)


def test_a_watched_status_is_drawn_over_itself_until_ctrl_c(project: Project) -> None:
    project.write("web", config_map("a", x="1"))
    project.commit()
    project.run("sync")

    def drift() -> None:
        project.edit("configmap", "a", {"data": {"x": "2"}})

    keys = (("in-sync", drift), ("1 object not as applied", "\x03"))
    seen = at_terminal("status", "web", "-e", "dev", "--watch", "--interval", "30s", cwd=project.repo.path, keys=keys)
    assert seen.code == 130
    assert "error" not in seen.text
    up = re.search(r"\x1b\[(\d+)A\x1b\[J", seen.raw)
    assert up is not None
    before = seen.text.partition("drifted")[0]
    assert int(up[1]) == before[: before.rindex("APP")].count("\n") - 1, "the second frame begins where the first did"


def test_elsewhere_a_watched_status_is_printed_when_it_says_something_new(project: Project) -> None:
    project.write("web", config_map("a", x="1"))
    project.commit()
    argv = (sys.executable, "-m", "gitctl", "status", "-e", "dev", "-w", "--interval", "2s")
    with subprocess.Popen(argv, cwd=project.repo.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = list(takewhile_not("never synced", child.stdout))
        project.run("sync")
        then = list(takewhile_not("in-sync", child.stdout))
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (130, "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n", first[0])
    assert "\x1b" not in "".join((*first, *then, rest))
    assert "--interval is too short" in project.run("status", "-w", "--interval", "1s", code=2).stderr
    assert "--watch prints no -o yaml" in project.run("status", "-w", "-o", "yaml", code=2).stderr


def takewhile_not(text: str, lines: Iterable[str]) -> Iterator[str]:
    """The lines up to the first that has the text."""
    for line in lines:
        if text in line:
            return
        yield line
