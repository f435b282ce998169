"""Pinned charts from a real HTTP repository and a real OCI registry, by the real helm."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.servers.charts import ChartServer, pack
from tests.unit.render.trees import app, config_map, render_files

from gitctl.errors import ErrorId, ExitCode, InputError, RenderError, exit_code_of
from gitctl.model.app import HelmChart, HelmOptions
from gitctl.render.fetch import fetch

FILES = {
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n",
    "values.yaml": "x: default\n",
    "templates/a.yaml": config_map("a", "data: {x: {{ .Values.x }}, part: {{ .Values.part | quote }}}\n"),
}


@pytest.fixture
def server() -> Iterator[ChartServer]:
    with ChartServer() as running:
        yield running


def publish(server: ChartServer, repo: str, files: dict[str, str] | None = None) -> HelmChart:
    return HelmChart(repo, "web", "1.2.3", f"sha256:{server.add('web', '1.2.3', pack(files or FILES))}")


def get(chart: HelmChart, cache: Path | None) -> dict[str, bytes]:
    return fetch(chart, cache=cache, say=lambda _: None)


@pytest.mark.parametrize("kind", ["url", "oci"])
def test_a_chart_is_fetched_once_and_rendered_with_values_of_the_repository(kind: str, server: ChartServer, tmp_path: Path) -> None:
    chart = publish(server, getattr(server, kind))
    wanted = app(helm=HelmOptions(chart=chart, values_files=("env.yaml",), values={"part": "y"}))
    results = [render_files(tmp_path / "tree", {"app/env.yaml": "x: mine\n"}, wanted, cache=tmp_path / "cache") for _ in range(2)]
    (manifest,) = results[0].manifests
    assert manifest.body["data"] == {"x": "mine", "part": "y"}
    assert manifest.origin.path == "web-1.2.3/templates/a.yaml"
    assert results[0].read_set == ("app/env.yaml",)
    assert results[0].manifests == results[1].manifests
    assert sum(path.endswith(".tgz") or "/blobs/" in path for path in server.seen) <= 2


def test_the_archive_is_kept_by_its_digest_in_a_private_folder(server: ChartServer, tmp_path: Path) -> None:
    chart = publish(server, server.url)
    assert get(chart, tmp_path / "cache")["Chart.yaml"] == FILES["Chart.yaml"].encode()
    (kept,) = (tmp_path / "cache" / "charts").iterdir()
    assert kept.name == chart.digest.removeprefix("sha256:") + ".tgz"
    assert kept.parent.stat().st_mode & 0o077 == 0
    asked = len(server.seen)
    get(chart, tmp_path / "cache")
    assert len(server.seen) == asked


def test_a_damaged_archive_is_fetched_again(server: ChartServer, tmp_path: Path) -> None:
    chart = publish(server, server.url)
    get(chart, tmp_path / "cache")
    (kept,) = (tmp_path / "cache" / "charts").iterdir()
    kept.write_bytes(b"evil")
    assert get(chart, tmp_path / "cache")["values.yaml"] == b"x: default\n"
    assert kept.read_bytes() != b"evil"


@pytest.mark.parametrize("kind", ["url", "oci"])
def test_another_digest_is_refused_and_not_kept(kind: str, server: ChartServer, tmp_path: Path) -> None:
    chart = dataclasses.replace(publish(server, getattr(server, kind)), digest="0" * 64)
    with raises(ErrorId.CHART_DIGEST, match="not the pinned one") as refused:
        get(chart, tmp_path / "cache")
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("kind", ["url", "oci"])
def test_a_missing_version_is_a_render_error(kind: str, server: ChartServer) -> None:
    chart = dataclasses.replace(publish(server, getattr(server, kind)), version="9.9.9")
    with pytest.raises(RenderError, match=r"chart web 9\.9\.9 cannot be fetched") as failed:
        get(chart, None)
    assert exit_code_of(failed.value) is ExitCode.RENDER


def test_a_registry_with_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChartServer(user="ada", password="c4n4ry") as server:
        chart = publish(server, server.oci)
        with raises(ErrorId.CHART_UNREACHABLE) as failed:
            get(chart, None)
        assert "helm registry login" in failed.value.hint
        login = tmp_path / "registry.json"
        login.write_text(json.dumps({"auths": {server.host: {"auth": base64.b64encode(b"ada:c4n4ry").decode()}}}))
        monkeypatch.setenv("HELM_REGISTRY_CONFIG", str(login))
        assert "Chart.yaml" in get(chart, None)


def test_docker_logins_do_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChartServer(user="ada", password="c4n4ry") as server:
        chart = publish(server, server.oci)
        folder = tmp_path / "docker"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"auths": {server.host: {"auth": base64.b64encode(b"ada:c4n4ry").decode()}}}))
        monkeypatch.setenv("DOCKER_CONFIG", str(folder))
        assert "Chart.yaml" in get(chart, None)


BAD = {
    "repo": ["http://example.com/charts", "file:///etc", "ext::sh", "--plugin", "oci://", "https://ada:c4n4ry@example.com", "http://[", ""],
    "chart": ["--post-renderer=x", "../x", "a/b", "", "a b"],
    "version": ["-x", "", "1.0 0", "*", ">1"],
    "digest": ["", "sha256:", "md5:" + "0" * 64, "0" * 63],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_bad_pins_are_refused_before_anything_runs(field: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    good = HelmChart("https://example.com", "web", "1.0.0", "0" * 64)
    with pytest.raises(InputError) as refused:
        get(dataclasses.replace(good, **{field: value}), None)
    assert "c4n4ry" not in f"{refused.value} {refused.value.hint}"


def test_a_dead_repository_names_the_chart() -> None:
    with ChartServer() as server:
        chart = publish(server, server.url)
    with pytest.raises(RenderError, match=r"chart web 1\.2\.3 cannot be fetched"):
        get(chart, None)
