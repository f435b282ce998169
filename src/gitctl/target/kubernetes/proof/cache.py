"""Cache: certificates of looks, in a file of the user's alone. It says which key its hashes were made with; a key of its own lies in it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from gitctl.paths import private_folder, write_private
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.proof.packing import Damaged, Folder, decode, encode
from gitctl.target.kubernetes.proof.seal import Seal


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """The file for one owner's objects on one server."""

    path: Path

    @classmethod
    def of(cls, client: Client, folder: Path, owner: str) -> CertificateFile:
        """The file below the cache folder. Raises ConfigError, Unauthenticated."""
        endpoint = client.access.endpoint
        key = hashlib.sha256("\n".join((endpoint.server, str(endpoint.ca), owner)).encode()).hexdigest()[:32]
        return cls(folder / "certificates" / f"{key}.json")

    def read(self) -> tuple[Seal | None, Folder | None]:
        """The file's own key, if it has one, and its certificates. Only what nobody else can write to is believed."""
        try:
            folder = self.path.parent.stat()
            if folder.st_uid != os.getuid() or folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None, None
            digest, _, text = self.path.read_text("ascii").partition("\n")
            if digest != hashlib.sha256(text.encode()).hexdigest():
                return None, None
            body = json.loads(text)
            key = base64.b64decode(body["key"])
            shards = {name: base64.b64decode(data) for name, data in body["shards"].items()}
            return (Seal(key) if key else None), decode(base64.b64decode(body["root"]), shards)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, Damaged):
            return None, None

    def write(self, folder: Folder, own: Seal | None) -> None:
        """Store, with the key when it is the file's own. Best effort: a home that cannot be written to costs requests, nothing else."""
        packed = encode(folder)
        shards = {name: _text(data) for name, data in packed.shards.items()}
        text = json.dumps({"key": _text(own.key if own else b""), "root": _text(packed.root), "shards": shards})
        try:
            private_folder(self.path.parent)
            write_private(self.path, f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
        except OSError:
            return


def new_seal() -> Seal:
    """A key that nobody has."""
    return Seal(secrets.token_bytes(32))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
