"""Ports are chosen free, recorded, and given to nobody else."""

from __future__ import annotations

import socket
from dataclasses import astuple

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.sandbox.layout import layout
from gitctl.sandbox.part import Part
from gitctl.sandbox.ports import Ports, choose, is_free, load, save


def test_a_port_is_taken_while_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_chosen_ports_are_free_distinct_and_below_those_of_outgoing_connections() -> None:
    chosen = astuple(choose())
    assert len(set(chosen)) == 4
    assert all(is_free(port) and 20000 <= port < 30000 for port in chosen)


def test_ports_of_another_control_plane_are_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitctl.sandbox.ports._RANGE", range(20000, 20016))
    first = choose()
    files = layout("other")
    files.folder.mkdir(parents=True)
    save(files, first)
    assert not set(astuple(first)) & set(astuple(choose()))


def test_running_out_of_ports_is_said(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr("gitctl.sandbox.ports._RANGE", range(20000, 20003))
    with raises(ErrorId.SANDBOX_FAILED, match="no free ports between 20000 and 20003"):
        choose()


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"etcd": 1}', '{"etcd": "x", "etcd_peer": 2, "api_server": 3, "kubelet": 4}'])
def test_a_damaged_record_is_no_record(record: str) -> None:
    files = layout("x")
    files.folder.mkdir(parents=True)
    files.ports_file.write_text(record)
    assert load(files) is None


def test_what_is_recorded_is_read_again() -> None:
    files = layout("x")
    assert load(files) is None
    files.folder.mkdir(parents=True)
    save(files, Ports(1, 2, 3, 4))
    assert load(files) == Ports(1, 2, 3, 4)


def test_every_listening_port_belongs_to_one_part() -> None:
    ports = Ports(1, 2, 3, 4)
    assert sorted(port for part in Part for port in ports.of(part)) == [1, 2, 3, 4]
