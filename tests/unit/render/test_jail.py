"""The jail of renderers: what a hostile chart or a broken program can take."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl import limits
from gitctl.errors import ErrorId
from gitctl.limits import Limits
from gitctl.process import Command, run
from gitctl.render import jail
from gitctl.render.helm_tool import HELM
from gitctl.render.jail import Network, jailed, network
from gitctl.render.private import room
from gitctl.render.tool import Tool, run_tool

FAKE = Tool("fake", ("version",), (2, 0, 0), (3, 0, 0), "apt install fake")
SMALL = Limits(memory=256 << 20, file=1 << 20, output=1 << 20, processor=5, seconds=20)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of our own on PATH: what is written into it runs as `fake`."""
    program = tmp_path / "bin" / "fake"
    program.parent.mkdir()
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return program


def python(program: Path, code: str) -> None:
    program.write_text(f"#!{sys.executable} -ISs\n{code}\n")


@pytest.fixture(params=["prlimit", "python"])
def limiter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of setting limits: util-linux, and an interpreter where that is missing."""
    if request.param == "python":
        found = limits.find
        monkeypatch.setattr(limits, "find", lambda name: None if name == "prlimit" else found(name))
    elif not limits.find("prlimit"):
        pytest.skip("no prlimit on this machine")
    return str(request.param)


def test_memory(fake: Path, limiter: str) -> None:
    python(fake, "print(len(bytearray(200 << 20)) >> 20)")
    with room({}) as place:
        assert run_tool(FAKE, (), place, limits=SMALL) == b"200\n", limiter
    python(fake, "import sys\ntry: bytearray(300 << 20)\nexcept MemoryError: sys.exit('cannot allocate memory')")
    with room({}) as place, raises(ErrorId.PROGRAM_LIMIT, match="fake wanted more than 256 MiB of memory"):
        run_tool(FAKE, (), place, limits=SMALL)


def test_a_chart_that_wants_all_memory() -> None:
    chart = {"chart/Chart.yaml": b"apiVersion: v2\nname: a\nversion: 0.1.0\n", "chart/templates/a.yaml": b"{{ until 1000000000 | len }}"}
    with room(chart) as place, raises(ErrorId.PROGRAM_LIMIT, match="helm wanted more than 256 MiB of memory"):
        run_tool(HELM, ("template", "a", "chart"), place, limits=SMALL)


def test_files(fake: Path, limiter: str) -> None:
    python(
        fake,
        "import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nopen(os.environ['HOME'] + '/x', 'wb').write(bytes(2 << 20))",
    )
    with room({}) as place, raises(ErrorId.RENDER_FAILED):
        run_tool(FAKE, (), place, limits=SMALL)
    python(fake, "import os\nopen(os.environ['HOME'] + '/x', 'wb').write(bytes(1 << 20))")
    with room({}) as place:
        assert run_tool(FAKE, (), place, limits=SMALL) == b"", limiter


def test_processor_time(fake: Path, limiter: str) -> None:
    python(fake, "while True: pass")
    with room({}) as place, raises(ErrorId.RENDER_FAILED):
        run_tool(FAKE, (), place, limits=Limits(processor=1, seconds=20))
    assert limiter


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_output(fake: Path, stream: str) -> None:
    python(fake, f"import sys\nwhile True: sys.{stream}.write('x' * 65536)")
    with room({}) as place, raises(ErrorId.PROGRAM_LIMIT, match="fake printed more than 1 MiB"):
        run_tool(FAKE, (), place, limits=SMALL)


def test_output_up_to_the_limit_is_whole(fake: Path) -> None:
    python(fake, "import sys\nsys.stderr.write('e' * 1000)\nsys.stdout.write('x' * (1 << 20))")
    with room({}) as place:
        assert run_tool(FAKE, (), place, limits=SMALL) == b"x" * (1 << 20)


def test_time(fake: Path) -> None:
    python(fake, "import time\ntime.sleep(30)")
    with room({}) as place, raises(ErrorId.PROGRAM_TIMEOUT, match=r"^fake did not end within 0\.5 s"):
        run_tool(FAKE, (), place, limits=Limits(seconds=0.5))


CONNECT = "import socket\ntry: socket.create_connection(('127.0.0.1', {port}), 2).close()\nexcept OSError as no: print(no.errno)"


@pytest.mark.skipif(network() is Network.HOST, reason="no user namespaces on this machine")
def test_no_network_not_even_this_machine(fake: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        python(fake, CONNECT.format(port=server.getsockname()[1]))
        with room({}) as place:
            assert run_tool(FAKE, (), place) != b""
        with pytest.raises(TimeoutError):
            server.accept()
        # The same call with its network: it does connect, so the test can fail.
        run(Command(jailed((str(fake),), online=True)))
        server.accept()[0].close()


def test_a_machine_without_namespaces_still_renders(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network.cache_clear()
    monkeypatch.setattr(jail, "_NAMESPACE", ("--no-such-flag",))
    try:
        assert network() is Network.HOST
        python(fake, "print('fine')")
        with room({}) as place:
            assert run_tool(FAKE, (), place) == b"fine\n"
    finally:
        network.cache_clear()
