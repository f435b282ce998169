"""Bad input, as the user meets it: the exit code, the place, the next step, nothing echoed, nothing asked of any cluster."""

from __future__ import annotations

import base64
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
from tests.fixtures.commands import GitRepo, Result, Runner
from tests.servers.git_http import GitServer

from gitctl.errors import ErrorId

MakeRepo = Callable[..., GitRepo]

CANARY = "Kanarie7c4n4ry"
PROJECT = """\
apiVersion: gitctl.dev/v1
kind: Project
name: shop
clusters:
  main: {context: main}
environments:
  dev: {clusters: [main]}
apps:
  web: {path: apps/web, namespace: shop}
"""
MAP = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {CANARY}}}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
LAUGHS = "\n".join([f"a0: &a0 [{CANARY}]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))])


@dataclass(slots=True)
class Cluster:
    """An address that a kubeconfig names; `calls` counts who came."""

    kubeconfig: Path
    calls: list[object] = field(default_factory=list)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """KUBECONFIG names a server that only counts its callers."""
    made = Cluster(tmp_path / "kubeconfig")

    class Door(BaseRequestHandler):
        def handle(self) -> None:
            made.calls.append(self.client_address)

    with ThreadingTCPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        body = {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_address[1]}"}}],
            "users": [{"name": "u", "user": {"token": CANARY}}],
            "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u"}}],
        }
        made.kubeconfig.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **body}))
        monkeypatch.setenv("KUBECONFIG", str(made.kubeconfig))
        yield made
        server.shutdown()


@pytest.fixture
def repo(git_repo: MakeRepo) -> GitRepo:
    return git_repo({"gitctl.yaml": PROJECT, "apps/web/map.yaml": MAP})


@pytest.fixture
def refused(gitctl: Runner, repo: GitRepo, cluster: Cluster) -> Callable[..., Result]:
    """Run a command that must fail with that code, say nothing of the canary, print no result, and call no cluster."""

    def call(code: int, *args: str, **options: object) -> Result:
        done: Result = gitctl(*args, **{"cwd": repo.path, **options}).expect(code)
        assert CANARY not in done.stdout + done.stderr
        assert base64.b64encode(CANARY.encode()).decode()[:16] not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert cluster.calls == []
        return done

    return call


Refused = Callable[..., Result]


def only_tool(folder: Path, **scripts: str) -> dict[str, str]:
    """A PATH with git and these programs alone."""
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git") or "git")
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


# ── project and command line ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_project_file_that_is_not_committed(git_repo: MakeRepo, refused: Refused) -> None:
    other = git_repo({"README.md": "shop\n"}, name="other")
    other.write("gitctl.yaml", PROJECT)
    refused(3, "diff", "-e", "dev", cwd=other.path).error(ErrorId.CONFIG_NOT_COMMITTED)


def test_a_repository_inside_of_a_repository(repo: GitRepo, refused: Refused) -> None:
    refused(4, "bootstrap", "apps/inner", cwd=repo.path).error(ErrorId.INSIDE_REPOSITORY)
    assert not (repo.path / "apps/inner").exists()


@pytest.mark.parametrize("command", [("sync",), ("rollback", "web"), ("render",)])
def test_no_project_and_no_path(command: tuple[str, ...], gitctl: Runner, tmp_path: Path) -> None:
    done = gitctl(*command, cwd=tmp_path).expect(3)
    assert done.stderr.startswith(f"error: no gitctl.yaml in {tmp_path} or a folder above it\n  hint: `gitctl bootstrap` writes one")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("args", "message", "hint", "id"),
    [
        (("sync", "webb", "-e", "dev"), "gitctl.yaml: unknown app 'webb'", "did you mean 'web'?", ErrorId.APP_UNKNOWN),
        (("rollback", "wep", "-e", "dev"), "gitctl.yaml: unknown app 'wep'", "did you mean 'web'?", ErrorId.APP_UNKNOWN),
        (("diff", "-e", "dve"), "gitctl.yaml: unknown environment 'dve'", "did you mean 'dev'?", ErrorId.ENVIRONMENT_UNKNOWN),
        (("status", "-e", "dev", "--context", "mian"), "mian", "did you mean 'main'?", ErrorId.CONTEXT_UNKNOWN),
    ],
    ids=["app", "app of a rollback", "environment", "context"],
)
def test_unknown_names(args: tuple[str, ...], message: str, hint: str, id: ErrorId, refused: Refused) -> None:
    done = refused(3, *args).error(id)
    assert message in done.stderr
    assert f"hint: {hint}" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "place", "hint"),
    [
        (
            "clusters: [main]",
            "clusters: [mian]",
            "gitctl.yaml:7:20 environments.dev.clusters[0]: unknown cluster 'mian'",
            "did you mean 'main'?",
        ),
        (
            "namespace: shop}",
            "namespaces: shop}",
            "gitctl.yaml:9:25 apps.web.namespaces: unknown key 'namespaces'",
            "did you mean 'namespace'?",
        ),
        ("namespace: shop}", "render: helmm}", "gitctl.yaml:9:25 apps.web.render: ", "did you mean 'helm'?"),
        ("name: shop\n", "name: shop\nname: shop\n", "gitctl.yaml:4:1", ""),
    ],
    ids=["cluster", "key", "value", "duplicate key"],
)
def test_mistakes_in_the_project_file(old: str, new: str, place: str, hint: str, repo: GitRepo, refused: Refused) -> None:
    repo.commit(files={"gitctl.yaml": PROJECT.replace(old, new)})
    done = refused(3, "sync", "-e", "dev")
    assert place in done.stderr
    assert hint in done.stderr


@pytest.mark.parametrize(
    ("command", "id"),
    [
        ("sync --timeout 5x -e dev", ErrorId.ARGUMENT_INVALID),
        ("diff --request-timeout 1 -e dev", ErrorId.ARGUMENT_INVALID),
        ("sync --only Deployment -e dev", ErrorId.ARGUMENT_INVALID),
        ("rollback web --push --no-commit -e dev", ErrorId.FLAGS_CONFLICT),
        ("sync -o markdown -e dev", ErrorId.OUTPUT_FORM),
        ("sync ./apps/web", ErrorId.APP_NAME_NEEDED),
        ("snyc", ErrorId.USAGE),
    ],
)
def test_wrong_usage(command: str, id: ErrorId, refused: Refused) -> None:
    done = refused(2, *command.split()).error(id)
    assert done.stderr.startswith("error: ")
    assert "  hint: " in done.stderr
    assert done.stdout == ""


# ── manifests ─────────────────────────────────────────────────────────────────────────────────────────────────────────

FAULTS: dict[str, tuple[str | bytes, str, ErrorId]] = {
    "syntax error": (f"apiVersion: v1\nkind: [{CANARY}\n", "apps/web/bad.yaml:3:1", ErrorId.YAML_SYNTAX),
    "duplicate key": (
        f"apiVersion: v1\nkind: ConfigMap\ndata:\n  a: {CANARY}\n  a: {CANARY}\n",
        "apps/web/bad.yaml:5:3",
        ErrorId.YAML_DUPLICATE_KEY,
    ),
    "bad base64": (SECRET + f"data:\n  a: {CANARY}!\n", "apps/web/bad.yaml:5:3 data.a", ErrorId.MANIFEST_FIELD),
    "number in a Secret": (
        SECRET + f"stringData:\n  b: {CANARY}\n  a: 54321987\n",
        "apps/web/bad.yaml:6:3 stringData.a",
        ErrorId.MANIFEST_FIELD,
    ),
    "mapping in a Secret": (SECRET + f"data:\n  a: {{b: {CANARY}}}\n", "apps/web/bad.yaml:5:3 data.a", ErrorId.MANIFEST_FIELD),
    "not UTF-8": (b"apiVersion: v1\nkind: X # \xff" + CANARY.encode(), "apps/web/bad.yaml:2:11", ErrorId.YAML_ENCODING),
    "alias bomb": (LAUGHS, "apps/web/bad.yaml:", ErrorId.YAML_TOO_LARGE),
    "10 MB line": (f"a: {CANARY}".encode() + b"x" * 10_000_000, "apps/web/bad.yaml:1:1", ErrorId.YAML_TOO_LARGE),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_in_a_manifest_are_told_with_their_place_and_nothing_else(name: str, repo: GitRepo, refused: Refused) -> None:
    content, place, id = FAULTS[name]
    repo.write("apps/web/bad.yaml", "").write_bytes(content if isinstance(content, bytes) else content.encode())
    repo.commit()
    assert f"error: {place}" in refused(3, "sync", "-e", "dev").error(id).stderr


def test_the_same_object_twice_is_told_with_both_places(repo: GitRepo, refused: Refused) -> None:
    repo.commit(files={"apps/web/zwei.yaml": "# again\n" + MAP})
    told = refused(3, "sync", "-e", "dev").stderr
    assert "apps/web/zwei.yaml:2" in told
    assert "apps/web/map.yaml:1" in told
    assert "ConfigMap" in told


@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_link_out_of_the_repository_is_not_followed(where: str, repo: GitRepo, refused: Refused, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.yaml").write_text(MAP)
    target = outside / "a.yaml" if where == "file" else outside
    (repo.path / "apps/web" / ("link.yaml" if where == "file" else "link")).symlink_to(target)
    repo.commit()
    assert "error: apps/web/link" in refused(3, "sync", "-e", "dev").stderr
    assert "apps/web/link" in refused(3, "diff", "./apps/web", "--context", "main").stderr


def test_one_bad_app_does_not_hide_another(repo: GitRepo, refused: Refused) -> None:
    repo.commit(
        files={"gitctl.yaml": PROJECT + "  db: {path: apps/db, namespace: shop}\n", "apps/db/a.yaml": "kind: [", "apps/web/b.yaml": "{"}
    )
    told = refused(3, "render", "-e", "dev").stderr
    assert "error: apps/db/a.yaml:2:1: " in told
    assert "error: apps/web/b.yaml:2:1: " in told


def test_json_names_the_error_too(repo: GitRepo, refused: Refused) -> None:
    repo.commit(files={"apps/web/bad.yaml": SECRET + f"data:\n  a: {CANARY}!\n"})
    (error,) = refused(3, "sync", "-e", "dev", "-o", "json").json()["errors"]
    assert (error["id"], error["exitCode"], error["where"]) == (ErrorId.MANIFEST_FIELD, 3, "apps/web/bad.yaml:5:3 data.a")


# ── tools ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

CHART = {"apps/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n", "apps/web/map.yaml": ""}
KUSTOMIZATION = {"apps/web/kustomization.yaml": "resources: [map.yaml]\n"}


def test_an_error_of_helm_is_told_by_the_template(repo: GitRepo, refused: Refused) -> None:
    template = '{{ fail (printf "no host: %s" .Values.password) }}'
    repo.commit(files=CHART | {"apps/web/templates/a.yaml": template, "apps/web/values.yaml": "password: hunter2hunter2\n"})
    told = refused(5, "sync", "-e", "dev").stderr
    assert "templates/a.yaml" in told
    assert "no host" in told
    assert "/tmp" not in told
    assert len(told) < 1000


def test_an_error_of_kustomize_is_told_with_the_users_path(repo: GitRepo, refused: Refused) -> None:
    repo.commit(files={"apps/web/kustomization.yaml": "resources: [map.yaml]\npatches: [{path: map.yaml, target: {kind: [}}]\n"})
    refused(3, "render", "-e", "dev")
    patch = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nobody}\n"
    repo.commit(files={"apps/web/kustomization.yaml": "resources: [map.yaml]\npatches: [{path: p.yaml}]\n", "apps/web/p.yaml": patch})
    told = refused(5, "render", "-e", "dev").stderr
    assert "nobody" in told
    assert "/tmp" not in told


@pytest.mark.parametrize(("files", "tool"), [(CHART, "helm"), (KUSTOMIZATION, "kustomize")], ids=["helm", "kustomize"])
def test_a_tool_that_is_missing_or_too_old(files: dict[str, str], tool: str, repo: GitRepo, refused: Refused, tmp_path: Path) -> None:
    repo.commit(files=files)
    missing = refused(5, "sync", "-e", "dev", env=only_tool(tmp_path / "none")).stderr
    assert f"{tool} is not on PATH" in missing
    assert "hint: install it:" in missing
    old = refused(5, "sync", "-e", "dev", env=only_tool(tmp_path / "old", **{tool: "echo v1.2.3"})).stderr
    assert f"{tool} 1.2.3 is not of the versions that gitctl works with" in old
    assert "  hint: " in old


# ── Git ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("args", [("sync", "--revision", "mian"), ("diff", "--from", "mian", "--to", "main")], ids=" ".join)
def test_an_unknown_revision(args: tuple[str, ...], refused: Refused) -> None:
    told = refused(4, *args, "-e", "dev").stderr
    assert "unknown revision 'mian'" in told
    assert "hint: did you mean 'main'?" in told


def test_a_remote_out_of_reach_and_wrong_credentials(repo: GitRepo, refused: Refused) -> None:
    with GitServer(repo.path.parent, user="robot", password="right") as server:
        url = server.url.replace("http://", f"http://robot:{CANARY}@") + "/repo"
        repo.commit(files={"gitctl.yaml": PROJECT.replace("name: shop\n", f'name: shop\nsource: {{url: "{url}"}}\n')})
        for command in ("diff", "sync"):
            told = refused(4, command, "-e", "dev").stderr
            assert "refuses the credentials" in told
            assert "  hint: " in told
        assert server.authorizations
    told = refused(4, "sync", "-e", "dev").stderr
    assert server.url in told
    assert sys.executable not in told
