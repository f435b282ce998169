"""The lock: held, waited for, taken over, lost. Real Leases; only clocks are moved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cluster.target.bench import Bench
from tests.fixtures.commands import Runner
from tests.fixtures.errors import raises
from tests.servers.fault_proxy import Call, FaultProxy, Reset, Status

from gitctl.errors import ErrorId, Locked
from gitctl.model.lock import Life
from gitctl.model.outcome import Event
from gitctl.parallel import Deadline, in_background
from gitctl.protocols import Lock
from gitctl.sandbox import ControlPlane
from gitctl.target import holder, silence
from gitctl.target.kubernetes import held
from gitctl.target.kubernetes.exchange import Request

# A process that takes the lock, says so, and then does nothing until it is killed.
HOLDER = """
import sys, time
from pathlib import Path
from gitctl.model.app import Cluster
from gitctl.target.kubernetes.open import open_target
kubeconfig, namespace, owner, cache = sys.argv[1:]
target = open_target(Cluster("test", "", state_namespace=namespace), kubeconfig=kubeconfig, cache=Path(cache))
with target.lock(owner, timeout=0, emit=lambda event: None):
    print("held", flush=True)
    time.sleep(600)
"""

Spawn = Callable[[], subprocess.Popen[str]]


def ignore(_: Event) -> None:
    """No progress is looked at."""


@pytest.fixture
def another_process(bench: Bench, control_plane: ControlPlane, tmp_path: Path) -> Spawn:
    """Start a process that holds the lock."""
    started: list[subprocess.Popen[str]] = []

    def spawn() -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", HOLDER, str(control_plane.kubeconfig), bench.namespace, bench.owner, str(tmp_path / "other")]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield spawn  # type: ignore[misc]
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def skip_ahead(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move our clock, as if that many seconds had passed."""
    passed = [0.0]

    def skip(seconds: float) -> None:
        passed[0] += seconds

    for module in (held, silence):
        monkeypatch.setattr(module, "boottime", lambda: holder.boottime() + passed[0])
    return skip


def lease_of(bench: Bench, kubectl: Runner, path: str) -> str:
    """A field of the only Lease in the namespace."""
    return kubectl("get", "leases", "-n", bench.namespace, "-o", f"jsonpath={{.items[*]{path}}}").stdout


def check_for(lock: Lock, *, seconds: float) -> None:
    """Check again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        lock.check()
        time.sleep(0.02)


def test_one_at_a_time(bench: Bench, kubectl: Runner) -> None:
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        lock.check()
        me = lease_of(bench, kubectl, ".spec.holderIdentity")
        assert "@" in me
        with pytest.raises(Locked) as caught, bench.target.lock(bench.owner, timeout=0, emit=ignore):
            pass
        assert me in str(caught.value)
        assert "since 20" in str(caught.value)
    assert lease_of(bench, kubectl, ".metadata.name") == ""


def test_owners_do_not_share_a_lock(bench: Bench) -> None:
    with bench.target.lock(bench.owner, timeout=0, emit=ignore), bench.target.lock(f"{bench.owner}-2", timeout=0, emit=ignore) as lock:
        lock.check()


def test_the_lock_comes_back_after_an_error(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), bench.target.lock(bench.owner, timeout=0, emit=ignore):
        raise ZeroDivisionError
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        lock.check()


def test_waiting_for_the_lock(bench: Bench) -> None:
    said: list[Event] = []
    stop = Deadline()

    def hold() -> None:
        with bench.target.lock(bench.owner, timeout=0, emit=ignore):
            stop.sleep(0.5)

    thread = in_background(hold, name="test")
    time.sleep(0.2)
    with bench.target.lock(bench.owner, timeout=20, emit=said.append) as lock:
        lock.check()
    thread.join()
    assert len(said) == 1
    assert "held by" in said[0].message


def test_a_holder_that_was_killed_is_taken_over_at_once(bench: Bench, another_process: Spawn) -> None:
    process = another_process()
    with pytest.raises(Locked), bench.target.lock(bench.owner, timeout=0, emit=ignore):
        pass
    process.kill()
    process.wait()
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        lock.check()


def test_a_silent_holder_is_taken_over_after_a_minute_across_runs(
    bench: Bench, another_process: Spawn, skip_ahead: Callable[[float], None]
) -> None:
    os.kill(another_process().pid, signal.SIGSTOP)
    for _ in range(2):
        with pytest.raises(Locked), bench.target.lock(bench.owner, timeout=0, emit=ignore):
            pass
        skip_ahead(29)
    with pytest.raises(Locked), bench.target.lock(bench.owner, timeout=0, emit=ignore):
        pass
    skip_ahead(3)
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        lock.check()


def test_a_holder_that_renews_is_never_taken_over(bench: Bench, kubectl: Runner, skip_ahead: Callable[[float], None]) -> None:
    with bench.target.lock(bench.owner, timeout=0, emit=ignore):
        for _ in range(3):
            with pytest.raises(Locked), bench.target.lock(bench.owner, timeout=0, emit=ignore):
                pass
            skip_ahead(59)
            # Any write is a sign of life: the version moves.
            kubectl("annotate", "leases", "--all", "-n", bench.namespace, "--overwrite", f"moved={time.monotonic_ns()}")


def test_clocks_of_others_are_not_believed(bench: Bench, kubectl: Runner, another_process: Spawn) -> None:
    another_process()
    patch = '{"spec":{"renewTime":"2001-01-01T00:00:00.000000Z","acquireTime":"2001-01-01T00:00:00.000000Z"}}'
    kubectl("patch", lease_of(bench, kubectl, ".metadata.name").join(("lease/", "")), "-n", bench.namespace, "--type=merge", "-p", patch)
    with pytest.raises(Locked), bench.target.lock(bench.owner, timeout=0, emit=ignore):
        pass


def test_a_woken_holder_does_not_write(bench: Bench, skip_ahead: Callable[[float], None]) -> None:
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        lock.check()
        skip_ahead(61)
        with raises(ErrorId.LOCK_LOST, match="lost"):
            lock.check()


def test_a_lock_that_was_taken_is_lost_and_not_given_back(
    open_bench: Callable[..., Bench], kubectl: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "RENEW", 0.1)
    bench = open_bench()
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        name = "lease/" + lease_of(bench, kubectl, ".metadata.name")
        kubectl("patch", name, "-n", bench.namespace, "--type=merge", "-p", '{"spec":{"holderIdentity":"eve@host:1"}}')
        with pytest.raises(Locked, match="eve@host:1"):
            check_for(lock, seconds=10)
    assert lease_of(bench, kubectl, ".spec.holderIdentity") == "eve@host:1"


def test_an_evicted_holder_is_told_by_whom_before_its_next_write(bench: Bench, open_bench: Callable[..., Bench]) -> None:
    other = open_bench().target
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        found = other.holding(bench.owner, seconds=0)
        assert found is not None
        assert (found.life, found.here, found.pid) == (Life.ALIVE, True, os.getpid())
        with other.evict(bench.owner, replace(found, life=Life.QUIET), emit=ignore) as taken:
            taken.check()
            with raises(ErrorId.LOCK_LOST, match=r"evicted by .*@.* \(gitctl unlock\)"):
                check_for(lock, seconds=3)
    assert bench.target.holding(bench.owner, seconds=0) is None


def test_nobody_else_than_the_holder_that_was_seen_is_evicted(bench: Bench, open_bench: Callable[..., Bench]) -> None:
    other = open_bench().target
    with bench.target.lock(bench.owner, timeout=0, emit=ignore):
        found = other.holding(bench.owner, seconds=0)
    assert found is not None
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        with raises(ErrorId.LOCKED), other.evict(bench.owner, found, emit=ignore):
            pass
        time.sleep(held.FRESH)
        lock.check()


def test_a_holder_elsewhere_is_watched_for_signs_of_life(bench: Bench, open_bench: Callable[..., Bench], kubectl: Runner) -> None:
    other = open_bench().target
    with bench.target.lock(bench.owner, timeout=0, emit=ignore):
        annotate = ("annotate", "leases", "--all", "-n", bench.namespace, "--overwrite")
        kubectl(*annotate, "holder.gitctl.dev/boot=another-machine")
        quiet = other.holding(bench.owner, seconds=0)
        stop = Deadline()
        thread = in_background(lambda: (stop.sleep(0.3), kubectl(*annotate, "moved=1")), name="test")  # type: ignore[arg-type, return-value]
        lively = other.holding(bench.owner, seconds=20)
        thread.join()
    assert quiet is not None
    assert lively is not None
    assert (quiet.life, quiet.here) == (Life.QUIET, False)
    assert lively.life is Life.ALIVE


def test_a_write_that_was_cut_off_is_not_repeated_without_the_lock(
    open_bench: Callable[..., Bench], kubectl: Runner, fault_proxy: FaultProxy
) -> None:
    """What a process finds when it wakes up: a connection that broke meanwhile, and a lock that is another's."""
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    with bench.target.lock(bench.owner, timeout=0, emit=ignore):
        name = "lease/" + lease_of(bench, kubectl, ".metadata.name")
        taken = ("patch", name, "-n", bench.namespace, "--type=merge", "-p", '{"spec":{"holderIdentity":"eve@host:1"}}')
        fault_proxy.on(Call(lambda: (kubectl(*taken), time.sleep(held.FRESH))), method="PUT", path="/configmaps/")
        fault_proxy.on(Reset(), method="PUT", path="/configmaps/", times=-1)
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": bench.namespace}}
        with raises(ErrorId.LOCK_LOST, match="eve@host:1"):
            bench.client.send(Request("PUT", f"/api/v1/namespaces/{bench.namespace}/configmaps/m", body=body))
    assert fault_proxy.count(method="PUT", path="/configmaps/") == 1


def test_the_lock_is_renewed_and_survives_a_bad_connection(
    open_bench: Callable[..., Bench], kubectl: Runner, fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "RENEW", 0.1)
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    with bench.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
        fault_proxy.on(Status(503), path="/leases", times=2)
        fault_proxy.on(Reset(after_server=True), method="PUT", path="/leases", times=2)
        before = lease_of(bench, kubectl, ".spec.renewTime")
        end = time.monotonic() + 20
        while lease_of(bench, kubectl, ".spec.renewTime") == before or fault_proxy.count(method="PUT") < 4:
            assert time.monotonic() < end
            time.sleep(0.1)
        lock.check()


def test_an_account_that_may_not_delete_leases(open_bench: Callable[..., Bench], bench: Bench, kubectl: Runner) -> None:
    where = ("-n", bench.namespace)
    kubectl("create", "role", "locker", *where, "--verb=get,create,update", "--resource=leases.coordination.k8s.io")
    kubectl("create", "rolebinding", "locker", *where, "--role=locker", "--user=ci")
    account = open_bench(impersonate="ci")
    for _ in range(2):
        with account.target.lock(bench.owner, timeout=0, emit=ignore) as lock:
            lock.check()
        assert lease_of(bench, kubectl, ".spec.holderIdentity") == ""
    assert lease_of(bench, kubectl, ".metadata.name") != ""


def test_two_that_come_at_once(open_bench: Callable[..., Bench]) -> None:
    from gitctl.parallel import map_bounded

    benches = [open_bench() for _ in range(6)]

    def attempt(one: Bench) -> bool:
        try:
            with one.target.lock(benches[0].owner, timeout=0, emit=ignore):
                time.sleep(2)
        except Locked:
            return False
        return True

    assert sum(map_bounded(attempt, benches, limit=6)) == 1
