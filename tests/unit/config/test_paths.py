from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.config.load import load
from gitctl.config.paths import check_paths
from gitctl.errors import ErrorId, ManyErrors

TEXT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters: {eu: {context: a}, us: {context: b}}
environments: {dev: {}, prod: {clusters: [eu, us]}}
apps:
  web: {path: "apps/web/{env}"}
  edge: {path: "apps/edge/{cluster}", environments: [prod]}
  root: {path: .}
"""


def make(root: Path, *folders: str) -> None:
    for folder in folders:
        (root / folder).mkdir(parents=True)


def test_all_there(tmp_path: Path) -> None:
    make(tmp_path, "apps/web/dev", "apps/web/prod", "apps/edge/eu", "apps/edge/us")
    check_paths(load(TEXT.encode()), tmp_path)


def test_each_missing_folder_once_with_the_line_of_its_app(tmp_path: Path) -> None:
    make(tmp_path, "apps/web/dev", "apps/web/prd", "apps/edge/eu")
    with pytest.raises(ManyErrors) as caught:
        check_paths(load(TEXT.encode()), tmp_path)
    assert [(str(e.where), e.message, e.hint) for e in caught.value.errors] == [
        ("gitctl.yaml:7 apps.web.path", "the path 'apps/web/prod' does not exist (environment 'prod')", "did you mean 'prd'?"),
        ("gitctl.yaml:8 apps.edge.path", "the path 'apps/edge/us' does not exist (environment 'prod')", "there is: eu"),
    ]


def test_one_missing_is_a_config_error(tmp_path: Path) -> None:
    make(tmp_path, "apps/web/dev", "apps/web/prod", "apps/edge/us")
    with raises(ErrorId.FOLDER_MISSING, match="apps/edge/eu"):
        check_paths(load(TEXT.encode()), tmp_path)
