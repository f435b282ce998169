"""The house rules that no linter knows: sizes, names, docstrings, and nothing of one machine in tracked files."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "gitctl"
MODULES = sorted(PACKAGE.rglob("*.py"))
CODE = [
    *MODULES,
    *sorted((ROOT / "tools").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "tests").rglob("*.py")),
]

FILE_LINES = 400
FUNCTION_LINES = 60
VAGUE = {"util", "utils", "utilities", "helper", "helpers", "common", "misc", "manager", "base", "core", "stuff", "lib"}
# Each with a class of one letter in it, so that this file does not hold what it looks for.
MACHINE = re.compile(r"(?<![\w.])(/wor[k]/|/tmp/ven[v]|/tmp/c[p]/|/roo[t]/|/tmp/tea[m])")
REGISTRIES = re.compile(r"pypi[.]org|pythonhosted[.]org|proxy[.]golang[.]org|sum[.]golang[.]org|registry[.]npmjs[.]org|crates[.]io")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    """The path as a message shows it."""
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(), filename=str(path))


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def public(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    """Public functions and classes, and the methods of public classes."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def tracked() -> list[Path]:
    """Files that Git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_files() -> Iterator[tuple[Path, str]]:
    """Tracked files that are text."""
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            yield path, content.decode("utf-8", "replace")


def test_files_are_short() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{name_of(path)}:{node.lineno} {node.name}": lines
        for path in CODE
        for node in functions(tree_of(path))
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_files_and_classes_have_telling_names() -> None:
    files = [name_of(path) for path in tracked() if path.suffix == ".py" and path.stem.strip("_") in VAGUE]
    folders = [name_of(folder) for folder in {path.parent for path in MODULES} if folder.name in VAGUE]
    classes = [
        f"{name_of(path)} {node.name}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and {word.lower() for word in re.findall(r"[A-Z][a-z]+", node.name)} & VAGUE
    ]
    assert files + folders + classes == []


def test_every_module_says_what_it_is() -> None:
    assert [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_everything_public_has_a_docstring() -> None:
    missing = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in public(tree_of(path).body)
        if not ast.get_docstring(node)
    ]
    assert missing == []


def test_no_work_is_left_for_later() -> None:
    mark = re.compile(r"#\s*(TODO|FIXME|XXX|HACK)\b")
    found = [f"{name_of(path)}:{n}" for path in CODE for n, line in enumerate(path.read_text().splitlines(), 1) if mark.search(line)]
    assert found == []


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRIES], ids=["a path of one machine", "a package index"])
def test_no_tracked_file_names(pattern: re.Pattern[str]) -> None:
    assert [f"{name_of(path)}: {hit[0]}" for path, text in text_files() if (hit := pattern.search(text))] == []


def test_nothing_is_tracked_that_is_ignored() -> None:
    argv = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout == ""


def test_the_lock_file_pins_by_hash_and_names_no_index() -> None:
    text = (ROOT / "requirements-dev.lock").read_text()
    requirements = [block for block in re.split(r"\n(?=\S)", text) if block.strip() and not block.startswith("#")]
    assert len(requirements) > 50
    assert [block.split()[0] for block in requirements if "==" not in block or "--hash=sha256:" not in block] == []
    assert re.findall(r"^-.*|.*://.*", text, flags=re.MULTILINE) == []


def test_the_lock_file_holds_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [line for line in (ROOT / "requirements-dev.in").read_text().splitlines() if line and line[0] != "#"]
    locked = {
        normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements-dev.lock").read_text(), flags=re.MULTILINE)
    }
    assert {normal(re.split(r"[<>=!~\[; ]", entry)[0]) for entry in wanted} - locked == set()


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_changelog_keeps_its_form() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    versions = [line for line in lines if line.startswith("## ")]
    assert lines[0] == "# Changelog"
    assert versions[0] == "## [Unreleased]"
    assert [v for v in versions[1:] if not re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", v)] == []
    kinds = {line.removeprefix("### ") for line in lines if line.startswith("### ")}
    assert kinds
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".ci/run", "src/gitctl/py.typed"])
def test_the_project_has_its_papers(name: str) -> None:
    assert (ROOT / name).is_file()


def test_ci_runs_the_make_target() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "make test" in script.read_text()
