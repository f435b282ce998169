"""The wheel: built as `pip install` builds it, it holds the package, its data files, manual pages, completions, and the commands."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import gitctl

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def metadata(wheel: zipfile.ZipFile, name: str) -> str:
    """A file of the wheel's dist-info."""
    return wheel.read(f"gitctl_cli-{gitctl.__version__}.dist-info/{name}").decode()


def test_every_file_of_the_package_ships_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard", "src/gitctl"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    there = {name.removeprefix("src/") for name in listed.split("\0") if name and (ROOT / name).is_file()}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name and ".data/" not in name} == there


def test_manual_pages_and_completions_ship_where_shells_look(wheel: zipfile.ZipFile) -> None:
    root = f"gitctl_cli-{gitctl.__version__}.data/data/share"
    shared = {name.removeprefix(f"{root}/") for name in wheel.namelist() if ".data/" in name}
    pages = {f"man/man1/{page.name}" for page in (ROOT / "man").glob("*.1")}
    completions = {"bash-completion/completions/gitctl", "zsh/site-functions/_gitctl", "fish/vendor_completions.d/gitctl.fish"}
    assert shared == pages | completions
    assert wheel.read(f"{root}/man/man1/gitctl.1") == (ROOT / "man" / "gitctl.1").read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "sandbox/module/go.mod",
        "sandbox/module/go.sum",
        "sandbox/module/main.go",
        "scaffold/files/ci/diff",
        "scaffold/files/forges/github/.github/workflows/gitctl.yaml",
        "scaffold/files/papers/.gitignore",
    ],
)
def test_data_files_ship(wheel: zipfile.ZipFile, name: str) -> None:
    assert wheel.read(f"gitctl/{name}") == (ROOT / "src" / "gitctl" / name).read_bytes()


def test_the_commands_are_installed(wheel: zipfile.ZipFile) -> None:
    lines = metadata(wheel, "entry_points.txt").splitlines()
    commands = {"gitctl = gitctl.cli.app:main", "kubectl-gitctl = gitctl.cli.app:main", "kubectl_complete-gitctl = gitctl.cli.kubectl:main"}
    assert commands <= set(lines)


def test_the_metadata_names_distribution_version_licence_and_python(wheel: zipfile.ZipFile) -> None:
    fields = Parser().parsestr(metadata(wheel, "METADATA"))
    named = (fields["Name"], fields["Version"], fields["License-Expression"], fields["Requires-Python"])
    assert named == ("gitctl-cli", gitctl.__version__, "Apache-2.0", ">=3.11")


def test_the_licence_is_inside(wheel: zipfile.ZipFile) -> None:
    assert "Apache License" in metadata(wheel, "licenses/LICENSE")


def test_typer_stays_below_the_version_that_imports_pydantic(wheel: zipfile.ZipFile) -> None:
    required = Parser().parsestr(metadata(wheel, "METADATA")).get_all("Requires-Dist") or []
    assert "typer<0.29,>=0.28" in required
