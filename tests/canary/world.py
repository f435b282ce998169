"""A repository full of secrets, encrypted in every way that an app can use, and the places around it where one could leak."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.canary.search import Search, traced_tools
from tests.fixtures import warm
from tests.fixtures.commands import GitRepo, Result, run
from tests.fixtures.secrets import AgeKey, new_key

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
        return value_of(self.core, self.tail)

    @property
    def secret(self) -> str:
        """A Kubernetes Secret with the value in it, as plain text."""
        return secret_of(self.core, self.tail)

    def seal(self, path: str, text: str) -> Path:
        """Write an encrypted file into the repository; the plaintext never is in a file."""
        file = self.repo.path / path
        file.write_bytes(sealed(file, text))
        return file

    def plain(self, path: str, text: str) -> Path:
        """Write a file that the user left in plain text: it is not searched until the command has encrypted it."""
        file = self.repo.write(path, text)
        self.inputs.append(file)
        return file

    def gitctl(
        self, *args: str, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120, first: str = ""
    ) -> tuple[Result, list[str]]:
        """Run a command, watched; its result, and leaks that were seen while it ran. `first` as for `warm.answer`."""
        environment = {**os.environ, **self.env, **(env or {})}
        with self.search.watching(self.tmp, self.home / "cache") as seen:
            told = warm.answer(args, cwd=self.repo.path, env=environment, stdin=stdin, timeout=timeout, first=first)
        return Result(("gitctl", *args), *told), seen

    def run(self, *argv: str, env: Mapping[str, str] | None = None) -> tuple[Result, list[str]]:
        """Run another program, such as git with our drivers, watched in the same way; the repository too."""
        with self.search.watching(self.tmp, self.home / "cache", self.repo.path) as seen:
            return run(argv, cwd=self.repo.path, env={**self.env, **(env or {})}), seen

    def passes(self, result: Result, seen: list[str], *, code: int) -> Result:
        """The result, when it ended so and nothing leaked anywhere."""
        shown = f"{' '.join(result.args)}: exit {result.code}\n{result.stderr}"
        assert result.code == code, shown
        found = [*self.search.text("stdout", result.stdout), *self.search.text("stderr", result.stderr), *seen]
        assert [*found, *self.leaks(plain=False)] == [], f"leaks: {shown}"
        return result

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


@dataclass(frozen=True, slots=True)
class Canary:
    """What all worlds of this process hold: encrypting it takes longer than what is done with it."""

    core: str
    tail: str
    recipient: str
    key: str
    files: Mapping[str, bytes]


@cache
def canary() -> Canary:
    """Values, a key, and the encrypted files of the project; the plaintext never is in a file."""
    core, tail = (f"Kanarie{secrets.token_hex(8)}" for _ in range(2))
    texts = {
        "plain/secret.yaml": secret_of(core, tail),
        "kust/secret.yaml": secret_of(core, tail),
        "kust/prod.env": f"PASSWORD={core}\n",
        "kust/tls.key": f"\udcff{core}",
        "chart/secrets.yaml": f"password: {core}\nport: 5432\n",
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key = new_key(folder / "keys.txt")
        rules.create(folder, (key.recipient,))
        files = {path: sealed(folder / path, text) for path, text in texts.items()}
        return Canary(core, tail, key.recipient, key.file.read_text(), files | {".sops.yaml": (folder / ".sops.yaml").read_bytes()})


def sealed(file: Path, text: str) -> bytes:
    """The file's content, encrypted as the rules say for its place; the folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return SopsFiles().seal(file, text.encode("utf-8", "surrogateescape"), readers=())


def value_of(core: str, tail: str) -> str:
    """A secret value: several lines, quotes, a letter beyond ASCII."""
    return f'{core}"/ö\\+{core}\n{tail}'


def secret_of(core: str, tail: str) -> str:
    """A Kubernetes Secret with the value in it."""
    text = value_of(core, tail).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{user: {core}, password: "{text}"}}\n'


def build(folder: Path, home: Path, runtime: Path, key: AgeKey) -> World:
    """A committed project whose apps hold the canary: a plain folder, a kustomization with generators, a chart with values.

    What is in the key's file becomes the canary's key.
    """
    held = canary()
    key.file.write_text(held.key)
    private = held.key.splitlines()[-1].removeprefix("AGE-SECRET-KEY-1")
    repo = GitRepo(folder / "repo")
    tmp = folder / "tmp"
    for made in (repo.path, tmp):
        made.mkdir()
    repo.git("init", "--quiet", "--initial-branch=main")
    env = {"TMPDIR": str(tmp), "PATH": traced_tools(folder / "bin", folder / "trace")}
    search = Search((held.core, held.tail, private))
    world = World(repo, home, tmp, runtime, folder / "trace", AgeKey(key.file, held.recipient), held.core, held.tail, search, env)
    for path, content in held.files.items():
        repo.write(path, "").write_bytes(content)
    repo.commit(
        "first",
        {
            "gitctl.yaml": CONFIG,
            "kust/kustomization.yaml": KUSTOMIZATION,
            "chart/Chart.yaml": CHART,
            "chart/templates/all.yaml": TEMPLATE,
        },
    )
    return world
