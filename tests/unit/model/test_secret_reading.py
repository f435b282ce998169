"""What objects say about Secrets is read whatever they look like: manifests come from anybody who can open a pull request.

Every part of every object of the other tests is put wrong in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.model.test_secretmade import ROWS
from tests.unit.model.test_secretuse import OBJECTS, REFERENCES
from tests.unit.plan.test_audit import NOW
from tests.unit.plan.test_audit_live import SECRETS, pod

from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.model.policy import SecretPolicy
from gitctl.model.secretmade import sealed_texts
from gitctl.model.secretuse import secret_uses
from gitctl.plan.audit import AuditedApp, Facts, account
from gitctl.plan.audit_findings import findings
from gitctl.plan.audit_live import Workload, not_restarted

WRONG: tuple[Any, ...] = (None, 3, True, "x", [], {}, [3], [[]], {"a": 3}, {3: "a"})
GATEWAY = {"listeners": [{"tls": {"certificateRefs": [{"name": "db"}]}}]}
ISSUED = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"annotations": {"cert-manager.io/issuer": "x"}}}
SOPS = {"apiVersion": "isindir.github.com/v1", "kind": "SopsSecret", "spec": {"secretTemplates": [{"name": "db"}]}}
BODIES = [*(row[1] for row in (*REFERENCES, *OBJECTS, *ROWS)), ISSUED | {"spec": GATEWAY}, SOPS]


def put_wrong(value: Any) -> Iterator[Any]:
    """The value with one part of it, or all of it, as it must not be."""
    yield from WRONG
    if isinstance(value, dict):
        yield from ({**value, key: bad} for key, item in value.items() for bad in put_wrong(item))
    elif isinstance(value, list):
        yield from ([*value[:n], bad, *value[n + 1 :]] for n, item in enumerate(value) for bad in put_wrong(item))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body["kind"])
def test_no_object_makes_an_audit_fail(body: dict[str, Any]) -> None:
    for part, value in body.items():
        for bad in put_wrong(value) if part not in ("kind", "apiVersion") else ():
            wrong = body | {part: bad}
            secret_uses(wrong, known={"db"})
            sealed_texts(wrong)
            manifest = Manifest(ObjectRef("", body["kind"], "shop", "db"), "v1", wrong, Origin("a.yaml"))
            findings(account([AuditedApp("web", (manifest,))], Facts(lambda _: ())), SecretPolicy(), now=NOW)


def test_no_live_object_makes_an_audit_fail() -> None:
    live = pod("2026-06-01T10:00:00Z")
    for part in live:
        for bad in put_wrong(live[part]):
            not_restarted([Workload("Pod/db", (live | {part: bad},))], SECRETS)
    secret = SECRETS["shop", "db"]
    for bad in put_wrong(secret["metadata"]):
        not_restarted([Workload("Pod/db", (live,))], {("shop", "db"): {"metadata": bad}})
