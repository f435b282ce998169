"""Choice, chance and cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.unit.render.trees import app, config_map, render_files, write

from gitctl.errors import ErrorId, ExitCode, RenderError, SourceError, exit_code_of
from gitctl.model.app import HelmChart, HelmOptions, IgnoreRule, ObjectSelector, RenderKind
from gitctl.render.choose import choose
from gitctl.render.plain import Plain
from gitctl.source.worktree import WorkTree

CHART = {"app/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n"}
RANDOM = CHART | {
    "app/templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: {{ randAlphaNum 20 }}, user: admin}\n",
    "app/templates/b.yaml": config_map("b", "data: {id: {{ uuidv4 }}, fixed: x}\n"),
}


def chosen(folder: Path, files: dict[str, str], **options: object) -> tuple[str, str]:
    said: list[str] = []
    result = render_files(folder, files, app(**options), say=said.append)
    return result.inputs.renderer, said[0]


def test_auto_says_why(tmp_path: Path) -> None:
    plain = {"app/a.yaml": config_map("a")}
    assert chosen(tmp_path / "1", plain) == ("plain", "web: plain, because neither a Chart.yaml nor a kustomization is in its folder")
    kustomize = {**plain, "app/kustomization.yml": "resources: [a.yaml]\n"}
    assert chosen(tmp_path / "2", kustomize) == ("kustomize", "web: kustomize, because it has a kustomization.yml")
    assert chosen(tmp_path / "3", CHART) == ("helm", "web: helm, because it has a Chart.yaml")


def test_render_decides_when_two_fit(tmp_path: Path) -> None:
    files = {**CHART, "app/kustomization.yaml": "{}\n"}
    with raises(ErrorId.RENDERER_UNDECIDED, match=r"it has a kustomization\.yaml, and it has a Chart\.yaml") as refused:
        chosen(tmp_path, files)
    assert "set `render` to one of" in refused.value.hint
    assert chosen(tmp_path, files, render=RenderKind.HELM) == ("helm", "web: helm, because `render: helm`")


def test_a_renderer_that_is_not_there(tmp_path: Path) -> None:
    tree = WorkTree(write(tmp_path, CHART))
    with raises(ErrorId.RENDERER_UNKNOWN, match="unknown renderer 'helm'"):
        choose(app(render=RenderKind.HELM), tree, {"plain": Plain()})


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="gone has no files in"):
        render_files(tmp_path, {"app/a.yaml": config_map("a")}, app("gone"))


def test_one_file_can_be_an_app(tmp_path: Path) -> None:
    result = render_files(tmp_path, {"app/a.yaml": config_map("a"), "app/b.yaml": config_map("b")}, app("app/b.yaml"))
    assert [str(m.origin) for m in result.manifests] == ["app/b.yaml:1"]
    assert result.read_set == ("app/b.yaml",)


@pytest.mark.parametrize("path", ["", "."])
def test_the_whole_tree_can_be_an_app(path: str, tmp_path: Path) -> None:
    result = render_files(tmp_path, {"a.yaml": config_map("a"), "x/b.yaml": config_map("b"), "gitctl.yaml": "name: x\n"}, app(path))
    assert [m.origin.path for m in result.manifests] == ["a.yaml", "x/b.yaml"]
    assert result.read_set == ("",)


def test_random_rendering_is_found_and_its_values_are_not_shown(tmp_path: Path) -> None:
    with raises(ErrorId.RENDER_RANDOM, match="two renders of the same files differ") as refused:
        render_files(tmp_path, RANDOM, app(namespace="shop"))
    assert exit_code_of(refused.value) is ExitCode.RENDER
    assert refused.value.details == ("ConfigMap shop/b /data/id", "Secret shop/s /data/password")
    assert "generated" in refused.value.hint


def test_random_names_are_found(tmp_path: Path) -> None:
    files = CHART | {"app/templates/a.yaml": config_map("a-{{ randAlphaNum 8 | lower }}")}
    with pytest.raises(RenderError) as refused:
        render_files(tmp_path, files)
    assert [line.endswith("is not in every render") for line in refused.value.details] == [True, True]


def test_generated_fields_may_be_random_and_are_no_part_of_the_digest(tmp_path: Path) -> None:
    rules = (
        IgnoreRule(ObjectSelector(kind="Secret", name="s*"), paths=("/data/password",)),
        IgnoreRule(ObjectSelector(kind="ConfigMap"), json_paths=("$.data.id",)),
    )
    first = render_files(tmp_path, RANDOM, app(generated=rules))
    second = render_files(tmp_path, RANDOM, app(generated=rules))
    assert first.digest == second.digest
    assert [m.body["data"] for m in first.manifests] != [m.body["data"] for m in second.manifests]
    assert "(generated)" not in str(first.manifests)


def test_the_cache_answers_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = CHART | {"app/templates/a.yaml": config_map("a")}
    first = render_files(tmp_path / "tree", files, cache=tmp_path / "cache")
    monkeypatch.setattr("gitctl.render.helm.Helm.render", _never)
    again = render_files(tmp_path / "tree", files, cache=tmp_path / "cache")
    assert (again.manifests, again.inputs, again.digest) == (first.manifests, first.inputs, first.digest)


def _never(*_: object) -> None:
    raise AssertionError


CHANGES = {
    "file": ({"app/templates/a.yaml": config_map("other")}, {}),
    "namespace": ({}, {"namespace": "other"}),
    "values": ({}, {"helm": HelmOptions(values={"x": 1})}),
    "kubernetes": ({}, {"kubernetes": "1.31"}),
    "apis": ({}, {"api_versions": ("x/v1",)}),
    "release": ({}, {"name": "other"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_cache_does_not_answer_for_other_inputs(change: str, tmp_path: Path) -> None:
    text = config_map(
        "a", 'data: {all: {{ printf "%v %v %v %v" .Release .Values .Capabilities.KubeVersion .Capabilities.APIVersions | quote }}}\n'
    )
    files = CHART | {"app/templates/a.yaml": text}
    first = render_files(tmp_path / "tree", files, cache=tmp_path / "cache")
    other_files, options = CHANGES[change]
    other = render_files(tmp_path / "tree", files | other_files, app(**options), cache=tmp_path / "cache")
    assert first.digest != other.digest


def test_a_damaged_entry_is_dropped(tmp_path: Path) -> None:
    files = CHART | {"app/templates/a.yaml": config_map("a", "data: {x: good}\n")}
    first = render_files(tmp_path / "tree", files, cache=tmp_path / "cache")
    (entry,) = (tmp_path / "cache" / "objects").iterdir()
    entry.write_bytes(entry.read_bytes().replace(b"good", b"evil"))
    again = render_files(tmp_path / "tree", files, cache=tmp_path / "cache")
    assert again.manifests == first.manifests
    assert b"good" in entry.read_bytes()


def test_the_cache_is_private(tmp_path: Path) -> None:
    render_files(tmp_path / "tree", {"app/a.yaml": config_map("a")}, cache=tmp_path / "cache")
    (entry,) = (tmp_path / "cache" / "objects").iterdir()
    assert entry.stat().st_mode & 0o077 == 0
    assert entry.parent.stat().st_mode & 0o077 == 0


def test_faults_have_their_place_every_time(tmp_path: Path) -> None:
    files = {"app/a.yaml": config_map("a", "data:\n  x: 1\n")}
    for _ in range(2):
        with raises(ErrorId.MANIFEST_FIELD) as refused:
            render_files(tmp_path / "tree", files, cache=tmp_path / "cache")
        assert str(refused.value.where) == "app/a.yaml:5:3 data.x"


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    assert len(render_files(tmp_path / "tree", {"app/a.yaml": config_map("a")}, cache=tmp_path / "cache").manifests) == 1


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    render_files(tmp_path / "tree", CHART | {"app/templates/a.yaml": config_map("a")})
    with pytest.raises(RenderError):
        render_files(tmp_path / "tree", {"app/templates/a.yaml": "{{ fail }}"})
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_chart_of_a_repository_chooses_helm(tmp_path: Path) -> None:
    chart = HelmChart("ftp://example.com", "web", "1.0.0", "0" * 64)
    with raises(ErrorId.CHART_REFERENCE, match="the repository must be an https"):
        render_files(tmp_path, {"app/values.yaml": "x: 1\n"}, app(helm=HelmOptions(chart=chart)))
