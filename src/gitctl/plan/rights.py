"""The least rights that an app's objects need: for an account that only looks, and for one that delivers.

A grant maps a namespace to rules; "" is the whole cluster. Inside of a namespace kinds are allowed, under any name: an app may add a
ConfigMap, but a new kind is a change of these rules. What has no namespace is allowed name by name: server-side apply is the
way in which gitctl creates, and there the API server knows the name when it asks for `create`. To list or watch under a name is allowed
to who selects that one name (`metadata.name=`), and brings no other object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.rights import Rule, SecretReads, ServedKind
from gitctl.plan.escalation import escalations

Grant = Mapping[str, tuple[Rule, ...]]

LOOK = ("get", "list", "watch")
DELIVER = ("get", "list", "watch", "create", "patch", "delete")
DELIVER_NAMED = ("get", "list", "watch", "create", "patch", "delete")
NAMESPACE = ("", "Namespace")
_SECRET = ("", "Secret")

# What explains why an object does not get healthy. A log may hold what a reader must not see.
_EXPLAIN = (Rule(("",), ("events", "pods"), ("list",)), Rule(("apps",), ("replicasets",), ("list",)))
_LOGS = Rule(("",), ("pods/log",), ("get",))

STATE_READ = (Rule(("",), ("secrets",), ("get", "list")),)
STATE_WRITE = (
    Rule(("",), ("secrets",), ("get", "list", "create", "update", "delete")),
    Rule(("coordination.k8s.io",), ("leases",), ("get", "create", "update", "delete")),
)
ENVIRONMENT = (
    Rule(("",), ("namespaces",), ("get",), ("kube-system",)),
    Rule(("",), ("limitranges",), ("list",)),
    Rule(
        ("admissionregistration.k8s.io",),
        (
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "validatingwebhookconfigurations",
        ),
        LOOK,
    ),
    Rule(("apiextensions.k8s.io",), ("customresourcedefinitions",), LOOK),
    Rule(("apiregistration.k8s.io",), ("apiservices",), LOOK),
    Rule(
        ("constraints.gatekeeper.sh", "kyverno.io", "mutations.gatekeeper.sh", "policies.kyverno.io", "templates.gatekeeper.sh"),
        ("*",),
        ("list",),
    ),
)
"""What the whole cluster is asked for: which cluster it is, what defines kinds, and what may change an object on its way in: the API
server's own admission, and the policies of Kyverno and Gatekeeper."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What the rights are for. `manifests` are the wanted objects, `recorded` those of the inventory that left Git, `depends` those that
    must be healthy first; `kinds` says how each kind is served; `used` are Namespaces that the app uses and would never delete."""

    manifests: tuple[Manifest, ...]
    kinds: Mapping[tuple[str, str], ServedKind]
    recorded: tuple[ObjectRef, ...] = ()
    depends: tuple[ObjectRef, ...] = ()
    used: frozenset[str] = frozenset()

    @property
    def owned(self) -> tuple[ObjectRef, ...]:
        """Wanted objects, and those that a prune will delete."""
        return tuple(dict.fromkeys((*(m.ref for m in self.manifests), *self.recorded)))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that objects are in or that are objects themselves, sorted."""
        named = {ref.name for ref in self.owned if (ref.group, ref.kind) == NAMESPACE}
        return tuple(sorted(named | {ref.namespace for ref in self.owned if ref.namespace}))


@dataclass(slots=True)
class _Rules:
    """Rules under way: one for each namespace, group, verbs and names, with all the resources that they are true of."""

    found: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], set[str]] = field(default_factory=dict)
    whole: dict[str, list[Rule]] = field(default_factory=dict)

    def allow(self, namespace: str, group: str, resource: str, verbs: tuple[str, ...], names: Iterable[str] = ()) -> None:
        self.found.setdefault((namespace, group, verbs, tuple(sorted(names))), set()).add(resource)

    def add(self, namespace: str, rules: Iterable[Rule]) -> None:
        self.whole.setdefault(namespace, []).extend(rules)

    def grant(self) -> Grant:
        grant: dict[str, list[Rule]] = {namespace: list(rules) for namespace, rules in self.whole.items()}
        for (namespace, group, verbs, names), resources in self.found.items():
            grant.setdefault(namespace, []).append(Rule((group,), tuple(sorted(resources)), verbs, names))
        return {namespace: tuple(sorted(set(rules))) for namespace, rules in sorted(grant.items())}


def reader_grant(things: Belongings, *, secrets: SecretReads = SecretReads.NAMED) -> Grant:
    """What looking at these objects needs: diff, drift-check, status, history and health."""
    rules = _Rules()
    _see(rules, things.owned, things, secrets)
    for namespace in things.namespaces:
        rules.allow(namespace, "", "namespaces", ("get",))
        rules.add(namespace, _EXPLAIN)
    return rules.grant()


def deployer_grant(things: Belongings) -> Grant:
    """What delivering these objects needs: sync, prune, fix and rollback."""
    rules = _Rules()
    _see(rules, things.depends, things, SecretReads.NAMED)
    for ref in things.owned:
        _deliver(rules, ref, things)
    for namespace in things.namespaces:
        rules.allow(namespace, "", "namespaces", ("get",))
        rules.add(namespace, (*_EXPLAIN, _LOGS))
    for namespace, rule in escalations(things.manifests):
        rules.add(namespace, (rule,))
    return rules.grant()


def with_acting(grant: Grant, accounts: Iterable[str]) -> Grant:
    """The grant, and the right to act as service accounts (NAMESPACE/NAME)."""
    places: dict[str, list[str]] = {}
    for account in accounts:
        namespace, _, name = account.partition("/")
        places.setdefault(namespace, []).append(name)
    for namespace, names in places.items():
        grant = with_state(grant, namespace, (Rule(("",), ("serviceaccounts",), ("impersonate",), tuple(sorted(names))),))
    return grant


def with_state(grant: Grant, namespace: str, rules: tuple[Rule, ...]) -> Grant:
    """The grant, and these rights in the state namespace."""
    return dict(sorted({**grant, namespace: tuple(sorted({*grant.get(namespace, ()), *rules}))}.items()))


def _deliver(rules: _Rules, ref: ObjectRef, things: Belongings) -> None:
    kind = things.kinds.get((ref.group, ref.kind))
    if kind is None:
        return
    if (ref.group, ref.kind) == NAMESPACE:
        # The API server counts a Namespace as inside of itself.
        rules.allow(ref.name, "", kind.plural, ("get", "patch") if ref.name in things.used else ("get", "patch", "delete"))
    elif kind.namespaced:
        rules.allow(ref.namespace, ref.group, kind.plural, DELIVER)
    else:
        rules.allow("", ref.group, kind.plural, DELIVER_NAMED, _names(things.owned, kind))


def _see(rules: _Rules, refs: tuple[ObjectRef, ...], things: Belongings, secrets: SecretReads) -> None:
    for ref in refs:
        kind = things.kinds.get((ref.group, ref.kind))
        if kind is None:
            continue
        if (ref.group, ref.kind) == NAMESPACE:
            rules.allow(ref.name, "", kind.plural, ("get",))
        elif (ref.group, ref.kind) == _SECRET:
            _see_secret(rules, ref, refs, secrets)
        elif kind.namespaced:
            rules.allow(ref.namespace, ref.group, kind.plural, LOOK)
        else:
            rules.allow("", ref.group, kind.plural, LOOK, _names(refs, kind))


def _see_secret(rules: _Rules, ref: ObjectRef, refs: tuple[ObjectRef, ...], secrets: SecretReads) -> None:
    if secrets is SecretReads.NAMED:
        names = (r.name for r in refs if (r.group, r.kind, r.namespace) == (*_SECRET, ref.namespace))
        rules.allow(ref.namespace, "", "secrets", LOOK, names)
    elif secrets is SecretReads.ALL:
        rules.allow(ref.namespace, "", "secrets", LOOK)


def _names(refs: Iterable[ObjectRef], kind: ServedKind) -> set[str]:
    return {ref.name for ref in refs if (ref.group, ref.kind) == (kind.group, kind.kind)}


def defined_kinds(manifests: Iterable[Manifest]) -> dict[tuple[str, str], ServedKind]:
    """The kinds that the manifests themselves define, as they will be served."""
    specs = [m.body.get("spec") for m in manifests if m.ref.kind == "CustomResourceDefinition"]
    kinds = [_defined(spec) for spec in specs if isinstance(spec, dict)]
    return {(k.group, k.kind): k for k in kinds}


def _defined(spec: Json) -> ServedKind:
    names = spec.get("names")
    names = names if isinstance(names, dict) else {}
    return ServedKind(str(spec.get("group", "")), str(names.get("kind", "")), str(names.get("plural", "")), spec.get("scope") != "Cluster")
