"""`gitctl sandbox` on the real programs: start, stop, restart, reset, several at once, and what simulated pods do."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import Runner

from gitctl import sandbox
from gitctl.process import birth
from gitctl.sandbox import ControlPlane, Part, daemon
from gitctl.sandbox.pki import issue
from gitctl.sandbox.plane import open_plane
from gitctl.sandbox.programs import programs
from gitctl.sandbox.server import ask, ready

# Starting and stopping whole control planes: one worker does it, while the others use the shared one.
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("sandbox")]


def eventually(check: Callable[[], Any], *, limit: float = 30) -> Any:
    """The first true answer of `check`; the test fails after `limit` seconds."""
    end = time.monotonic() + limit
    while not (answer := check()):
        assert time.monotonic() < end, f"not within {limit} s"
        time.sleep(0.1)
    return answer


@pytest.fixture(scope="module")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder for the control planes that these tests start themselves; none runs afterwards."""
    folder = tmp_path_factory.mktemp("own-state")
    yield folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITCTL_STATE_DIR", str(folder))
        for name in sandbox.known_names():
            sandbox.down(name, purge=True)


@pytest.fixture
def plane(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> ControlPlane:
    """A control plane that a test may stop and break; started when it does not run."""
    monkeypatch.setenv("GITCTL_STATE_DIR", str(own_state))
    return sandbox.up("own")


@pytest.fixture
def stopped(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> ControlPlane:
    """The same control plane, not running."""
    monkeypatch.setenv("GITCTL_STATE_DIR", str(own_state))
    if "own" not in sandbox.known_names():
        sandbox.up("own")
    sandbox.down("own")
    return open_plane("own")


def make_config_map(plane: ControlPlane, name: str) -> None:
    """Something that only etcd's data holds."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    assert ask(plane, "POST", "/api/v1/namespaces/default/configmaps", body).code == 201


def has_config_map(plane: ControlPlane, name: str) -> bool:
    """Is it there?"""
    return ask(plane, "GET", f"/api/v1/namespaces/default/configmaps/{name}").code == 200


def test_up_down_and_up_again_keeps_data_and_address(plane: ControlPlane, gitctl: Runner) -> None:
    make_config_map(plane, "kept")
    assert "control plane own stopped" in gitctl("sandbox", "down", "--name", "own").expect().stderr
    assert ask(plane, "GET", "/readyz").code == 0
    stopped = gitctl("sandbox", "status", "--name", "own", "--exit-code", "-o", "json").expect(1).json()
    assert (stopped["state"], stopped["ready"]) == ("stopped", False)
    again = gitctl("sandbox", "up", "--name", "own", "-o", "json").expect().json()
    assert (again["kind"], again["state"], again["server"]) == ("SandboxStatus", "running", plane.server)
    assert has_config_map(plane, "kept")


def test_up_says_what_to_do_next_and_stdout_can_be_evaluated(plane: ControlPlane, gitctl: Runner) -> None:
    shown = gitctl("sandbox", "up", "--name", "own").expect()
    assert shown.stdout == f"export KUBECONFIG={plane.kubeconfig}\n"
    assert "next:" in shown.stderr
    assert gitctl("sandbox", "kubeconfig", "--name", "own").expect().stdout == f"{plane.kubeconfig}\n"


def test_up_leaves_a_running_control_plane_as_it_is(plane: ControlPlane) -> None:
    pids = [part.pid for part in sandbox.status("own").parts]
    assert sandbox.up("own") == plane
    assert [part.pid for part in sandbox.status("own").parts] == pids


def test_the_users_kubeconfig_is_not_touched(plane: ControlPlane, gitctl: Runner, isolated: Path) -> None:
    mine = isolated / "mine"
    mine.write_text("current-context: production\n")
    for command in (("restart", "kwok"), ("up",)):
        gitctl("sandbox", *command, "--name", "own", env={"KUBECONFIG": str(mine)}).expect()
    assert mine.read_text() == "current-context: production\n"
    assert not (isolated / ".kube").exists()


def test_the_token_is_never_shown(plane: ControlPlane, gitctl: Runner) -> None:
    for command in (("up", "-v"), ("status", "-o", "json"), ("status",), ("status", "--all", "-o", "yaml")):
        name = () if "--all" in command else ("--name", "own")
        shown = gitctl("sandbox", *command, *name).expect()
        assert plane.token not in shown.stdout + shown.stderr
    lines = [Path(f"/proc/{part.pid}/cmdline").read_text() for part in sandbox.status("own").parts]
    assert not any(plane.token in line for line in lines)


@pytest.mark.parametrize("part", Part)
def test_each_part_restarts_on_its_old_port_with_its_old_data(plane: ControlPlane, gitctl: Runner, part: Part) -> None:
    if not has_config_map(plane, "before"):
        make_config_map(plane, "before")
    before = {p.part: p for p in sandbox.status("own").parts}
    gitctl("sandbox", "restart", part, "--name", "own").expect()
    after = {p.part: p for p in sandbox.status("own").parts}
    assert after[part].pid not in (0, before[part].pid)
    assert [p for p in Part if after[p].pid != before[p].pid] == [part]
    assert after[part].ports == before[part].ports
    eventually(lambda: has_config_map(plane, "before"))


def test_etcd_can_be_put_back_from_a_copy(plane: ControlPlane, tmp_path: Path) -> None:
    make_config_map(plane, "in-the-copy")
    for part in (Part.API_SERVER, Part.ETCD):
        sandbox.stop_part("own", part)
    assert sandbox.status("own").word == "broken"
    shutil.copytree(plane.files.etcd_data, tmp_path / "copy")
    sandbox.up("own")
    make_config_map(plane, "after-the-copy")
    for part in (Part.API_SERVER, Part.ETCD):
        sandbox.stop_part("own", part)
    shutil.rmtree(plane.files.etcd_data)
    shutil.copytree(tmp_path / "copy", plane.files.etcd_data)
    sandbox.start_part("own", Part.ETCD)
    sandbox.start_part("own", Part.API_SERVER)
    assert (has_config_map(plane, "in-the-copy"), has_config_map(plane, "after-the-copy")) == (True, False)


def test_up_starts_only_what_died(plane: ControlPlane) -> None:
    before = {p.part: p.pid for p in sandbox.status("own").parts}
    os.kill(before[Part.SCHEDULER], signal.SIGKILL)
    eventually(lambda: not birth(before[Part.SCHEDULER]))
    assert sandbox.status("own").word == "broken"
    sandbox.up("own")
    after = {p.part: p.pid for p in sandbox.status("own").parts}
    assert {part for part in Part if before[part] != after[part]} == {Part.SCHEDULER}


def test_a_stale_pid_file_harms_no_stranger(stopped: ControlPlane) -> None:
    stranger = os.getpid()
    for part in Part:
        stopped.files.pid_file(part).write_text(json.dumps({"pid": stranger, "birth": "a boot before this one/1"}))
    assert sandbox.status("own").word == "stopped"
    assert sandbox.down("own") is False


def test_a_port_that_a_stranger_took_is_given_up(stopped: ControlPlane) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", stopped.ports.api_server)):
        moved = sandbox.up("own", say=said.append)
        assert moved.server != stopped.server
        assert ready(moved)
        assert moved.server in moved.kubeconfig.read_text()
    assert any("choosing new ones" in line for line in said)


def test_reset_empties_the_cluster_and_keeps_its_address(plane: ControlPlane, gitctl: Runner) -> None:
    make_config_map(plane, "gone")
    uid = ask(plane, "GET", "/api/v1/namespaces/kube-system").json()["metadata"]["uid"]
    gitctl("sandbox", "reset", "--name", "own").expect()
    assert not has_config_map(plane, "gone")
    assert ask(plane, "GET", "/api/v1/namespaces/kube-system").json()["metadata"]["uid"] != uid
    assert sandbox.status("own").running


def test_two_by_name_know_nothing_of_each_other(plane: ControlPlane, gitctl: Runner) -> None:
    other = sandbox.up("other")
    assert other.server != plane.server
    assert other.token != plane.token
    make_config_map(other, "only-here")
    assert not has_config_map(plane, "only-here")
    assert ask(sandbox_with_token(plane, other.token), "GET", "/api/v1/nodes").code in (0, 401)
    listed = gitctl("sandbox", "status", "--all", "-o", "json").expect().json()
    assert [item["name"] for item in listed["items"]] == ["other", "own"]
    gitctl("sandbox", "down", "--name", "other", "--purge").expect()
    assert not other.folder.exists()
    assert sandbox.status("own").running


def sandbox_with_token(plane: ControlPlane, token: str) -> ControlPlane:
    """The same server, another credential."""
    return replace(plane, token=token)


def test_etcd_refuses_who_has_no_certificate(plane: ControlPlane) -> None:
    assert etcd_answers(plane, certificate="etcd")
    assert not etcd_answers(plane, certificate="")


def etcd_answers(plane: ControlPlane, *, certificate: str) -> bool:
    """Does etcd serve a client with that certificate?"""
    trust = ssl.create_default_context(cafile=str(plane.authority))
    if certificate:
        trust.load_cert_chain(plane.files.pki / f"{certificate}.crt", plane.files.pki / f"{certificate}.key")
    connection = http.client.HTTPSConnection("127.0.0.1", plane.ports.etcd, timeout=5, context=trust)
    try:
        connection.request("GET", "/version")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_the_authority_issues_certificates_for_webhooks(plane: ControlPlane) -> None:
    certificate, key = issue(plane.files, programs(lambda _text: None).tool, "webhook", ("localhost", "127.0.0.1"))
    assert key.stat().st_mode & 0o777 == 0o600
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(certificate, key)
    inbound, outbound = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cafile=str(plane.authority)).wrap_bio(inbound, outbound, server_hostname="localhost")
    server = identity.wrap_bio(outbound, inbound, server_side=True)
    for side in (client, server, client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert dict(part[0] for part in client.getpeercert()["subject"]) == {"commonName": "webhook"}  # type: ignore[index]


def test_a_damaged_record_of_ports_costs_a_restart_and_no_data(plane: ControlPlane) -> None:
    make_config_map(plane, "survives")
    plane.files.ports_file.write_text("{")
    again = sandbox.up("own")
    assert sandbox.status("own").running
    assert has_config_map(again, "survives")


def test_a_part_that_cannot_start_shows_the_end_of_its_log(stopped: ControlPlane, gitctl: Runner) -> None:
    etcd = stopped.files.etcd_data
    moved = etcd.rename(etcd.with_name("etcd-aside"))
    etcd.write_text("not a folder")
    try:
        failed = gitctl("sandbox", "up", "--name", "own").expect(6)
        assert "error: etcd ended at once" in failed.stderr
        assert "not a directory" in failed.stderr
        assert str(stopped.files.log(Part.ETCD)) in failed.stderr
    finally:
        etcd.unlink()
        moved.rename(etcd)


def test_unknown_names_and_parts_are_explained(stopped: ControlPlane, gitctl: Runner) -> None:
    unknown = gitctl("sandbox", "status", "--name", "nobody").expect(3)
    assert "no control plane is named nobody" in unknown.stderr
    assert "there are: own" in unknown.stderr
    assert "is not a part" in gitctl("sandbox", "restart", "api", "--name", "own").expect(2).stderr
    assert "is not a name" in gitctl("sandbox", "up", "--name", "../x").expect(2).stderr


def test_the_users_own_api_server_and_etcd_are_used(stopped: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = programs(lambda _text: None).tool
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho own {name} >> "{tmp_path}/started"\nexec "{tool}" {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert ready(sandbox.up("own"))
    assert (tmp_path / "started").read_text() == "own etcd\nown kube-apiserver\n"


def test_everything_ends_with_purge(plane: ControlPlane, gitctl: Runner) -> None:
    pids = [part.pid for part in sandbox.status("own").parts]
    gitctl("sandbox", "down", "--all", "--purge").expect()
    assert not plane.folder.exists()
    assert [pid for pid in pids if birth(pid)] == []
    assert daemon.running(plane.files, Part.ETCD) is None
    assert sandbox.known_names() == ()
