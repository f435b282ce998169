"""Command lines of the parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitctl.sandbox.arguments import arguments
from gitctl.sandbox.part import Part
from gitctl.sandbox.plane import ControlPlane
from gitctl.sandbox.ports import Ports

PLANE = ControlPlane(
    name="x",
    folder=Path("/state/x"),
    kubeconfig=Path("/state/x/kubeconfig"),
    context="gitctl-x",
    server="https://127.0.0.1:3",
    authority=Path("/state/x/pki/ca.crt"),
    token="secret-token",
    ports=Ports(1001, 1002, 1003, 1004),
)


@pytest.mark.parametrize("part", Part)
def test_secrets_are_passed_by_file(part: Part) -> None:
    assert not any(PLANE.token in argument for argument in arguments(part, PLANE))


@pytest.mark.parametrize("part", Part)
def test_nothing_listens_beyond_loopback(part: Part) -> None:
    listening = [a for a in arguments(part, PLANE) if a.startswith(("--listen", "--bind-address", "--server-address"))]
    assert all("127.0.0.1" in argument for argument in listening)
    assert listening or "--secure-port=0" in arguments(part, PLANE)


@pytest.mark.parametrize("part", Part)
def test_every_port_of_a_part_is_in_its_command_line(part: Part) -> None:
    line = " ".join(arguments(part, PLANE))
    assert [port for port in PLANE.ports.of(part) if str(port) not in line] == []


def test_etcd_serves_only_who_has_a_certificate() -> None:
    etcd = arguments(Part.ETCD, PLANE)
    assert {"--client-cert-auth", "--peer-client-cert-auth"} <= set(etcd)
    assert not any("http://" in argument for argument in etcd)
