"""Installs moto's server, which stands in for AWS KMS, Secrets Manager and SSM in tests, into the user's cache.

    python tools/install_moto.py          install it if it is missing
    python tools/install_moto.py --path   print the folder to add to PATH, install nothing

It has an environment of its own: it wants other versions of packages than gitctl. The folder's name is a hash over its lock file and this
Python. It appears by a rename of a marker, complete or not at all; a second installer waits for the first.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from install import alone, cache_folder

LOCK = Path(__file__).parents[1] / "requirements-moto.lock"


def folder() -> Path:
    """Where the environment is, or will be."""
    key = hashlib.sha256(LOCK.read_bytes() + f"{sys.version} {sys.base_prefix}".encode()).hexdigest()[:16]
    return cache_folder() / "tools" / f"moto-{key}"


def program() -> Path:
    """A folder with the server and nothing else in it: what is beside it in the environment must not come onto PATH."""
    return folder() / "program"


def install() -> None:
    """Make the environment, unless it is there. Raises CalledProcessError."""
    place = folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    done = place / ".installed"
    with alone(place.with_suffix(".lock")):
        if not done.is_file():
            print("tools: moto", flush=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
            flags = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", str(LOCK))
            subprocess.run([place / "bin" / "python", "-m", "pip", "install", *flags], check=True)
            program().mkdir()
            (program() / "moto_server").symlink_to(place / "bin" / "moto_server")
            done.touch()


def main(arguments: list[str]) -> int:
    """Exit code 0: it is there (or its path is printed); 1: it is missing, said on stderr."""
    if arguments == ["--path"]:
        print(program())
        return 0
    try:
        install()
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"tools: moto: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
