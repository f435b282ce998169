"""Looking at the real API server: how many requests, what is there, what cannot be known; kinds that come and go."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from tests.cluster.target.bench import Bench, configmap, definition, deployment, secret
from tests.fixtures.commands import Runner
from tests.fixtures.errors import raises
from tests.servers.fault_proxy import FaultProxy, Status

from gitctl.errors import ErrorId, ManifestError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.target.kubernetes import definitions, lists


@pytest.fixture
def group(kubectl: Runner) -> Iterator[str]:
    """An API group of this test alone; its definitions are deleted afterwards."""
    name = f"t{secrets.token_hex(3)}.example.com"
    yield name
    kubectl("delete", "crd", f"widgets.{name}", "--ignore-not-found", "--wait=false")
    kubectl("delete", "apiservice", f"v1.{name}", "--ignore-not-found")


def widget(group: str, name: str = "one") -> Json:
    """A custom object."""
    return {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": 1}}


def test_objects_with_and_without_our_label_and_missing_ones(bench: Bench, kubectl: Runner) -> None:
    bench.sync(*(configmap(f"ours-{n}") for n in range(4)))
    kubectl("create", "cm", "theirs", "-n", bench.namespace)
    asked = [*(configmap(f"ours-{n}") for n in range(4)), configmap("theirs"), configmap("missing")]
    seen = bench.observe(asked)
    assert {name for name, live in seen.items() if live} == {"ours-0", "ours-1", "ours-2", "ours-3", "theirs"}
    assert seen["missing"] is None
    assert all(live["kind"] == "ConfigMap" and live["apiVersion"] == "v1" for live in seen.values() if live)


def test_a_first_look_costs_a_few_lists(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = [*(configmap(f"c{n}") for n in range(40)), *(secret(f"s{n}") for n in range(40)), deployment()]
    assert not any(bench.observe(bodies).values())
    # Discovery twice; a LIST by label and one of names for two kinds; a GET for the single Deployment.
    assert fault_proxy.count() == 2 + 4 + 1


def test_a_later_look_costs_a_list_a_kind(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = [configmap(f"c{n}") for n in range(20)]
    bench.sync(*bodies)
    fault_proxy.clear()
    assert all(bench.observe(bodies).values())
    assert fault_proxy.count() == 1


def test_pages_are_put_together(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 3)
    bodies = [configmap(f"c{n}") for n in range(10)]
    bench.sync(*bodies)
    assert all(bench.observe(bodies).values())


def test_a_page_that_expired_starts_the_list_anew(
    open_bench: Callable[..., Bench], fault_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGE", 3)
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = [configmap(f"c{n}") for n in range(10)]
    bench.sync(*bodies)
    fault_proxy.on(Status(410), query="continue=", at=2, times=1)
    fault_proxy.on(Status(410), query="continue=", at=4, times=9)
    assert all(bench.observe(bodies).values())


def test_where_the_wide_list_is_refused_namespaces_are_asked(
    bench: Bench, open_bench: Callable[..., Bench], new_namespace: Callable[[], str], kubectl: Runner
) -> None:
    bodies = []
    for _ in range(5):
        body = configmap()
        body["metadata"]["namespace"] = new_namespace()
        bodies.append(body)
        kubectl("create", "rolebinding", "v", "-n", body["metadata"]["namespace"], "--clusterrole=view", "--user=viewer")
    bench.sync(*bodies)
    viewer = open_bench(impersonate="viewer")
    manifests = viewer.locate(*bodies)
    seen = viewer.target.observe(viewer.owner, [(m.ref, m.api_version) for m in manifests])
    assert len(seen.objects) == 5
    assert all(seen.objects.values())


def test_what_may_not_be_seen_is_unknown_and_not_missing(bench: Bench, open_bench: Callable[..., Bench], kubectl: Runner) -> None:
    bodies = [secret(f"s{n}") for n in range(4)]
    bench.sync(*bodies)
    kubectl("create", "rolebinding", "v", "-n", bench.namespace, "--clusterrole=view", "--user=viewer")
    viewer = open_bench(impersonate="viewer")
    manifests = viewer.locate(*bodies)
    seen = viewer.target.observe(viewer.owner, [(m.ref, m.api_version) for m in manifests])
    assert dict(seen.objects) == {}
    assert set(seen.unknown.values()) == {f"user viewer may not get secrets in namespace {bench.namespace}"}
    assert "may not get secrets" in viewer.one(bodies[0]).error


def test_an_api_that_fails_is_unknown(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = [configmap(f"c{n}") for n in range(4)]
    bench.sync(*bodies)
    fault_proxy.on(Status(500), path="/configmaps", times=-1)
    manifests = bench.locate(*bodies)
    seen = bench.target.observe(bench.owner, [(m.ref, m.api_version) for m in manifests])
    assert set(seen.unknown) == {m.ref for m in manifests}


def test_a_404_page_of_somebody_in_between_is_not_an_object_that_is_gone(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bench.sync(configmap("there"))
    fault_proxy.on(Status(404, page=True), path="/configmaps/there", times=-1)
    (manifest,) = bench.locate(configmap("there"))
    seen = bench.target.observe(bench.owner, [(manifest.ref, manifest.api_version)])
    assert seen.unknown == {manifest.ref: "the server answered 404"}
    assert seen.objects == {}


def test_an_object_that_is_no_list_is_not_an_empty_one(open_bench: Callable[..., Bench], fault_proxy: FaultProxy) -> None:
    bench = open_bench(kubeconfig=fault_proxy.kubeconfig)
    bodies = [configmap(f"c{n}") for n in range(5)]
    bench.sync(*bodies)
    fault_proxy.on(Status(200), path="/configmaps$", times=-1)
    with raises(ErrorId.NOT_KUBERNETES, match="a list was asked for"):
        bench.observe(bodies)


def test_a_definition_and_its_objects_in_one_go(bench: Bench, group: str, kubectl: Runner) -> None:
    crd = definition("widgets", "Widget", group=group)
    coming = frozenset({(group, "Widget")})
    located = bench.locate(crd, widget(group), kinds=coming)
    assert located[1].ref.namespace == bench.namespace
    with pytest.raises(ManifestError):
        bench.locate(widget(group))
    made, later = bench.compare(crd, widget(group), kinds=coming)
    assert (later.live, later.error) == (None, "")
    assert bench.apply(made).error == ""
    bench.target.refresh([(group, "Widget")])
    assert bench.apply(later).error == ""
    assert bench.one(widget(group)).live is not None


def test_a_new_version_of_a_kind_and_its_objects_in_one_go(bench: Bench, group: str) -> None:
    crd = definition("widgets", "Widget", group=group)
    bench.apply(bench.one(crd))
    bench.target.refresh([(group, "Widget")])
    bench.sync(widget(group))
    grown = definition("widgets", "Widget", group=group)
    grown["spec"]["versions"].append({**grown["spec"]["versions"][0], "name": "v2", "storage": False})
    later = {**widget(group), "apiVersion": f"{group}/v2", "spec": {"size": 2}}
    made, found = bench.compare(grown, later, kinds=frozenset({(group, "Widget")}))
    assert found.error == ""
    assert found.merged is not None
    assert found.merged["spec"] == {"size": 2}
    bench.apply(made)  # and no refresh: discovery still shows the old version alone
    outcome = bench.apply(found)
    assert outcome.error == ""
    assert outcome.live is not None
    assert (outcome.live["apiVersion"], outcome.live["spec"]) == (f"{group}/v2", {"size": 2})


def test_an_object_whose_definition_is_gone_is_gone(bench: Bench, group: str) -> None:
    ref = ObjectRef(group, "Widget", bench.namespace, "one")
    seen = bench.target.observe(bench.owner, [(ref, f"{group}/v1")])
    assert dict(seen.objects) == {ref: None}


def test_an_api_whose_backend_is_down_is_unknown(bench: Bench, group: str, kubectl: Runner) -> None:
    import json

    service = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": f"v1.{group}"},
        "spec": {
            "group": group,
            "version": "v1",
            "groupPriorityMinimum": 1000,
            "versionPriority": 15,
            "insecureSkipTLSVerify": True,
            "service": {"name": "nobody", "namespace": bench.namespace},
        },
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(service))
    ref = ObjectRef(group, "Widget", bench.namespace, "one")
    seen = bench.target.observe(bench.owner, [(ref, f"{group}/v1")])
    assert ref in seen.unknown
    assert dict(seen.objects) == {}
    found = bench.compare(widget(group), kinds=frozenset())[0] if bench.target._catalogue.kinds.is_stale(group) else None
    assert found is None or "does not answer" in found.error


def test_where_definitions_may_not_be_seen_nothing_is_known(open_bench: Callable[..., Bench], group: str) -> None:
    viewer = open_bench(impersonate="viewer")
    ref = ObjectRef(group, "Widget", viewer.namespace, "one")
    seen = viewer.target.observe(viewer.owner, [(ref, f"{group}/v1")])
    assert ref in seen.unknown


def test_a_definition_that_is_never_established(bench: Bench, group: str, kubectl: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "SERVED_SECONDS", 1.0)
    first = definition("widgets", "Widget", group=group)
    bench.apply(bench.one(first))
    bench.target.refresh([(group, "Widget")])
    second = definition("gadgets", "Gadget", group=group)
    second["spec"]["names"]["shortNames"] = ["widgets"]
    bench.apply(bench.one(second))
    with raises(ErrorId.DEFINITION_NOT_SERVED) as caught:
        bench.target.refresh([(group, "Gadget"), (group, "Nothing")])
    kubectl("delete", "crd", f"gadgets.{group}", "--wait=false")
    assert f"Nothing.{group}: not defined" in caught.value.details


def test_a_poisoned_or_broken_cache_is_not_believed(bench: Bench, open_bench: Callable[..., Bench]) -> None:
    bench.locate(configmap())
    files = sorted((bench.target._cache / "discovery").glob("*.json"))
    assert len(files) == 2
    for file in files:
        assert file.stat().st_mode & 0o077 == 0
        file.write_bytes(file.read_bytes().replace(b"configmaps", b"configmapz"))
    assert open_bench().look(configmap()) is None
    files[0].parent.chmod(0o777)
    assert open_bench().look(configmap()) is None
    assert bench.one(configmap()).error == ""


def test_an_unwritable_cache_costs_nothing_but_requests(bench: Bench, open_bench: Callable[..., Bench]) -> None:
    other = open_bench()
    (other.target._cache).write_text("a file where a folder should be")
    other.sync(configmap())
    with other.target.lock(other.owner, timeout=0, emit=lambda _: None) as lock:
        lock.check()
