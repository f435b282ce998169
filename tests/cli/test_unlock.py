"""`gitctl unlock` where no cluster is: the lock of an app whose target is a branch. Real Git."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cli.test_branch_target import KILLER, SETTINGS, only
from tests.fixtures.branch import BRANCH, BranchProject
from tests.fixtures.project import config_map
from tests.fixtures.terminal import at_terminal

from gitctl.errors import ErrorId


def killed_at(project: BranchProject, folder: Path, step: int, when: str) -> None:
    """A sync that is killed at one of its writes: lock, open record, commit with state, lock given back."""
    killer = folder / "bin" / "git"
    killer.parent.mkdir()
    killer.write_text(KILLER.format(real=shutil.which("git"), count=folder / "count", step=step, when=when))
    killer.chmod(0o700)
    project.run("sync", code=-9, env={"PATH": f"{killer.parent}:{os.environ['PATH']}"})


def test_unlock_takes_the_lock_of_a_dead_run_and_marks_its_record(branch_project: BranchProject, tmp_path: Path) -> None:
    p = branch_project
    p.release("the site", config_map("settings", color="blue"))
    killed_at(p, tmp_path, 3, "before")
    told = p.run("unlock", "site", code=7).error(ErrorId.CONSENT_NEEDED)
    assert "gone: its process on this machine has ended" in told.stderr
    done = only(p.run("unlock", "site", "--yes", "-o", "json").json())
    assert (done["branch"], done["evicted"], done["record"], done["holder"]["life"]) == (BRANCH, True, 1, "gone")
    (record,) = only(p.run("history", "site", "-o", "json").json())["records"]
    assert record["result"] == "interrupted"
    assert "was evicted by " in record["message"]
    assert p.repo.git("for-each-ref", "refs/gitctl/lock") == ""
    assert p.commits() == []
    p.run("sync", "--atomic")
    assert p.files() == [SETTINGS]


def test_at_a_terminal_it_shows_the_holder_and_asks(branch_project: BranchProject, tmp_path: Path) -> None:
    p = branch_project
    p.release("the site", config_map("settings", color="blue"))
    killed_at(p, tmp_path, 3, "before")
    run = ("unlock", "site", "-e", "dev")
    no = at_terminal(*run, cwd=p.repo.path, keys=(("[y/N]", "n\n"),))
    assert no.code == 0
    assert "locked by " in no.text
    assert f"sync of {p.repo.git('rev-parse', 'HEAD')[:8]} 'the site'" in no.text
    assert "still locked: you said no" in no.text
    assert p.repo.git("for-each-ref", "refs/gitctl/lock") != ""
    yes = at_terminal(*run, cwd=p.repo.path, keys=(("[y/N]", "y\n"),))
    assert "was evicted; record 1 is marked as interrupted" in yes.text
    assert p.repo.git("for-each-ref", "refs/gitctl/lock") == ""
