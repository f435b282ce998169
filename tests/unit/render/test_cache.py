"""The cache of rendered objects: never another answer than without it, whatever happened to its files."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.errors import raises
from tests.unit.render.trees import NoSecrets, app, config_map, render_files, write

from gitctl.errors import ErrorId
from gitctl.model.app import App
from gitctl.model.manifest import Manifest, ObjectRef, Origin, RenderResult
from gitctl.model.variable import Variable, VarScope
from gitctl.render import raw
from gitctl.render.cache import Key, RenderCache
from gitctl.render.kept import Kept, Ready, decode, encode
from gitctl.render.raw import Raw
from gitctl.render.run import render
from gitctl.source.worktree import WorkTree

CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Thing, plural: things}}
"""
THING = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: one}\n"


def fresh(tree: Path, wanted: App | None = None) -> RenderResult:
    """The render without any cache."""
    return render(wanted or app(), WorkTree(tree), vault=NoSecrets())


def kept(tree: Path, wanted: App | None = None) -> RenderResult:
    """The render with one."""
    return render(wanted or app(), WorkTree(tree), vault=NoSecrets(), cache=tree.parent / "cache")


def entries(tree: Path) -> list[Path]:
    """The cache's files."""
    return sorted((tree.parent / "cache" / "objects").iterdir())


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are parsed from now on."""
    seen: list[str] = []
    load = raw.load_all

    def note(data: bytes, *, where: str, **options: Any) -> Any:
        seen.append(where)
        return load(data, where=where, **options)

    monkeypatch.setattr(raw, "load_all", note)
    return seen


def test_only_what_changed_is_read_again(tmp_path: Path, parsed: list[str]) -> None:
    files = {f"app/{n}.yaml": config_map(n, f"immutable: true\ndata: {{x: {n}}}\n") for n in "abc"}
    tree = write(tmp_path / "tree", files)
    kept(tree)
    write(tree, {"app/b.yaml": config_map("b", "data: {x: changed}\n"), "app/d.yaml": config_map("d")})
    (tree / "app/c.yaml").unlink()
    parsed.clear()
    found = kept(tree)
    assert parsed == ["app/b.yaml", "app/d.yaml"]
    assert found == fresh(tree)
    assert [w for w in found.warnings if "immutable" in w]


CHANGES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "one", "two", "crd", "thing", "list", "two-in-one"]), max_size=6)
BODIES: Mapping[str, str] = {
    "one": config_map("{n}", "data: {{x: '1'}}\n"),
    "two": config_map("{n}", "data: {{x: '2', y: $${{V:=${{V}}}}\n"),
    "crd": CRD,
    "thing": THING.replace("one", "{n}"),
    "list": "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {n}-1}}}}\n",
    "two-in-one": config_map("{n}-a") + "---\n" + config_map("{n}-b", "data: {{v: '${{V}}'}}\n"),
}


@given(rounds=st.lists(CHANGES, min_size=2, max_size=4), variables=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_history_of_changes_renders_as_if_there_were_no_cache(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[dict[str, str]], variables: bool
) -> None:
    tree = tmp_path_factory.mktemp("render") / "tree"
    wanted = app(namespace="shop", vars=(Variable("V", "v", VarScope.APP),) if variables else ())
    for changes in rounds:
        write(tree, {"app/always.yaml": config_map("always")})
        for name, body in changes.items():
            path = tree / "app" / f"{name}.yaml"
            text = BODIES[body].replace("{{", "{").replace("}}", "}").replace("{n}", name) if body else ""
            path.write_text(text if variables or "${" not in text else text.replace("${", "$ {"))
        assert outcome(kept, tree, wanted) == outcome(fresh, tree, wanted)


def outcome(render_with: Any, tree: Path, wanted: App) -> object:
    """What came of it, an error by its text."""
    try:
        return render_with(tree, wanted)
    except Exception as error:
        return str(error)


def test_a_definition_that_comes_or_goes_decides_about_files_that_did_not_change(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"app/a.yaml": THING})
    wanted = app(namespace="shop")
    assert kept(tree, wanted).manifests[0].ref.namespace == "shop"
    write(tree, {"app/b.yaml": CRD})
    assert kept(tree, wanted) == fresh(tree, wanted)
    assert kept(tree, wanted).manifests[0].ref.namespace == ""
    (tree / "app/b.yaml").unlink()
    write(tree, {"app/c.yaml": config_map("c")})
    assert kept(tree, wanted) == fresh(tree, wanted)
    assert kept(tree, wanted).manifests[0].ref.namespace == "shop"


def test_an_object_that_is_there_twice_has_both_places(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"app/a.yaml": config_map("a"), "app/b.yaml": config_map("b")})
    kept(tree)
    write(tree, {"app/b.yaml": config_map("a")})
    with raises(ErrorId.DUPLICATE_OBJECT) as refused:
        kept(tree)
    with raises(ErrorId.DUPLICATE_OBJECT) as expected:
        fresh(tree)
    assert str(refused.value) == str(expected.value)


def test_without_reuse_nothing_is_kept_and_nothing_believed(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"app/a.yaml": config_map("a")})
    render(app(), WorkTree(tree), vault=NoSecrets(), cache=tmp_path / "cache", reuse=False)
    assert not (tmp_path / "cache").exists()
    kept(tree)
    swap(*entries(tree), config_map("other"), tmp_path)
    assert kept(tree).manifests[0].ref.name == "other"  # so it does answer …
    again = render(app(), WorkTree(tree), vault=NoSecrets(), cache=tmp_path / "cache", reuse=False)
    assert again.manifests[0].ref.name == "a"  # … and is not asked


def swap(entry: Path, text: str, tmp_path: Path) -> None:
    """Put into an entry, sealed as the cache does it, what another file rendered to."""
    other = render_files(tmp_path / "other", {"app/a.yaml": text})
    inputs, _, files = entry.name.partition("-")
    RenderCache(entry.parents[1]).store(Key(inputs, files), Kept(tuple(Ready(m) for m in other.manifests)))


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "garbage"])
def test_a_damaged_entry_answers_nothing(damage: str, tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"app/a.yaml": config_map("a", "data: {x: good}\n")})
    first = kept(tree)
    (entry,) = entries(tree)
    content = entry.read_bytes()
    match damage:
        case "cut":
            entry.write_bytes(content[:-10])
        case "empty":
            entry.write_bytes(b"")
        case "other":
            write(tree, {"app/a.yaml": config_map("a", "data: {x: other}\n")})
            kept(tree)
            (other,) = (path for path in entries(tree) if path != entry)
            os.replace(other, entry)  # whole, but not what its name says
            write(tree, {"app/a.yaml": config_map("a", "data: {x: good}\n")})
        case "garbage":
            entry.write_bytes(b"\xff" * 100)
    assert kept(tree).manifests == first.manifests


def test_a_folder_that_others_can_write_to_is_not_believed(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"app/a.yaml": config_map("a")})
    kept(tree)
    swap(*entries(tree), config_map("evil"), tmp_path)
    (tmp_path / "cache" / "objects").chmod(0o770)
    assert kept(tree).manifests[0].ref.name == "a"


def small(name: str, size: int = 10) -> Kept:
    """Something to keep."""
    manifest = Manifest(ObjectRef("", "ConfigMap", "", name), "v1", {"data": "x" * size}, Origin("a.yaml", 1), "digest")
    return Kept((Ready(manifest, ("advice",)), Raw({"kind": "Secret"}, "b.yaml", 3, 1, ("items", 0))), (("helm", "4"),), ("w",))


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    whole = replace(small("a"), files={"a.yaml": "hash"}, used={"a.yaml": ("V", "W")})
    assert decode(encode(whole)) == whole
    RenderCache(tmp_path).store(Key("i", "f"), whole)
    assert RenderCache(tmp_path).load(Key("i", "f")) == whole


@pytest.mark.parametrize("limit", [{"most_entries": 8}, {"most_bytes": 8 * 1200}])
def test_the_cache_is_bounded_and_forgets_what_was_not_used(limit: dict[str, int], tmp_path: Path) -> None:
    cache = RenderCache(tmp_path, **limit)
    for number in range(30):
        cache.store(Key(f"{number:02d}", "f"), small("a", 800))
        os.utime(tmp_path / "objects" / f"{number:02d}-f", (number, number))
        os.utime(tmp_path / "objects" / "00-f", (number, number)) if number else None
    names = sorted(path.name for path in (tmp_path / "objects").iterdir())
    assert len(names) <= 8
    assert {"00-f", "29-f"} <= set(names)


def test_half_written_files_of_killed_runs_go(tmp_path: Path) -> None:
    cache = RenderCache(tmp_path)
    cache.store(Key("a", "f"), small("a"))
    left, new = (tmp_path / "objects" / name for name in (".new-left", ".new-now"))
    for path in (left, new):
        path.write_text("half")
    os.utime(left, (0, 0))
    cache.store(Key("b", "f"), small("b"))
    assert (left.exists(), new.exists()) == (False, True)


def test_runs_at_the_same_time_see_whole_entries_or_none(tmp_path: Path) -> None:
    keys = [Key(f"{n}", "f") for n in range(6)]
    wrong: list[object] = []

    def work() -> None:
        cache = RenderCache(tmp_path, most_entries=3)
        for number in range(60):
            key = keys[number % len(keys)]
            cache.store(key, small(key.inputs, 5000))
            found = cache.load(keys[(number * 7) % len(keys)])
            if found is not None and found != small(keys[(number * 7) % len(keys)].inputs, 5000):
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not [path for path in (tmp_path / "objects").iterdir() if path.name.startswith(".new")]
