"""The private folder of a renderer."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.render.private import room


def test_files_that_cannot_be_written_are_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with raises(ErrorId.NO_ROOM, match="No such file") as caught, room({"a": b""}):
        pass
    assert "TMPDIR" in caught.value.hint


def test_what_was_written_until_then_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with raises(ErrorId.NO_ROOM), room({"a": b"", "a/b": b"a file is no folder"}):
        pass
    assert list(tmp_path.iterdir()) == []
