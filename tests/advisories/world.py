"""What a case meets: a repository, things outside of it that must stay untouched, servers that count who comes."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from tests.canary.search import Search
from tests.fixtures.commands import GitRepo, Result

CANARY = "Kanarie7c4n4ry0canary"
PROJECT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters: {main: {context: main}}
environments: {dev: {clusters: [main]}}
apps: {web: {path: apps/web, namespace: shop}}
"""


@dataclass(slots=True)
class World:
    """`outside` holds what only the user may read and change; `bait` is a program that leaves `outside/touched` when it runs; `web`
    is a server of the attacker, `came` who asked it (path and credentials); with `may_ask` only credentials count; `cluster` likewise
    for the API server that KUBECONFIG names."""

    repo: GitRepo
    outside: Path
    home: Path
    web: str = ""
    cluster: str = ""
    came: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    before: dict[str, bytes] = field(default_factory=dict)
    may_ask: bool = False
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def bait(self) -> Path:
        """The program that nothing may start."""
        return self.outside / "bait"

    def fill(self, text: str) -> str:
        """The text with the places and the secret of this world in it."""
        words = {
            "@OUTSIDE@": str(self.outside),
            "@BAIT@": str(self.bait),
            "@CANARY@": CANARY,
            "@WEB@": self.web,
            "@HOST@": self.web.partition("://")[2],
            "@REPO@": str(self.repo.path),
            "@CLUSTER@": self.cluster,
            "@ESC@": "\x1b",
            "@BIDI@": "\u202e",
            "@CR@": "\r",
        }
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    def snapshot(self) -> dict[str, bytes]:
        """Everything outside of the repository, by name."""
        return {str(path.relative_to(self.outside)): path.read_bytes() for path in sorted(self.outside.rglob("*")) if path.is_file()}

    @property
    def kept(self) -> Path:
        """Where the repository is kept as it was before the command."""
        return self.outside.parent / "kept"

    def restore(self) -> None:
        """Back to where the command began: a kept render would hide what it does."""
        shutil.rmtree(self.repo.path)
        self.kept.rename(self.repo.path)
        for path in (self.home / "cache").iterdir():
            if not path.is_symlink():
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def counts(self, credentials: str) -> bool:
        """Must the attacker's server not have seen this?"""
        return bool(credentials) or not self.may_ask

    def touched(self, result: Result) -> list[str]:
        """Every canary that the command touched."""
        search = Search((CANARY,))
        after = self.snapshot()
        changed = sorted(name for name in after.keys() | self.before.keys() if after.get(name) != self.before.get(name))
        return [
            *(f"outside/{name} changed" for name in changed),
            *search.text("stdout", result.stdout),
            *search.text("stderr", result.stderr),
            *([] if search.files(self.repo.path) else search.files(self.home)),
            *(
                f"the attacker's server was asked for {path}, with {given or 'no credentials'}"
                for path, given in self.came
                if self.counts(given)
            ),
            *(f"the cluster was asked for {path}" for path in self.asked),
        ]


@contextmanager
def servers(world: World) -> Iterator[None]:
    """The attacker's server and a cluster; both only note who comes."""
    with _counting(lambda path, given: world.came.append((path, given))) as web, _counting(lambda path, _: world.asked.append(path)) as api:
        world.web, world.cluster = web, api
        yield


@contextmanager
def _counting(note: object) -> Iterator[str]:
    class Door(BaseHTTPRequestHandler):
        def answer(self) -> None:
            note(self.path, self.headers.get("Authorization", ""))  # type: ignore[operator]
            self.send_response(401 if "git-upload-pack" in self.path else 404)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PATCH = do_PUT = do_HEAD = do_CONNECT = answer

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def kubeconfig(world: World, **user: object) -> str:
    """The user's own kubeconfig: context `main` leads to the cluster of this world."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": world.cluster}}],
            "users": [{"name": "u", "user": user or {"token": CANARY}}],
            "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u"}}],
        }
    )


def write(folder: Path, files: Mapping[str, str], *, mode: int = 0o644) -> None:
    """Files with their folders. YAML that was written as YAML becomes text."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), newline="")
        path.chmod(mode)
