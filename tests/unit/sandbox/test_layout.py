"""Names and files of control planes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.errors import raises

from gitctl.documents import load_all
from gitctl.errors import ErrorId, InputError, UsageError
from gitctl.sandbox.layout import Layout, check_name, known_names, layout, lock_of, sandbox_folder
from gitctl.sandbox.part import STOP_ORDER, Part, parse_part
from gitctl.sandbox.plane import make_token, open_plane, write_kubeconfig
from gitctl.sandbox.ports import Ports, save


@pytest.mark.parametrize("name", ["a", "sandbox", "team-1", "0", "a" * 40])
def test_good_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "..", "../a", "a b", "a\n", "ä", "a" * 41])
def test_bad_names(name: str) -> None:
    with pytest.raises(UsageError, match="not a name for a control plane"):
        check_name(name)


@given(st.text())
def test_a_name_never_leaves_the_folder(name: str) -> None:
    try:
        files = layout(name)
    except UsageError:
        return
    assert files.folder.parent == sandbox_folder()
    assert files.folder.resolve().parent == sandbox_folder().resolve()


def test_data_lies_in_the_state_folder_and_not_in_the_cache(isolated: Path) -> None:
    assert layout("x").folder == isolated / "state" / "sandbox" / "x"
    assert lock_of("x").parent == isolated / "state" / "sandbox"


def test_known_names_are_folders_with_ports() -> None:
    for name in ("b", "a"):
        files = layout(name)
        files.folder.mkdir(parents=True)
        save(files, Ports(1, 2, 3, 4))
    layout("empty").folder.mkdir()
    assert known_names() == ("a", "b")


def test_an_unknown_control_plane_is_named_and_the_known_ones_are_offered() -> None:
    with raises(ErrorId.SANDBOX_UNKNOWN, match="no control plane is named x") as caught:
        open_plane("x")
    assert "gitctl sandbox up --name x" in caught.value.hint
    described("a")
    with pytest.raises(InputError) as caught:
        open_plane("x")
    assert caught.value.hint == "there are: a"


def described(name: str) -> Layout:
    """A control plane that was never started."""
    files = layout(name)
    files.folder.mkdir(parents=True)
    make_token(files)
    (files.pki / "ca.crt").write_text("CERTIFICATE")
    save(files, Ports(1, 2, 3, 4))
    return files


def test_only_the_user_can_read_token_and_kubeconfig() -> None:
    files = described("a")
    write_kubeconfig(open_plane("a"))
    assert [path.stat().st_mode & 0o777 for path in (files.tokens, files.kubeconfig, files.ports_file)] == [0o600] * 3
    assert files.pki.stat().st_mode & 0o777 == 0o700


def test_a_token_is_made_once_is_random_and_stays_out_of_messages() -> None:
    described("a")
    described("b")
    first, other = open_plane("a"), open_plane("b")
    make_token(first.files)
    assert open_plane("a").token == first.token
    assert first.token != other.token
    assert len(first.token) == 48
    assert first.token not in repr(first)


def test_the_kubeconfig_leads_to_the_recorded_port() -> None:
    described("a")
    plane = open_plane("a")
    write_kubeconfig(plane)
    (document,) = load_all(plane.kubeconfig.read_bytes(), where="kubeconfig")
    config = document.value
    assert config["current-context"] == plane.context == "gitctl-a"
    assert config["clusters"][0]["cluster"]["server"] == plane.server == "https://127.0.0.1:3"
    assert config["users"][0]["user"] == {"token": plane.token}


def test_every_part_is_stopped_once_and_the_api_server_before_etcd() -> None:
    order = [part for group in STOP_ORDER for part in group]
    assert sorted(order) == sorted(Part)
    assert order.index(Part.API_SERVER) < order.index(Part.ETCD)
    assert not any({Part.API_SERVER, Part.ETCD} <= set(group) for group in STOP_ORDER)


def test_parts_are_known_by_name() -> None:
    assert parse_part("kube-apiserver") is Part.API_SERVER
    with raises(ErrorId.ARGUMENT_INVALID, match="apiserver is not a part") as caught:
        parse_part("apiserver")
    assert "kube-apiserver" in caught.value.hint
