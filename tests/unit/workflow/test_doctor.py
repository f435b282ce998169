"""What doctor says about programs that are there, old, absent, or replaced by another."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.model.app import App, AppSpec, HelmChart, HelmOptions, Project, RenderKind
from gitctl.render import helm_tool, kustomize
from gitctl.secrets import pysops
from gitctl.workflow.doctor import TOOLS, Need, Tool, ToolReport, ToolState, Version, examine, judge, parse_version, uses

FIT = {
    "git": "git version 2.39.5",
    "helm": "v4.3.1+g0b7fbd6",
    "kustomize": "v5.8.2",
    "kubectl": "Client Version: v1.37.1\nKustomize Version: v5.8.1",
    "sops": "sops 3.11.0",
    "age": "v1.3.2",
    "age-keygen": "v1.3.2",
    "go": "go version go1.26.8 linux/amd64",
}


def looked_at(answers: dict[str, str], needs: Collection[Need] = ()) -> dict[str, ToolReport]:
    """Reports by name, of a machine where the named programs answer so."""
    reports = examine(
        path_of=lambda name: f"/bin/{name}" if name in answers else None, version_of=lambda argv: answers[argv[0]], needs=needs
    )
    return {report.tool.name: report for report in reports}


def test_a_full_machine_is_fit() -> None:
    reports = looked_at(FIT, needs=tuple(Need))
    assert {name: report.state for name, report in reports.items()} == dict.fromkeys(FIT, ToolState.OK)
    assert reports["kubectl"].version == "1.37.1"
    assert reports["go"].path == "/bin/go"


def test_an_empty_machine_lacks_only_git_until_a_project_needs_more() -> None:
    assert [name for name, report in looked_at({}).items() if report.finding] == ["git"]


@pytest.mark.parametrize(
    ("need", "program"), [(Need.HELM, "helm"), (Need.SOPS, "sops"), (Need.SANDBOX, "go"), (Need.KUSTOMIZE, "kustomize")]
)
def test_a_project_needs_what_it_uses(need: Need, program: str) -> None:
    reports = looked_at({"git": FIT["git"]}, needs=[need])
    assert [name for name, report in reports.items() if report.finding] == [program]


def test_kubectl_stands_in_for_kustomize_unless_it_is_too_old_itself() -> None:
    machine = {"git": FIT["git"], "kubectl": FIT["kubectl"]}
    assert not looked_at(machine, needs=[Need.KUSTOMIZE])["kustomize"].finding
    old = machine | {"kubectl": "Client Version: v1.20.0"}
    assert looked_at(old, needs=[Need.KUSTOMIZE])["kustomize"].finding


@pytest.mark.parametrize(
    ("answer", "state", "finding"),
    [
        ("v3.13.9", ToolState.TOO_OLD, True),
        ("v3.14.0", ToolState.OK, False),
        ("v4.99.1", ToolState.OK, False),
        ("v5.0.0", ToolState.TOO_NEW, True),
        ("(devel)", ToolState.UNKNOWN, False),
    ],
)
def test_a_version_is_judged_by_the_wanted_range(answer: str, state: ToolState, finding: bool) -> None:
    report = looked_at(FIT | {"helm": answer}, needs=[Need.HELM])["helm"]
    assert (report.state, report.finding) == (state, finding)


def test_a_program_that_does_not_answer_has_no_version() -> None:
    reports = examine(path_of=lambda name: name, version_of=lambda _argv: None)
    assert {(report.state, report.version) for report in reports} == {(ToolState.UNKNOWN, "")}


def project(*apps: App) -> Project:
    """A project of these apps."""
    return Project("shop", apps=tuple(AppSpec(app) for app in apps))


def app(path: str, render: RenderKind = RenderKind.AUTO, chart: HelmChart | None = None) -> App:
    """An app at a path."""
    return App("shop", "", "web", path, render=render, helm=HelmOptions(chart=chart))


CHART = HelmChart("https://charts.example", "web", "1.0.0", "sha256:0")


@pytest.mark.parametrize(
    ("one", "files", "needs"),
    [
        (app("apps/web/{env}"), {"apps/web": {"apps/web/dev/kustomization.yaml"}}, {Need.KUSTOMIZE}),
        (app("apps/web-{env}"), {"apps": {"apps/web-dev/Kustomization"}}, {Need.KUSTOMIZE}),
        (app("charts/web"), {"charts/web": {"charts/web/Chart.yaml", "charts/web/templates/a.yaml"}}, {Need.HELM}),
        (app("values", chart=CHART), {}, {Need.HELM}),
        (app("plain"), {"plain": {"plain/service.yaml"}}, set()),
        (app("plain", RenderKind.PLAIN), {"plain": {"plain/Chart.yaml"}}, set()),
        (app("k", RenderKind.KUSTOMIZE), {}, {Need.KUSTOMIZE}),
        (app("h", RenderKind.HELM), {}, {Need.HELM}),
    ],
    ids=["overlay", "prefix", "chart", "remote chart", "plain", "said plain", "said kustomize", "said helm"],
)
def test_what_a_project_uses_is_seen_in_its_files(one: App, files: dict[str, set[str]], needs: set[Need]) -> None:
    assert uses(project(one), names=lambda folder: files.get(folder, set()), encrypted=False) == needs


def test_a_project_with_sops_rules_uses_sops() -> None:
    assert uses(project(), names=lambda _folder: (), encrypted=True) == {Need.SOPS}


def test_doctor_asks_for_what_the_callers_of_a_program_ask_for() -> None:
    wanted = {tool.name: (tool.low, tool.high, tool.install.partition(";")[0]) for tool in TOOLS}
    for tool in (helm_tool.HELM, kustomize._KUSTOMIZE, kustomize._KUBECTL):
        assert wanted[tool.name] == (tool.low, tool.high, tool.install.partition(";")[0])
    assert wanted["sops"][:2] == (pysops.OLDEST, None)


def test_ranges_are_shown_short() -> None:
    assert {tool.name: tool.wanted for tool in TOOLS}["helm"] == ">=3.14,<5"


@settings(max_examples=50)
@given(st.tuples(*[st.integers(0, 99)] * 3), st.text(alphabet="abc v\n", max_size=8), st.sampled_from(["", "+g1", "-rc.1", " linux"]))
def test_a_version_is_found_in_any_answer(version: tuple[int, int, int], before: str, after: str) -> None:
    assert parse_version(f"{before}{'.'.join(map(str, version))}{after}") == version


@settings(max_examples=50)
@given(st.sampled_from(TOOLS), st.tuples(*[st.integers(0, 9)] * 3), st.tuples(*[st.integers(0, 9)] * 3))
def test_a_newer_version_is_never_older(tool: Tool, one: Version, other: Version) -> None:
    order = [ToolState.TOO_OLD, ToolState.OK, ToolState.TOO_NEW]
    low, high = sorted([one, other])
    assert order.index(judge(tool, low)) <= order.index(judge(tool, high))
