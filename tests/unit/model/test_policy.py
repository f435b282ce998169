from __future__ import annotations

import pytest

from gitctl.model.policy import matches


@pytest.mark.parametrize(
    ("pattern", "path", "hit"),
    [
        ("apps/**", "apps/web/secret.yaml", True),
        ("apps/*", "apps/web/secret.yaml", False),
        ("apps/*/secret.yaml", "apps/web/secret.yaml", True),
        ("**/secret.yaml", "secret.yaml", True),
        ("**/secret.yaml", "a/b/secret.yaml", True),
        ("**/secret.yaml", "a/mysecret.yaml", False),
        ("apps/web/secret.yam?", "apps/web/secret.yaml", True),
        ("apps/web/secret+yaml", "apps/web/secret.yaml", False),
        ("**", "anything/at/all", True),
        ("shop/*", "shop/db", True),
        ("shop/*", "shopping/db", False),
    ],
)
def test_patterns_of_paths(pattern: str, path: str, hit: bool) -> None:
    assert matches(pattern, path) is hit
