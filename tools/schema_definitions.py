"""What several results have in common: objects, revisions, plans, runs. `use(NAME)` refers to one of them."""

from __future__ import annotations

from schema_live import LIVE_DEFINITIONS
from schema_runs import RUN_DEFINITIONS
from schema_words import ANY, LATER_TIME, NUMBER, SHA, TEXT, TIME, WHOLE, YES, Json, either, many, maybe, shape, use, word

from gitctl.model.change import Action, FieldKind, Proof
from gitctl.model.drift import DriftVerdict
from gitctl.model.health import HealthState
from gitctl.model.outcome import OutcomeResult
from gitctl.model.secretkey import KeyKind

_SUMMARY = ("create", "update", "adopt", "replace", "prune", "orphan", "release", "unchanged", "failed")
_TAG: Json = {"type": "string", "pattern": "^[0-9a-f]{8}$"}
_TAGGED: Json = {"oldBytes": maybe(WHOLE), "newBytes": maybe(WHOLE), "oldTag": maybe(_TAG), "newTag": maybe(_TAG)}
_WANTED_TAGGED: Json = {"foundBytes": maybe(WHOLE), "wantedBytes": maybe(WHOLE), "foundTag": maybe(_TAG), "wantedTag": maybe(_TAG)}
_WRITER = shape(
    {"sha": SHA, "author": TEXT, "time": LATER_TIME, "subject": TEXT, "file": TEXT, "line": WHOLE}, {"encryptedAnew": {"const": True}}
)

_SHARED = LIVE_DEFINITIONS | RUN_DEFINITIONS

DEFINITIONS: dict[str, Json] = _SHARED | {
    "object": shape({"group": TEXT, "kind": TEXT, "namespace": TEXT, "name": TEXT}),
    "revision": shape(
        {"sha": SHA, "name": TEXT, "author": TEXT, "subject": TEXT, "committedAt": maybe(TIME), "dirty": YES}, {"staleSeconds": WHOLE}
    ),
    "owner": shape({"manager": TEXT, "operation": TEXT, "subresource": TEXT, "time": LATER_TIME}),
    "error": either(
        shape({"id": TEXT, "message": TEXT, "hint": TEXT, "where": TEXT, "details": many(TEXT), "exitCode": WHOLE}),
        shape({"message": TEXT, "exitCode": WHOLE, "errors": many(use("error"))}),
    ),
    "field": shape(
        {"path": TEXT, "kind": word(FieldKind), "old": ANY, "new": ANY, "loser": maybe(use("owner")), "sensitive": YES},
        {**_TAGGED, "writtenBy": maybe(use("writer"))},
    ),
    "writer": _WRITER,
    "key": shape({"path": TEXT, "kind": word(KeyKind), **_TAGGED}),
    "equal": shape({"tag": _TAG, "keys": many(shape({"app": TEXT, "owner": TEXT, "object": use("object"), "path": TEXT}))}),
    "change": shape(
        {
            "action": word(Action),
            "object": use("object"),
            "reason": TEXT,
            "fields": many(use("field")),
            "origin": TEXT,
            "proof": {"enum": [*(p.value for p in Proof), ""]},
        },
        {"keys": many(use("key"))},
    ),
    "failure": shape(
        {
            "object": use("object"),
            "error": TEXT,
            "code": WHOLE,
            "proof": word(Proof),
            "origin": TEXT,
            "conflicts": many(shape({"path": TEXT, "owner": use("owner")})),
        }
    ),
    "proven": shape({"object": use("object"), "proof": word(Proof)}),
    "refusal": shape({"rule": TEXT, "message": TEXT, "hint": TEXT, "objects": many(use("object"))}),
    "plan": shape(
        {
            "app": TEXT,
            "owner": TEXT,
            "revision": use("revision"),
            "digest": TEXT,
            "summary": shape(dict.fromkeys(_SUMMARY, WHOLE)),
            "changes": many(use("change")),
            "unchanged": many(use("proven")),
            "notLookedAt": many(use("object")),
            "failures": many(use("failure")),
            "refusals": many(use("refusal")),
            "notes": many(TEXT),
        }
    ),
    "unplanned": shape({"app": TEXT, "error": use("error")}),
    "health": shape(
        {"object": use("object"), "state": word(HealthState), "message": TEXT, "rule": TEXT, "events": many(TEXT), "logs": many(TEXT)}
    ),
    "outcome": shape(
        {
            "object": use("object"),
            "action": word(Action),
            "result": word(OutcomeResult),
            "error": TEXT,
            "code": WHOLE,
            "seconds": NUMBER,
        }
    ),
    "outcomes": shape(
        {
            "plan": use("plan"),
            "outcomes": many(use("outcome")),
            "health": many(use("health")),
            "record": maybe({"type": "integer", "minimum": 1}),
            "stateRemoved": YES,
        },
        {"commit": TEXT, "restoration": maybe(use("restoration"))},
    ),
    "run": either(
        {"allOf": [shape({"app": TEXT, "declined": YES}, {"error": use("error")}), use("outcomes")]},
        shape({"app": TEXT, "declined": {"const": True}}),
        shape({"app": TEXT, "declined": YES, "error": use("error")}),
    ),
    "drift": shape(
        {
            "object": use("object"),
            "verdict": word(DriftVerdict),
            "reason": TEXT,
            "proof": word(Proof),
            "origin": TEXT,
            "fields": many(
                shape(
                    {
                        "path": TEXT,
                        "kind": word(FieldKind),
                        "wanted": ANY,
                        "found": ANY,
                        "sensitive": YES,
                        "owner": maybe(use("owner")),
                        "wantedBy": maybe(use("writer")),
                    },
                    _WANTED_TAGGED,
                )
            ),
        },
        {"keys": many(shape({"path": TEXT, "kind": word(KeyKind), **_WANTED_TAGGED}))},
    ),
    "commit": shape({"sha": SHA, "author": TEXT, "time": LATER_TIME, "subject": TEXT}),
    "controlPlane": shape(
        {
            "name": TEXT,
            "state": {"enum": ["running", "stopped", "broken"]},
            "ready": YES,
            "server": TEXT,
            "context": TEXT,
            "kubeconfig": TEXT,
            "folder": TEXT,
            "parts": many(shape({"name": TEXT, "running": YES, "pid": WHOLE, "ports": many(WHOLE), "log": TEXT})),
        }
    ),
}
