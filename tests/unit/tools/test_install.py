"""The installer of pinned tools: where it installs, what names the folder, and that it agrees with the lock file."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gitctl import paths

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tools" / "install.py"


def load() -> ModuleType:
    """tools/install.py as a module: tools/ is no package."""
    specification = importlib.util.spec_from_file_location("install", SCRIPT)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["install"] = module
    specification.loader.exec_module(module)
    return module


install = load()


@pytest.mark.parametrize(
    "environment",
    [{}, {"XDG_CACHE_HOME": "/somewhere/else"}, {"XDG_CACHE_HOME": " "}, {"GITCTL_CACHE_DIR": "/own/cache"}, {"GITCTL_CACHE_DIR": ""}],
    ids=["nothing set", "XDG", "XDG blank", "ours", "ours empty"],
)
def test_the_cache_is_the_one_that_gitctl_uses(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "GITCTL_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert install.cache_folder() == paths.cache_folder()


def test_another_pin_or_another_go_is_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = install.key("go1.26.8 linux amd64")
    assert install.key("go1.26.9 linux amd64") != before
    monkeypatch.setitem(install.GO_TOOLS, "helm", install.GoTool("helm.sh/helm/v4/cmd/helm", "v4.3.2"))
    assert install.key("go1.26.8 linux amd64") != before


def test_wheel_versions_are_those_of_the_lock_file() -> None:
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements-dev.lock").read_text(), flags=re.MULTILINE))
    assert {tool.distribution: locked.get(tool.distribution) for tool in install.WHEEL_TOOLS.values()} == {
        tool.distribution: tool.version for tool in install.WHEEL_TOOLS.values()
    }


def test_a_failed_installation_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = install.WheelTool("no-such-wheel", "1.0", "{purelib}/no/such/file")
    monkeypatch.setattr(install, "WHEEL_TOOLS", {"ghost": missing})
    with pytest.raises(RuntimeError, match="no-such-wheel"):
        install.install(tmp_path / "tools" / "key")
    assert [path.name for path in (tmp_path / "tools").iterdir()] == ["key.lock"]


def test_an_installation_that_is_there_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tools" / "key"
    folder.mkdir(parents=True)
    (folder / "mine").touch()
    monkeypatch.setattr(install, "build", lambda _folder: pytest.fail("built again"))
    install.install(folder)
    assert (folder / "mine").exists()


def test_flags_of_a_surrounding_go_build_do_not_reach_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOPROXY", "https://proxy.example")
    environment = install.go_environment(tmp_path)
    assert "GOFLAGS" not in environment
    assert (environment["GOPROXY"], environment["GOBIN"], environment["CGO_ENABLED"]) == ("https://proxy.example", str(tmp_path), "0")


@pytest.mark.skipif(shutil.which("go") is None, reason="needs Go")
def test_path_prints_the_folder_and_installs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCTL_CACHE_DIR", str(tmp_path))
    done = subprocess.run([sys.executable, str(SCRIPT), "--path"], capture_output=True, text=True, check=True)
    assert re.fullmatch(re.escape(f"{tmp_path}/tools/") + "[0-9a-f]{16}\n", done.stdout)
    assert list(tmp_path.iterdir()) == []


def test_without_go_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "tools: go is not on PATH; install Go 1.26 or newer, then run `make tools` again\n")
