"""Runs that end early, or nearly: signals, a lost connection, an expired token: recorded honestly, and the next run converges."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.fixtures.figures import Figure
from tests.reliability.kills import Ending, Kill, play_all, uninterrupted
from tests.reliability.stage import Stage
from tests.servers.fault_proxy import Call, Fault, FaultProxy, Request, Reset, Status

from gitctl.errors import ErrorId
from gitctl.model.record import RecordResult
from gitctl.sandbox import ControlPlane
from gitctl.sandbox.server import ask, create

SEED = 5
STEP = 37
CHANGES = 7


@pytest.mark.torture
def test_told_to_stop_at_any_request_it_records_what_it_did(
    control_plane: ControlPlane, tmp_path: Path, long: bool, figure: Figure
) -> None:
    whole = uninterrupted(control_plane, tmp_path)
    signals = (signal.SIGINT, signal.SIGTERM)
    points = [Kill(number, signal=number_of) for number in range(1, whole.requests + 1) for number_of in signals]
    endings = play_all(control_plane, tmp_path, points if long else points[SEED::STEP])
    ended = [one for one in endings if isinstance(one, Ending)]
    figure("signals", len(ended))
    assert [str(one) for one in endings if not isinstance(one, Ending)] == []
    for one in ended:
        assert one.picture == whole.picture, one.kill
        for record in one.left[1:]:
            counts = record.counts
            assert record.result is RecordResult.INTERRUPTED, one.kill
            assert counts.created + counts.updated + counts.pruned + counts.failed + counts.not_tried == CHANGES, (one.kill, counts)
            assert str(ErrorId.TERMINATED if one.code == 143 else ErrorId.INTERRUPTED) in one.told, one.kill


def test_told_to_stop_while_the_record_is_closed_the_exit_code_says_what_the_record_says(stage: Stage) -> None:
    kill, pruned, closed = Kill(0, signal=signal.SIGINT), False, False

    def closes(request: Request) -> Fault | None:
        nonlocal pruned, closed
        pruned = pruned or request.method == "DELETE"
        now = pruned and not closed and request.method == "PUT" and "/secrets/" in request.path
        closed = closed or now
        return Call(trap.spring) if now else None

    with FaultProxy(stage.plane, stage.place) as proxy:
        trap = kill.arm(proxy)
        proxy.clear()
        proxy.weather(closes)
        code, _, told = trap.catch(stage.begin("sync", kubeconfig=proxy.kubeconfig)).wait(120)
    assert "stopping" in told
    assert (code, stage.state().records[-1].result) == (0, RecordResult.SUCCEEDED), told


@pytest.fixture
def stage(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Stage]:
    """A stage with both revisions written, the first one in the cluster."""
    made = Stage(control_plane, tmp_path)
    made.first()
    made.second()
    yield made
    made.drop()


def applies(request: Request) -> bool:
    """Is this a real write to the app's namespace?"""
    return request.method == "PATCH" and "/configmaps/" in request.path and "dryRun" not in request.query


def test_a_connection_that_is_lost_for_good(stage: Stage, control_plane: ControlPlane, tmp_path: Path) -> None:
    gone = False

    def down(request: Request) -> Fault | None:
        nonlocal gone
        gone = gone or applies(request)
        return Reset() if gone else None

    with FaultProxy(stage.plane, stage.place) as proxy:
        proxy.weather(down)
        done = stage.run("sync", "-o", "json", "--request-timeout", "1s", kubeconfig=proxy.kubeconfig).error(ErrorId.CLUSTER_UNREACHABLE)
    (app,) = done.json()["clusters"][0]["apps"]
    results = {(o["object"]["kind"], o["object"]["name"]): o["result"] for o in app["outcomes"]}
    assert len(results) == CHANGES, results
    assert results["ConfigMap", "change"] == "failed"
    assert (results["ConfigMap", "old"], results["ServiceAccount", "old"]) == ("not-tried", "not-tried")
    assert results["Namespace", f"{stage.name}-extra"] == "applied"
    assert "was not recorded" in done.stderr
    assert stage.state().records[-1].result is RecordResult.OPEN
    stage.run("sync").expect()
    assert stage.picture() == uninterrupted(control_plane, tmp_path).picture


def test_a_connection_that_is_lost_in_the_middle_of_a_delete(stage: Stage) -> None:
    deleted = gone = False

    def down(request: Request) -> Fault | None:
        nonlocal deleted, gone
        deleted = deleted or (request.method == "DELETE" and "/configmaps/" in request.path)
        gone = gone or (deleted and request.method in ("POST", "PUT") and "/secrets" in request.path)
        return Reset() if gone else None

    with FaultProxy(stage.plane, stage.place) as proxy:
        proxy.weather(down)
        args = ("delete", "web", "--yes", "--prune-limit", "99", "-o", "json", "--request-timeout", "1s")
        done = stage.run(*args, kubeconfig=proxy.kubeconfig).error(ErrorId.CLUSTER_UNREACHABLE)
    (app,) = done.json()["clusters"][0]["apps"]
    assert {o["result"] for o in app["outcomes"]} == {"deleted"}
    assert "was not recorded" in done.stderr
    assert stage.run("delete", "web", "--yes").code == 0
    assert (stage.state().records, stage.live(f"/api/v1/namespaces/{stage.name}/configmaps")) == ((), [])


def test_a_connection_that_comes_back_is_waited_for(stage: Stage, control_plane: ControlPlane, tmp_path: Path) -> None:
    hits = 0

    def away(request: Request) -> Fault | None:
        nonlocal hits
        hits += bool(hits or applies(request))
        return Reset() if 0 < hits < 10 else None

    with FaultProxy(stage.plane, stage.place) as proxy:
        proxy.weather(away)
        stage.run("sync", kubeconfig=proxy.kubeconfig).expect()
    assert stage.picture() == uninterrupted(control_plane, tmp_path).picture


PLUGIN = """#!{python}
import json, pathlib
status = {{"token": pathlib.Path({token!r}).read_text(), "expirationTimestamp": "2099-01-01T00:00:00Z"}}
print(json.dumps({{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}}))
"""


def by_file(token: Path) -> dict[str, object]:
    """A user whose token stands in a file."""
    return {"tokenFile": str(token)}


def by_plugin(token: Path) -> dict[str, object]:
    """A user whose token is fetched by a program."""
    program = token.with_name("login")
    program.write_text(PLUGIN.format(python=sys.executable, token=str(token)))
    program.chmod(0o700)
    return {"exec": {"command": str(program), "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}}


@pytest.fixture
def first_token(stage: Stage) -> Iterator[str]:
    """A token of an account that may do everything."""
    core = f"/api/v1/namespaces/{stage.name}/serviceaccounts"
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    create(stage.plane, core, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ci"}})
    body = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": stage.name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "ci", "namespace": stage.name}],
    }
    create(stage.plane, bindings, body)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token: str = ask(stage.plane, "POST", f"{core}/ci/token", asked).json()["status"]["token"]
    yield token
    ask(stage.plane, "DELETE", f"{bindings}/{stage.name}")


@pytest.mark.parametrize("user_of", [by_file, by_plugin])
def test_a_token_that_expires_in_mid_run_is_read_anew(
    stage: Stage, first_token: str, tmp_path: Path, user_of: Callable[[Path], dict[str, object]]
) -> None:
    file = tmp_path / "token"
    file.write_text(first_token)
    expired = False
    refused: list[str] = []

    def expire(request: Request) -> Fault | None:
        nonlocal expired
        if not expired and applies(request):
            expired = True
            file.write_text(stage.plane.token)
        if expired and request.headers["Authorization"] == f"Bearer {first_token}":
            refused.append(request.path)
            return Status(401, reason="Unauthorized")
        return None

    with FaultProxy(stage.plane, stage.place) as proxy:
        config = yaml.safe_load(proxy.kubeconfig.read_text())
        config["users"][0]["user"] = user_of(file)
        proxy.kubeconfig.write_text(json.dumps(config))
        proxy.weather(expire)
        stage.run("sync", kubeconfig=proxy.kubeconfig).expect()
        assert refused
        assert not {r.headers["Authorization"] for r in proxy.requests} - {f"Bearer {t}" for t in (first_token, stage.plane.token)}
    stage.run("diff").expect()


def test_a_token_that_stays_expired_ends_the_run(stage: Stage) -> None:
    expired = False

    def expire(request: Request) -> Fault | None:
        nonlocal expired
        expired = expired or applies(request)
        return Status(401, reason="Unauthorized") if expired else None

    with FaultProxy(stage.plane, stage.place) as proxy:
        proxy.weather(expire)
        done = stage.run("sync", kubeconfig=proxy.kubeconfig).error(ErrorId.NOT_AUTHENTICATED)
    assert "was not recorded" in done.stderr
    stage.run("sync").expect()
    assert [r.result for r in stage.state().records] == [RecordResult.SUCCEEDED, RecordResult.INTERRUPTED, RecordResult.SUCCEEDED]
