"""Write docs/schemas: a JSON schema for every result that gitctl prints. `make docs` runs it; a test keeps the files fresh.

Results only gain fields, so unknown ones are allowed; what is listed here is there, and of that type.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from schema_bootstrap import BOOTSTRAP
from schema_definitions import DEFINITIONS
from schema_live import BRANCH, PLACE
from schema_runs import UNLOCKED
from schema_secret import SECRETS
from schema_words import ANY, LATER_TIME, NUMBER, SHA, TEXT, TIME, WHOLE, YES, Json, by_name, either, many, maybe, shape, use, word

from gitctl.cli.session import API_VERSION
from gitctl.model.drift import DriftVerdict
from gitctl.model.finding import Rule, Severity
from gitctl.model.health import HealthState
from gitctl.model.rights import Account
from gitctl.model.status import SyncState
from gitctl.model.suspension import Place
from gitctl.model.variable import VarScope
from gitctl.render.jail import Network
from gitctl.workflow.doctor import Need, ToolState
from gitctl.workflow.drift_news import DriftEvent

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"

SUSPENSION = shape({"reason": TEXT, "by": TEXT, "since": LATER_TIME, "until": LATER_TIME})
SUSPENDING: Json = {"app": TEXT, "environment": TEXT, "suspension": maybe(SUSPENSION), "commit": SHA, "pushed": YES}
OBJECT_STATUS: Json = {"object": use("object"), "drift": word(DriftVerdict), "health": word(HealthState)}
OBJECT_STATUS |= {"message": TEXT, "rule": TEXT}
VARIABLE = shape({"value": {"type": ["string", "integer", "boolean"]}, "from": word(VarScope)})
SHOWN_APP = shape({"owner": TEXT}, {"vars": by_name(VARIABLE)})
RECORD_SECRETS: Json = {"record": use("record"), "before": maybe(use("record")), "decrypted": YES, "changes": many(use("change"))}
RECORD_SECRETS |= {"unchanged": many(use("object")), "equalValues": many(use("equal"))}


def clusters(apps: Json, **more: Json) -> Json:
    """Results by cluster."""
    return {"clusters": many(shape({**PLACE, **more, "apps": many(apps)}, BRANCH))}


EQUAL: Json = {"equalValues": many(use("equal"))}
ERRORS: Json = {"errors": many(use("error"))}
RUNS: Json = clusters(use("run"), revision=use("revision")) | ERRORS
HEALTH_ITEM: Json = {"group": TEXT, "kind": TEXT, "namespace": TEXT, "name": TEXT}
HEALTH_ITEM |= {"state": word(HealthState), "message": TEXT, "rule": TEXT}
HEALTH_ITEM |= {"events": many(TEXT), "logs": many(TEXT)}
APP_HEALTH: Json = {"app": TEXT, **PLACE, "owner": TEXT, "health": word(HealthState), "message": TEXT}

RESULTS: dict[str, Json] = {
    "DiffResult": shape(clusters(either(use("plan"), use("unplanned")), revision=use("revision")) | EQUAL | ERRORS),
    "RevisionDiffResult": shape({"apps": many(use("plan")), **EQUAL, **ERRORS}),
    "SyncResult": shape(RUNS),
    "RollbackResult": shape(RUNS),
    "DeleteResult": shape(RUNS),
    "SuspensionResult": shape(SUSPENDING | {"clusters": many(shape({"cluster": TEXT, "changed": YES}, BRANCH))}),
    "UnlockResult": shape({"app": TEXT, "clusters": many(shape({**PLACE, **UNLOCKED}, BRANCH)), **ERRORS}),
    "DriftResult": shape(
        clusters(
            either(
                shape(
                    {
                        "app": TEXT,
                        "owner": TEXT,
                        "revision": SHA,
                        "stateLost": YES,
                        "inSync": WHOLE,
                        "inSyncObjects": many(use("proven")),
                        "notLookedAt": many(use("object")),
                        "foreign": many(shape({"object": use("object"), "owner": use("owner"), "fields": many(TEXT)})),
                        "objects": many(use("drift")),
                        "fixes": many(use("outcomes")),
                    }
                ),
                shape({"app": TEXT, "error": use("error"), "fixes": many(use("outcomes"))}),
            )
        )
    ),
    "DriftEvent": shape(
        {
            "time": TIME,
            "event": word(DriftEvent),
            "environment": TEXT,
            "cluster": TEXT,
            "branch": TEXT,
            "app": TEXT,
            "owner": TEXT,
            "drift": maybe(use("drift")),
            "seconds": NUMBER,
            "error": maybe(use("error")),
        }
    ),
    "Status": shape(
        clusters(
            shape(
                {
                    "app": TEXT,
                    "owner": TEXT,
                    "state": word(SyncState),
                    "health": word(HealthState),
                    "revision": SHA,
                    "wanted": SHA,
                    "message": TEXT,
                    "leftConfig": YES,
                    "suspended": maybe(shape(SUSPENSION["properties"] | {"place": word(Place)})),
                    "lastSync": maybe(use("record")),
                    "objects": many(shape(OBJECT_STATUS)),
                }
            )
        )
    ),
    "Tree": shape(
        clusters(
            shape(
                {
                    "app": TEXT,
                    "owner": TEXT,
                    "health": word(HealthState),
                    "message": TEXT,
                    "objects": many(use("node")),
                    "unseen": many(shape({"kind": TEXT, "namespace": TEXT, "reason": TEXT})),
                },
                {"error": use("error")},
            )
        )
    ),
    "Trace": shape({"items": many(use("traced"))}),
    "History": shape({"app": TEXT, "clusters": many(shape({**PLACE, "records": many(use("record"))}, BRANCH))}),
    "RecordSecrets": shape({"app": TEXT, "clusters": many(shape({**PLACE, **RECORD_SECRETS}, BRANCH))}),
    "HealthResult": either(
        shape({"health": word(HealthState), "items": many(shape(HEALTH_ITEM))}),
        shape({"apps": many(shape(APP_HEALTH, BRANCH)), "items": many(shape({"app": TEXT, "cluster": TEXT, **HEALTH_ITEM}, BRANCH))}),
    ),
    **SECRETS,
    "BootstrapResult": shape({**BOOTSTRAP, "sync": maybe(shape(RUNS))}),
    "Config": shape(
        {
            "name": TEXT,
            "source": by_name(ANY),
            "limits": by_name(ANY),
            "environments": by_name(
                shape(
                    {"clusters": many(shape({"cluster": maybe(shape({"name": TEXT, "context": TEXT})), "apps": by_name(SHOWN_APP)}))},
                    {"protect": YES, "kubernetes": TEXT, "api_versions": many(TEXT)},
                )
            ),
        }
    ),
    "ConfigValidation": shape(
        {"path": TEXT, "valid": {"const": True}, "project": TEXT, "apps": WHOLE, "environments": WHOLE, "clusters": WHOLE}
    ),
    "DoctorResult": shape(
        {
            "items": many(
                shape(
                    {
                        "name": TEXT,
                        "state": word(ToolState),
                        "path": TEXT,
                        "version": TEXT,
                        "wanted": TEXT,
                        "needed": YES,
                        "neededBy": many(word(Need)),
                        "install": TEXT,
                    }
                )
            ),
            "renderJail": shape({"network": word(Network)}),
        }
    ),
    "ErrorReference": shape(
        {"items": many(shape({**dict.fromkeys(("id", "title", "exitMeaning", "text"), TEXT), "exitCode": WHOLE, "related": many(TEXT)}))}
    ),
    "SandboxStatus": use("controlPlane"),
    "SandboxStatusList": shape({"items": many(use("controlPlane"))}),
    "RbacResult": shape(
        {
            "environment": TEXT,
            "cluster": TEXT,
            "apps": many(TEXT),
            "stateNamespace": TEXT,
            "accounts": many(shape({"account": word(Account), "namespace": TEXT, "name": TEXT, "user": TEXT})),
            "objects": many(shape({"apiVersion": TEXT, "kind": TEXT, "metadata": by_name(ANY)})),
            "notes": many(TEXT),
        }
    ),
    "ValidateResult": shape(
        {
            "schemas": many(TEXT),
            "summary": shape({"objects": WHOLE, "skipped": WHOLE, "errors": WHOLE, "warnings": WHOLE}),
            "findings": many(
                shape(
                    {
                        "severity": word(Severity),
                        "rule": word(Rule),
                        "message": TEXT,
                        "hint": TEXT,
                        "object": TEXT,
                        "field": TEXT,
                        "file": TEXT,
                        "line": WHOLE,
                        "column": WHOLE,
                    }
                )
            ),
            "skipped": many(shape({"file": TEXT, "object": TEXT, "why": TEXT})),
            **ERRORS,
        }
    ),
    "Version": shape({"version": TEXT, "python": TEXT}),
}


def used(value: Any) -> set[str]:
    """Names of the definitions that a schema needs, directly or not."""
    names: set[str] = set()
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            name = str(one.get("$ref", "")).removeprefix("#/$defs/")
            if name and name not in names:
                names.add(name)
                todo.append(DEFINITIONS[name])
            todo += one.values()
        elif isinstance(one, list):
            todo += one
    return names


def schema(kind: str) -> Json:
    """The whole schema of a result kind."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": kind}
    mark = shape({"apiVersion": {"const": API_VERSION}, "kind": {"const": kind}})
    definitions = {name: DEFINITIONS[name] for name in sorted(used(RESULTS[kind]))}
    return head | {"allOf": [mark, RESULTS[kind]]} | ({"$defs": definitions} if definitions else {})


def files() -> dict[str, str]:
    """The files of docs/schemas by name."""
    return {f"{kind}.json": json.dumps(schema(kind), indent=2) + "\n" for kind in sorted(RESULTS)}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, text in files().items():
        (FOLDER / name).write_text(text)
