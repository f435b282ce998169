"""Why an object that is in sync was not proven, by what can be seen of it."""

from __future__ import annotations

from typing import Any

from tests.cluster.target.bench import Bench

from gitctl.model.change import Comparison
from gitctl.target.kubernetes.proof.admission import policies_for
from gitctl.target.kubernetes.proof.mint import SETTLED_SECONDS, as_sent
from gitctl.target.kubernetes.proof.owned import Untold, facts, has_empty_list, is_shared, managers, our_entry

MUTATING = "mutating admission"


def is_mutated(bench: Bench, found: Comparison) -> bool:
    """May a mutating policy see the object? (A campaign has no webhooks.)"""
    environment = bench.target._proofs._environment
    resource = bench.target._catalogue.resource(found.ref, found.desired.api_version)
    if environment is None or environment._rules is None or resource is None:
        return False
    return bool(policies_for(resource, *environment._rules.policies[0]))


def cause(bench: Bench, found: Comparison) -> str:
    """One word for it."""
    live, sent = found.live or {}, found.sent
    resource = bench.target._catalogue.resource(found.ref, found.desired.api_version)
    scene = resource and bench.target._proofs.scene(bench.owner, found.ref, resource)
    if not scene or scene.now - scene.since < SETTLED_SECONDS:
        return "epoch unknown or new"
    entry = our_entry(live)
    if has_empty_list(sent):
        return "empty list"
    if entry is None:
        return "our entry twice"
    if any(e.get("apiVersion") != live.get("apiVersion") for e in managers(live)):
        return "another version"
    try:
        facts(entry["fieldsV1"], live)
    except Untold:
        return "empty text" if _has_empty_text(sent) else "field not there"
    if is_shared(live) and not as_sent(sent, live):
        return "shared and spelled anew"
    return f"other ({found.ref.kind}{', guarded' if scene.epoch.guarded else ''}{'' if as_sent(sent, live) else ', not as sent'})"


def _has_empty_text(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_empty_text, value.values()))
    return any(map(_has_empty_text, value)) if isinstance(value, list) else value == ""
