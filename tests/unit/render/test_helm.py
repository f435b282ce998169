from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.unit.render.trees import app, config_map, render_files

from gitctl.errors import ErrorId, ExitCode, GitctlError, RenderError, exit_code_of
from gitctl.model.app import HelmOptions, HookPolicy

CHART = {"app/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n"}
CONFIG = CHART | {"app/templates/a.yaml": config_map("a", "data: {x: {{ .Values.x | quote }}}\n")}


def hook(name: str, phases: str) -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {{helm.sh/hook: '{phases}'}}}}\n"


HOOKS = CONFIG | {
    "app/templates/h.yaml": hook("migrate", "pre-install,pre-upgrade")
    + "---\n"
    + hook("ping", "test-success")
    + "---\n"
    + hook("mixed", "test,post-install")
}


def test_hooks_are_refused_by_name_and_tests_left_out(tmp_path: Path) -> None:
    with raises(ErrorId.CHART_HOOKS) as refused:
        render_files(tmp_path, HOOKS)
    assert exit_code_of(refused.value) is ExitCode.RENDER
    assert "Pod/migrate (pre-install, pre-upgrade), Pod/mixed (post-install, test)" in str(refused.value)
    assert "ping" not in str(refused.value)


def test_hooks_are_skipped_on_request_and_the_user_is_told(tmp_path: Path) -> None:
    result = render_files(tmp_path, HOOKS, app(helm=HelmOptions(hooks=HookPolicy.SKIP)))
    assert [m.ref.name for m in result.manifests] == ["a"]
    assert result.warnings == ("web: hooks are skipped: Pod/migrate (pre-install, pre-upgrade), Pod/mixed (post-install, test)",)


def test_crds_are_left_out_on_request(tmp_path: Path) -> None:
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.example.com}\nspec: {}\n"
    files = CONFIG | {"app/crds/x.yaml": crd}
    assert len(render_files(tmp_path, files).manifests) == 2
    assert len(render_files(tmp_path, files, app(helm=HelmOptions(include_crds=False))).manifests) == 1


def test_values_in_order_later_ones_win_inline_last(tmp_path: Path) -> None:
    files = CONFIG | {"app/values.yaml": "x: default\n", "app/one.yaml": "x: one\n", "shared/two,x=y.yaml": "x: two\n"}

    def x(*names: str, **inline: object) -> str:
        helm = HelmOptions(values_files=names, values=inline)
        return str(render_files(tmp_path, files, app(helm=helm)).manifests[0].body["data"]["x"])

    assert x() == "default"
    assert x("one.yaml", "../shared/two,x=y.yaml") == "two"
    assert x("../shared/two,x=y.yaml", "one.yaml") == "one"
    assert x("one.yaml", x="on") == "on"


def test_values_files_outside_of_the_chart_are_in_the_read_set(tmp_path: Path) -> None:
    files = CONFIG | {"shared/two.yaml": "x: two\n"}
    result = render_files(tmp_path, files, app(helm=HelmOptions(values_files=("../shared/two.yaml",))))
    assert result.read_set == ("app/", "shared/two.yaml")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "gone.yaml"])
def test_values_files_must_be_in_the_repository(name: str, tmp_path: Path) -> None:
    with pytest.raises(GitctlError) as refused:
        render_files(tmp_path, CONFIG, app(helm=HelmOptions(values_files=(name,))))
    assert exit_code_of(refused.value) is ExitCode.INPUT


@pytest.mark.parametrize("path", ["app/values.yaml", "app/Chart.yaml", "app/env.yaml"])
def test_faults_in_chart_and_values_have_a_place(path: str, tmp_path: Path) -> None:
    text = "apiVersion: v2\nname: [c4n4ry\n"
    with pytest.raises(GitctlError) as refused:
        render_files(tmp_path, {**CONFIG, "app/env.yaml": "x: 1\n", path: text}, app(helm=HelmOptions(values_files=("env.yaml",))))
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert str(refused.value.where) == f"{path}:3:1"
    assert "c4n4ry" not in str(refused.value)


@pytest.mark.parametrize(
    "bad",
    [
        {"helm": HelmOptions(release="--post-renderer=./evil.sh")},
        {"helm": HelmOptions(release="-x")},
        {"helm": HelmOptions(release="x" * 54)},
        {"name": "Not_A_Release"},
        {"namespace": "--set=a=b"},
        {"kubernetes": "--kubeconfig"},
        {"api_versions": ("-x",)},
    ],
)
def test_user_strings_never_become_flags(bad: dict[str, object], tmp_path: Path) -> None:
    with raises(ErrorId.HELM_OPTION) as refused:
        render_files(tmp_path, CONFIG, app(**bad))
    assert exit_code_of(refused.value) is ExitCode.INPUT


def test_a_missing_dependency_says_what_to_run(tmp_path: Path) -> None:
    text = CHART["app/Chart.yaml"] + "dependencies: [{name: part, version: 0.1.0, repository: 'https://example.com'}]\n"
    with pytest.raises(RenderError) as failed:
        render_files(tmp_path, CONFIG | {"app/Chart.yaml": text})
    assert "helm dependency build app" in failed.value.hint


def test_template_errors_name_the_template_and_no_private_path(tmp_path: Path) -> None:
    with pytest.raises(RenderError) as failed:
        render_files(tmp_path, CONFIG | {"app/templates/a.yaml": '{{ fail "no such thing" }}\n'})
    assert exit_code_of(failed.value) is ExitCode.RENDER
    assert "templates/a.yaml" in str(failed.value)
    assert "no such thing" in str(failed.value)
    assert "gitctl-" not in f"{failed.value}{failed.value.details}"


def test_faults_in_rendered_text_name_the_template(tmp_path: Path) -> None:
    text = config_map("a", "data:\n  x: c4n4ry\n  x: c4n4ry\n")
    with pytest.raises(GitctlError) as refused:
        render_files(tmp_path, CONFIG | {"app/templates/a.yaml": text})
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert str(refused.value.where) == "app/templates/a.yaml"
    assert "c4n4ry" not in str(refused.value)


def test_wrong_types_in_rendered_secrets_name_object_and_key(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: {{ .Values.x }}}\n"
    with pytest.raises(GitctlError) as refused:
        render_files(tmp_path, CHART | {"app/templates/a.yaml": text, "app/values.yaml": "x: c4n4ry!\n"})
    assert str(refused.value.where) == "app/templates/a.yaml Secret/s data.a"
    assert "c4n4ry" not in str(refused.value)


def test_plugins_and_configuration_in_the_repository_have_no_effect(tmp_path: Path) -> None:
    plugin = 'apiVersion: v1\ntype: cli/v1\nname: evil\nversion: 0.1.0\nruntime: subprocess\nruntimeConfig: {platformCommand: [{command: "touch x"}]}\n'
    result = render_files(tmp_path, CONFIG | {"app/plugins/evil/plugin.yaml": plugin, "app/helm/plugins/evil/plugin.yaml": plugin})
    assert [m.ref.name for m in result.manifests] == ["a"]


def test_environment_variables_of_helm_have_no_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_NAMESPACE", "elsewhere")
    monkeypatch.setenv("HELM_KUBEAPISERVER", "https://example.com")
    text = config_map("a", "data: {x: {{ .Release.Namespace }}}\n")
    (manifest,) = render_files(tmp_path, CHART | {"app/templates/a.yaml": text}).manifests
    assert manifest.body["data"] == {"x": "default"}


def test_a_folder_without_chart_is_told(tmp_path: Path) -> None:
    from gitctl.model.app import RenderKind

    with raises(ErrorId.CHART_MISSING, match=r"there is no Chart\.yaml"):
        render_files(tmp_path, {"app/a.yaml": config_map("a")}, app(render=RenderKind.HELM))


def test_other_values_files_in_the_chart_are_not_opened(tmp_path: Path) -> None:
    """They may be encrypted for environments whose key is not here."""
    files = CONFIG | {"app/values.prod.yaml": "x: [broken\n"}
    assert len(render_files(tmp_path, files).manifests) == 1
