"""ci/install, as a runner runs it: a new folder with gitctl, programs that are missing built by Go, nothing done twice."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from gitctl.workflow.bootstrap.template import filled

ROOT = Path(__file__).parents[4]
GO = '#!/bin/sh\necho "$@" >>"$GO_CALLS"\nprintf "#!/bin/sh\\n" >"$GOBIN/sops"\nchmod +x "$GOBIN/sops"\n'


def installer() -> ModuleType:
    """tools/install.py as a module."""
    specification = importlib.util.spec_from_file_location("pins", ROOT / "tools" / "install.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["pins"] = module
    specification.loader.exec_module(module)
    return module


def test_gitctl_and_missing_programs_are_installed_once(tmp_path: Path) -> None:
    wheel = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(wheel, cwd=ROOT, check=True, capture_output=True)
    script, programs, folder = tmp_path / "install", tmp_path / "bin", tmp_path / "ci"
    script.write_text(filled("ci/install", {"VERSION": "0.0.0", "PROGRAMS": "sops"}))
    programs.mkdir()
    (programs / "go").write_text(GO)
    (programs / "go").chmod(0o755)
    (programs / "python3").symlink_to(sys.executable)
    env = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": os.environ["HOME"],
        "GITCTL_PACKAGE": str(next(tmp_path.glob("*.whl"))),
        "GITCTL_CI_FOLDER": str(folder),
        "GITHUB_PATH": str(tmp_path / "path"),
        "GO_CALLS": str(tmp_path / "calls"),
        # What gitctl stands on is taken from here: the test reaches no index.
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    for _ in range(2):
        done = subprocess.run(["bash", script], env=env, capture_output=True, text=True, check=False, timeout=300)
        assert (done.returncode, done.stdout) == (0, f"{folder}/bin\n"), done.stderr
        assert re.fullmatch(r"gitctl \d+\.\d+\.\d+\n", done.stderr)
    assert (tmp_path / "path").read_text() == f"{folder}/bin\n" * 2
    assert (tmp_path / "calls").read_text() == f"install {_sops()}\n"


def test_the_programs_are_those_that_gitctl_is_tested_with() -> None:
    pins = installer()
    text = filled("ci/install", {"VERSION": "0.0.0", "PROGRAMS": ""})
    for name in ("helm", "kustomize"):
        tool = pins.GO_TOOLS[name]
        assert f"{name}) echo {tool.package}@{tool.version} ;;" in text
    assert _sops().endswith(f"@v{pins.WHEEL_TOOLS['sops'].version}")


def _sops() -> str:
    found = re.search(r"sops\) echo (\S+) ;;", filled("ci/install", {"VERSION": "0.0.0", "PROGRAMS": ""}))
    assert found
    return found[1]
