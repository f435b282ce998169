"""The Dockerfile. No Docker runs here: its instructions are checked against what the tree pins, and against what the agent expects."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from gitctl.workflow import agent

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """(instruction, its arguments), comments and continuation lines taken out."""
    joined = re.sub(r"\\\n\s*", " ", "".join(f"{row}\n" for row in TEXT.splitlines() if not row.startswith("#")))
    pairs = [row.partition(" ") for row in joined.splitlines() if row.strip()]
    return [(name, rest) for name, _, rest in pairs]


def arguments(name: str) -> list[str]:
    """The arguments of all instructions of one name."""
    return [rest for found, rest in instructions() if found == name]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """`tool("install")`: a program of tools/."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look for their module
        spec.loader.exec_module(module)
        return module

    return load


def test_tools_are_built_as_the_tests_build_theirs(tool: Callable[[str], ModuleType]) -> None:
    install = tool("install")
    versions = dict(one.split("=", 1) for one in arguments("ARG"))
    runs = " ".join(arguments("RUN"))
    for name, argument in (("helm", "HELM_VERSION"), ("kustomize", "KUSTOMIZE_VERSION")):
        pin = install.GO_TOOLS[name]
        assert versions[argument] == pin.version
        filled = runs.replace(f"${{{argument}}}", pin.version)
        assert f'go install -trimpath "-ldflags={pin.ldflags}" "{pin.package}@{pin.version}"' in filled
    assert versions["SOPS_VERSION"] == f"v{install.WHEEL_TOOLS['sops'].version}"


def test_bases_are_pinned_and_nothing_is_fetched_unchecked() -> None:
    bases = [one.split("=", 1)[1] for one in arguments("ARG") if "IMAGE" in one]
    assert len(bases) == 2
    assert [base for base in bases if not re.fullmatch(r"[a-z/]+:\d+\.\d+[-a-z.0-9]*", base)] == []
    assert arguments("ADD") == []
    runs = arguments("RUN")
    assert [run for run in runs if re.search(r"curl|wget|\| *(ba)?sh", run)] == []
    installs = [part for run in runs for part in run.split("&&") if "pip install" in part]
    assert len(installs) == 3
    assert [i for i in installs if "--require-hashes" not in i and "/wheels/" not in i] == []


def test_the_user_is_the_one_that_the_agent_runs_as_and_has_a_name() -> None:
    assert arguments("USER") == [f"{agent.USER}:{agent.USER}"]
    last = arguments("RUN")[-1]
    assert f"groupadd --gid {agent.USER} " in last
    assert f"useradd --uid {agent.USER} --gid {agent.USER} " in last
    assert [name for name, _ in instructions()][-1] == "CMD"
    assert arguments("ENTRYPOINT") == ['["gitctl"]']


def test_the_programs_that_gitctl_calls_are_in_it() -> None:
    last = arguments("RUN")[-1]
    assert "--no-install-recommends ca-certificates git openssh-client" in last
    assert "rm -rf /var/lib/apt/lists/*" in last


def test_what_is_copied_is_there_and_nothing_else_is_sent() -> None:
    copied = [word for one in arguments("COPY") if not one.startswith("--from") for word in one.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    allowed = [row[1:] for row in (ROOT / ".dockerignore").read_text().splitlines() if row.startswith("!")]
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")
    assert sorted(allowed) == sorted(copied)


def test_all_that_the_wheel_holds_is_copied() -> None:
    """Building it fails without them."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {name.split("/")[0] for name in (*wheel["packages"], *wheel["shared-data"])}
    assert needed <= {word for one in arguments("COPY") if not one.startswith("--from") for word in one.split()[:-1]}


def test_the_lock_files_are_cut_out_of_the_one_that_is_developed_with(tool: Callable[[str], ModuleType]) -> None:
    made = tool("runtime_lock").files()
    assert {path.name: path.read_text() for path in made} == {path.name: text for path, text in made.items()}
    names = {line.split("==")[0] for line in made[ROOT / "requirements.lock"].splitlines() if "==" in line}
    assert {"typer", "kubernetes", "pyrage", "urllib3"} <= names
    assert not names & {"pytest", "mypy", "ruff", "hatchling"}


def test_hadolint_has_nothing_to_say() -> None:
    if shutil.which("hadolint") is None:
        pytest.skip("no hadolint on PATH")
    done = subprocess.run(["hadolint", str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
