from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.config.find import find_config, search
from gitctl.errors import ConfigError, ErrorId


def test_looks_upwards(tmp_path: Path) -> None:
    (tmp_path / "gitctl.yaml").touch()
    below = tmp_path / "apps" / "web"
    below.mkdir(parents=True)
    assert find_config(below) == tmp_path / "gitctl.yaml"


def test_the_nearest_one_wins(tmp_path: Path) -> None:
    below = tmp_path / "inner"
    below.mkdir()
    for folder in (tmp_path, below):
        (folder / "gitctl.yaml").touch()
    assert search(below) == below / "gitctl.yaml"


def test_none_says_how_to_begin(tmp_path: Path) -> None:
    with raises(ErrorId.CONFIG_MISSING) as caught:
        find_config(tmp_path)
    assert "gitctl bootstrap" in caught.value.hint


def test_a_misspelt_name_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "gitctl.yml").touch()
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert caught.value.hint == f"rename {tmp_path / 'gitctl.yml'} to gitctl.yaml"


def test_explicit_file_and_folder(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").touch()
    (tmp_path / "gitctl.yaml").touch()
    assert find_config(tmp_path, explicit=Path("other.yaml")) == tmp_path / "other.yaml"
    assert find_config(Path("/"), explicit=tmp_path) == tmp_path / "gitctl.yaml"
    with pytest.raises(ConfigError, match=r"none\.yaml does not exist"):
        find_config(tmp_path, explicit=Path("none.yaml"))
