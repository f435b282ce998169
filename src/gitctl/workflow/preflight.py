"""Preflight: does the account have every right that the plan will use? Asked before the first write, in bulk: a request a namespace.

A dry run asks as well: nothing that is asked writes. Nothing is asked for a sync with nothing to do.
Where the server does not tell, the sync goes on: it is the server that decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from gitctl.documents import dump_all
from gitctl.errors import ErrorId, Forbidden, GitctlError
from gitctl.model.quantity import counted
from gitctl.model.rights import Need
from gitctl.plan.preflight import Grants, allowing, grants, object_needs, state_needs, ungiven, unmet
from gitctl.plan.rights import defined_kinds
from gitctl.protocols import Permissions
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import AppPlan, Planned

_SHOWN = 3
_MOST = 64
"""So many objects are asked about by name."""


def require_rights(planned: Planned, parts: Parts, *, undo: bool = False) -> None:
    """Raise Forbidden, with all that is missing and the roles that would allow it. `undo`: also of what taking everything back needs."""
    target = parts.target
    if not isinstance(target, Permissions) or not (planned.plan.changes or planned.plan.failures):
        return
    owner = planned.app.owner
    missing = (("", _missing_of_state(planned, target)), (owner, _missing(planned, parts, target, undo=undo)))
    lacking = [(target.user(account), needs) for account, needs in missing if needs]
    if lacking:
        raise _forbidden(planned, lacking)


def with_rights(plan: AppPlan, parts: Parts, *, undo: bool = False) -> AppPlan:
    """The plan, and as its error what the run would end with: rights are asked for after all that would refuse it."""
    if plan.planned is None or plan.planned.plan.refusals:
        return plan
    try:
        require_rights(plan.planned, parts, undo=undo)
    except GitctlError as error:
        return replace(plan, error=error)
    return plan


def _missing_of_state(planned: Planned, target: Permissions) -> tuple[Need, ...]:
    needs = state_needs(target.state_namespace, new=not planned.state.token)
    return _confirmed(unmet(needs, target.held("", [target.state_namespace])), "", target)


def _missing(planned: Planned, parts: Parts, target: Permissions, *, undo: bool) -> tuple[Need, ...]:
    plan, owner, manifests = planned.plan, planned.app.owner, planned.rendered.manifests
    refs = [*(c.ref for c in plan.changes), *(f.ref for f in plan.failures)]
    kinds = {**defined_kinds(manifests), **parts.target.served({(ref.group, ref.kind) for ref in refs})}
    needs, given = object_needs(plan, kinds, undo=undo), grants(plan, manifests)
    held = target.held(owner, {*(n.namespace for n in needs), *(g.instead.namespace for g in given)})
    lacking = _confirmed(unmet(needs, held), owner, target)
    unwritable = {need.reason for need in lacking}
    refused = (one.instead for one in ungiven(given, held) if _is_refused(one, unwritable, owner, target))
    return (*lacking, *refused)


def _is_refused(one: Grants, unwritable: Collection[str], owner: str, target: Permissions) -> bool:
    """Where the object may be written, a dry run says whether its rights may be given away."""
    return str(one.change.ref) in unwritable or target.refuses(one.change, owner=owner)


def _confirmed(needs: Sequence[Need], owner: str, target: Permissions) -> tuple[Need, ...]:
    """Rules do not tell everything: an authorizer beside RBAC may allow more. One question for each verb and kind, then for some names."""
    kinds = dict.fromkeys(need.of_any_name for need in needs)
    granted = set(target.permitted(owner, kinds)) if kinds else set()
    left = tuple(need for need in needs if need.of_any_name not in granted)
    named = set(target.permitted(owner, left)) if 0 < len(left) <= _MOST else set()
    return tuple(need for need in left if need not in named)


def _forbidden(planned: Planned, lacking: Sequence[tuple[str, tuple[Need, ...]]]) -> Forbidden:
    lines = [line for user, needs in lacking for line in _lines(user, needs)]
    roles = dump_all(allowing((need for _, needs in lacking for need in needs), f"gitctl-{planned.app.name}")).splitlines()
    return Forbidden(
        f"{planned.app.name}: {counted(len(lines), 'right')} missing; nothing was written",
        id=ErrorId.FORBIDDEN,
        details=[*lines, "this would allow it:", *(f"  {line}" for line in roles)],
        hint="`gitctl rbac` prints an account with all the rights that the apps need; or use another account (--as, --context)",
    )


def _lines(user: str, needs: Iterable[Need]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for need in needs:
        reasons.setdefault(need.text, []).append(need.reason)
    return [f"user {user} may not {text} ({_few(of)})" for text, of in sorted(reasons.items())]


def _few(reasons: list[str]) -> str:
    more = f" and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return ", ".join(reasons[:_SHOWN]) + more
