"""docs/schemas: fresh, valid, for every kind of result, and strict enough to fail."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from jsonschema import Draft202012Validator
from tests.fixtures.schemas import FOLDER, conforms

ROOT = Path(__file__).parents[3]
RESULT = re.compile(r"\.(?:result|stream)\(\s*\"(\w+)\"|kind(?:: str)? = \"(\w+)\"|if dry_run else \"(\w+)\"|kind=\"(\w+)\"")


def generator() -> ModuleType:
    """The program that writes the schemas."""
    if str(ROOT / "tools") not in sys.path:  # as when it is run
        sys.path.append(str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("generate_result_schemas", ROOT / "tools" / "generate_result_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_are_fresh() -> None:
    published = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert published == generator().files(), "stale: run `make docs`"


def test_there_is_one_for_every_kind_that_a_command_prints() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "src" / "gitctl" / "cli").rglob("*.py"))
    printed = {kind for found in RESULT.findall(sources) for kind in found if kind}
    assert printed == {path.stem for path in FOLDER.glob("*.json")}


def test_nothing_else_prints_json_on_stdout() -> None:
    """A result goes through `Session.result`, and so has a kind. What does not is listed here, each with its own published form."""
    cli = ROOT / "src" / "gitctl" / "cli"
    printers = {p.relative_to(cli).as_posix() for p in cli.rglob("*.py") if re.search(r"printable_json\(|\.as_json\(", p.read_text())}
    # Results; lists of objects; SARIF.
    assert printers == {"session.py", "show/rendered.py", "show/findings.py"}


def test_the_page_names_every_kind() -> None:
    page = (FOLDER / "README.md").read_text()
    assert [path.stem for path in FOLDER.glob("*.json") if f"`{path.stem}`" not in page] == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_is_a_schema_and_asks_for_something(path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    empty = {"apiVersion": "gitctl.dev/v1", "kind": path.stem}
    assert not Draft202012Validator(schema).is_valid(empty)


def test_results_may_gain_fields_and_may_not_lose_or_change_one() -> None:
    body = {"apiVersion": "gitctl.dev/v1", "kind": "Version", "version": "1.0", "python": "3.11"}
    conforms(body | {"more": 1}, "Version")
    for wrong in ({k: v for k, v in body.items() if k != "python"}, body | {"python": 3}, body | {"apiVersion": "v2"}):
        with pytest.raises(AssertionError):
            conforms(wrong, "Version")
