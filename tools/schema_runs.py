"""Schemas of runs: their records, how they are taken back, and the locks that they hold."""

from __future__ import annotations

from schema_words import LATER_TIME, NUMBER, SHA, TEXT, TIME, WHOLE, YES, Json, by_name, many, maybe, shape, use, word

from gitctl.model.health import HealthState
from gitctl.model.lock import Life
from gitctl.model.record import RecordResult, RecordVerb
from gitctl.model.restoration import Undo

_COUNTS = ("created", "updated", "pruned", "unchanged", "failed", "notTried")
_INPUTS = {"renderer": TEXT, "tools": by_name(TEXT), "kubernetes": TEXT, "apiVersions": many(TEXT)}
_INPUTS |= {"variables": many(TEXT), "environment": by_name(TEXT)}

RUN_DEFINITIONS: dict[str, Json] = {
    "record": shape(
        {
            "number": {"type": "integer", "minimum": 1},
            "verb": word(RecordVerb),
            "result": word(RecordResult),
            "revision": SHA,
            "revisionName": TEXT,
            "repo": TEXT,
            "subject": TEXT,
            "author": TEXT,
            "actor": TEXT,
            "started": TIME,
            "finished": LATER_TIME,
            "renderDigest": TEXT,
            "inputs": shape(_INPUTS),
            "counts": shape(dict.fromkeys(_COUNTS, WHOLE)),
            "health": {"enum": [*(s.value for s in HealthState), ""]},
            "message": TEXT,
            "partial": YES,
            "rollbackTo": maybe(WHOLE),
        },
        {"commit": TEXT},
    ),
    "restoration": shape(
        {
            "record": WHOLE,
            "complete": YES,
            "objects": many(shape({"object": use("object"), "result": word(Undo), "reason": TEXT, "uid": TEXT})),
        }
    ),
}

_HOLDER: Json = {"identity": TEXT, "host": TEXT, "pid": maybe(WHOLE), "here": YES, "since": LATER_TIME, "renewed": LATER_TIME}
_HOLDER |= {"silentSeconds": NUMBER, "life": word(Life)}
_RUN: Json = {"record": WHOLE, "verb": word(RecordVerb), "revision": SHA, "subject": TEXT, "actor": TEXT, "started": TIME, "message": TEXT}

UNLOCKED: Json = {
    "locked": YES,
    "holder": maybe(shape(_HOLDER)),
    "run": maybe(shape(_RUN)),
    "evicted": YES,
    "declined": YES,
    "record": maybe(WHOLE),
}
