"""Shown: does applying what a plan shows give exactly the object that was shown?"""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.oracle import differences

from gitctl.model.change import Comparison
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.owned import managers


def unlike_shown(found: Comparison, answer: Json) -> Iterator[str]:
    """Where the object that an apply left differs from the `merged` one of the plan."""
    return differences(_compared(found.merged or {}, fold=found.fold), _compared(answer, fold=found.fold))


def _compared(body: Json, *, fold: bool) -> Json:
    """All but what no plan can know: the version number, times of managers, and status, which others write between plan and apply.

    A fold is two requests, of which the first only rewrites managers: then field sets and generation are left out as well.
    """
    metadata = {k: v for k, v in body.get("metadata", {}).items() if k not in ("resourceVersion", "managedFields")}
    if fold:
        metadata.pop("generation", None)
    else:
        entries = [e for e in managers(body) if e.get("subresource") != "status"]
        metadata["managers"] = {
            f"{e.get('manager')} {e.get('operation')} {e.get('subresource', '')} {e.get('apiVersion')}": e.get("fieldsV1") for e in entries
        }
    return {k: v for k, v in body.items() if k not in ("metadata", "status")} | {"metadata": metadata}
