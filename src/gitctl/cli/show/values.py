"""Model values as JSON values. Secrets are masked here, on both sides, before anything is printed."""

from __future__ import annotations

from typing import Any

from gitctl.cli.show.keys import keys_json, side_json, writer_json
from gitctl.cli.show.tags import tagged
from gitctl.model.change import Change, Comparison, FieldChange, FieldOwner, Plan, Refusal
from gitctl.model.manifest import ObjectRef
from gitctl.model.revision import Revision
from gitctl.model.suspension import Suspension
from gitctl.plan.fields import path_text
from gitctl.plan.secretkeys import keys_of_change


def ref_json(ref: ObjectRef) -> dict[str, str]:
    """An object's identity."""
    return {"group": ref.group, "kind": ref.kind, "namespace": ref.namespace, "name": ref.name}


def revision_json(revision: Revision) -> dict[str, Any]:
    """A revision; `staleSeconds` only where the remote could not be reached."""
    body: dict[str, Any] = {
        "sha": revision.sha,
        "name": revision.name,
        "author": revision.author,
        "subject": revision.subject,
        "committedAt": revision.committed_at.isoformat() if revision.committed_at else None,
        "dirty": revision.dirty,
    }
    return body if revision.stale_seconds is None else body | {"staleSeconds": round(revision.stale_seconds)}


def owner_json(owner: FieldOwner | None) -> dict[str, str] | None:
    """Who set a field."""
    if owner is None:
        return None
    return {"manager": owner.manager, "operation": owner.operation, "subresource": owner.subresource, "time": owner.time}


def field_json(field: FieldChange) -> dict[str, Any]:
    """One field; the values of a sensitive one are masks, with byte lengths and tags beside them."""
    old, new = (shown(field, v) if field.sensitive and v is not None else v for v in (field.old, field.new))
    body: dict[str, Any] = {"path": path_text(field.path), "kind": field.kind.value, "old": old, "new": new}
    body |= {"loser": owner_json(field.loser), "sensitive": field.sensitive}
    if field.sensitive:
        body |= side_json(field.old, field.new, encoded=field.encoded) | {"writtenBy": writer_json(field.written_by)}
    return body


def shown(field: FieldChange, value: Any) -> str:
    """A sensitive value's mask: its length and its tag."""
    return tagged(value, encoded=field.encoded)


def change_json(change: Change) -> dict[str, Any]:
    """One planned action; of a Secret also each of its keys."""
    body = {
        "action": change.action.value,
        "object": ref_json(change.ref),
        "reason": change.reason,
        "fields": [field_json(f) for f in change.fields],
        "origin": str(change.comparison.desired.origin) if change.comparison else "",
        "proof": change.comparison.proof.value if change.comparison else "",
    }
    keys = keys_of_change(change)
    return body | ({"keys": keys_json(keys)} if keys else {})


def failure_json(comparison: Comparison) -> dict[str, Any]:
    """An object that cannot be applied, and why."""
    return {
        "object": ref_json(comparison.ref),
        "error": comparison.error,
        "code": comparison.error_code,
        "proof": comparison.proof.value,
        "origin": str(comparison.desired.origin),
        "conflicts": [{"path": path_text(c.path), "owner": owner_json(c.owner)} for c in comparison.conflicts],
    }


def suspension_json(suspension: Suspension) -> dict[str, str]:
    """Why an app is left alone, and until when."""
    return {"reason": suspension.reason, "by": suspension.by, "since": suspension.since, "until": suspension.until}


def refusal_json(refusal: Refusal) -> dict[str, Any]:
    """A guard's no."""
    return {"rule": str(refusal.rule), "message": refusal.message, "hint": refusal.hint, "objects": [ref_json(r) for r in refusal.refs]}


def plan_json(plan: Plan) -> dict[str, Any]:
    """A whole plan."""
    return {
        "app": plan.app,
        "owner": plan.owner,
        "revision": revision_json(plan.revision),
        "digest": plan.digest,
        "summary": summary_json(plan),
        "changes": [change_json(c) for c in plan.changes],
        "unchanged": [{"object": ref_json(c.ref), "proof": c.proof.value} for c in plan.unchanged],
        "notLookedAt": [ref_json(ref) for ref in plan.skipped],
        "failures": [failure_json(c) for c in plan.failures],
        "refusals": [refusal_json(r) for r in plan.refusals],
        "notes": list(plan.notes),
    }


def summary_json(plan: Plan) -> dict[str, int]:
    """Counts by action."""
    actions = [c.action.value for c in plan.changes]
    names = ("create", "update", "adopt", "replace", "prune", "orphan", "release")
    return {n: actions.count(n) for n in names} | {"unchanged": len(plan.unchanged), "failed": len(plan.failures)}
