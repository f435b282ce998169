"""Which commit is named for a wanted value that a tool rendered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.commands import GitRepo

from gitctl.cli.blame import blame_with
from gitctl.model.culprit import Culprit
from gitctl.model.manifest import ObjectRef, Origin
from gitctl.secrets.placeholder import as_base64, token
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


def encrypted(values: dict[str, str], stamp: str) -> str:
    """A Secret as sops writes it: metadata change with every edit, ciphertexts with their value alone."""
    rows = "".join(f"    {name}: ENC[AES256_GCM,data:{data},iv:aXY=,tag:dGFn,type:str]\n" for name, data in values.items())
    return f"kind: Secret\nstringData:\n{rows}sops:\n    lastmodified: '{stamp}'\n    mac: ENC[AES256_GCM,data:{stamp},type:str]\n    version: 3.11.0\n"


def writer(repo: GitRepo, data: str, name: str) -> Culprit | None:
    """Who wrote an encrypted value, as a kustomization's Secret shows it."""
    covered = as_base64(token(f"ENC[AES256_GCM,data:{data},iv:aXY=,tag:dGFn,type:str]", (0, "stringData", name)))
    source = LocalSource(repo.path)
    origin = Origin("k/kustomization.yaml", renderer="kustomize")
    return blame_with(source)(WantedField(source.resolve("HEAD").sha, origin, ("data", name), None, ("k/",), covered=covered))


def test_a_secret_is_blamed_by_the_line_of_its_ciphertext(git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo()
    repo.commit("first", {"k/secret.yaml": encrypted({"user": "u1", "password": "p1"}, "1")})
    repo.commit("new password", {"k/secret.yaml": encrypted({"user": "u1", "password": "p2"}, "2")})
    repo.commit("more", {"k/secret.yaml": encrypted({"user": "u1", "password": "p2", "host": "h1"}, "3"), "k/other.yaml": "a: b\n"})
    user, password = writer(repo, "u1", "user"), writer(repo, "p2", "password")
    assert user
    assert password
    assert (user.subject, user.path, user.line, user.anew) == ("first", "k/secret.yaml", 3, False)
    assert (password.subject, password.line, password.anew) == ("new password", 4, False)
    repo.commit("rotate", {"k/secret.yaml": encrypted({"user": "u9", "password": "p9", "host": "h9"}, "4")})
    after = writer(repo, "p9", "password")
    assert after
    assert (after.subject, after.anew) == ("rotate", True)
    repo.git("mv", "k/secret.yaml", "k/moved.yaml")
    repo.commit("moved")
    moved = writer(repo, "p9", "password")
    assert moved
    assert (moved.subject, moved.path, moved.anew) == ("rotate", "k/moved.yaml", True)
    # A placeholder that no file has any more: the newest commit of what the render read.
    lost = writer(repo, "p2", "password")
    assert lost
    assert (lost.subject, lost.line) == ("moved", 0)


def test_encrypted_anew_is_told_after_a_move_where_no_older_line_is_left(git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo()

    def dotenv(stamp: str) -> str:
        rows = (f"{name}=ENC[AES256_GCM,data:{name}{stamp},iv:aXY=,tag:dGFn,type:str]\n" for name in ("a", "b", "sops_mac"))
        return "".join(rows) + f"sops_version=3.{stamp}\nsops_lastmodified={stamp}\n"

    def written_by(stamp: str) -> tuple[str, bool]:
        covered = as_base64(token(f"ENC[AES256_GCM,data:a{stamp},iv:aXY=,tag:dGFn,type:str]", (0, "a")))
        source, origin = LocalSource(repo.path), Origin("k/kustomization.yaml", renderer="kustomize")
        found = blame_with(source)(WantedField(source.resolve("HEAD").sha, origin, ("data", "a"), None, ("k/",), covered=covered))
        assert found
        return found.subject, found.anew

    repo.commit("first", {"k/a.env": dotenv("1")})
    assert written_by("1") == ("first", False)
    repo.commit("rotate", {"k/a.env": dotenv("2")})
    assert written_by("2") == ("rotate", True)
    repo.git("mv", "k/a.env", "k/b.env")
    repo.commit("moved")
    assert written_by("2") == ("rotate", True)


def test_a_plain_secret_is_blamed_by_its_line_below_string_data(git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo()
    text = "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData:\n  user: {}\n  password: {}\n"
    repo.commit("first", {"s.yaml": text.format("u", "p")})
    repo.commit("user", {"s.yaml": text.format("v", "p")})
    source = LocalSource(repo.path)
    sha = source.resolve("HEAD").sha
    found = [blame_with(source)(WantedField(sha, Origin("s.yaml", 1), ("data", key), None, ("s.yaml",))) for key in ("user", "password")]
    assert [(one.subject, one.line) for one in found if one] == [("user", 5), ("first", 6)]
