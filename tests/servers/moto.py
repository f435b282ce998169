"""AWS on this machine: moto's server, a program of its own, for KMS, Secrets Manager and SSM."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

SERVICES = {"kms": "TrentService", "secretsmanager": "secretsmanager", "ssm": "AmazonSSM"}


@dataclass(slots=True)
class Moto:
    """A server while it is entered. `environment` is what makes programs take it for AWS."""

    program: Path
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Endpoint, region and credentials."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self) -> Moto:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        quiet = subprocess.DEVNULL
        argv = [str(self.program), "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet, env=dict(os.environ))
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def call(self, service: str, action: str, **body: Any) -> Any:
        """One request of the JSON protocol."""
        region = f"Credential=testing/20260101/eu-central-1/{service}/aws4_request"
        headers = {
            "X-Amz-Target": f"{SERVICES[service]}.{action}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 {region}, SignedHeaders=host, Signature=0",
        }
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5).close()
                return
            except OSError:
                assert self._process is not None
                assert self._process.poll() is None, "moto_server ended"
                assert time.monotonic() < deadline, "moto_server does not answer"
                time.sleep(0.1)
