from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises

from gitctl.documents import REMOVED, edit, load_all
from gitctl.errors import ErrorId, ManifestError

TEXT = """\
# yaml-language-server: $schema=x
apiVersion: gitctl.dev/v1   # version

clusters:
  dev: {context: kind-dev}  # local
apps:
  # the shop
  shop:
    path: 'apps/{env}'
    mode: 0644
    items:
      - one # first
      - "two"
"""


def test_nothing_changed_is_byte_identical() -> None:
    assert edit(TEXT, {}) == TEXT


def test_one_value_changes_one_line() -> None:
    assert edit(TEXT, {("apps", "shop", "path"): "new"}) == TEXT.replace("apps/{env}", "new")


def test_a_list_item_changes_and_the_next_is_appended() -> None:
    changed = edit(TEXT, {("apps", "shop", "items", 0): "uno", ("apps", "shop", "items", 2): "tre"})
    assert changed == TEXT.replace("- one # first", "- uno # first") + "      - tre\n"


def test_missing_parents_are_made() -> None:
    changed = edit(TEXT, {("environments", "dev", "clusters", 0): "dev"})
    assert changed == TEXT + "environments:\n  dev:\n    clusters:\n      - dev\n"


def test_removed_takes_away_and_a_second_time_does_nothing() -> None:
    once = edit(TEXT, {("apps", "shop", "mode"): REMOVED})
    assert once == TEXT.replace("    mode: 0644\n", "")
    assert edit(once, {("apps", "shop", "mode"): REMOVED}) == once


def test_an_empty_file_gets_a_mapping() -> None:
    assert edit("", {("a", "b"): 1}) == "a:\n  b: 1\n"


@pytest.mark.parametrize(
    "path", [("apiVersion", "x"), ("apps", "shop", "items", 9), ("apps", "shop", "items", "x"), ("clusters", "dev", "context", 0)]
)
def test_a_path_that_is_not_there_is_refused(path: tuple[str | int, ...]) -> None:
    with pytest.raises(ManifestError, match="the path is not there"):
        edit(TEXT, {path: 1})


def test_broken_text_is_refused_without_its_text() -> None:
    with raises(ErrorId.YAML_EDIT) as refused:
        edit("a: [c4n4ry\n", {("a",): 1})
    assert "c4n4ry" not in f"{refused.value}{refused.value.__cause__}"
    assert refused.value.__suppress_context__


@given(st.sampled_from(["on", "1", "a: b", "x\ny\n", "", "0644", "1:30", "a \nb", "1\n", 1, 2.5, True, None, ["on"], {"y": "no"}]))
@settings(deadline=None)
def test_what_is_set_is_what_kubectl_reads(value: Any) -> None:
    changed = edit(TEXT, {("apps", "shop", "new"): value})
    assert load_all(changed.encode(), where="a")[0].value["apps"]["shop"]["new"] == value


def test_what_comes_before_the_mark_of_the_document_stays() -> None:
    head = "# by hand\n\n---  # the one\n"
    assert edit(head + TEXT, {("apps", "shop", "path"): "new"}) == head + TEXT.replace("apps/{env}", "new")
