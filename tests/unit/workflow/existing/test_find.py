"""Apps in a repository that is not gitctl's yet: what is proposed, and what is passed over and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.render.trees import config_map, write

from gitctl.model.app import RenderKind
from gitctl.source.worktree import WorkTree
from gitctl.workflow.existing.environments import ordered, split
from gitctl.workflow.existing.find import environments_of, find_apps
from gitctl.workflow.existing.naming import label, names_for
from gitctl.workflow.existing.proposal import Found

MAP = config_map("a")


def kustomization(*resources: str, extra: str = "") -> str:
    """A kustomization that builds on these."""
    return "resources:\n" + "".join(f"- {name}\n" for name in resources) + extra


def chart(extra: str = "") -> str:
    """A Chart.yaml."""
    return f"apiVersion: v2\nname: web\nversion: 1.0.0\n{extra}"


def find(folder: Path, files: Mapping[str, str], below: str = "") -> Found:
    """What is found among these files."""
    return find_apps(WorkTree(write(folder, files)), project="shop", below=below)


BASE = {"apps/web/base/kustomization.yaml": kustomization("a.yaml"), "apps/web/base/a.yaml": MAP}
OVERLAYS = {f"apps/web/overlays/{env}/kustomization.yaml": kustomization("../../base") for env in ("prod", "dev", "eu-west")}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (BASE | OVERLAYS, [("web", "apps/web/overlays/{env}", "kustomize", ("dev", "eu-west", "prod"))]),
        (BASE, [("web", "apps/web/base", "kustomize", ())]),
        ({"k8s/Kustomization": kustomization("a.yaml"), "k8s/a.yaml": MAP, "k8s/unused.yaml": MAP}, [("shop", "k8s", "kustomize", ())]),
        ({"kustomization.yml": kustomization("a.yaml"), "a.yaml": MAP}, [("shop", ".", "kustomize", ())]),
        (
            {"clusters/prod/kustomization.yaml": kustomization("../../apps/web/base")} | BASE,
            [("shop", "clusters/{env}", "kustomize", ("prod",))],
        ),
        (
            {"c/kustomization.yaml": "kind: Component\n", "w/kustomization.yaml": "components: [../c]\n"},
            [("w", "w", "kustomize", ())],
        ),
        ({"charts/web/Chart.yaml": chart(), "charts/web/templates/env/dev.yaml": ""}, [("web", "charts/web", "helm", ())]),
        ({"live/web/Chart.yaml": chart(), "qa/web/Chart.yaml": chart()}, [("web", "{env}/web", "helm", ("qa", "live"))]),
        (
            {"web/Chart.yaml": chart(), "web/values-prod.yaml": "", "web/values-stage.yaml": "", "web/values-extra.yaml": ""},
            [("web", "web", "helm", ("stage", "prod"))],
        ),
        ({"web/Chart.yaml": chart(), "web/env/dev/values.yaml": "", "web/ci/dev.yaml": ""}, [("web", "web", "helm", ("dev",))]),
        (
            {"web/Chart.yaml": chart("dependencies: [{name: db}]\n"), "web/charts/db/Chart.yaml": chart(), "web/templates/a.yaml": MAP},
            [("web", "web", "helm", ())],
        ),
        ({"k8s/a.yaml": MAP, "k8s/more/b.json": '{"apiVersion": "v1", "kind": "List", "items": []}'}, [("shop", "k8s", "plain", ())]),
        ({"db/a.yaml": MAP, "web/a.yaml": MAP}, [("db", "db", "plain", ()), ("web", "web", "plain", ())]),
        ({"web/test/a.yaml": MAP, "web/live/a.yaml": MAP}, [("web", "web/{env}", "plain", ("test", "live"))]),
        (
            {"web/dev/a.yaml": MAP, "web/prod/kustomization.yaml": kustomization("a.yaml"), "web/prod/a.yaml": MAP},
            [("web", "web/{env}", "auto", ("dev", "prod"))],
        ),
        ({"a/web/k8s/a.yaml": MAP, "b/web/k8s/a.yaml": MAP}, [("web", "a/web/k8s", "plain", ()), ("b-web", "b/web/k8s", "plain", ())]),
        ({"m/a.yaml": MAP, "m/values.yaml": "a: 1\n", "m/.gitctlignore": "values.yaml\n"}, [("m", "m", "plain", ())]),
    ],
    ids=[
        "overlays are environments",
        "a base that nothing builds on",
        "files beside a kustomization are its own",
        "a kustomization at the root",
        "what is built on is no app",
        "a component is no app",
        "a chart",
        "a chart for each environment",
        "values files by environment",
        "values in folders of environments",
        "a vendored chart is part of the one that uses it",
        "plain manifests, with those in folders below",
        "two folders are two apps",
        "plain folders by environment",
        "one app of two kinds",
        "two apps of one name",
        "an ignore file",
    ],
)
def test_apps_are_proposed(tmp_path: Path, files: dict[str, str], expected: list[tuple[object, ...]]) -> None:
    found = find(tmp_path, files)
    assert [(app.name, app.path, app.render.value, app.environments) for app in found.apps] == expected
    assert found.passed == ()


@pytest.mark.parametrize(
    "files",
    [
        {"node_modules/x/a.yaml": MAP, "vendor/a.yaml": MAP, "web/testdata/a.yaml": MAP},
        {".github/workflows/a.yaml": "on: push\n", ".hidden/a.yaml": MAP},
        {"compose.yaml": "services: {}\n", "package.json": "{}", "a.yaml": "a: {{ b }}\n", "b.yaml": "", "c.yaml": "- 1\n"},
        {"kind.yaml": "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nmetadata: {name: a}\n", "c": "apiVersion: v1\nkind: Config\n"},
        {"catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n"},
        {"gitctl.yaml": "apiVersion: gitctl.dev/v1\nkind: Project\nname: a\n"},
        {"strange{env}/a.yaml": MAP},
        {"c/kustomization.yaml": "kind: Component\n"},
    ],
    ids=[
        "other people's files",
        "hidden",
        "no manifests",
        "a developer's tool",
        "a catalogue",
        "ours",
        "a folder named as a placeholder",
        "a component",
    ],
)
def test_what_is_no_app_is_not_mentioned(tmp_path: Path, files: dict[str, str]) -> None:
    assert find(tmp_path, files) == Found()


@pytest.mark.parametrize(
    ("files", "path", "reason"),
    [
        ({"w/kustomization.yaml": kustomization("file:///srv/base")}, "w", "w/kustomization.yaml:2:3: a remote base or file"),
        ({"w/kustomization.yaml": kustomization("https://example.com/a/b/x.yaml")}, "w", "w/kustomization.yaml:2:3: a remote file"),
        ({"w/kustomization.yaml": kustomization("gone.yaml")}, "w", "names neither a file nor a folder"),
        ({"w/kustomization.yaml": "helmCharts: [{name: a}]\n"}, "w", "charts inside of a kustomization"),
        ({"w/kustomization.yaml": "{"}, "w", "w/kustomization.yaml:"),
        ({"w/Chart.yaml": chart("type: library\n")}, "w", "a library chart"),
        ({"w/Chart.yaml": chart("dependencies: [{name: db}]\n")}, "w", "its dependency db is not in it: helm dependency build"),
        ({"w/Chart.yaml": "{"}, "w", "its Chart.yaml cannot be read"),
        ({"a.yaml": MAP, "compose.yaml": "services: {}\n"}, ".", "compose.yaml, which is none"),
        ({"m/a.yaml": MAP, "m/web/Chart.yaml": chart()}, "m", "m/web/Chart.yaml, which is none"),
    ],
    ids=[
        "remote",
        "a remote file",
        "missing",
        "charts inflated",
        "unreadable",
        "library",
        "not vendored",
        "bad chart",
        "mixed",
        "a chart below manifests",
    ],
)
def test_what_gitctl_would_refuse_is_passed_over_with_the_reason(tmp_path: Path, files: dict[str, str], path: str, reason: str) -> None:
    (passed,) = find(tmp_path, files).passed
    assert passed.path == path
    assert reason in passed.reason


def test_what_an_app_with_remote_bases_needs_is_told(tmp_path: Path) -> None:
    """Each thing once, and nothing of what gitctl.yaml lists already."""
    url, commit = "https://git.example.com/org/base", "a" * 40
    files = {
        "web/base/kustomization.yaml": kustomization(f"{url}.git//deploy?ref=v1", "git@git.example.com:a/b.git"),
        "web/overlays/dev/kustomization.yaml": kustomization("../../base"),
        "web/overlays/prod/kustomization.yaml": kustomization("../../base", f"{url}//more?ref={commit}"),
        "pinned/kustomization.yaml": kustomization(f"{url}//deploy?ref={commit}"),
    }
    pin = "web/base/kustomization.yaml:2:3: write ?ref= and all digits of the commit; to see it: git ls-remote"
    needs = {
        "pinned": (f"list {url} under `remote_bases` in gitctl.yaml, if you trust it",),
        "web/overlays/{env}": (
            f"list {url} under `remote_bases` in gitctl.yaml, if you trust it",
            f"{pin} {url}.git v1",
            "list git@git.example.com:a/b under `remote_bases` in gitctl.yaml, if you trust it",
            f"{pin.replace(':2:', ':3:')} git@git.example.com:a/b.git HEAD",
        ),
    }
    found = find(tmp_path, files)
    assert ({app.path: app.to_do for app in found.apps}, found.passed) == (needs, ())
    known = find_apps(WorkTree(tmp_path), project="shop", listed=("https://git.example.com/*", "git@git.example.com:a/*"))
    assert [(app.path, len(app.to_do)) for app in known.apps] == [("pinned", 0), ("web/overlays/{env}", 2)]


def test_one_bad_overlay_does_not_take_the_others_away(tmp_path: Path) -> None:
    bad = {"apps/web/overlays/dev/kustomization.yaml": kustomization("../../base", "../../none")}
    found = find(tmp_path, BASE | OVERLAYS | bad)
    assert [app.environments for app in found.apps] == [("eu-west", "prod")]
    assert [one.path for one in found.passed] == ["apps/web/overlays/dev"]


def test_only_a_folder_is_looked_at(tmp_path: Path) -> None:
    found = find(tmp_path, BASE | {"other/a.yaml": MAP}, below="apps/web")
    assert [(app.path, app.render) for app in found.apps] == [("apps/web/base", RenderKind.KUSTOMIZE)]


def test_environments_come_in_the_order_of_a_change(tmp_path: Path) -> None:
    found = find(tmp_path, BASE | OVERLAYS | {"db/qa/a.yaml": MAP})
    assert environments_of(found.apps) == ("dev", "qa", "eu-west", "prod")


@given(st.lists(st.sampled_from(["apps", "web", "overlays", "dev", "prod", "eu", "Über", "k8s", "x" * 70, "1"]), min_size=1, max_size=5))
def test_a_path_with_its_environment_put_back_is_the_path(parts: list[str]) -> None:
    path = "/".join(parts)
    template, environment = split(path)
    assert template.replace("{env}", environment) == path


@given(st.lists(st.text(alphabet="abö-/ .X1", max_size=90), unique=True, max_size=6))
def test_names_are_labels_and_each_is_there_once(paths: list[str]) -> None:
    names = names_for(paths, "shop")
    assert len(set(names.values())) == len(paths)
    assert all(label(name) == name for name in names.values())


@given(st.lists(st.sampled_from(["prod", "dev", "qa", "eu", "us", "live"])))
def test_order_is_stable_and_each_is_there_once(names: list[str]) -> None:
    assert ordered(ordered(names)) == ordered(reversed(names))
    assert set(ordered(names)) == set(names)
