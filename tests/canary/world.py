"""A repository full of secrets, encrypted in every way that an app can use, and the places around it where one could leak."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.canary.search import Search, traced_tools
from tests.fixtures.commands import GitRepo, Result, run
from tests.fixtures.secrets import AgeKey

from gitctl.secrets import rules
from gitctl.secrets.files import SopsFiles

CONFIG = """\
apiVersion: gitctl.dev/v1
kind: Project
name: canary
environments:
  dev: {kubernetes: "1.37"}
  branch: {kubernetes: "1.37"}
apps:
  plain: {path: plain, namespace: canary, environments: [dev]}
  kust: {path: kust, namespace: canary, environments: [dev]}
  web: {path: chart, namespace: canary, environments: [dev], helm: {values_files: [secrets.yaml]}}
  sealed: {path: plain, environments: [branch], target: {branch: rendered, folder: sealed}}
  made: {path: kust, environments: [branch], target: {branch: rendered, folder: made}}
  chart: {path: chart, environments: [branch], target: {branch: rendered, folder: chart}, helm: {values_files: [secrets.yaml]}}
"""
KUSTOMIZATION = "resources: [secret.yaml]\nsecretGenerator:\n- {name: made, envs: [prod.env], files: [tls.key]}\n"
CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\n"
TEMPLATE = """\
apiVersion: v1
kind: Secret
metadata: {name: web}
data:
  password: {{ .Values.password | b64enc | quote }}
  auth: {{ printf "bob:%s" .Values.password | b64enc }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, annotations: {sum: {{ .Values.password | sha256sum | quote }}}}
data:
  url: "postgres://bob:{{ .Values.password }}@db/x"
"""


@dataclass(frozen=True, slots=True)
class World:
    """Where a command runs. `core` and `tail` are in every secret: the secret has more characters, so that escapes differ."""

    repo: GitRepo
    home: Path
    tmp: Path
    runtime: Path
    trace: Path
    key: AgeKey
    core: str
    tail: str
    search: Search
    env: Mapping[str, str]
    inputs: list[Path] = field(default_factory=list)

    @property
    def value(self) -> str:
        """A secret value: several lines, quotes, a letter beyond ASCII."""
        return f'{self.core}"/ö\\+{self.core}\n{self.tail}'

    @property
    def secret(self) -> str:
        """A Kubernetes Secret with the value in it, as plain text."""
        text = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{user: {self.core}, password: "{text}"}}\n'

    def seal(self, path: str, text: str) -> Path:
        """Write an encrypted file into the repository; the plaintext never is in a file."""
        file = self.repo.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(SopsFiles().seal(file, text.encode("utf-8", "surrogateescape"), readers=()))
        return file

    def plain(self, path: str, text: str) -> Path:
        """Write a file that the user left in plain text: it is not searched until the command has encrypted it."""
        file = self.repo.write(path, text)
        self.inputs.append(file)
        return file

    def gitctl(self, *args: str, env: Mapping[str, str] | None = None, timeout: float = 120) -> tuple[Result, list[str]]:
        """Run a command, watched; its result, and leaks that were seen while it ran."""
        with self.search.watching(self.tmp, self.home / "cache") as seen:
            result = run((sys.executable, "-m", "gitctl", *args), cwd=self.repo.path, env={**self.env, **(env or {})}, timeout=timeout)
        return result, seen

    def leaks(self, *, plain: bool) -> list[str]:
        """Leaks in everything that is there after a command. `plain`: the user's own plain files may be."""
        allowed = {self.key.file, *(self.inputs if plain else ())}
        return [
            *self.search.files(self.tmp),
            *self.search.files(self.home, without=allowed),
            *self.search.files(self.repo.path, without=allowed),
            *self.search.git_objects(self.repo.path),
            *(self.search.text("arguments and environment of tools", self.trace.read_bytes()) if self.trace.exists() else ()),
            *(f"{room} is left" for room in self.runtime.iterdir()),
        ]


def build(folder: Path, home: Path, runtime: Path, key: AgeKey) -> World:
    """A committed project whose apps hold the canary: a plain folder, a kustomization with generators, a chart with values."""
    core, tail = (f"Kanarie{secrets.token_hex(8)}" for _ in range(2))
    private = key.file.read_text().splitlines()[-1].removeprefix("AGE-SECRET-KEY-1")
    repo = GitRepo(folder / "repo")
    tmp = folder / "tmp"
    for made in (repo.path, tmp):
        made.mkdir()
    repo.git("init", "--quiet", "--initial-branch=main")
    rules.create(repo.path, (key.recipient,))
    env = {"TMPDIR": str(tmp), "PATH": traced_tools(folder / "bin", folder / "trace")}
    world = World(repo, home, tmp, runtime, folder / "trace", key, core, tail, Search((core, tail, private)), env)
    files = {
        "gitctl.yaml": CONFIG,
        "kust/kustomization.yaml": KUSTOMIZATION,
        "chart/Chart.yaml": CHART,
        "chart/templates/all.yaml": TEMPLATE,
    }
    for path in ("plain/secret.yaml", "kust/secret.yaml"):
        world.seal(path, world.secret)
    world.seal("kust/prod.env", f"PASSWORD={core}\n")
    world.seal("kust/tls.key", f"\udcff{core}")
    world.seal("chart/secrets.yaml", f"password: {core}\nport: 5432\n")
    repo.commit("first", files)
    return world
