"""A warm interpreter that forks: each gitctl command of the tests is a process of its own, without 0.4 s of imports.

A command gets its own arguments, environment, folder, standard files, process id and exit code, as from a shell; only the modules are
there already. What a test wants to see of a start (imports, `/proc/PID/cmdline`) it runs in a fresh interpreter instead.

Spoken over a Unix socket, one connection a command: the client sends a JSON request with the three standard files, the answer is
the process id on one line and, at the end, the exit code as subprocess has it (negative for a signal) on another.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pathlib
import pkgutil
import selectors
import signal
import socket
import sys
import time
import traceback
from typing import Any

# What commands import when they need it.
LAZY = ("deepdiff", "git", "orjson", "pyrage", "rich.console", "rich.table", "rich.text", "ruamel.yaml", "stamina", "urllib3", "yaml")


def main(name: str) -> None:
    """Serve at an abstract socket until the process that started this one is gone."""
    _warm_up()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{name}")
    listener.listen()
    print("ready", flush=True)
    _serve(listener)


def _warm_up() -> None:
    import gitctl

    for module in pkgutil.walk_packages(gitctl.__path__, "gitctl."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in LAZY:
        importlib.import_module(name)
    from gitctl.target.kubernetes.official import light

    light()
    gc.collect()
    gc.freeze()


def _serve(listener: socket.socket) -> None:
    watched = selectors.DefaultSelector()
    watched.register(listener, selectors.EVENT_READ)
    watched.register(sys.stdin, selectors.EVENT_READ)
    while True:
        for key, _ in watched.select():
            if key.fileobj is sys.stdin:
                return
            if key.fileobj is not listener:
                _report(watched, key)
                continue
            connection, _ = listener.accept()
            pid = os.fork()
            if pid == 0:
                watched.close()
                listener.close()
                _command(connection)
            connection.sendall(f"{pid}\n".encode())
            watched.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))


def _report(watched: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    pid, connection = key.data
    _, status = os.waitpid(pid, 0)
    watched.unregister(key.fileobj)
    os.close(key.fd)
    with contextlib.suppress(OSError):  # the client may not have waited
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    connection.close()


def _command(connection: socket.socket) -> None:
    """Be the command. Never returns."""
    code = 1
    try:
        request, files = _received(connection)
        connection.close()
        code = _run(request, files)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _received(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    text, files, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 16)
    return json.loads(text), files


def _run(request: dict[str, Any], files: list[int]) -> int:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = os.fdopen(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    buffering = 1 if "PYTHONUNBUFFERED" in request["env"] else -1
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False, buffering=buffering)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.argv = ["gitctl", *request["args"]]
    from gitctl.cli.app import main as gitctl_main

    _first(request["first"])
    try:
        gitctl_main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    finally:
        atexit._run_exitfuncs()
    return 0


def _first(named: str) -> None:
    """What a test wants done in the command's process: only there, because this is a fork."""
    if named:
        sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))
        module, _, function = named.partition(":")
        getattr(importlib.import_module(module), function)()


if __name__ == "__main__":
    main(sys.argv[1])
