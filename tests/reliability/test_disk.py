"""A full disk and a read-only cache: one clear error or none at all, nothing half done, and with room again the run converges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.commands import Result
from tests.fixtures.figures import Figure
from tests.fixtures.project import Project, config_map
from tests.reliability.test_git_kills import Kill, picture, play, template  # noqa: F401 - a fixture

from gitctl.errors import ErrorId, ExitCode

# A tmpfs in a mount namespace of its own needs no root. It goes with the shell, so what is left on it is copied away at the end.
SMALL = """
set -u
mount -t tmpfs -o size=16m,mode=700 tmpfs "$DISK" || exit 99
cp -a "$TEMPLATE"/. "$DISK"/ && mkdir "$DISK"/home "$DISK"/tmp && cd "$DISK"/repo
export HOME="$DISK"/home TMPDIR="$DISK"/tmp GITCTL_CACHE_DIR="$DISK"/home/cache GITCTL_STATE_DIR="$DISK"/home/state
room=$(df -k --output=avail "$DISK" | tail -1)
head -c $(((room - FREE) * 1024)) /dev/zero > "$DISK"/filler
"$@"; echo "first $?" >&2
rm "$DISK"/filler
"$@"; echo "second $?" >&2
cp -a "$DISK"/. "$LEFT"/
"""


def can_mount() -> bool:
    """May a user make mounts in a namespace of his own?"""
    return (
        shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode == 0
    )


needs_mounts = pytest.mark.skipif(not can_mount(), reason="no user namespaces here")


def on_a_small_disk(folder: Path, source: Path, free: int, *args: str) -> tuple[int, int, str]:
    """Run gitctl twice in a copy of `source` on a disk with so many KiB free, the second time with room; codes, and what was said."""
    disk, left = folder / f"disk-{free}", folder / f"left-{free}"
    disk.mkdir()
    left.mkdir()
    env = {**os.environ, "DISK": str(disk), "LEFT": str(left), "TEMPLATE": str(source), "FREE": str(free)}
    command = ("unshare", "-Urm", "sh", "-c", SMALL, "sh", sys.executable, "-m", "gitctl", *args, "-e", "dev")
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=180)
    codes = [line.split() for line in done.stderr.splitlines() if line.startswith(("first ", "second "))]
    assert [word for word, _ in codes] == ["first", "second"], done.stderr
    return int(codes[0][1]), int(codes[1][1]), done.stdout + done.stderr


@needs_mounts
@pytest.mark.torture
def test_a_disk_that_is_full_while_an_app_goes_to_a_branch(template: Path, tmp_path: Path, long: bool, figure: Figure) -> None:  # noqa: F811
    whole = play(template, Kill(0)).picture
    failed = 0
    for free in range(0, 400, 4) if long else (24, 64):
        first, second, told = on_a_small_disk(tmp_path, template, free, "sync", "--push")
        assert first in (0, ExitCode.SOURCE), f"{free} KiB: {told}"
        assert second == 0, f"{free} KiB: {told}"
        assert picture(tmp_path / f"left-{free}") == whole, f"{free} KiB: {told}"
        failed += first != 0
        shutil.rmtree(tmp_path / f"left-{free}")
    figure("full disks", failed)
    assert failed


@pytest.fixture
def kustomized(project: Project) -> Project:
    """An app of plain files and one that kustomize renders, committed."""
    project.configure({"web": {}, "site": {"path": "apps/site"}})
    project.write("web", config_map("plain", a="1"))
    project.write("site", config_map("built"))
    project.repo.write("apps/site/kustomization.yaml", "resources: [all.yaml]\n")
    project.commit()
    return project


@needs_mounts
@pytest.mark.torture
def test_a_disk_that_is_full_while_apps_go_to_a_cluster(kustomized: Project, tmp_path: Path, long: bool, figure: Figure) -> None:
    source = tmp_path / "source"
    shutil.copytree(kustomized.repo.path, source / "repo")
    for free in range(0, 80, 4) if long else (0,):
        first, second, told = on_a_small_disk(tmp_path, source, free, "sync")
        assert first in (0, ExitCode.RENDER), f"{free} KiB: {told}"
        assert second == 0, f"{free} KiB: {told}"
        figure("full disks", first != 0)
        kustomized.run("diff")
        assert kustomized.live("configmap", "plain")
        kustomized.kubectl("-n", kustomized.name, "delete", "configmap", "plain", "built")


READ_ONLY = """
set -u
mount -t tmpfs -o ro tmpfs "$DISK" || exit 99
export GITCTL_CACHE_DIR="$DISK"
exec "$@"
"""


@needs_mounts
def test_a_cache_that_cannot_be_written_costs_time_alone(kustomized: Project, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()

    def run(*args: str, code: int) -> str:
        command = ("unshare", "-Urm", "sh", "-c", READ_ONLY, "sh", sys.executable, "-m", "gitctl", *args, "-e", "dev")
        env = {**os.environ, "DISK": str(disk)}
        done = subprocess.run(command, cwd=kustomized.repo.path, env=env, capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("sync", code=0)
    kustomized.edit("configmap", "plain", {"data": {"by": "hand"}})
    assert "by" in run("drift-check", code=1)


@needs_mounts
def test_a_mirror_that_cannot_be_kept_is_one_clear_error(kustomized: Project, tmp_path: Path) -> None:
    project, disk = kustomized, tmp_path / "disk"
    disk.mkdir()
    project.configure({"web": {}}, source={"url": f"file://{project.repo.path}", "ref": "main"})
    project.commit("from a remote")
    command = ("unshare", "-Urm", "sh", "-c", READ_ONLY, "sh", sys.executable, "-m", "gitctl", "diff", "-e", "dev")
    env = {**os.environ, "DISK": str(disk)}
    done = subprocess.run(command, cwd=project.repo.path, env=env, capture_output=True, text=True, check=False, timeout=180)
    told = Result(command, done.returncode, done.stdout, done.stderr).error(ErrorId.CACHE_UNWRITABLE)
    assert "Read-only file system" in told.stderr
    assert str(disk) in told.stderr
