"""kwok's configuration: its own default stages, ours, and what `kubectl logs` shows."""

from __future__ import annotations

import json
from pathlib import Path

from gitctl.errors import ClusterError, ErrorId
from gitctl.paths import write_private
from gitctl.process import Command, run
from gitctl.sandbox.layout import Layout

_SIMULATE = Path(__file__).with_name("simulate.yaml")

# One line in the form of container runtimes: time, stream, whole line, text.
_POD_LOG = (
    "2026-01-01T00:00:00.000000000Z stdout F this container is simulated by the gitctl sandbox: it runs nothing and logs nothing else\n"
)


def write_stages(files: Layout, tool: Path) -> None:
    """Write the files that kwok reads at its start. A pod log that somebody changed is left alone."""
    defaults = run(Command((str(tool), "stages")))
    if defaults.code != 0:
        raise ClusterError(
            "the sandbox's program does not print its stages", id=ErrorId.SANDBOX_FAILED, details=defaults.stderr.splitlines()[-5:]
        )
    logs = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "simulated"},
        "spec": {"logs": [{"logsFile": str(files.pod_log), "previousLogsFile": str(files.pod_log)}]},
    }
    documents = (defaults.stdout.decode(), _SIMULATE.read_text(), json.dumps(logs))
    write_private(files.stages, "\n---\n".join(documents) + "\n")
    if not files.pod_log.exists():
        write_private(files.pod_log, _POD_LOG)
