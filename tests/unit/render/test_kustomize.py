from __future__ import annotations

import http.server
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from tests.fixtures.errors import raises
from tests.unit.render.trees import app, config_map, render_files

from gitctl.errors import ErrorId, ExitCode, GitctlError, RenderError, exit_code_of

BASE = {"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": config_map("a")}

REMOTE = [
    "https://example.com/base",
    "https://example.com/deploy.yaml",
    "http://localhost/base",
    "github.com/org/repo//path?ref=main",
    "github.com/org/repo",
    "gh:org/repo",
    "git@example.com:org/repo.git",
    "ssh://git@example.com/org/repo",
    "git::https://example.com/org/repo",
    "file:///etc",
    "https://h/r//p?ref=--upload-pack=touch${IFS}/tmp/pwned",
    "example.com/org/repo.git",
    "org/repo?ref=v1",
]


@pytest.mark.parametrize("url", REMOTE)
@pytest.mark.parametrize("key", ["resources", "components", "bases"])
def test_remote_bases_are_refused_with_their_place(key: str, url: str, tmp_path: Path) -> None:
    with raises(ErrorId.REMOTE_BASE, match="a remote base or file") as refused:
        render_files(tmp_path, {**BASE, "app/kustomization.yaml": f'{key}:\n- ../base\n- "{url}"\n'})
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert str(refused.value.where) == "app/kustomization.yaml:3:3"


REFUSED = {
    "remote patch": ("patches:\n- path: https://example.com/p.yaml\n", "2:3", "remote"),
    "remote crd": ("crds: [https://example.com/c.json]\n", "1:8", "remote"),
    "remote file of a generator": ("configMapGenerator:\n- name: a\n  files: [x=https://example.com/f]\n", "3:11", "remote"),
    "remote openapi": ("openapi: {path: https://example.com/o}\n", "1:11", "remote"),
    "remote plug-in": ("generators: [https://example.com/g.yaml]\n", "1:14", "remote"),
    "chart": ("helmCharts:\n- name: a\n  releaseName: --post-renderer=./evil.sh\n", "1:1", "charts inside"),
    "helm home": ("helmGlobals: {configHome: ./evil}\n", "1:1", "charts inside"),
    "old chart": ("helmChartInflationGenerator: [{chartName: a}]\n", "1:1", "charts inside"),
    "absolute path": ("resources: [/etc/passwd]\n", "1:13", "out of the repository"),
    "path out of the repository": ("resources: [../../x]\n", "1:13", "out of the repository"),
    "file out of the repository": ("secretGenerator:\n- name: a\n  envs: [../../../etc/passwd]\n", "3:10", "out of the repository"),
    "missing file": ("resources:\n- gone.yaml\n", "2:3", "names neither a file nor a folder"),
    "missing patch": ("patches:\n- path: gone.yaml\n", "2:3", "names no file"),
    "exec plug-in": (
        "transformers:\n- |-\n  apiVersion: v1\n  kind: X\n  metadata:\n    name: x\n"
        "    annotations: {config.kubernetes.io/function: 'exec: {path: ./evil}'}\n",
        "2:3",
        "runs a program",
    ),
    "duplicate key": ("resources: []\nresources: []\n", "2:1", "duplicate key"),
    "no mapping": ("- a\n", "1:1", "must be a mapping"),
}


IDS = {
    "remote": ErrorId.REMOTE_BASE,
    "charts inside": ErrorId.KUSTOMIZE_UNSUPPORTED,
    "runs a program": ErrorId.KUSTOMIZE_UNSUPPORTED,
    "out of the repository": ErrorId.PATH_UNSAFE,
    "names neither a file nor a folder": ErrorId.KUSTOMIZE_FILE,
    "names no file": ErrorId.KUSTOMIZE_FILE,
    "must be a mapping": ErrorId.KUSTOMIZE_FILE,
    "duplicate key": ErrorId.YAML_DUPLICATE_KEY,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_leaves_the_repository_or_runs_programs_is_refused(name: str, tmp_path: Path) -> None:
    text, place, message = REFUSED[name]
    with raises(IDS[message], match=message) as refused:
        render_files(tmp_path, {"app/kustomization.yaml": text})
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert str(refused.value.where) == f"app/kustomization.yaml:{place}"


def test_an_exec_plugin_in_a_file_is_refused(tmp_path: Path) -> None:
    plugin = "apiVersion: v1\nkind: X\nmetadata:\n  name: x\n  annotations: {config.kubernetes.io/function: 'container: {image: evil}'}\n"
    with raises(ErrorId.KUSTOMIZE_UNSUPPORTED, match=r"runs a program"):
        render_files(tmp_path, {"app/kustomization.yaml": "generators: [g.yaml]\n", "app/g.yaml": plugin})


def test_faults_in_bases_have_their_own_place(tmp_path: Path) -> None:
    with pytest.raises(GitctlError) as refused:
        render_files(tmp_path, {**BASE, "base/a.yaml": "a: [c4n4ry\n", "app/kustomization.yaml": "resources: [../base]\n"})
    assert exit_code_of(refused.value) is ExitCode.INPUT
    assert str(refused.value) == "base/a.yaml:2:1: a flow list without its comma or closing bracket"


def test_kustomize_errors_are_shortened_and_have_repository_paths(tmp_path: Path) -> None:
    text = "resources: [../base]\npatches: [{path: p.yaml}]\n"
    patch = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nobody}\n"
    with pytest.raises(RenderError, match=r"^kustomize: .*nobody") as failed:
        render_files(tmp_path, {**BASE, "app/kustomization.yaml": text, "app/p.yaml": patch})
    shown = f"{failed.value} {failed.value.details}"
    assert exit_code_of(failed.value) is ExitCode.RENDER
    assert "gitctl-" not in shown


def test_files_outside_of_a_kustomization_are_not_read(tmp_path: Path) -> None:
    files = {"app/kustomization.yaml": "configMapGenerator: [{name: a, files: [../other/x]}]\n", "other/x": "c4n4ry"}
    with pytest.raises(RenderError, match="is not in or below") as failed:
        render_files(tmp_path, files)
    assert "c4n4ry" not in f"{failed.value} {failed.value.details}"


def test_cycles_end(tmp_path: Path) -> None:
    files = {"app/kustomization.yaml": "resources: [../base]\n", "base/kustomization.yaml": "resources: [../app]\n"}
    with pytest.raises(RenderError, match="cycle"):
        render_files(tmp_path, files)


def test_inline_patches_and_legacy_fields(tmp_path: Path) -> None:
    text = (
        "resources: [../base, .//more.yaml]\n"
        "patchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n  data: {x: y}\n- p.yaml\n"
        "patchesJson6902: [{path: j.yaml, target: {version: v1, kind: ConfigMap, name: b}}]\n"
        "transformers: [t.yaml]\n"
    )
    files = {
        **BASE,
        "app/kustomization.yaml": text,
        "app/more.yaml": config_map("b"),
        "app/p.yaml": config_map("b", "data: {p: q}\n"),
        "app/j.yaml": "- {op: add, path: /data/j, value: k}\n",
        "app/t.yaml": "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: p}\nprefix: x-\nfieldSpecs: [{path: metadata/name}]\n",
    }
    result = render_files(tmp_path, files)
    assert {m.ref.name: m.body["data"] for m in result.manifests} == {"x-a": {"x": "y"}, "x-b": {"p": "q", "j": "k"}}


def test_the_read_set_has_every_folder_that_is_built_on(tmp_path: Path) -> None:
    files = {
        **BASE,
        "app/dev/kustomization.yaml": "resources: [../../base, ../part]\n",
        "app/part/kustomization.yaml": "resources: [b.yaml]\n",
    }
    result = render_files(tmp_path, {**files, "app/part/b.yaml": config_map("b")}, app("app/dev"))
    assert result.read_set == ("app/dev/", "app/part/", "base/")


@pytest.mark.parametrize("own", ["buildMetadata: [originAnnotations]\n", "{resources: [../base], namePrefix: x-}"])
def test_the_users_own_notes_are_kept(own: str, tmp_path: Path) -> None:
    text = own if own.startswith("{") else f"resources: [../base]\n{own}"
    (manifest,) = render_files(tmp_path, {**BASE, "app/kustomization.yaml": text}).manifests
    assert ("annotations" in manifest.body["metadata"]) == own.startswith("build")
    assert manifest.origin.path == "app/kustomization.yaml"


def test_origins_are_the_files_and_leave_no_trace(tmp_path: Path) -> None:
    marked = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, annotations: {own: x}}\n"
    files = {
        **BASE,
        "app/kustomization.yaml": "resources: [../base, b.yaml]\nconfigMapGenerator: [{name: c, literals: [x=y]}]",
        "app/b.yaml": marked,
    }
    result = render_files(tmp_path, files)
    assert [m.origin.path for m in result.manifests] == ["app/b.yaml", "app/kustomization.yaml", "base/a.yaml"]
    assert [m.body["metadata"].get("annotations") for m in result.manifests] == [{"own": "x"}, None, None]


def test_kubectl_stands_in_for_kustomize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {**BASE, "app/kustomization.yaml": "resources: [../base]\nnamePrefix: x-\n"}
    by_kustomize = render_files(tmp_path / "1", files)
    without_kustomize(tmp_path, monkeypatch)
    by_kubectl = render_files(tmp_path / "2", files)
    assert [name for name, _ in by_kubectl.inputs.tools] == ["kubectl"]
    assert [name for name, _ in by_kustomize.inputs.tools] == ["kustomize"]
    assert by_kubectl.digest == by_kustomize.digest


def without_kustomize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH that has kubectl alone."""
    import shutil

    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "kubectl").symlink_to(shutil.which("kubectl") or "")
    monkeypatch.setenv("PATH", str(programs))


class _Counter(http.server.BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    do_CONNECT = do_GET

    def log_message(self, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def web() -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine, and the paths that it was asked for."""
    handler = type("Counter", (_Counter,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_fetched(web: tuple[str, list[str]], tmp_path: Path) -> None:
    url, asked = web
    with pytest.raises(GitctlError, match="a remote base or file"):
        render_files(tmp_path, {"app/kustomization.yaml": f"resources: [{url}/base.yaml]\n"})
    assert asked == []
