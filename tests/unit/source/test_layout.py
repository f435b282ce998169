from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId, InputError
from gitctl.source import layout
from gitctl.source.layout import File, Folder, Link, Node, folders_of, has_links, real_path, walk


@dataclass
class Memory:
    """A layout in memory: path → None for a file, text for a link."""

    paths: dict[str, str | None]

    def look(self, path: str) -> Node | None:
        if path in self.paths:
            target = self.paths[path]
            return File() if target is None else Link(target)
        names = folders_of(self.paths).get(path)
        return None if names is None else Folder(tuple(names))


TREE = Memory(
    {
        "apps/web/app.yaml": None,
        "apps/web/base": "../../base",
        "apps/web/one.yaml": "../../base/a.yaml",
        "apps/alias": "web",
        "base/a.yaml": None,
        "base/deep/b.yaml": None,
    }
)


def test_links_to_files_and_folders() -> None:
    assert walk(TREE, "apps/web", strict=True) == {
        "apps/web/app.yaml": "apps/web/app.yaml",
        "apps/web/base/a.yaml": "base/a.yaml",
        "apps/web/base/deep/b.yaml": "base/deep/b.yaml",
        "apps/web/one.yaml": "base/a.yaml",
    }


def test_the_start_may_be_seen_through_a_link() -> None:
    assert walk(TREE, "apps/alias", strict=True)["apps/alias/one.yaml"] == "base/a.yaml"
    assert walk(TREE, "apps/alias/base/deep", strict=True) == {"apps/alias/base/deep/b.yaml": "base/deep/b.yaml"}


def test_a_file_is_its_own_walk() -> None:
    assert walk(TREE, "apps/web/one.yaml", strict=True) == {"apps/web/one.yaml": "base/a.yaml"}
    assert walk(TREE, "nothing", strict=True) == {}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/etc/hostname", "leads out of the repository"),
        ("../../../x", "leads out of the repository"),
        ("x/../../../../x", "leads out of the repository"),
        ("link", "links one after the other"),
        ("gone", "leads to nothing"),
        (".", "in a circle"),
        ("..", "in a circle"),
    ],
)
def test_bad_links(target: str, message: str) -> None:
    tree = Memory({"a/b/file": None, "a/b/link": target})
    with pytest.raises(InputError, match=message) as caught:
        walk(tree, "a", strict=True)
    assert str(caught.value.where).startswith("a/b/link")
    assert "a/b/file" in walk(tree, "a", strict=False)


def test_a_chain_of_links_has_an_end() -> None:
    chain: dict[str, str | None] = {f"l{n}": f"l{n + 1}" for n in range(60)}
    tree = Memory(chain | {"l60": None})
    assert real_path(tree, "l30") == "l60"
    with pytest.raises(InputError, match="more than 40 links"):
        real_path(tree, "l5")


def test_a_bomb_of_links_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MOST_FILES", 500)
    bomb: dict[str, str | None] = {"d0/f": None}
    for level in range(1, 12):
        bomb |= {f"d{level}/{n}": f"../d{level - 1}" for n in range(4)}
    for strict in (True, False):
        with raises(ErrorId.REPOSITORY_TOO_LARGE, match="more than 500 files"):
            walk(Memory(bomb), "d11", strict=strict)


def test_has_links() -> None:
    assert has_links(TREE, "apps/web")
    assert has_links(TREE, "apps/alias")
    assert has_links(TREE, "")
    assert not has_links(TREE, "base")


NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TARGETS = st.lists(st.sampled_from(["a", "b", "c", "..", "."]), min_size=1, max_size=4).map("/".join) | st.just("/a")


@given(st.dictionaries(PATHS, st.none() | TARGETS, max_size=8))
@settings(max_examples=100)
def test_a_walk_ends_inside_and_finds_files_only(paths: dict[str, str | None]) -> None:
    kept = {p: t for p, t in paths.items() if not any(p.startswith(f"{other}/") for other in paths)}
    tree = Memory(kept)
    for seen, real in walk(tree, "", strict=False).items():
        assert ".." not in real.split("/")
        assert isinstance(tree.look(real), File)
        assert real_path(tree, seen) == real
