"""A server that answers so slowly that it might as well not."""

from __future__ import annotations

import time

import pytest
from tests.servers.fault_proxy import Drip, FaultProxy, Status

from gitctl.errors import Unreachable
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client

VERSION = "/version"


def test_an_answer_that_drips_is_given_up_and_asked_for_again(fault_proxy: FaultProxy) -> None:
    client = Client(Login(str(fault_proxy.kubeconfig)), timeout=1)
    assert client.get(VERSION).ok
    fault_proxy.on(Drip(pause=0.3, most=100))
    began = time.monotonic()
    assert client.get(VERSION).json()["major"] == "1"
    assert time.monotonic() - began < 10
    assert fault_proxy.count() == 3
    fault_proxy.on(Drip(pause=0.3, most=100), times=-1)
    with pytest.raises(Unreachable, match="no answer in time"):
        client.get(VERSION)
    assert fault_proxy.count() == 5


def test_one_that_drips_after_a_refusal_is_asked_for_again(fault_proxy: FaultProxy) -> None:
    """It may use up all the time for the request, and is no news about the server all the same."""
    client = Client(Login(str(fault_proxy.kubeconfig)), timeout=1)
    assert client.get(VERSION).ok
    fault_proxy.on(Status(503))
    fault_proxy.on(Drip(pause=0.3, most=100), at=2)
    assert client.get(VERSION).ok
    assert fault_proxy.count() == 4
