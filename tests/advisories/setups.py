"""What a case wants that text in a file cannot say: settings of Git, archives, large files, servers."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

from tests.advisories.world import CANARY, World, write
from tests.servers.charts import ChartServer, pack

__all__ = [
    "alias_bomb",
    "another_secret",
    "another_value",
    "archive_from_the_root",
    "archive_upwards",
    "archive_with_a_chain",
    "archive_with_a_link",
    "buried_repository",
    "chart_bomb",
    "deep_file",
    "evil_commit",
    "hooks",
    "index_of_another_host",
    "large_file",
    "many_objects",
    "merge_bomb",
    "monitor",
    "path_in_git_folder",
    "repository_outside",
    "submodule",
    "waiting_link",
    "web_gets_no_credentials",
    "web_may_be_asked",
]

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
CHART = {"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "templates/a.yaml": MAP}


def repository_outside(world: World) -> None:
    """A base that kustomize could fetch."""
    base = world.outside / "base"
    write(base, {"app/kustomization.yaml": "resources: [a.yaml]\n", "app/a.yaml": MAP})
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "base")):
        world.repo.git("-C", str(base), *words)


def waiting_link(world: World) -> None:
    """Somebody has foretold the name."""
    (world.outside / "tmp").mkdir()
    (world.outside / "victim").mkdir()
    (world.outside / "victim/file").write_text("precious")
    (world.outside / "tmp/gitctl-foretold").symlink_to(world.outside / "victim")
    world.env["TMPDIR"] = str(world.outside / "tmp")


def monitor(world: World) -> None:
    """A file system monitor in the repository's own configuration."""
    world.repo.git("config", "core.fsmonitor", str(world.bait))


def hooks(world: World) -> None:
    """Hooks of every step that writes."""
    for name in ("reference-transaction", "pre-commit", "post-commit", "post-checkout", "post-index-change", "update"):
        hook = world.repo.path / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(world.bait.read_bytes())
        hook.chmod(0o755)


def buried_repository(world: World) -> None:
    """A folder of the app that is a bare repository, with a monitor of its own."""
    buried = world.repo.path / "apps/web/buried"
    world.repo.git("init", "--quiet", "--bare", str(buried))
    for key, value in {"core.fsmonitor": str(world.bait), "core.bare": "false", "core.worktree": str(buried)}.items():
        world.repo.git("--git-dir", str(buried), "config", key, value)


def submodule(world: World) -> None:
    """The app's folder is a submodule."""
    repository_outside(world)
    base = str(world.outside / "base")
    world.repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", base, "apps/web")
    world.repo.commit("submodule")


def path_in_git_folder(world: World) -> None:
    """A commit with a file that belongs to Git itself; `git add` would not make it."""
    blob = world.repo.git("hash-object", "-w", "apps/web/a.yaml")
    inner = _tree(world, f"100644 blob {blob}\tconfig\n")
    top = world.repo.git("ls-tree", "HEAD")
    tree = _tree(world, f"{top}\n040000 tree {inner}\t.GIT\n")
    world.repo.git("reset", "--quiet", "--soft", world.repo.git("commit-tree", "-m", "hostile", tree))


def _tree(world: World, lines: str) -> str:
    from tests.fixtures.commands import run

    return run(("git", "mktree"), cwd=world.repo.path, stdin=lines).expect().stdout.strip()


def another_secret(world: World) -> None:
    """A second commit in which the secret is another."""
    for file in (world.repo.path / "apps/web").glob("*.yaml"):
        file.write_text(file.read_text().replace(CANARY, f"{CANARY}2"))
    world.repo.commit("another")


def another_value(world: World) -> None:
    """A second commit with another hostile value."""
    file = world.repo.path / "apps/web/a.yaml"
    file.write_text(file.read_text().replace("fine", "also fine"))
    world.repo.commit("another")


def evil_commit(world: World) -> None:
    """A second commit whose subject and author steer the terminal."""
    file = world.repo.path / "apps/web/a.yaml"
    file.write_text(file.read_text() + "data: {a: b}\n")
    world.repo.git("add", ".")
    world.repo.git("-c", "user.name=Eve\x1b[31m", "commit", "--quiet", "-m", "sub\x1b]0;x\x07ject \u202edrow")


def web_may_be_asked(world: World) -> None:
    """Asking the attacker's server is what the user wanted; credentials are another matter."""
    world.may_ask = True


def web_gets_no_credentials(world: World) -> None:
    """The checkout came from another host."""
    world.repo.git("remote", "add", "origin", "https://git.example.com/shop")
    world.may_ask = True


def _write_large(world: World, name: str, content: bytes) -> None:
    path = world.repo.path / "apps/web" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    world.repo.commit(name)


def large_file(world: World) -> None:
    """65 MiB that compress to nothing."""
    write(world.repo.path, {"apps/web/a.yaml": MAP})
    world.repo.git("config", "core.looseCompression", "1")
    _write_large(world, "large.bin", bytes(65 << 20))


def deep_file(world: World) -> None:
    """Nested lists."""
    _write_large(world, "a.yaml", b"a: " + b"[" * 1000 + b"]" * 1000 + b"\n")


def alias_bomb(world: World) -> None:
    """300 bytes, two million values."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 8))]
    _write_large(world, "a.yaml", "\n".join(lines).encode())


def merge_bomb(world: World) -> None:
    """Merge keys that double."""
    lines = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 21))]
    _write_large(world, "a.yaml", "\n".join(lines).encode())


def many_objects(world: World) -> None:
    """Large, and honest."""
    _write_large(world, "a.yaml", "---\n".join(MAP.replace("name: a", f"name: a{n}") for n in range(500)).encode())


def _publish(world: World, archive: bytes) -> None:
    server = world.stack.enter_context(ChartServer())
    digest = server.add("web", "1.0.0", archive)
    _use(world, server.url, digest)


def _use(world: World, url: str, digest: str) -> None:
    chart = {"repo": url, "name": "web", "version": "1.0.0", "digest": f"sha256:{digest}"}
    project = {
        "apiVersion": "gitctl.dev/v1",
        "kind": "Project",
        "name": "shop",
        "clusters": {"main": {"context": "main"}},
        "environments": {"dev": {"clusters": ["main"]}},
        "apps": {"web": {"path": "apps/web", "namespace": "shop", "helm": {"chart": chart}}},
    }
    world.repo.commit("chart", {"gitctl.yaml": json.dumps(project)})


def index_of_another_host(world: World) -> None:
    """The index is here, the chart there; and it is another one than was pinned."""

    class Elsewhere(ChartServer):
        def _index(self) -> bytes:
            found = {"apiVersion": "v2", "name": "web", "version": "1.0.0", "urls": [f"{there.url}/web-1.0.0.tgz"]}
            return json.dumps({"apiVersion": "v1", "entries": {"web": [found]}}).encode()

    there, here = world.stack.enter_context(ChartServer()), world.stack.enter_context(Elsewhere())
    there.add("web", "1.0.0", pack(CHART))
    here.add("web", "1.0.0", b"")
    _use(world, here.url, "0" * 64)


def chart_bomb(world: World) -> None:
    """A chart with 20 MiB of nothing in it."""
    _publish(world, pack({**CHART, "files/nothing": "\0" * (20 << 20)}))


def _archive(*members: tarfile.TarInfo) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in CHART.items():
            tar.addfile(_member(f"web/{name}", size=len(text)), io.BytesIO(text.encode()))
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
    return gzip.compress(plain.getvalue(), mtime=0)


def _member(name: str, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    if link:
        member.type, member.linkname = tarfile.SYMTYPE, link
    return member


def archive_upwards(world: World) -> None:
    """`..` in a name."""
    _publish(world, _archive(_member("web/../../outside/touched", size=3)))


def archive_from_the_root(world: World) -> None:
    """A name that begins at the root."""
    _publish(world, _archive(_member(str(world.outside / "touched"), size=3)))


def archive_with_a_link(world: World) -> None:
    """A link out, and a file through it."""
    _publish(world, _archive(_member("web/out", link=str(world.outside)), _member("web/out/touched", size=3)))


def archive_with_a_chain(world: World) -> None:
    """Long names and links, one on the other, until a check of the whole path gives up (CVE-2025-4517)."""
    step = "d" * 247
    links = [_member(f"web/{'/'.join([step] * n)}/{chr(97 + n)}", link=step) for n in range(1, 15)]
    _publish(
        world,
        _archive(*links, _member("web/escape", link="../" * 16 + str(world.outside).lstrip("/")), _member("web/escape/touched", size=1)),
    )
