"""A sync, and a watched status, at a real terminal."""

from __future__ import annotations

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
    stopped = at_terminal("sync", "-e", "dev", cwd=project.repo.path, keys=(("waiting for 1 of", "\x03"),))
    assert stopped.code == 130, stopped.text
    assert "stopping: what is in flight ends" in stopped.text
    assert f"apps/Deployment {project.name}/web" in stopped.text
    assert stopped.raw.count(HIDE) == stopped.raw.count(SHOW) > 0
    assert stopped.raw.rindex(SHOW) > stopped.raw.rindex(HIDE)
