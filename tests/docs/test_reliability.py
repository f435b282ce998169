"""docs/reliability.md: each promise has a test that exists, campaigns have a long version, and figures are added up as the page shows them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.torture.__main__ import Campaign, marked
from tests.torture.table import Note, filled, printed, promises, summed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text()
PROMISES = promises(PAGE)


def functions(file: str) -> set[str]:
    """The tests in a file."""
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_is_a_promise_with_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and line[2].isdigit() and not line.startswith("| 130")]
    assert len(PROMISES) == len(rows) > 20
    assert [p.text for p in PROMISES if not p.tests] == []
    assert [p.section for p in PROMISES] == sorted(p.section for p in PROMISES)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda p: p.text[:40])
def test_the_tests_of_a_promise_exist(promise) -> None:  # type: ignore[no-untyped-def]
    assert [(file, name) for file, name in promise.tests if name not in functions(file)] == []


def test_a_row_with_a_figure_has_a_campaign_and_every_campaign_a_row() -> None:
    long = {str(path.relative_to(ROOT)) for path in marked()}
    assert [p.text for p in PROMISES if p.figures and not {file for file, _ in p.tests} & long] == []
    assert long - {file for p in PROMISES for file, _ in p.tests} == set()


ROW = "| 2.1 | it holds | [test_a](../tests/x/test_x.py), [test_b](../tests/x/test_x.py) | 3 kills |\n| 3 | that too | [test_c](../tests/y.py) | 4 races |\n"
NOTES = [
    Note("tests/x/test_x.py::test_a[1]", "kills", 2),
    Note("tests/x/test_x.py::test_a[2]", "kills", 2),
    Note("tests/x/test_x.py::test_b", "spills", 1),
]


def test_figures_are_added_up_by_name() -> None:
    assert [p.figures for p in promises(ROW)] == [("kills",), ("races",)]
    assert "| 4 kills; 1 spills |" in filled(ROW, summed(NOTES))
    assert "| 4 races |" in filled(ROW, summed(NOTES))
    assert printed(ROW, summed(NOTES)).splitlines() == [
        "it holds",
        "    test_a, test_b",
        "    4 kills; 1 spills",
        "that too",
        "    test_c",
        "    -",
    ]


def test_a_failure_is_told_and_run_again_and_its_figures_do_not_count(tmp_path: Path) -> None:
    good, bad = (ROOT / "tests" / "torture" / f"test_{name}.py" for name in ("good", "bad"))
    campaign = Campaign(tmp_path, "digest")
    place = campaign._place(good, ".json")
    place.write_text('{"file": "good", "passed": true, "seconds": 1, "notes": [{"test": "t", "name": "n", "value": 2}]}')
    campaign._place(bad, ".json").write_text(
        '{"file": "bad", "passed": false, "seconds": 1, "notes": [{"test": "t", "name": "n", "value": 40}]}'
    )
    assert campaign.failed([good, bad]) == ["tests/torture/test_bad.py"]
    assert [note.value for note in campaign.notes()] == [2]
    assert "FAILED bad" in campaign.table()
    assert Campaign(tmp_path, "another source").failed([good]) == ["tests/torture/test_good.py"]
