"""What an API server answered, kept for the next run in the user's cache."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from gitctl.paths import private_folder, write_private
from gitctl.target.kubernetes.client import Client


def server_key(client: Client) -> str:
    """A name of the server that fits a file. The kubeconfig is read, the server is not asked."""
    endpoint = client.access.endpoint
    return hashlib.sha256(f"{endpoint.server}\n{endpoint.ca}".encode()).hexdigest()[:32]


def remembered(path: Path) -> tuple[str, bytes]:
    """ETag and body. Only a folder that nobody else can write to is believed."""
    try:
        folder = path.parent.stat()
        if folder.st_uid != os.getuid() or folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return "", b""
        head, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return "", b""
    digest, _, etag = head.decode("ascii", "replace").partition(" ")
    return (etag, body) if digest == hashlib.sha256(body).hexdigest() else ("", b"")


def remember(path: Path, etag: str, body: bytes) -> None:
    """Best effort: a home that cannot be written to costs a request, nothing else."""
    if not etag:
        return
    try:
        private_folder(path.parent)
        write_private(path, f"{hashlib.sha256(body).hexdigest()} {etag}\n{body.decode()}")
    except (OSError, UnicodeDecodeError):
        return
