"""What a command imports: nothing heavy before it is needed. Modules are counted here; time is measured in benchmarks/startup.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitctl.cli.commands import VERBS
from gitctl.process import Command, run

SOURCE = Path(__file__).parents[2] / "src"
HEAVY = {
    "kubernetes",
    "git",
    "deepdiff",
    "ruamel",
    "pydantic",
    "requests",
    "aiohttp",
    "yaml",
    "stamina",
    "urllib3",
    "pyrage",
    "botocore",
    "rich.console",
}


def imported_by(*arguments: str) -> set[str]:
    """Names of all modules that one run of Python imports."""
    done = run(Command((sys.executable, "-X", "importtime", *arguments), env={"PYTHONPATH": str(SOURCE)}))
    assert done.code == 0, done.stderr[-2000:]
    return {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def heavy(modules: set[str]) -> set[str]:
    """Those of them that only a command at work may import."""
    return {name for name in modules if name in HEAVY or name.split(".", 1)[0] in HEAVY}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["version"], ["completion", "bash"], ["sync", "--help"]], ids=" ".join)
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    assert heavy(imported_by("-m", "gitctl", *arguments)) == set()


def test_the_version_alone_does_not_even_import_typer() -> None:
    modules = imported_by("-m", "gitctl", "--version")
    assert {name for name in modules if name.split(".", 1)[0] in {"typer", "rich", "msgspec", "orjson", "platformdirs"}} == set()


@pytest.mark.parametrize(("words", "verbs"), [("gitctl diff --revision ", {"diff"}), ("gitctl sta", {"status"})])
def test_completion_imports_the_typed_verb_alone(words: str, verbs: set[str]) -> None:
    ask = {"_GITCTL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - (words[-1] != " "))}
    # Not by importtime: it does not see what `import_module` imports.
    program = "import sys\nfrom gitctl.cli.app import run\ntry:\n    run([])\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    done = run(Command((sys.executable, "-c", program), env={"PYTHONPATH": str(SOURCE), **ask}))
    modules = set(done.stderr.split())
    assert {verb for verb in VERBS if f"gitctl.cli.{verb}" in modules} == verbs
    assert heavy(modules) == set()


def test_a_scan_for_a_hook_imports_little() -> None:
    modules = imported_by("-m", "gitctl", "secret", "scan", str(SOURCE.parent / "examples/shop/apps/reports/dev/reports.yaml"))
    assert heavy(modules) == set()
    assert {name for name in modules if name.split(".", 1)[0] in {"msgspec", "jsonschema"} or name == "gitctl.cli.open"} == set()


def test_what_is_heavy_would_be_seen() -> None:
    assert "deepdiff" in heavy(imported_by("-c", "def later():\n    import deepdiff\nlater()"))
