"""Field managers that mean something to gitctl: itself, tools that it takes over from, and people."""

from __future__ import annotations

from gitctl.model.change import FieldOwner

FIELD_MANAGER = "gitctl"
"""Under this name gitctl applies. Never `kubectl`: the API server rewrites the last-applied annotation for that one."""

_EARLIER = frozenset({"helm", "kluctl", "before-first-apply"})
_HUMAN = frozenset({"k9s", "lens", "freelens"})
# `kubectl rollout restart` asks for a restart once; taking its annotation away would restart everything again.
_ONE_SHOT = frozenset({"kubectl-rollout", "kubectl-autoscale"})


def is_earlier(owner: FieldOwner) -> bool:
    """May this entry be folded into ours on adoption (kubectl, helm, kluctl, what was there before the first apply)?

    Entries of subresources stay apart: `kubectl scale` sets a field that gitctl does not have.
    """
    return not owner.subresource and (owner.manager.lower() in _EARLIER or owner.manager.startswith("kubectl"))


def is_human(owner: FieldOwner) -> bool:
    """Did a person set this by hand (kubectl edit, patch, label, set …)?"""
    by_kubectl = owner.manager.startswith("kubectl") and owner.manager not in _ONE_SHOT
    return not owner.subresource and (by_kubectl or owner.manager in _HUMAN)
