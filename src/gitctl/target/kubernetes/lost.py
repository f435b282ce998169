"""Lost: objects whose kind the server does not serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gitctl.model.manifest import ObjectRef
from gitctl.protocols import Observed
from gitctl.target.kubernetes.definitions import Registry
from gitctl.target.kubernetes.discover import Kinds


def with_lost(seen: Observed, lost: Sequence[ObjectRef], registry: Registry | None, served: Kinds) -> Observed:
    """What was seen, and what is known of objects whose kind is not served: gone with its definition, else unknown."""
    if not lost or registry is None:
        return seen
    objects, unknown = dict(seen.objects), dict(seen.unknown)
    for ref in lost:
        reason = f"the API of {ref.group} does not answer" if served.is_stale(ref.group) else registry.why_unknown(ref)
        if reason:
            unknown[ref] = reason
        else:
            objects[ref] = None
    return replace(seen, objects=objects, unknown=unknown)
