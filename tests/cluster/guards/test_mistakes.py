"""Mistakes in Git, and what else makes tools delete: each must leave the cluster as it is, and say why."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.cluster.guards.making import named
from tests.fixtures.commands import Result
from tests.fixtures.project import Project, config_map, deployment

from gitctl.errors import ErrorId
from gitctl.model.manifest import ObjectRef
from gitctl.model.state import AppState, InventoryEntry
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.state import StateStore

NAMES = [f"m{n}" for n in range(6)]


def uids(project: Project, kind: str = "configmap") -> dict[str, str]:
    """The objects of the namespace that gitctl applied, and their uids."""
    listed = project.kubectl("-n", project.name, "get", kind, "-l", "gitctl.dev/app", "-o", "json").stdout
    return {o["metadata"]["name"]: o["metadata"]["uid"] for o in json.loads(listed)["items"]}


def inventory(project: Project, app: str = "web") -> list[str]:
    """The names of what is tracked."""
    return sorted(e.ref.name for e in store(project).read(f"{project.name}/dev/{app}").inventory)


def store(project: Project) -> StateStore:
    """The states, as whoever may write them sees them."""
    return StateStore(Client(Login(context=project.context), timeout=30), "gitctl-system")


def tamper(project: Project, *entries: InventoryEntry, app: str = "web") -> None:
    """Write more into an app's inventory."""
    states = store(project)
    state: AppState = states.read(f"{project.name}/dev/{app}")
    states.write(replace(state, inventory=(*state.inventory, *entries)))


def kustomization(*names: str) -> str:
    return json.dumps({"resources": [f"{name}.yaml" for name in names]})


def refused(project: Project, code: int, *args: str) -> Result:
    """A sync that is refused, and the diff that says so before."""
    project.run("diff", code=code)
    return project.run("sync", "--yes", *args, code=code)


def test_mistakes_in_git_delete_nothing(project: Project) -> None:
    """A folder of six objects, and five ways to lose them in Git."""
    for name in NAMES:
        project.write("web", config_map(name), file=f"{name}.yaml")
    project.repo.write("apps/web/kustomization.yaml", kustomization(*NAMES))
    good = project.commit("good")
    project.run("sync")
    before = uids(project)
    assert sorted(before) == NAMES

    project.configure({"web": {"path": "apps/wbe"}})
    project.commit("a typo in the path")
    refused(project, 4).error(ErrorId.PATH_NOT_IN_REVISION)

    project.configure({"web": {}})
    project.repo.git("rm", "-q", "apps/web/m3.yaml")
    project.commit("a file that the kustomization names is missing")
    refused(project, 3, "--prune-limit", "99").error(ErrorId.KUSTOMIZE_FILE)

    project.repo.git("checkout", "-q", good, "--", "apps/web")
    project.repo.write("apps/web/kustomization.yaml", kustomization(*NAMES[:3]))
    project.commit("half of the kustomization")
    assert "m5" in refused(project, 7).error(ErrorId.PRUNE_SHARE).stderr

    project.configure({"web": {"namespace": f"{project.name}-new", "create_namespace": True}})
    project.repo.git("checkout", "-q", good, "--", "apps/web")
    project.commit("another namespace")
    refused(project, 7)
    assert {ErrorId.PRUNE_COUNT, ErrorId.PRUNE_SHARE, ErrorId.PRUNE_KIND, ErrorId.PRUNE_NAMESPACE} <= set(rules(project))
    assert f"6 objects move from namespace {project.name} to {project.name}-new" in project.run("diff", code=7).stdout

    project.configure({"web": {"create_namespace": True}})
    project.repo.write("apps/web/kustomization.yaml", "resources: []\n")
    project.commit("an empty kustomization, and the namespace that gitctl adds")
    refused(project, 7, "--prune-limit", "99").error(ErrorId.EMPTY_RENDER)

    assert uids(project) == before
    assert inventory(project) == NAMES


def rules(project: Project) -> list[str]:
    """The guards that refuse the plan."""
    app = project.run("diff", "-o", "json", code=7).json()["clusters"][0]["apps"][0]
    return [refusal["rule"] for refusal in app["refusals"]]


def test_a_condition_that_turns_the_whole_chart_off(project: Project) -> None:
    chart = "{{- if .Values.enabled }}\n" + "---\n".join(json.dumps(config_map(name)) + "\n" for name in NAMES) + "{{- end }}\n"
    project.repo.write("apps/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
    project.repo.write("apps/web/values.yaml", "enabled: true\n")
    project.repo.write("apps/web/templates/all.yaml", chart)
    project.commit()
    project.run("sync")
    before = uids(project)
    project.repo.write("apps/web/values.yaml", "enabled: false\n")
    project.commit("off")
    refused(project, 7, "--prune-limit", "99").error(ErrorId.EMPTY_RENDER)
    assert uids(project) == before


@pytest.mark.torture
def test_a_broken_base_of_many_apps_stops_at_the_days_budget(project: Project, figure: Callable[[str, int], int], long: bool) -> None:
    """Each app loses too little to be refused; all together lose more than a day may."""
    count = 100 if long else 8
    apps = [f"a{n:03}" for n in range(count)]
    budget = count - 2
    # A state namespace of its own: the budget counts what all projects there deleted.
    cluster = {"context": project.context, "state_namespace": f"{project.name}-state"}
    project.configure({app: {} for app in apps}, limits={"prune_per_day": budget}, clusters={"main": cluster})
    for app in apps:
        project.repo.write(f"apps/{app}/kustomization.yaml", json.dumps({"resources": ["../../base"], "nameSuffix": f"-{app}"}))
    base = ["x", "y", "z"]
    for name in base:
        project.repo.write(f"base/{name}.yaml", json.dumps(config_map(name)))
    project.repo.write("base/kustomization.yaml", kustomization(*base))
    project.commit()
    project.run("sync")
    assert len(uids(project)) == 3 * count
    project.repo.write("base/kustomization.yaml", kustomization(*base[:2]))
    project.commit("one object of three is gone, in every app")
    told = project.run("sync", "--yes", code=7).error(ErrorId.PRUNE_BUDGET)
    assert f"more than the budget of {budget}" in told.stderr
    assert len(uids(project)) == 3 * count - budget
    project.kubectl("delete", "namespace", f"{project.name}-state", "--wait=false")
    figure("apps on a broken base", count)


def test_a_digest_permits_one_plan_and_a_changed_one_is_refused_again(project: Project) -> None:
    project.write("web", *map(config_map, NAMES))
    project.commit()
    project.run("sync")
    project.write("web", config_map("m0"))
    project.commit()
    digest = project.run("diff", "-o", "json", code=7).json()["clusters"][0]["apps"][0]["digest"]
    # Somebody changes what the plan would delete, then what it would change.
    project.kubectl("-n", project.name, "delete", "configmap", "m5")
    told = project.run("sync", "--yes", "--plan-digest", digest, code=7)
    assert f"--plan-digest {digest}" not in told.stderr, "another plan has another digest"
    again = project.run("diff", "-o", "json", code=7).json()["clusters"][0]["apps"][0]["digest"]
    project.write("web", config_map("m0", a="1"))
    project.commit()
    project.run("sync", "--yes", "--plan-digest", again, code=7)
    assert sorted(uids(project)) == NAMES[:5]
    last = project.run("diff", "-o", "json", code=7).json()["clusters"][0]["apps"][0]["digest"]
    project.run("sync", "--yes", "--plan-digest", last)
    assert sorted(uids(project)) == ["m0"]


def entry(live: dict[str, Any], **options: Any) -> InventoryEntry:
    """An entry as an attacker writes it: with the uid of the live object."""
    metadata = live["metadata"]
    ref = ObjectRef("", live["kind"], metadata.get("namespace", ""), metadata["name"])
    return InventoryEntry(ref, "v1", uid=options.get("uid", metadata["uid"]))


@pytest.fixture
def strangers(project: Project) -> Iterator[list[dict[str, Any]]]:
    """Objects of others: one in kube-system, one with our label and annotation copied, one with another owner's marks."""
    owner = f"{project.name}/dev/web"
    label = {"gitctl.dev/app": "x"}
    bodies = [
        named("ConfigMap", project.name, metadata={"namespace": "kube-system"}),
        named("ConfigMap", "copied", metadata={"namespace": project.name, "labels": label, "annotations": {"gitctl.dev/owner": owner}}),
        named("ConfigMap", "others", metadata={"namespace": project.name, "annotations": {"gitctl.dev/owner": "else/dev/web"}}),
    ]
    project.kubectl("create", "-f", "-", stdin="\n---\n".join(map(json.dumps, bodies)))
    places = [(b["metadata"]["namespace"], b["metadata"]["name"]) for b in bodies]
    yield [json.loads(project.kubectl("-n", space, "get", "configmap", name, "-o", "json").stdout) for space, name in places]
    project.kubectl("-n", "kube-system", "delete", "configmap", project.name)


def test_an_edited_inventory_deletes_nothing_that_gitctl_did_not_apply(project: Project, strangers: list[dict[str, Any]]) -> None:
    project.write("web", *map(config_map, NAMES))
    project.commit()
    project.run("sync")
    tamper(project, *map(entry, strangers))
    found = project.run("diff", "-o", "json", code=1).json()["clusters"][0]["apps"][0]["changes"]
    assert {(c["action"], c["object"]["name"]) for c in found} == {("orphan", o["metadata"]["name"]) for o in strangers}
    told = project.run("sync", "--yes", "-v").stdout
    for why in ("carries no owner id of gitctl", "has no applied fields on it", "belongs to else/dev/web"):
        assert why in told
    for one in strangers:
        space, name = one["metadata"]["namespace"], one["metadata"]["name"]
        assert project.kubectl("-n", space, "get", "configmap", name, "-o", "jsonpath={.metadata.uid}").stdout == one["metadata"]["uid"]
    assert inventory(project) == NAMES


def test_a_state_that_is_put_back_from_a_copy_deletes_no_namesake(project: Project) -> None:
    """The copy knows an object by a uid that is no more: who made the one of today is not known."""
    project.write("web", *map(config_map, NAMES))
    project.commit()
    project.run("sync")
    states = store(project)
    copy = states.read(f"{project.name}/dev/web")
    project.write("web", *map(config_map, NAMES[:5]))
    project.commit("m5 leaves Git")
    project.run("sync")
    project.kubectl("-n", project.name, "create", "configmap", "m5")
    states.write(replace(copy, token=states.read(copy.owner).token))
    assert "it was deleted and created anew by somebody else" in project.run("sync", "--yes").stdout
    assert project.live("configmap", "m5") is not None
    assert inventory(project) == NAMES[:5]


def test_one_object_under_two_kinds_does_not_delete_itself(project: Project) -> None:
    """Event of the core group and of events.k8s.io are one object, with one uid."""
    about = {"kind": "Pod", "namespace": project.name, "name": "p"}
    more = {"reason": "Testing", "type": "Normal"}
    new = {"regarding": about, "note": "n", "reportingController": "x/y", "reportingInstance": "i", "action": "Look"}
    time = {"eventTime": "2026-01-01T00:00:00.000000Z"}
    project.write("web", *map(config_map, NAMES), named("Event", "e", "events.k8s.io/v1", **more, **new, **time))
    project.commit()
    project.run("sync", "--no-wait")
    before = uids(project, "event")
    old = {"involvedObject": about, "message": "n", "reportingComponent": "x/y", "reportingInstance": "i", "action": "Look"}
    project.write("web", *map(config_map, NAMES), named("Event", "e", "v1", **more, **old, **time))
    project.commit("the same object, by its other name")
    told = project.run("sync", "--no-wait", "--yes").stdout
    assert "pruned" not in told
    assert uids(project, "event") == before


def test_a_definition_that_was_removed_takes_its_objects_along(project: Project) -> None:
    group = f"g{secrets.token_hex(3)}.example.test"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    versions = [{"name": "v1", "served": True, "storage": True, "schema": schema}]
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions}
    crd = named("CustomResourceDefinition", f"widgets.{group}", "apiextensions.k8s.io/v1", spec=spec)
    project.kubectl("create", "-f", "-", stdin=json.dumps(crd))
    try:
        project.kubectl("wait", "--for=condition=Established", f"crd/widgets.{group}", "--timeout=30s")
        project.write("web", *map(config_map, NAMES), named("Widget", "w", f"{group}/v1"))
        project.commit()
        project.run("sync")
        project.write("web", *map(config_map, NAMES))
        project.commit("the widget leaves Git")
    finally:
        project.kubectl("delete", "crd", f"widgets.{group}", "--timeout=60s")
    project.run("sync", "--yes")
    assert inventory(project) == NAMES


def test_what_an_api_without_a_server_has_is_not_known_and_stays_tracked(project: Project) -> None:
    group = f"g{secrets.token_hex(3)}.example.test"
    service = {"name": "nobody", "namespace": project.name}
    spec = {"group": group, "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15, "service": service}
    api = named("APIService", f"v1.{group}", "apiregistration.k8s.io/v1", spec=spec | {"insecureSkipTLSVerify": True})
    project.write("web", *map(config_map, NAMES))
    project.commit()
    project.run("sync")
    tamper(project, InventoryEntry(ObjectRef(group, "Widget", project.name, "w"), f"{group}/v1", uid="u"))
    project.kubectl("create", "-f", "-", stdin=json.dumps(api))
    try:
        project.kubectl("wait", "--for=condition=Available=False", f"apiservice/v1.{group}", "--timeout=60s")
        told = project.run("sync", "--yes").stdout
        assert f"{group}/Widget {project.name}/w is no longer in Git, but not pruned" in told
        assert inventory(project) == [*NAMES, "w"]
    finally:
        project.kubectl("delete", "apiservice", f"v1.{group}")
    project.run("sync", "--yes")
    assert inventory(project) == NAMES, "neither an API nor a definition: it is gone"


POLICY = "admissionregistration.k8s.io/v1"


def test_a_denied_deletion_stays_tracked_and_is_tried_again(project: Project) -> None:
    project.write("web", *map(config_map, NAMES))
    project.commit()
    project.run("sync")
    policy = named(
        "ValidatingAdmissionPolicy",
        project.name,
        POLICY,
        spec={
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": project.name}},
                "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["DELETE"], "resources": ["configmaps"]}],
            },
            "validations": [{"expression": "oldObject.metadata.name != 'm5'", "message": "m5 stays"}],
        },
    )
    bound = named(
        "ValidatingAdmissionPolicyBinding", project.name, POLICY, spec={"policyName": project.name, "validationActions": ["Deny"]}
    )
    project.kubectl("create", "-f", "-", stdin="\n---\n".join(map(json.dumps, (policy, bound))))
    try:
        project.write("web", *map(config_map, NAMES[:4]))
        project.commit("m4 and m5 leave Git")
        wait_for(
            lambda: "m5 stays" in project.kubectl("-n", project.name, "delete", "configmap", "m5", "--dry-run=server", code=None).stderr
        )
        told = project.run("sync", "--yes", code=8)
        assert "m5 stays" in told.stdout + told.stderr
        assert inventory(project) == ["m0", "m1", "m2", "m3", "m5"], "the other one is gone"
        project.run("sync", "--yes", code=8)
    finally:
        project.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", project.name)
    wait_for(lambda: project.kubectl("-n", project.name, "delete", "configmap", "m5", "--dry-run=server", code=None).code == 0)
    project.run("sync", "--yes")
    assert inventory(project) == NAMES[:4]
    assert project.live("configmap", "m5") is None


def wait_for(done: Callable[[], bool]) -> None:
    """A policy is in force, and out of it, some time after it was written."""
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_an_immutable_field_is_replaced_by_consent_only_and_data_never(project: Project) -> None:
    def claim(size: str, mode: str) -> dict[str, Any]:
        spec = {"accessModes": [mode], "resources": {"requests": {"storage": size}}, "storageClassName": "none"}
        return named("PersistentVolumeClaim", "data", spec=spec)

    def web(label: str, **annotations: str) -> dict[str, Any]:
        body = deployment("web")
        body["spec"]["selector"]["matchLabels"] = body["spec"]["template"]["metadata"]["labels"] = {"app": label}
        body["metadata"]["annotations"] = annotations
        return body

    project.write("web", web("one"), claim("1Gi", "ReadWriteOnce"))
    project.commit()
    project.run("sync", "--no-wait")
    first = uids(project, "deployment")["web"]
    project.write("web", web("two"), claim("1Gi", "ReadWriteOnce"))
    project.commit()
    told = refused(project, 7).error(ErrorId.IMMUTABLE).stderr
    assert "spec.selector cannot be changed in place" in told
    assert "its pods stop and start again" in told
    project.run("sync", "--no-wait", "--yes", "--replace", "Deployment/web")
    second = uids(project, "deployment")["web"]
    project.write("web", web("three", **{"gitctl.dev/replace": "allowed"}), claim("1Gi", "ReadWriteOnce"))
    project.commit()
    project.run("sync", "--no-wait", "--yes")
    third = uids(project, "deployment")["web"]
    assert len({first, second, third}) == 3

    kept = uids(project, "pvc")
    marked = claim("1Gi", "ReadWriteMany")
    marked["metadata"]["annotations"] = {"gitctl.dev/replace": "allowed"}
    project.write("web", web("three", **{"gitctl.dev/replace": "allowed"}), marked)
    project.commit()
    told = project.run("sync", "--yes", "--replace", "PersistentVolumeClaim/data", code=7).error(ErrorId.IMMUTABLE).stderr
    assert "a PersistentVolumeClaim is never replaced" in told
    assert uids(project, "pvc") == kept
