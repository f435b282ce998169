"""The rights that a plan will use, and which of them an account lacks. Pure: what it holds is an argument.

How one rule covers another is the API server's own reckoning (k8s.io/component-helpers, auth/rbac/validation: Covers).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from gitctl.model.change import Action, Change, Plan, Proof
from gitctl.model.manifest import Json, Manifest, ObjectRef
from gitctl.model.restoration import KEPT_KINDS
from gitctl.model.rights import Need, Rule, ServedKind
from gitctl.plan.escalation import RBAC, escalations, foreign_role
from gitctl.plan.rights import NAMESPACE

Kinds = Mapping[tuple[str, str], ServedKind]
Held = Mapping[str, Sequence[Rule]]

_VERBS: Mapping[Action, tuple[str, ...]] = {
    Action.CREATE: ("create", "patch"),
    Action.UPDATE: ("patch",),
    Action.ADOPT: ("patch",),
    Action.REPLACE: ("create", "delete", "patch"),
    Action.PRUNE: ("delete",),
    Action.RELEASE: ("patch",),
}
_BACK: Mapping[Action, tuple[str, ...]] = {Action.CREATE: ("delete",), Action.PRUNE: ("create", "patch")}
_UNSEEN = ("create", "get", "patch")
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_PLURALS = {"Role": "roles", "ClusterRole": "clusterroles"}


@dataclass(frozen=True, slots=True)
class Grants:
    """What a role or binding of the plan gives away: `rules` have to be held where it is, or `instead` be allowed. `known` is False where
    somebody else's role is bound: its rules are not known."""

    change: Change
    rules: tuple[Rule, ...]
    instead: Need
    known: bool = True


def state_needs(namespace: str, *, new: bool) -> tuple[Need, ...]:
    """What keeping the state and the lock needs. `new`: there is no state yet."""
    reason = "gitctl's own state"
    secrets = Need(namespace, "", "secrets", "create" if new else "update", reason=reason)
    return (secrets, *(Need(namespace, "coordination.k8s.io", "leases", verb, reason=reason) for verb in ("create", "get", "update")))


def object_needs(plan: Plan, kinds: Kinds, *, undo: bool = False) -> tuple[Need, ...]:
    """What the changes need, with `undo` also what taking them back does, and what could not even be looked at. A kind that is not served
    yet cannot be asked about."""
    found = [need for change in plan.changes for need in _needs(change.ref, _verbs(change), kinds)]
    found += [need for change in plan.changes if undo for need in _needs(change.ref, _verbs_back(change), kinds)]
    found += [need for failure in plan.failures if failure.denied for need in _needs(failure.ref, _UNSEEN, kinds)]
    left_out = _own_namespaces(plan)
    return tuple(need for need in dict.fromkeys(found) if need.namespace not in left_out)


def _verbs(change: Change) -> tuple[str, ...]:
    anew = change.comparison is not None and change.comparison.deleting
    return _VERBS[Action.CREATE] if anew else _VERBS.get(change.action, ())


def _verbs_back(change: Change) -> tuple[str, ...]:
    stays = change.action is Action.CREATE and (change.ref.group, change.ref.kind) in KEPT_KINDS
    return () if stays else _BACK.get(change.action, ())


def _needs(ref: ObjectRef, verbs: Iterable[str], kinds: Kinds) -> Iterator[Need]:
    kind = kinds.get((ref.group, ref.kind))
    if kind is not None:
        # The API server counts a Namespace as inside of itself.
        namespace = ref.name if (ref.group, ref.kind) == NAMESPACE else ref.namespace if kind.namespaced else ""
        yield from (Need(namespace, ref.group, kind.plural, verb, ref.name, str(ref)) for verb in verbs)


def _own_namespaces(plan: Plan) -> frozenset[str]:
    """Namespaces that the plan makes and binds roles in: what the account may do there is not known before."""
    made = {c.ref.name for c in plan.changes if (c.ref.group, c.ref.kind) == NAMESPACE and c.action is Action.CREATE}
    return frozenset(c.ref.namespace for c in plan.changes if c.ref.group == RBAC and c.ref.namespace in made)


def grants(plan: Plan, manifests: Sequence[Manifest]) -> tuple[Grants, ...]:
    """Roles and bindings that the plan writes anew: nobody may give away rights that he does not hold."""
    known = {(m.ref.kind, m.ref.namespace, m.ref.name) for m in manifests if m.ref.group == RBAC}
    return tuple(one for change in plan.changes if _gives(change) for one in _grants(change, known))


def _gives(change: Change) -> bool:
    """The API server asks only when what is given away changes; where it was asked for a dry run, it has answered."""
    comparison = change.comparison
    if change.ref.group != RBAC or comparison is None or comparison.proof is Proof.SERVER:
        return False
    live, desired = comparison.live, comparison.desired.body
    keys = ("roleRef", "subjects") if change.ref.kind in _BINDINGS else ("rules", "aggregationRule")
    return live is None or change.action is Action.REPLACE or any(live.get(k) != desired.get(k) for k in keys)


def _grants(change: Change, known: set[tuple[str, str, str]]) -> Iterator[Grants]:
    assert change.comparison is not None  # `_gives`
    ref, manifest = change.ref, change.comparison.desired
    role = foreign_role(manifest, known)
    if ref.kind in _PLURALS:
        rules = tuple(rule for _, rule in escalations([manifest]))
        yield Grants(change, rules, Need(ref.namespace, RBAC, _PLURALS[ref.kind], "escalate", ref.name, str(ref)))
    elif role and role[0] in _PLURALS:
        yield Grants(change, (), Need(ref.namespace, RBAC, _PLURALS[role[0]], "bind", role[1], str(ref)), known=False)


def unmet(needs: Iterable[Need], held: Held) -> tuple[Need, ...]:
    """The needs that no held rule covers; those of namespaces that nothing is told about are taken for met."""
    needs = tuple(needs)
    # Most often a rule covers all objects of a kind: thousands of them are one question.
    whole = {kind: _is_met(kind, held) for kind in {need.of_any_name for need in needs}}
    return tuple(need for need in needs if not whole[need.of_any_name] and not _is_met(need, held))


def _is_met(need: Need, held: Held) -> bool:
    return need.namespace not in held or _covers(held[need.namespace], _as_rule(need))


def ungiven(given: Iterable[Grants], held: Held) -> tuple[Grants, ...]:
    """What is not certainly held. Of a role that is not known, only the server can tell."""
    return tuple(one for one in given if one.instead.namespace in held and not _may_give(one, held[one.instead.namespace]))


def _may_give(one: Grants, held: Sequence[Rule]) -> bool:
    return _covers(held, _as_rule(one.instead)) or (one.known and all(_covers(held, rule) for rule in one.rules))


def _as_rule(need: Need) -> Rule:
    return Rule((need.group,), (need.resource,), (need.verb,), (need.name,) if need.name else ())


def _covers(held: Sequence[Rule], wanted: Rule) -> bool:
    """Does every piece of the wanted rule lie within one held rule?"""
    if wanted.urls:
        return all(any(_covers_url(rule, verb, url) for rule in held) for verb, url in product(wanted.verbs, wanted.urls))
    pieces = product(wanted.groups, wanted.resources, wanted.verbs, wanted.names or ("",))
    return all(any(_covers_piece(rule, *piece) for rule in held) for piece in pieces)


def _covers_url(rule: Rule, verb: str, url: str) -> bool:
    return _has(rule.verbs, verb) and any(url == own or (own.endswith("*") and url.startswith(own[:-1])) for own in rule.urls)


def _covers_piece(rule: Rule, group: str, resource: str, verb: str, name: str) -> bool:
    part = resource.partition("/")[2]
    served = _has(rule.resources, resource) or bool(part and f"*/{part}" in rule.resources)
    return _has(rule.verbs, verb) and _has(rule.groups, group) and served and (not rule.names or name in rule.names)


def _has(values: Sequence[str], value: str) -> bool:
    return "*" in values or value in values


def allowing(needs: Iterable[Need], name: str) -> tuple[Json, ...]:
    """The roles that would allow what is missing, by namespace. What has no namespace, and roles, are allowed by name."""
    found: dict[str, dict[tuple[str, str, tuple[str, ...]], set[str]]] = defaultdict(lambda: defaultdict(set))
    names: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for need in needs:
        names[need.namespace, need.group, need.resource, need.verb].add(need.name)
    for (namespace, group, resource, verb), of in names.items():
        by_name = tuple(sorted(of)) if (not namespace or verb in ("bind", "escalate")) and "" not in of else ()
        found[namespace][group, resource, by_name].add(verb)
    return tuple(_role(namespace, name, rules) for namespace, rules in sorted(found.items()))


def _role(namespace: str, name: str, rules: Mapping[tuple[str, str, tuple[str, ...]], set[str]]) -> Json:
    listed = [
        {"apiGroups": [group], "resources": [resource], **({"resourceNames": list(names)} if names else {}), "verbs": sorted(verbs)}
        for (group, resource, names), verbs in sorted(rules.items())
    ]
    place = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": {"name": name, **place},
        "rules": listed,
    }
