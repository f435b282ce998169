"""Builds the programs from the Go module beside this file, once per module and Go version, into the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gitctl.errors import ErrorId, RenderError, ToolMissing
from gitctl.paths import cache_folder, exclusive, private_folder
from gitctl.process import Command, find, run

Say = Callable[[str], None]

KUBERNETES = "1.37.2"
MODULE = Path(__file__).parent / "module"

# Without a version of its own the server says v0.0.0-master, which clients refuse to read.
_VERSION = "k8s.io/component-base/version"
_LINK_FLAGS = f"-s -w -X {_VERSION}.gitVersion=v{KUBERNETES} -X {_VERSION}.gitMajor=1 -X {_VERSION}.gitMinor=37"
_PACKAGES = (".", "sigs.k8s.io/kwok/cmd/kwok")
_BUILD_LIMIT = 3600.0
_TELL_EVERY = 15.0
_KEPT_BUILDS = 3


@dataclass(frozen=True, slots=True)
class Built:
    """The two programs: `sandbox` is etcd and Kubernetes, chosen by its first argument; `kwok` simulates nodes and pods."""

    sandbox: Path
    kwok: Path


def build(say: Say) -> Built:
    """The programs, from the cache or newly built (7 to 8 minutes on 2 cores, cold). Raises ToolMissing without Go, RenderError."""
    go = _go_version()
    if go is None:
        return _any_cached() or _without_go()
    folder = _folder() / f"{module_key()}-{go}"
    if not _complete(folder):
        with exclusive(_folder() / ".build.lock", waiting=lambda: say("waiting for another build of the control plane")):
            if not _complete(folder):
                _build_into(folder, say)
                _forget_old_builds()
    os.utime(folder)
    return _built(folder)


def module_key() -> str:
    """A digest of the module's files: other sources, other programs."""
    digest = hashlib.sha256(_LINK_FLAGS.encode())
    for path in sorted(p for p in MODULE.iterdir() if p.suffix in {".go", ".mod", ".sum"}):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _build_into(folder: Path, say: Say) -> None:
    say("building the control plane from source: the first build takes 7 to 8 minutes on 2 cores, a later one seconds")
    private_folder(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-", ignore_cleanup_errors=True) as temporary:
        argv = ("go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath", f"-ldflags={_LINK_FLAGS}", "-o", f"{temporary}/")
        command = Command((*argv, *_PACKAGES), cwd=str(MODULE), env=_go_environment(), unset=("GOOS", "GOARCH"), timeout=_BUILD_LIMIT)
        done = run(command, tick=lambda seconds: say(f"still building: {_duration(seconds)}"), every=_TELL_EVERY)
        if done.code != 0:
            lines = done.stderr.strip().splitlines()[-12:]
            raise RenderError(
                "the control plane did not build",
                id=ErrorId.SANDBOX_BUILD,
                details=lines,
                hint="Go needs the network for its modules, or GOPROXY",
            )
        # A rename makes a build appear whole or not at all.
        Path(temporary).chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        Path(temporary).rename(folder)
    say("built")


def _go_environment() -> dict[str, str]:
    return {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}


def _go_version() -> str | None:
    """Such as `go1.26.8-linux-amd64`, None without Go. Asked in the module's folder, because its go.mod may choose a newer toolchain."""
    if find("go") is None:
        return None
    done = run(Command(("go", "env", "-json", "GOVERSION", "GOHOSTOS", "GOHOSTARCH"), cwd=str(MODULE), env=_go_environment()))
    if done.code != 0:
        raise RenderError("go does not work", id=ErrorId.SANDBOX_BUILD, details=done.stderr.strip().splitlines()[-5:])
    known = json.loads(done.stdout)
    return "-".join(str(known[key]).split()[0] for key in ("GOVERSION", "GOHOSTOS", "GOHOSTARCH"))


def _without_go() -> Built:
    raise ToolMissing(
        "go is not on PATH, and the sandbox is built from source",
        hint="install Go 1.26 or newer (https://go.dev/dl); or use kind, k3d or any other cluster: "
        "gitctl needs only --kubeconfig and --context",
    )


def _folder() -> Path:
    return cache_folder() / "sandbox"


def _any_cached() -> Built | None:
    builds = [folder for folder in _builds() if folder.name.startswith(f"{module_key()}-")]
    return _built(builds[0]) if builds else None


def _builds() -> list[Path]:
    """Complete builds, the one used last first."""
    return sorted((f for f in _folder().glob("[!.]*") if _complete(f)), key=lambda f: f.stat().st_mtime, reverse=True)


def _forget_old_builds() -> None:
    for folder in _builds()[_KEPT_BUILDS:]:
        shutil.rmtree(folder, ignore_errors=True)


def _complete(folder: Path) -> bool:
    found = _built(folder)
    return found.sandbox.is_file() and found.kwok.is_file()


def _built(folder: Path) -> Built:
    return Built(folder / "sandbox", folder / "kwok")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
