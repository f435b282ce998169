"""How many requests a step makes: it is run once more through a proxy that counts them. Not measured: the proxy is slow."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from measured import Step, measure

from gitctl.sandbox import ControlPlane

_ROOT = Path(__file__).parents[1]


@contextmanager
def _proxy(plane: ControlPlane, folder: Path) -> Any:
    """The proxy of the tests, with nothing to do but count."""
    with patch.object(sys, "path", [*sys.path, str(_ROOT)]):
        proxies = importlib.import_module("tests.servers.fault_proxy")
    with proxies.FaultProxy(plane, folder) as proxy:
        yield proxy


def counted(plane: ControlPlane, steps: Iterable[Step], *, warm: bool) -> Mapping[tuple[str, str], int]:
    """Requests by tool and step. A tool keeps what it learnt by server: a `warm` step is run twice, and counted the second time.

    Raises Failed.
    """
    found: dict[tuple[str, str], int] = {}
    with tempfile.TemporaryDirectory(prefix="gitctl-bench-") as folder, _proxy(plane, Path(folder)) as proxy:
        caches = {"GITCTL_CACHE_DIR": f"{folder}/cache"}
        with patch.dict(os.environ, caches):
            for step in steps:
                for purpose in ("not counted", "counted") if warm else ("counted",):
                    proxy.clear()
                    measure(replace(step, name=f"{step.name} ({purpose})"), proxy.kubeconfig)
                found[step.tool, step.name] = len(proxy.requests)
    return found
