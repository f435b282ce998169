"""`secret audit --live`: the pods of apps, and when the Secrets changed that they use. Of Secrets only the metadata is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gitctl.model.app import App
from gitctl.model.audit import AuditFinding
from gitctl.model.manifest import Json
from gitctl.model.marks import uid
from gitctl.model.tree import Descent
from gitctl.plan.adopt import owners_of
from gitctl.plan.audit import Key
from gitctl.plan.audit_live import Workload, not_restarted
from gitctl.protocols import Lineage, Outlines, Target
from gitctl.workflow.tree import ref_of

_DEFAULT = "default"
"""Where objects are that name no namespace."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a cluster tells: the Secrets that are there, pods with old values, and what could not be looked at."""

    there: frozenset[Key]
    findings: tuple[AuditFinding, ...]
    notes: tuple[str, ...]


def look(apps: Sequence[App], target: Target, namespaces: Iterable[str]) -> Look:
    """Look at the pods of apps, and at the Secrets of their namespaces and of these. Raises ClusterError family errors."""
    if not (isinstance(target, Lineage) and isinstance(target, Outlines)):
        return Look(frozenset(), (), ())
    roots = [live for app in apps for live in _live(app, target)]
    descent = target.descendants(roots)
    workloads = [Workload(ref_of(root).short, tuple(_pods(root, descent))) for root in roots]
    places = {str(pod["metadata"].get("namespace", "")) for one in workloads for pod in one.pods} | {n or _DEFAULT for n in namespaces}
    outlined = target.outlines("", "Secret", places)
    secrets = {(ref.namespace, ref.name): one for one in outlined.objects for ref in (ref_of(one),)}
    there = frozenset(secrets) | {("", name) for namespace, name in secrets if namespace == _DEFAULT}
    return Look(there, not_restarted(workloads, secrets), tuple(map(str, (*descent.unseen, *outlined.unseen))))


def _live(app: App, target: Target) -> Iterator[Json]:
    """The live objects of an app that may have pods."""
    for owner in owners_of(app):
        entries = target.read_state(owner).inventory
        wanted = [(e.ref, e.api_version) for e in entries if e.ref.group or e.ref.kind == "Pod"]
        yield from (live for live in target.observe(owner, wanted).objects.values() if live is not None)


def _pods(root: Json, descent: Descent) -> Iterator[Json]:
    if root.get("kind") == "Pod":
        yield root
    for one in descent.owned.get(uid(root), ()):
        yield from _pods(one, descent)
