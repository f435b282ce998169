"""The least rights, from objects alone."""

from __future__ import annotations

from typing import Any

from tests.unit.plan.making import KINDS, RBAC

from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.model.rights import Account, Rule, SecretReads, ServedKind
from gitctl.plan.accounts import ENVIRONMENT_READER, Office, account_objects
from gitctl.plan.rights import STATE_READ, Belongings, Grant, defined_kinds, deployer_grant, reader_grant, with_state

PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
PODS_RULE = Rule(("",), ("pods",), ("get",))


def wanted(text: str, **body: Any) -> Manifest:
    """`Secret shop/key`, `Namespace shop`, `rbac.authorization.k8s.io/Role shop/own`."""
    kind, _, place = text.partition(" ")
    group, _, kind = kind.rpartition("/")
    namespace, _, name = place.rpartition("/")
    return Manifest(ObjectRef(group, kind, namespace, name), "v1", body, Origin("a.yaml"))


def things(*manifests: Manifest, **more: Any) -> Belongings:
    """Belongings of these objects."""
    return Belongings(manifests, KINDS, **more)


def verbs(grant: Grant, namespace: str, resource: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Verbs on a resource in a namespace, by the names that they are allowed for."""
    return {r.names: r.verbs for r in grant.get(namespace, ()) if resource in r.resources}


def test_kinds_are_allowed_inside_of_their_namespaces_under_any_name() -> None:
    grant = deployer_grant(things(wanted("ConfigMap shop/a"), wanted("ConfigMap shop/b"), wanted("apps/Deployment web/web")))
    deliver = ("get", "list", "watch", "create", "patch", "delete")
    assert (verbs(grant, "shop", "configmaps"), verbs(grant, "web", "deployments")) == ({(): deliver}, {(): deliver})
    assert verbs(grant, "web", "configmaps") == verbs(grant, "shop", "secrets") == {}
    assert set(grant) == {"shop", "web"}


def test_what_has_no_namespace_is_allowed_by_name() -> None:
    one, other = wanted("scheduling.k8s.io/PriorityClass low"), wanted("scheduling.k8s.io/PriorityClass high")
    assert verbs(deployer_grant(things(one, other)), "", "priorityclasses") == {
        ("high", "low"): ("get", "list", "watch", "create", "patch", "delete")
    }
    assert verbs(reader_grant(things(one)), "", "priorityclasses") == {("low",): ("get", "list", "watch")}


def test_a_namespace_is_inside_of_itself_and_one_that_is_only_used_stays() -> None:
    of_git = deployer_grant(things(wanted("Namespace shop")))
    used = deployer_grant(things(wanted("Namespace shop"), used=frozenset({"shop"})))
    assert [max(verbs(g, "shop", "namespaces").values(), key=len) for g in (of_git, used)] == [("get", "patch", "delete"), ("get", "patch")]
    assert set(of_git) == set(used) == {"shop"}


def test_what_left_git_may_be_deleted_and_what_others_have_may_be_seen() -> None:
    gone, other = ObjectRef("", "Secret", "old", "key"), ObjectRef("apps", "Deployment", "db", "db")
    grant = deployer_grant(things(wanted("ConfigMap shop/a"), recorded=(gone,), depends=(other,)))
    assert "delete" in verbs(grant, "old", "secrets")[()]
    assert verbs(grant, "db", "deployments") == {(): ("get", "list", "watch")}


def test_a_reader_writes_nothing_and_sees_no_log() -> None:
    mixed = (wanted("ConfigMap shop/a"), wanted("Secret shop/key"), wanted("Namespace shop"), wanted(f"{RBAC}/Role shop/own", rules=[PODS]))
    rules = [rule for rules in reader_grant(things(*mixed)).values() for rule in rules]
    assert {verb for rule in rules for verb in rule.verbs} == {"get", "list", "watch"}
    assert not any("pods/log" in rule.resources for rule in rules)


def test_which_secrets_a_reader_may_read() -> None:
    mine = things(wanted("Secret shop/b"), wanted("Secret shop/a"), wanted("Secret web/c"), wanted("ConfigMap shop/x"))
    found = {mode: verbs(reader_grant(mine, secrets=mode), "shop", "secrets") for mode in SecretReads}
    assert found == {
        SecretReads.NAMED: {("a", "b"): ("get", "list", "watch")},
        SecretReads.ALL: {(): ("get", "list", "watch")},
        SecretReads.NONE: {},
    }
    assert verbs(with_state(reader_grant(mine), "gitctl-system", STATE_READ), "gitctl-system", "secrets") == {(): ("get", "list")}


def test_whoever_writes_a_role_holds_its_rules_where_it_is_true() -> None:
    role, wide = wanted(f"{RBAC}/Role shop/own", rules=[PODS]), wanted(f"{RBAC}/ClusterRole wide", rules=[PODS])
    assert PODS_RULE in deployer_grant(things(role))["shop"]
    assert PODS_RULE in deployer_grant(things(wide))[""]
    everywhere = [rule for rules in deployer_grant(things(role, wide)).values() for rule in rules]
    assert not any({"escalate", "bind", "*"} & set(rule.verbs) for rule in everywhere)


def test_an_aggregated_role_cannot_be_held_and_is_escalated_by_name() -> None:
    wide = wanted(f"{RBAC}/ClusterRole wide", aggregationRule={"clusterRoleSelectors": [{}]}, rules=[])
    binding = wanted(f"{RBAC}/ClusterRoleBinding wide", roleRef={"kind": "ClusterRole", "name": "wide"})
    grant = deployer_grant(things(wide, binding))[""]
    assert {v for r in grant if "clusterroles" in r.resources and r.names == ("wide",) for v in r.verbs} >= {"escalate", "bind"}


def test_a_binding_to_a_role_that_the_app_does_not_bring_is_allowed_by_name() -> None:
    ours = wanted(f"{RBAC}/RoleBinding shop/own", roleRef={"kind": "Role", "name": "own"})
    theirs = wanted(f"{RBAC}/RoleBinding shop/view", roleRef={"kind": "ClusterRole", "name": "view"})
    grant = deployer_grant(things(wanted(f"{RBAC}/Role shop/own", rules=[PODS]), ours, theirs))
    assert [r for r in grant["shop"] if "bind" in r.verbs] == [Rule((RBAC,), ("clusterroles",), ("bind",), ("view",))]
    assert "" not in grant


def test_a_kind_that_the_objects_define_themselves() -> None:
    spec = {"group": "example.test", "scope": "Cluster", "names": {"kind": "Fleet", "plural": "fleets"}}
    found = defined_kinds([wanted("apiextensions.k8s.io/CustomResourceDefinition fleets.example.test", spec=spec)])
    assert found == {("example.test", "Fleet"): ServedKind("example.test", "Fleet", "fleets", namespaced=False)}


def objects(office: Office, **grants: Grant) -> list[tuple[str, str, str]]:
    """(kind, namespace, name) of what is made."""
    made = account_objects(office, {Account(name): grant for name, grant in grants.items()})
    return [(o["kind"], o["metadata"].get("namespace", ""), o["metadata"]["name"]) for o in made]


def test_accounts_live_apart_from_the_state_and_from_the_apps() -> None:
    made = objects(Office("shop", "dev", "gitctl-system"), reader=reader_grant(things(wanted("ConfigMap web/a"))))
    assert made == [
        ("Namespace", "", "gitctl-system"),
        ("Namespace", "", "gitctl-shop-dev"),
        ("ClusterRole", "", ENVIRONMENT_READER),
        ("ServiceAccount", "gitctl-shop-dev", "reader"),
        ("ClusterRoleBinding", "", "gitctl.shop.dev.reader.environment"),
        ("Role", "web", "gitctl.shop.dev.reader"),
        ("RoleBinding", "web", "gitctl.shop.dev.reader"),
    ]


def test_accounts_of_one_app_and_long_names() -> None:
    office = Office("shop", "dev", "gitctl-system", "web")
    assert office.user(Account.DEPLOYER) == "system:serviceaccount:gitctl-shop-dev:web-deployer"
    assert office.role(Account.DEPLOYER) == "gitctl.shop.dev.web.deployer"
    long, other = Office("p" * 63, "e" * 63, "s"), Office("p" * 63, "e" * 62, "s")
    assert len(long.namespace) == 63
    assert long.namespace != other.namespace
    assert Office("a-b", "c", "s").namespace == "gitctl-a-b-c"
    assert Office("a", "b-c", "s").namespace.startswith("gitctl-a-b-c--")
