"""The state in real Secrets: two writers, shards, lost answers, damage."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.cluster.target.bench import Bench
from tests.fixtures.commands import Runner
from tests.fixtures.errors import raises
from tests.servers.fault_proxy import Call, FaultProxy, Reset

from gitctl.errors import ClusterError, ErrorId, Forbidden, StateMoved
from gitctl.model.manifest import ObjectRef
from gitctl.model.record import Record, RecordResult, RecordVerb
from gitctl.model.state import AppState, InventoryEntry


def inventory(count: int, *, salt: str = "") -> tuple[InventoryEntry, ...]:
    """Entries that do not compress well: every digest, uid and field set is another."""
    return tuple(
        InventoryEntry(
            ObjectRef("apps", "Deployment", f"ns-{n % 20}", f"name-{n}{salt}"),
            "apps/v1",
            uid=secrets.token_hex(16),
            fields=f'{{"f:data":{{"f:key-{n}":{{}}}}}}',
            digest=secrets.token_hex(32),
        )
        for n in range(count)
    )


def record(number: int) -> Record:
    """A closed record."""
    return Record(
        number, RecordVerb.SYNC, RecordResult.SUCCEEDED, "a" * 40, "main", "repo", "subject", "ada", "ada@host", "2026-01-01T00:00:00Z"
    )


def test_no_state_is_an_empty_one(bench: Bench) -> None:
    assert bench.target.read_state(bench.owner) == AppState(bench.owner)


def test_what_is_written_is_read(bench: Bench) -> None:
    state = AppState(bench.owner, inventory(3), (record(1),), pruned_at=(("2026-01-01T00:00:00Z", 2),))
    written = bench.target.write_state(state)
    assert written.token
    read = bench.target.read_state(bench.owner)
    assert read == replace(written, inventory=tuple(sorted(state.inventory, key=lambda e: e.ref)))
    again = bench.target.write_state(replace(read, records=(record(1), record(2))))
    assert [r.number for r in bench.target.read_state(bench.owner).records] == [1, 2]
    assert again.token != written.token


def test_of_two_writers_one_is_told(bench: Bench) -> None:
    first = bench.target.read_state(bench.owner)
    bench.target.write_state(first)
    with pytest.raises(StateMoved):
        bench.target.write_state(replace(first, records=(record(9),)))
    one, other = bench.target.read_state(bench.owner), bench.target.read_state(bench.owner)
    bench.target.write_state(replace(one, records=(record(1),)))
    with pytest.raises(StateMoved):
        bench.target.write_state(replace(other, records=(record(2),)))
    assert [r.number for r in bench.target.read_state(bench.owner).records] == [1]


def test_a_state_that_was_deleted_has_moved(bench: Bench, kubectl: Runner) -> None:
    written = bench.target.write_state(AppState(bench.owner))
    kubectl("delete", "secret", "-n", bench.namespace, "--field-selector=type=gitctl.dev/state")
    with raises(ErrorId.STATE_MOVED):
        bench.target.write_state(written)


def test_ten_thousand_objects_fit(bench: Bench, kubectl: Runner) -> None:
    state = bench.target.write_state(AppState(bench.owner, inventory(10_000)))
    read = bench.target.read_state(bench.owner)
    assert len(read.inventory) == 10_000
    assert set(read.inventory) == set(state.inventory)
    shards = kubectl("get", "secrets", "-n", bench.namespace, "-l", "gitctl.dev/state=shard", "-o", "name").stdout.split()
    assert len(shards) > 5
    assert bench.target.list_states() == (read,)


def test_a_change_writes_few_shards_and_collects_old_ones(bench: Bench, kubectl: Runner) -> None:
    entries = inventory(8_000)
    state = bench.target.write_state(AppState(bench.owner, entries))

    def shards() -> set[str]:
        return set(kubectl("get", "secrets", "-n", bench.namespace, "-l", "gitctl.dev/state=shard", "-o", "name").stdout.split())

    before = shards()
    bench.target.write_state(replace(state, inventory=entries[1:]))
    after = shards()
    assert len(before) == len(after) == 8
    assert len(before & after) == 7
    assert len(bench.target.read_state(bench.owner).inventory) == 7_999


def test_a_shard_is_immutable(bench: Bench, kubectl: Runner) -> None:
    bench.target.write_state(AppState(bench.owner, inventory(6_000)))
    patch = '{"data":{"state":"eA=="}}'
    name = kubectl("get", "secrets", "-n", bench.namespace, "-l", "gitctl.dev/state=shard", "-o", "name").stdout.split()[0]
    assert "immutable" in kubectl("patch", name, "-n", bench.namespace, "--type=merge", "-p", patch, code=1).stderr


def test_a_missing_shard_is_an_error_and_no_empty_inventory(bench: Bench, kubectl: Runner) -> None:
    bench.target.write_state(AppState(bench.owner, inventory(6_000)))
    kubectl("delete", "secrets", "-n", bench.namespace, "-l", "gitctl.dev/state=shard")
    with pytest.raises(ClusterError, match="incomplete"):
        bench.target.read_state(bench.owner)


def test_a_damaged_state_is_an_error(bench: Bench, kubectl: Runner) -> None:
    bench.target.write_state(AppState(bench.owner))
    name = kubectl("get", "secrets", "-n", bench.namespace, "-l", "gitctl.dev/state=root", "-o", "name").stdout.strip()
    junk = base64.b64encode(b"junk").decode()
    kubectl("patch", name, "-n", bench.namespace, "--type=merge", "-p", f'{{"data":{{"state":"{junk}"}}}}')
    with pytest.raises(ClusterError, match="damaged"):
        bench.target.read_state(bench.owner)


def test_a_lost_answer_is_no_lost_write(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    fault_proxy.on(Reset(after_server=True), method="POST", path="/secrets")
    state = bench.target.write_state(AppState(bench.owner, inventory(2)))
    fault_proxy.on(Reset(after_server=True), method="PUT", path="/secrets")
    state = bench.target.write_state(replace(state, records=(record(1),)))
    assert bench.target.read_state(bench.owner).token == state.token


def test_a_reader_that_comes_between_root_and_shards_reads_again(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    other = open_bench()
    entries = inventory(6_000)
    state = bench.target.write_state(AppState(bench.owner, entries))
    change = Call(lambda: other.target.write_state(replace(state, inventory=inventory(5_999))))
    fault_proxy.on(change, method="GET", path=r"/secrets/gitctl-.*-[0-9a-f]{20}$")
    assert len(bench.target.read_state(bench.owner).inventory) == 5_999


def test_states_of_several_owners(bench: Bench) -> None:
    owners = [f"{bench.owner}-{n}" for n in range(3)]
    for owner in owners:
        bench.target.write_state(AppState(owner, inventory(1)))
    assert sorted(s.owner for s in bench.target.list_states()) == sorted(owners)


def test_the_state_namespace_is_made_by_writes_alone(open_bench: Callable[..., Bench], kubectl: Runner) -> None:
    name = f"t-state-{secrets.token_hex(3)}"
    bench = open_bench(state_namespace=name)
    assert bench.target.read_state(bench.owner).token == ""
    assert bench.target.list_states() == ()
    assert "NotFound" in kubectl("get", "ns", name, code=1).stderr
    bench.target.write_state(AppState(bench.owner))
    kubectl("delete", "ns", name, "--wait=false")


def test_a_missing_right_names_what_is_missing(open_bench: Callable[..., Bench]) -> None:
    stranger = open_bench(impersonate="stranger")
    with pytest.raises(Forbidden) as caught:
        stranger.target.read_state(stranger.owner)
    assert "stranger" in str(caught.value)
    assert stranger.namespace in str(caught.value)
