"""`gitctl` on PATH for shells, hooks and Git's drivers in tests: hands the command to a warm interpreter (tests/servers/warm.py).

Called as `python -SE warm_client.py SOCKET ARGS…`. Signals go on to the command; its end is this program's end.
WARM_FIRST names a function that runs in the command's process before it (`first` of tests/fixtures/warm.py).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys


def main(name: str, args: list[str]) -> None:
    """Run one command to its end. Never returns."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"\0{name}")
    request = (
        json.dumps({"args": args, "cwd": os.getcwd(), "env": dict(os.environ), "first": os.environ.get("WARM_FIRST", "")}).encode() + b"\n"
    )
    socket.send_fds(connection, [request[:1]], [0, 1, 2])
    connection.sendall(request[1:])
    lines = connection.makefile()
    pid = int(lines.readline())
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    _end_as(int(lines.readline() or "1"))


def _end_as(code: int) -> None:
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
