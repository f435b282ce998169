"""Who wrote, in Git, the secrets that a plan changes: asked for what is shown, never for what stays as it is."""

from __future__ import annotations

from dataclasses import replace

from gitctl.model.change import Change, FieldChange, Plan
from gitctl.model.manifest import Manifest
from gitctl.plan.covered import covered_at
from gitctl.plan.secretkeys import SEALED
from gitctl.workflow.parts import Parts, WantedField


def with_writers(plan: Plan, places: tuple[str, ...], parts: Parts) -> Plan:
    """The plan with the commit that wrote each changed secret, where it is known. `places` are what the render read.

    What comes from files that no commit has is nobody's.
    """
    if parts.source is None or plan.revision.dirty or not plan.revision.sha:
        return plan
    waves = tuple(replace(w, changes=tuple(_attributed(c, plan.revision.sha, places, parts) for c in w.changes)) for w in plan.waves)
    return replace(plan, waves=waves)


def _attributed(change: Change, sha: str, places: tuple[str, ...], parts: Parts) -> Change:
    if change.comparison is None or not any(_is_secret(field, change) for field in change.fields):
        return change
    manifest = change.comparison.desired
    return replace(change, fields=tuple(_field(f, manifest, sha, places, parts) if _is_secret(f, change) else f for f in change.fields))


def _is_secret(field: FieldChange, change: Change) -> bool:
    """A secret value that Git has, of any provider."""
    return field.new is not None and (field.sensitive or (change.ref.kind == "SealedSecret" and field.path[:2] == SEALED))


def _field(field: FieldChange, manifest: Manifest, sha: str, places: tuple[str, ...], parts: Parts) -> FieldChange:
    if field.path in manifest.stored:
        return field  # Git has the reference: who changed the value is for the store to say
    covered = covered_at(manifest, field.path)
    if field.sensitive and not covered and not manifest.origin.line:
        return field  # a tool made it of what lies open: no line is known to be its own
    value = None if field.sensitive else field.new
    wanted = WantedField(sha, manifest.origin, field.path, value, places, covered=covered)
    return replace(field, written_by=parts.blame(wanted))
