"""Which commit is named for a wanted value that a tool rendered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import GitRepo

from gitctl.cli.blame import blame_with
from gitctl.model.manifest import ObjectRef, Origin
from gitctl.source.repository import LocalSource
from gitctl.workflow.parts import WantedField

VALUES = "image: {tag: x}\nreplicas: 3\nlimit: 3\nname: web\n"


@pytest.fixture
def repo(git_repo: Callable[..., GitRepo]) -> GitRepo:
    """A chart: `values`, then `tag`, then `other` and `unread`."""
    made = git_repo()
    made.commit("values", {"chart/values.yaml": VALUES, "chart/templates/all.yaml": "replicas: {{ .Values.replicas }}\n"})
    made.commit("tag", {"chart/tag.yaml": "newTag: 1.2.3\n"})
    made.commit("other", {"chart/other.yaml": "name: web\n"})
    made.commit("unread", {"elsewhere/a.yaml": "color: teal\n"})
    return made


def subject(repo: GitRepo, value: Any, *path: str | int, places: tuple[str, ...] = ("chart/",)) -> str:
    """The subject of the commit that is named, "" for none."""
    source = LocalSource(repo.path)
    sha = source.resolve("HEAD").sha
    found = blame_with(source)(WantedField(sha, Origin("chart/templates/all.yaml", renderer="helm"), path, value, places))
    return found.subject if found else ""


def test_the_one_line_with_the_value_under_the_fields_key_is_blamed(repo: GitRepo) -> None:
    assert subject(repo, 3, "spec", "replicas") == "values"


def test_an_images_tag_is_looked_for_too(repo: GitRepo) -> None:
    assert subject(repo, "example.test/web:1.2.3", "spec", "containers", "[name=web]", "image") == "tag"


@pytest.mark.parametrize("value", ["web", "nowhere", None, True, {"a": "b"}, "", "teal"])
def test_else_the_newest_commit_of_what_the_render_read_is_named(repo: GitRepo, value: Any) -> None:
    assert subject(repo, value, "metadata", "name") == "other"
    assert subject(repo, value, "metadata", "name", places=("chart/values.yaml", "chart/templates/")) == "values"


def test_the_whole_tree_may_have_been_read(repo: GitRepo) -> None:
    assert subject(repo, None, "a", places=("",)) == "unread"


def test_a_shallow_clone_names_nobody_rather_than_the_wrong_one(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    assert subject(GitRepo(tmp_path / "shallow"), 3, "spec", "replicas") == ""


OBJECTS = "# first\nkind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata: {name: b}\nspec: [1]\n---\nkind: B\nmetadata: {name: c}\n"


@pytest.mark.parametrize(
    ("origin", "ref", "found"),
    [
        (Origin("all.yaml", 2), None, ("a", 2)),
        (Origin("all.yaml", 5, document=1), None, ("b, a line less", 5)),
        (Origin("all.yaml", 9, document=2), None, ("c", 9)),
        (Origin("all.yaml", renderer="kustomize"), ObjectRef("", "A", "", "pre-a"), ("a", 2)),
        (Origin("all.yaml", renderer="kustomize"), ObjectRef("", "B", "", "c"), ("c", 9)),
        (Origin("all.yaml", renderer="kustomize"), ObjectRef("", "B", "", "pre-c"), ("c", 0)),
        (Origin("elsewhere.yaml", renderer="helm"), ObjectRef("", "A", "", "a"), ("c", 0)),
    ],
    ids=["first", "middle", "last", "the only one of its kind", "by name", "two of its kind", "no such file"],
)
def test_the_newest_commit_that_changed_the_object_is_named(
    origin: Origin, ref: ObjectRef | None, found: tuple[str, int], git_repo: Callable[..., GitRepo]
) -> None:
    repo = git_repo()
    repo.commit("all", {"all.yaml": OBJECTS.replace("[1]", "[1]\nmore: 2")})
    repo.commit("a", {"all.yaml": OBJECTS.replace("[1]", "[1]\nmore: 2").replace("A", "A # changed")})
    changed = OBJECTS.replace("A", "A # changed")
    repo.commit("b, a line less", {"all.yaml": changed})
    repo.commit("c", {"all.yaml": changed.replace("name: c}", "name: c} # changed")})
    source = LocalSource(repo.path)
    by = blame_with(source)(WantedField(source.resolve("HEAD").sha, origin, (), None, ("",), ref))
    assert by is not None
    assert (by.subject, by.line) == found


def test_where_a_variable_gave_the_value_the_commit_that_set_it_is_named(git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo()
    manifest = "kind: Thing\nspec:\n  image: web:${TAG}\n  replicas: ${REPLICAS}\n  fixed: 2.0\n"
    project = 'vars: {TAG: "1.0", REPLICAS: 2}\nenvironments:\n  prod:\n    vars:\n      TAG: "%s"\n'
    repo.commit("old", {"app/a.yaml": manifest, "chart/a.yaml": "image: {{ .Values.image }}\n", "chart/values.yaml": "image: web:${TAG}\n"})
    repo.commit("project", {"gitctl.yaml": project % "1.5"})
    repo.commit("release", {"gitctl.yaml": project % "2.0"})
    repo.commit("fixed", {"app/a.yaml": manifest.replace("fixed: 2.0", "fixed: 3.0")})
    source = LocalSource(repo.path)
    blame = blame_with(source, project="gitctl.yaml")

    def named(value: Any, key: str, origin: Origin, places: tuple[str, ...]) -> str:
        found = blame(WantedField(source.resolve("HEAD").sha, origin, ("spec", key), value, places))
        return found.subject if found else ""

    plain = Origin("app/a.yaml", 1)
    assert named("web:2.0", "image", plain, ("app/",)) == "release"
    assert named("web:1.0", "image", plain, ("app/",)) == "project"
    assert named(2, "replicas", plain, ("app/",)) == "project"
    assert named(3.0, "fixed", plain, ("app/",)) == "fixed"
    assert named("web:2.0", "image", Origin("chart/templates/a.yaml", renderer="helm"), ("chart/",)) == "release"
