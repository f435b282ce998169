"""Following objects on the real API server: what is news and what is none, and that nothing is missed whatever happens to the watch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.cluster.target.bench import Bench, configmap, deployment, secret
from tests.fixtures.commands import Runner
from tests.servers.fault_proxy import Cut, Delay, FaultProxy, Reset, Says, Status

from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import Bell
from gitctl.protocols import Following, Stir
from gitctl.target.kubernetes.follow import feed

PATIENCE = 20.0
EXPIRED = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Expired", "code": 410}
GONE = json.dumps({"type": "ERROR", "object": EXPIRED}).encode() + b"\n"


class Follow:
    """What is followed, and how a test waits for news."""

    def __init__(self, following: Following, bell: Bell) -> None:
        self.following = following
        self.bell = bell
        self.news: list[Stir] = []
        self.notes: list[str] = []

    def until(self, wanted: Callable[[Stir], bool]) -> Stir:
        """The first news that fits; earlier ones are kept."""
        end = time.monotonic() + PATIENCE
        while True:
            self.news += self.following.take()
            self.notes += self.following.notes()
            for stir in self.news:
                if wanted(stir):
                    self.news.clear()
                    return stir
            assert time.monotonic() < end, (self.news, self.notes)
            self.bell.wait(end - time.monotonic())


@contextmanager
def following(bench: Bench, *lives: Json, expected: bool = True) -> Iterator[Follow]:
    """Follow objects; what they are like now is no news."""
    bell = Bell()
    found = bench.target.follow(bell.ring)
    found.track({bench.owner: [(bench.ref(live), live["apiVersion"]) for live in lives]})
    for live in lives if expected else ():
        found.expect(bench.ref(live), live)
    try:
        yield Follow(found, bell)
    finally:
        found.close()


@pytest.fixture
def patch(bench: Bench, kubectl: Runner) -> Callable[..., None]:
    """`patch("cm", "web", {"data": {"a": "2"}}, "--subresource=status")`: by hand."""

    def run(kind: str, name: str, body: Json, *args: str, manager: str = "kubectl-edit") -> None:
        common = ("--type=merge", f"--field-manager={manager}", "-p", json.dumps(body))
        kubectl("patch", kind, name, "-n", bench.namespace, *common, *args)

    return run


def changed(name: str, by: str = "kubectl-edit") -> Callable[[Stir], bool]:
    """News of an object, and who did it."""
    return lambda stir: (stir.ref.name, stir.by, stir.gone) == (name, by, False)


def gone(name: str) -> Callable[[Stir], bool]:
    """News of an object that is not there any more."""
    return lambda stir: (stir.ref.name, stir.gone) == (name, True)


def test_only_what_we_or_people_own_is_news(bench: Bench, patch: Callable[..., None], kubectl: Runner) -> None:
    lives = bench.sync(configmap("one"), configmap("two"), secret("three"), deployment("four"))
    with following(bench, *lives) as follow:
        patch("deployment", "four", {"status": {"observedGeneration": 7}}, "--subresource=status", manager="kubectl-edit")
        patch("cm", "one", {"metadata": {"annotations": {"example.test/seen": "1"}}}, manager="some-operator")
        stranger = {**configmap("stranger"), "metadata": {"name": "stranger", "labels": lives[0]["metadata"]["labels"]}}
        kubectl("create", "-n", bench.namespace, "-f", "-", stdin=json.dumps(stranger))
        patch("cm", "two", {"data": {"a": "by hand"}})
        found = follow.until(changed("two"))
        assert found == Stir(bench.owner, bench.ref(lives[1]), "kubectl-edit")
        assert follow.news == []
        patch("secret", "three", {"data": {"p": "b3RoZXI="}}, manager="kubectl-patch")
        follow.until(changed("three", "kubectl-patch"))
        patch("deployment", "four", {"spec": {"replicas": 3}})
        follow.until(changed("four"))
        patch("cm", "one", {"metadata": {"labels": {"gitctl.dev/app": None}}})
        follow.until(gone("one"))
        kubectl("delete", "cm", "two", "-n", bench.namespace)
        follow.until(gone("two"))


def test_our_own_writes_and_what_is_as_before_again_are_no_news(bench: Bench, patch: Callable[..., None]) -> None:
    (one, two) = bench.sync(configmap("one"), configmap("two"))
    with following(bench, one, two) as follow:
        (again,) = bench.sync(configmap("one", a="2"))
        follow.following.expect(bench.ref(again), again)
        patch("cm", "two", {"data": {"a": "9"}})
        follow.until(changed("two"))
        assert follow.news == []


def test_what_was_not_looked_at_before_is_said_to_be_so(bench: Bench) -> None:
    (live,) = bench.sync(configmap())
    with following(bench, live, expected=False) as follow:
        assert follow.until(lambda _: True).first


def test_no_change_is_missed_whatever_happens_to_the_watch(
    open_bench: Callable[..., Bench], fault_proxy: FaultProxy, patch: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the first watches meets another fault; each change is news all the same."""
    monkeypatch.setattr(feed, "_CAP", 0.2)
    monkeypatch.setattr(feed, "IDLE_SECONDS", 1.0)
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    (live,) = bench.sync(configmap())
    cut_line, page = Says(b'{"type": "MODIFIED", "object": {"metad'), Says(b"<html>\n")
    faults = (Says(GONE), Status(410), Status(500), Status(429, retry_after=1), Cut(1500), cut_line, page, Reset(), Delay(3))
    fault_proxy.clear()
    for number, fault in enumerate(faults, 1):
        fault_proxy.on(fault, query="watch=true", at=number)
    with following(bench, live) as follow:
        value = 1
        while fault_proxy.count(query="watch=true") <= len(faults):
            value += 1
            patch("cm", "web", {"data": {"a": str(value)}})
            follow.until(changed("web"))
        patch("cm", "web", {"data": {"a": "the last"}})
        follow.until(changed("web"))
        assert any("the watch is interrupted" in note for note in follow.notes)
    lists = fault_proxy.count(method="GET", path="/configmaps$", query="limit=")
    assert lists == 3, "from the list again only where the version was forgotten"


def test_a_line_that_says_nothing_is_taken_for_dead(
    open_bench: Callable[..., Bench], fault_proxy: FaultProxy, patch: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "IDLE_SECONDS", 0.5)
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    (live,) = bench.sync(configmap())
    with following(bench, live) as follow:
        end = time.monotonic() + PATIENCE
        while fault_proxy.count(query="watch=true") < 3:
            assert time.monotonic() < end
            time.sleep(0.05)
        patch("cm", "web", {"data": {"a": "2"}})
        follow.until(changed("web"))
        assert follow.notes == []


ROLE = "rbac.authorization.k8s.io/v1"


def account(bench: Bench, kubectl: Runner, rules: list[Json]) -> str:
    """A user with these rights in the namespace, and no others."""
    user = f"reader-{bench.namespace}"
    role = {"apiVersion": ROLE, "kind": "Role", "metadata": {"name": "r", "namespace": bench.namespace}, "rules": rules}
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    ref = {"kind": "Role", "name": "r", "apiGroup": "rbac.authorization.k8s.io"}
    binding = {**role, "kind": "RoleBinding", "roleRef": ref, "subjects": [subject]}
    del binding["rules"]
    kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [role, binding]}))
    return user


def test_where_only_names_are_allowed_each_is_watched_and_where_nothing_is_they_are_looked_at(
    open_bench: Callable[..., Bench], bench: Bench, patch: Callable[..., None], kubectl: Runner
) -> None:
    lives = bench.sync(configmap("one"), secret("two"))
    rules: list[Json] = [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
    ]
    reader = open_bench(impersonate=account(bench, kubectl, rules))
    reader.owner = bench.owner
    with following(reader, *lives) as follow:
        patch("cm", "one", {"data": {"a": "2"}})
        follow.until(changed("one"))
        while not follow.notes:
            follow.bell.wait(1)
            follow.notes += follow.following.notes()
        assert follow.notes == ["not watched but looked at after each interval: secrets"]
        patch("secret", "two", {"data": {"p": "b3RoZXI="}})
        follow.following.look()
        follow.until(changed("two"))


def test_a_kind_in_many_namespaces_is_one_watch_where_that_is_allowed(
    open_bench: Callable[..., Bench], new_namespace: Callable[[], str], fault_proxy: FaultProxy, kubectl: Runner
) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = [{**configmap(), "metadata": {"name": "web", "namespace": new_namespace()}} for _ in range(4)]
    lives = bench.sync(*bodies)
    for allowed in (True, False):
        fault_proxy.clear()
        if not allowed:
            fault_proxy.on(Status(403, reason="Forbidden"), path="^/api/v1/configmaps$", times=-1)
        with following(bench, *lives) as follow:
            last = bench.ref(lives[-1])
            body = json.dumps({"data": {"a": f"by hand, {allowed}"}})
            kubectl("patch", "cm", "web", "-n", last.namespace, "--type=merge", "--field-manager=kubectl-edit", "-p", body)
            assert follow.until(changed("web")).ref == last
            assert fault_proxy.count(query="watch=true") == (1 if allowed else 4)


def test_a_kind_that_comes_later_is_followed_and_one_that_is_not_served_harms_nobody(bench: Bench, patch: Callable[..., None]) -> None:
    (live,) = bench.sync(configmap())
    bell = Bell()
    found = bench.target.follow(bell.ring)
    ghost = (ObjectRef("gone.example.com", "Widget", bench.namespace, "x"), "gone.example.com/v1")
    found.track({bench.owner: [ghost, (bench.ref(live), "v1")]})
    found.expect(bench.ref(live), live)
    try:
        patch("cm", "web", {"data": {"a": "2"}})
        assert Follow(found, bell).until(changed("web")).ref == bench.ref(live)
    finally:
        found.close()
