"""The manual pages are those of the command tree, and roff takes them as they are meant."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from generate_man import FOLDER, pages, roff

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_fresh(name: str) -> None:
    path = FOLDER / name
    assert path.is_file(), "missing: run `make docs`"
    assert path.read_text() == PAGES[name], "stale: run `make docs`"


def test_no_page_is_left_of_a_command_that_is_gone() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize(
    ("text", "line"),
    [(".TH x", "\\&.TH x"), ("-e dev", "\\-e dev"), ("'x'", "\\(aqx\\(aq"), ("a\\b", "a\\eb"), ("`…`", "\\(ga\\[u2026]\\(ga")],
)
def test_text_is_only_text(text: str, line: str) -> None:
    assert roff(text) == line


def test_roff_finds_nothing_wrong(tmp_path: Path) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    argv = [groff, "-man", "-ww", "-Tutf8", "-P-c", *(str(FOLDER / name) for name in PAGES)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin", "GROFF_NO_SGR": "1"})
    assert done.stderr == ""
    assert "gitctl diff -e prod --from main~1 --to main" in done.stdout
    assert "[APP…|PATH]" in done.stdout
