"""The funnel on real connections: faults, credentials, refusals, the pinned cluster."""

from __future__ import annotations

import http.server
import json
import select
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from tests.cluster.target.bench import Bench, configmap
from tests.fixtures.commands import Runner
from tests.fixtures.errors import raises
from tests.servers.fault_proxy import Cut, Delay, FaultProxy, Reset, Status, Truncate

from gitctl.errors import ConfigError, ErrorId, Forbidden, Refused, Unauthenticated, Unreachable
from gitctl.model.app import Cluster
from gitctl.parallel import in_background
from gitctl.sandbox import ControlPlane
from gitctl.target.kubernetes import client as module
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.exchange import APPLY, Request
from gitctl.target.kubernetes.open import open_target

VERSION = "/version"


def through(proxy: FaultProxy, *, timeout: float = 30) -> Client:
    """A client that goes through the proxy."""
    return Client(Login(str(proxy.kubeconfig)), timeout=timeout)


@pytest.mark.parametrize(
    "fault", [Status(429, retry_after=1), Status(500), Status(502), Status(503), Status(504), Reset(), Reset(after_server=True), Cut(), Truncate()],
    ids=lambda f: f"{type(f).__name__}-{getattr(f, 'code', '')}",
)  # fmt: skip
def test_a_passing_fault_is_not_seen(fault_proxy: FaultProxy, fault: Status | Reset | Cut | Truncate) -> None:
    fault_proxy.on(fault, times=2)
    assert through(fault_proxy).get(VERSION).json()["major"] == "1"
    assert fault_proxy.count() == 3


def test_half_of_a_refusal_is_asked_for_again(fault_proxy: FaultProxy) -> None:
    """Of half a 404 nobody can say whether the API server meant it."""
    fault_proxy.on(Truncate())
    answer = through(fault_proxy).get("/api/v1/namespaces/nobody")
    assert answer.absent
    assert fault_proxy.count() == 2


def test_retry_after_is_honoured(fault_proxy: FaultProxy) -> None:
    fault_proxy.on(Status(429, retry_after=1))
    began = time.monotonic()
    assert through(fault_proxy).get(VERSION).ok
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("code", [400, 404, 409, 422])
def test_a_refusal_is_not_tried_again(fault_proxy: FaultProxy, code: int) -> None:
    fault_proxy.on(Status(code), times=-1)
    assert through(fault_proxy).get(VERSION).status == code
    assert fault_proxy.count() == 1


def test_a_500_that_stays_is_an_answer_after_three_tries(fault_proxy: FaultProxy) -> None:
    fault_proxy.on(Status(500), times=-1)
    assert through(fault_proxy).get(VERSION).status == 500
    assert fault_proxy.count() == 3


def test_a_typed_patch_500_is_final(bench: Bench, open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    path = f"/api/v1/namespaces/{bench.namespace}/secrets/x"
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": {"p": 12345678}}
    request = Request("PATCH", path, (("fieldManager", "gitctl"),), body, content=APPLY)
    assert through(fault_proxy).send(request).status == 500
    assert fault_proxy.count() == 1


def test_what_must_not_be_done_twice_is_not(fault_proxy: FaultProxy) -> None:
    fault_proxy.on(Reset(after_server=True), times=-1)
    with pytest.raises(Unreachable):
        through(fault_proxy).send(Request("GET", VERSION, repeatable=False))
    assert fault_proxy.count() == 1
    fault_proxy.clear()
    fault_proxy.on(Status(429, retry_after=0))
    assert through(fault_proxy).send(Request("GET", VERSION, repeatable=False)).ok


def test_a_server_that_is_busy_with_all_ends_the_run(fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUDGET", 0.1)
    fault_proxy.on(Status(503), times=-1)
    client = through(fault_proxy)
    for _ in range(module.WORKERS):
        assert client.get(VERSION).status == 503
    with pytest.raises(Unreachable, match="503"):
        client.get(VERSION)


def test_a_request_has_a_time_limit(fault_proxy: FaultProxy) -> None:
    fault_proxy.on(Delay(30), times=-1)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="no answer in time"):
        through(fault_proxy, timeout=0.5).get(VERSION)
    assert time.monotonic() - began < 5


def test_a_server_that_is_down_is_named(control_plane: ControlPlane, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(control_plane.kubeconfig.read_text().replace(control_plane.server, "https://127.0.0.1:1"))
    began = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        Client(Login(str(path)), timeout=30).get(VERSION)
    assert "https://127.0.0.1:1" in str(caught.value)
    assert control_plane.context in str(caught.value)
    assert caught.value.hint
    assert time.monotonic() - began < 10


def rewritten(plane: ControlPlane, path: Path, change: Callable[[dict[str, object]], object]) -> Path:
    """The control plane's kubeconfig with something changed in its one user."""
    config = yaml.safe_load(plane.kubeconfig.read_text())
    change(config["users"][0]["user"])
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_wrong_token_is_not_shown(control_plane: ControlPlane, tmp_path: Path) -> None:
    path = rewritten(control_plane, tmp_path / "config", lambda user: (user.clear(), user.update(token="hunter2-wrong")))
    with pytest.raises(Unauthenticated) as caught:
        Client(Login(str(path)), timeout=30).get(VERSION + "s")
    assert control_plane.server in str(caught.value)
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_a_certificate_of_somebody_else_is_not_trusted(control_plane: ControlPlane, tmp_path: Path) -> None:
    import certifi

    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"] = {"server": control_plane.server, "certificate-authority": certifi.where()}
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    with pytest.raises(Unreachable, match="not trusted"):
        Client(Login(str(tmp_path / "config")), timeout=30).get(VERSION)


def with_cluster(plane: ControlPlane, path: Path, **settings: object) -> Login:
    """A login whose kubeconfig says other things about the server's certificate."""
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"] |= settings
    path.write_text(yaml.safe_dump({**config, "clusters": [{**config["clusters"][0], "cluster": {
        k: v for k, v in config["clusters"][0]["cluster"].items() if v is not None}}]}))  # fmt: skip
    return Login(str(path))


@pytest.mark.filterwarnings("error")
def test_a_certificate_is_not_looked_at_when_the_kubeconfig_says_so(control_plane: ControlPlane, tmp_path: Path) -> None:
    nothing = {"certificate-authority": None, "certificate-authority-data": None}
    login = with_cluster(control_plane, tmp_path / "config", **{"insecure-skip-tls-verify": True, **nothing})
    assert Client(login, timeout=30).get("/api").ok


def test_the_server_may_have_another_name_than_its_address(control_plane: ControlPlane, tmp_path: Path) -> None:
    login = with_cluster(control_plane, tmp_path / "one", **{"tls-server-name": "kubernetes.default"})
    assert Client(login, timeout=30).get("/api").ok
    login = with_cluster(control_plane, tmp_path / "two", **{"tls-server-name": "somebody.else"})
    with pytest.raises(Unreachable):
        Client(login, timeout=30).get("/api")


class Tunnel(http.server.BaseHTTPRequestHandler):
    """A proxy that knows CONNECT and nothing else; it notes what it was asked for."""

    asked: ClassVar[list[str]] = []

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: server, server: self.connection}
            while True:
                for end in select.select(list(ends), [], [], 30)[0]:
                    piece = end.recv(65536)
                    if not piece:
                        return
                    ends[end].sendall(piece)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


def test_a_proxy_is_used(control_plane: ControlPlane, tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads = True
        thread = in_background(proxy.serve_forever, name="proxy")
        login = with_cluster(control_plane, tmp_path / "config", **{"proxy-url": f"http://127.0.0.1:{proxy.server_address[1]}"})
        assert Client(login, timeout=30).get("/api").ok
        proxy.shutdown()
        thread.join()
    assert Tunnel.asked == [control_plane.server.removeprefix("https://")]


def test_a_wrong_context_names_those_there_are(control_plane: ControlPlane) -> None:
    with pytest.raises(ConfigError) as caught:
        Client(Login(str(control_plane.kubeconfig), control_plane.context + "x"), timeout=30).get(VERSION)
    assert control_plane.context in caught.value.hint


PLUGIN = """#!{python}
import json, pathlib, sys
calls = pathlib.Path({calls!r})
calls.write_text(calls.read_text() + "x" if calls.exists() else "x")
token = pathlib.Path({token!r}).read_text()
print("SECRET-NOISE", file=sys.stderr)
if token == "fail":
    sys.exit(3)
status = {{"token": token, "expirationTimestamp": "2099-01-01T00:00:00Z"}}
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}}))
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A credential plug-in; it hands out what the file `token` beside it holds and counts its calls in `calls`."""
    path = tmp_path / "login-plugin"
    path.write_text(PLUGIN.format(python=sys.executable, calls=str(tmp_path / "calls"), token=str(tmp_path / "token")))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def with_plugin(plane: ControlPlane, path: Path, plugin: str) -> Path:
    """A kubeconfig whose user is a credential plug-in."""
    entry = {"command": plugin, "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "installHint": "install it so"}
    return rewritten(plane, path, lambda user: (user.clear(), user.update(exec=entry)))


def test_a_credential_plugin_is_run_once(
    control_plane: ControlPlane, plugin: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text(control_plane.token)
    client = Client(Login(str(with_plugin(control_plane, tmp_path / "config", str(plugin)))), timeout=30)
    assert all(client.get("/api").ok for _ in range(3))
    assert (tmp_path / "calls").read_text() == "x"
    assert "NOISE" not in "".join(capfd.readouterr())


def test_an_expired_token_is_renewed_once_for_all(control_plane: ControlPlane, plugin: Path, tmp_path: Path) -> None:
    from gitctl.parallel import map_bounded

    (tmp_path / "token").write_text("expired")
    client = Client(Login(str(with_plugin(control_plane, tmp_path / "config", str(plugin)))), timeout=30)
    _ = client.access
    (tmp_path / "token").write_text(control_plane.token)
    answers = map_bounded(lambda _: client.get("/api"), range(8), limit=8)
    assert all(a.ok for a in answers)
    assert (tmp_path / "calls").read_text() == "xx"


def test_a_failing_plugin_is_named_and_its_words_are_not(
    control_plane: ControlPlane, plugin: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text("fail")
    with raises(ErrorId.CREDENTIAL_PLUGIN, match="login-plugin failed") as caught:
        Client(Login(str(with_plugin(control_plane, tmp_path / "config", str(plugin)))), timeout=30).get("/api")
    assert "NOISE" not in str(caught.value) + "".join(capfd.readouterr())


def test_a_missing_plugin_says_how_to_install_it(control_plane: ControlPlane, tmp_path: Path) -> None:
    with raises(ErrorId.CREDENTIAL_PLUGIN, match="is not on PATH") as caught:
        Client(Login(str(with_plugin(control_plane, tmp_path / "config", "no-such-plugin"))), timeout=30).get("/api")
    assert caught.value.hint == "install it so"


def test_inline_keys_leave_no_file(control_plane: ControlPlane, tmp_path: Path) -> None:
    before = {*Path("/dev/shm").glob("gitctl-*"), *Path("/tmp").glob("gitctl-*")}
    assert Client(Login(str(control_plane.kubeconfig)), timeout=30).get("/api").ok
    assert {*Path("/dev/shm").glob("gitctl-*"), *Path("/tmp").glob("gitctl-*")} <= before


def test_impersonation(bench: Bench, open_bench: Callable[..., Bench], control_plane: ControlPlane, tmp_path: Path) -> None:
    review = Request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body={
        "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})  # fmt: skip
    login = Login(str(control_plane.kubeconfig), impersonate="ada", groups=("dev", "ops"))
    found = Client(login, timeout=30).send(review).json()["status"]["userInfo"]
    assert found["username"] == "ada"
    assert {"dev", "ops"} <= set(found["groups"])
    path = rewritten(control_plane, tmp_path / "config", lambda user: user.update({"as": "eve", "as-groups": ["g"]}))
    found = Client(Login(str(path)), timeout=30).send(review).json()["status"]["userInfo"]
    assert (found["username"], "g" in found["groups"]) == ("eve", True)


def test_a_missing_right_names_verb_resource_and_namespace(open_bench: Callable[..., Bench]) -> None:
    stranger = open_bench(impersonate="stranger")
    with pytest.raises(Forbidden) as caught:
        stranger.target.identity()
    assert "stranger may not get namespaces kube-system" in str(caught.value)


def test_another_cluster_is_refused_before_anything_else(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    pinned = open_bench(kubeconfig=fault_proxy.kubeconfig, uid="another")
    with pytest.raises(Refused) as caught:
        pinned.sync(configmap())
    assert "another" in str(caught.value)
    assert [(r.method, r.path) for r in fault_proxy.requests] == [("GET", "/api/v1/namespaces/kube-system")]
    for use in (lambda: pinned.target.read_state("x/y/z"), lambda: pinned.target.list_states(), lambda: pinned.target.identity()):
        with pytest.raises(Refused):
            use()
    assert {r.method for r in fault_proxy.requests} == {"GET"}


def test_the_pinned_cluster_is_accepted(open_bench: Callable[..., Bench]) -> None:
    uid = open_bench().target.identity()
    assert open_bench(uid=uid).target.identity() == uid


def test_a_context_that_moves_in_the_middle_of_a_run_is_refused(
    control_plane: ControlPlane, fault_proxy: FaultProxy, tmp_path: Path
) -> None:
    path = tmp_path / "config"
    path.write_text(fault_proxy.kubeconfig.read_text())
    client = Client(Login(str(path)), timeout=30)
    assert client.get("/api").ok
    path.write_text(control_plane.kubeconfig.read_text())
    fault_proxy.on(Status(401))
    with raises(ErrorId.WRONG_CLUSTER, match="now means"):
        client.get("/api")


def test_warnings_are_collected(bench: Bench) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "a"}], "nodeSelector": {"beta.kubernetes.io/os": "linux"}},
    }
    bench.sync(body)
    assert any("beta.kubernetes.io/os" in warning for warning in bench.target.warnings)


def test_opening_reads_nothing(tmp_path: Path) -> None:
    target = open_target(Cluster("x", "x"), kubeconfig=str(tmp_path / "missing"), cache=tmp_path)
    with pytest.raises(ConfigError, match="does not exist"):
        target.identity()


def test_the_official_package_is_not_imported_whole(control_plane: ControlPlane, tmp_path: Path) -> None:
    code = f"""
import sys, json
from pathlib import Path
from gitctl.model.app import Cluster
from gitctl.parallel import in_background
from gitctl.target.kubernetes.open import open_target
target = open_target(Cluster("x", ""), kubeconfig={str(control_plane.kubeconfig)!r}, cache=Path({str(tmp_path)!r}))
early = sorted(m for m in ("urllib3", "yaml", "kubernetes", "orjson") if m in sys.modules)
uid = target.identity()
late = sorted(m for m in ("kubernetes", "pydantic", "requests", "oauthlib", "aiohttp") if m in sys.modules)
import kubernetes
print(json.dumps([early, bool(uid), late, hasattr(kubernetes.client, "CoreV1Api")]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], True, [], True]


def test_in_a_pod_the_service_account_is_used(
    control_plane: ControlPlane, namespace: str, kubectl: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitctl.target.kubernetes import official

    host, _, port = control_plane.server.removeprefix("https://").partition(":")
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text(kubectl("create", "token", "default", "-n", namespace).stdout.strip())
    config = yaml.safe_load(control_plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    import base64

    data = config.get("certificate-authority-data")
    (account / "ca.crt").write_bytes(base64.b64decode(data) if data else Path(config["certificate-authority"]).read_bytes())
    (account / "namespace").write_text(namespace)
    incluster = official.light().incluster_config
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    monkeypatch.setattr(incluster, "SERVICE_TOKEN_FILENAME", str(account / "token"))
    monkeypatch.setattr(incluster, "SERVICE_CERT_FILENAME", str(account / "ca.crt"))
    client = Client(Login(), timeout=30)
    assert (client.access.endpoint.context, client.access.endpoint.namespace) == ("in-cluster", namespace)
    answer = client.send(Request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body={
        "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}))  # fmt: skip
    assert answer.json()["status"]["userInfo"]["username"] == f"system:serviceaccount:{namespace}:default"
