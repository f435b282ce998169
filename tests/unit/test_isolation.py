"""The walls around every test."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from tests.fixtures.isolation import OUTSIDE

from gitctl.process import Command, run


def test_home_is_new_and_empty(isolated: Path) -> None:
    assert Path.home() == isolated
    assert [path.name for path in isolated.iterdir()] == ["cache"]


def test_nothing_of_the_user_is_in_the_environment() -> None:
    foreign = ("KUBE", "SOPS_", "AWS_", "SSH_", "HELM_", "DOCKER_", "VAULT_", "GITHUB_")
    assert [name for name in os.environ if name.startswith(foreign)] == []
    assert {name for name in os.environ if name.startswith("GITCTL_")} == {"GITCTL_CACHE_DIR", "GITCTL_STATE_DIR"}
    assert {name for name in os.environ if name.startswith("GIT_")} == {
        *(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")),
        "GIT_CONFIG_NOSYSTEM",
        "GIT_TERMINAL_PROMPT",
    }


def test_output_has_one_shape_everywhere() -> None:
    assert (os.environ["NO_COLOR"], os.environ["COLUMNS"], os.environ["TZ"]) == ("1", "120", "UTC")


def test_opening_the_users_kubeconfig_raises(request: pytest.FixtureRequest) -> None:
    theirs = request.config.stash[OUTSIDE].kubeconfigs
    assert theirs
    for path in theirs:
        with pytest.raises(AssertionError, match="opened the user's kubeconfig"):
            Path(path).read_text()


def test_a_connection_to_another_machine_raises() -> None:
    # 192.0.2.0/24 is set aside for documentation: nobody answers there.
    with socket.socket() as client, pytest.raises(AssertionError, match=r"connected to .*192\.0\.2\.1"):
        client.connect(("192.0.2.1", 443))


@pytest.mark.xdist_group("seen")
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process")
def test_groups_of_tests_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    """The plugin marks their ids; where it does not, each test of a group runs where it likes."""
    assert request.node.nodeid.endswith("@seen")


def test_git_has_an_identity(tmp_path: Path) -> None:
    for argv in (("init", "-q"), ("commit", "-q", "--allow-empty", "-m", "x")):
        assert run(Command(("git", *argv), cwd=str(tmp_path))).code == 0
    who = run(Command(("git", "log", "--format=%an <%ae>, %cn <%ce>"), cwd=str(tmp_path))).stdout.decode().strip()
    assert who == "Ada Author <ada@example.com>, Carl Committer <carl@example.com>"
