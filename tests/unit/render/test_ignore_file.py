"""`.gitctlignore` against `git check-ignore`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gitctl.render.ignore_file import Ignored

PATHS = [
    "a.yaml",
    "b.yaml",
    "a/a.yaml",
    "a/b/c.yaml",
    "b/a/c.yaml",
    "a b.yaml",
    "x/y/z/a.yaml",
    "#a",
    "!a",
    "ab.yaml",
    "a/.keep",
    "doc/frotz/a.yaml",
    "1.yaml",
]

CASES = [
    "a.yaml", "/a.yaml", "a/", "/a/", "a/b", "**/c.yaml", "a/**", "a/**/c.yaml", "*.yaml\n!a.yaml", "a/\n!a/a.yaml", "[ab].yaml", "[!a].yaml",
    "[a-c]*.yaml", "?.yaml", "*", "*\n!*/\n!c.yaml", "\\#a", "\\!a", "# comment", "", "a b.yaml", "a.yaml   ", "doc/frotz", "frotz/", "/*\n!/a", "x/*/z",
    "x/**/a.yaml", "**", "**/a", "b\n/b.yaml", "[0-9].yaml", "a*b.yaml", "a/*", "a/*\n!a/b/", "/**/a.yaml", "c.yaml/", "**/", "y/z", "/**\n!a",
]  # fmt: skip


def test_no_pattern_takes_long_or_breaks() -> None:
    """Found by fuzzing: stars that could be read in very many ways, and a class that cannot be read."""
    for text in ("*a" * 30 + "b", "**/" * 40 + "b", "a*" * 30 + "b", "[z-a]", "[", "[!", "\\", "**/[b-a]*"):
        assert not Ignored(text).matches("/".join(["a" * 200] * 20) + ".yaml")
    assert Ignored("*a*a*a*").matches("aaa")


def by_git(folder: Path, texts: list[str]) -> list[set[str]]:
    """What Git ignores for each text; one folder each, so that one call answers all."""
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    for number, text in enumerate(texts):
        for path in PATHS:
            (folder / str(number) / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / str(number) / ".gitignore").write_text(text)
    asked = "\0".join(f"{number}/{path}" for number in range(len(texts)) for path in PATHS)
    answer = subprocess.run(["git", "check-ignore", "--stdin", "-z"], cwd=folder, input=asked, capture_output=True, text=True, check=False)
    ignored = set(filter(None, answer.stdout.split("\0")))
    return [{path for path in PATHS if f"{number}/{path}" in ignored} for number in range(len(texts))]


def by_us(text: str) -> set[str]:
    ignored = Ignored(text)
    return {path for path in PATHS if ignored.matches(path)}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    return dict(zip(CASES, by_git(tmp_path_factory.mktemp("repo"), CASES), strict=True))


@pytest.mark.parametrize("text", CASES)
def test_as_git_does(text: str, answers: dict[str, set[str]]) -> None:
    assert by_us(text) == answers[text]


pieces = st.sampled_from(["a", "b", "c.yaml", "*", "**", "?", "*.yaml", "[ab]", "x", "y", "a.yaml"])
lines = st.builds(
    lambda keep, top, parts, end: ("!" if keep else "") + ("/" if top else "") + "/".join(parts) + ("/" if end else ""),
    st.booleans(), st.booleans(), st.lists(pieces, min_size=1, max_size=3), st.booleans(),
)  # fmt: skip


@given(texts=st.lists(st.lists(lines, min_size=1, max_size=3).map("\n".join), min_size=20, max_size=20))
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
def test_as_git_does_with_any_patterns(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert [by_us(text) for text in texts] == by_git(tmp_path_factory.mktemp("repo"), texts)
