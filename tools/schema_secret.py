"""The schemas of what `gitctl secret` tells."""

from __future__ import annotations

from schema_words import LATER_TIME, SHA, TEXT, WHOLE, YES, Json, many, maybe, shape, use, word

from gitctl.cli.show.references import STATES
from gitctl.model.audit import AuditRule
from gitctl.model.exposure import ExposureKind
from gitctl.model.sealing import Scope, SealState
from gitctl.model.secret import RuleMatch, SecretState
from gitctl.model.secretmade import Keeping
from gitctl.model.secretuse import UseKind

FINDING: Json = {"file": TEXT, "line": WHOLE, "column": WHOLE, "kind": word(ExposureKind), "object": TEXT, "key": TEXT, "bytes": WHOLE}
FINDING |= {"commit": TEXT}
ACCEPTED, PASSED_OVER = shape({**FINDING, "reason": TEXT}), shape({"file": TEXT, "reason": TEXT})
SEALED: Json = {"file": TEXT, "secret": TEXT, "scope": word(Scope), "values": WHOLE, "state": word(SealState), "why": TEXT, "finding": YES}
REFERENCE = shape(
    {
        "app": TEXT,
        "environment": TEXT,
        "cluster": TEXT,
        "object": use("object"),
        "key": TEXT,
        "reference": TEXT,
        "state": {"enum": list(STATES)},
        "reason": TEXT,
        "hint": TEXT,
    },
    {"bytes": WHOLE},
)

VALUE: Json = {"file": TEXT, "key": TEXT, "line": WHOLE, "changedAt": LATER_TIME, "author": TEXT, "commit": TEXT, "anew": YES}
CONSUMER: Json = {"app": TEXT, "object": TEXT, "how": word(UseKind), "keys": many(TEXT), "optional": YES, "refreshesItself": YES}
AUDITED: Json = {"name": TEXT, "app": TEXT, "madeBy": TEXT, "file": TEXT, "keeping": word(Keeping), "keys": maybe(many(TEXT))}
AUDITED |= {"changedAt": LATER_TIME, "values": many(shape(VALUE)), "readers": many(shape({"recipient": TEXT, "name": TEXT}))}
AUDITED |= {"consumers": many(shape(CONSUMER)), "unread": YES}
AUDIT_FINDING: Json = {"rule": word(AuditRule), "secret": TEXT, "message": TEXT, "hint": TEXT}
AUDIT: Json = {"place": TEXT, "secrets": many(shape(AUDITED)), "findings": many(shape(AUDIT_FINDING)), "notes": many(TEXT)}
AUDIT |= {"accepted": many(shape({**AUDIT_FINDING, "reason": TEXT}))}

SECRETS: dict[str, Json] = {
    "ResealResult": shape({"files": many(TEXT), "unchanged": many(TEXT), "fingerprint": TEXT, "commit": SHA, "pushed": YES}),
    "SealedSecretStatus": shape(
        {
            "sealedSecrets": many(shape(SEALED)),
            "certificate": maybe(shape({"fingerprint": TEXT, "ends": LATER_TIME, "expired": YES, "endsSoon": YES})),
            "findings": WHOLE,
            "passedOver": many(PASSED_OVER),
        }
    ),
    "SecretAudit": shape({"audits": many(shape(AUDIT))}),
    "SecretGitSetup": shape({"settings": many(TEXT), "added": many(TEXT), "removed": many(TEXT), "files": WHOLE, "changed": YES}),
    "SecretKey": shape({"recipient": TEXT, "file": TEXT, "appended": YES}),
    "SecretRecipientList": shape(
        {
            "items": many(shape({"recipient": TEXT, "name": TEXT, "config": TEXT, "rules": many(TEXT), "files": WHOLE})),
            "unruled": many(TEXT),
        }
    ),
    "SecretRecipients": shape(
        {
            "recipient": TEXT,
            "name": TEXT,
            "action": {"enum": ["added", "removed"]},
            "rules": many(TEXT),
            "files": many(shape({"file": TEXT, "added": many(TEXT), "removed": many(TEXT)})),
            "toChange": many(shape({"file": TEXT, "keys": many(TEXT)})),
            "commit": maybe(SHA),
        }
    ),
    "SecretResult": shape(
        {"action": {"enum": ["encrypted", "edited", "rotated", "sealed", "baseline", "made"]}, "files": many(TEXT)}, {"rules": TEXT}
    ),
    "SecretRules": shape(
        {
            "items": many(shape({"config": TEXT, "pathRegex": TEXT, "recipients": WHOLE, "files": WHOLE})),
            "unruled": many(TEXT),
        }
    ),
    "SecretScan": shape({"files": WHOLE, "findings": many(shape(FINDING)), "accepted": many(ACCEPTED), "passedOver": many(PASSED_OVER)}),
    "SecretStatus": shape(
        {
            "files": many(
                shape(
                    {
                        "file": TEXT,
                        "encrypted": YES,
                        "state": word(SecretState),
                        "recipients": many(TEXT),
                        "modified": TEXT,
                        "rule": word(RuleMatch),
                        "missing": many(TEXT),
                        "surplus": many(TEXT),
                        "why": TEXT,
                    }
                )
            ),
            "findings": WHOLE,
        }
    ),
    "SecretView": shape(
        {"file": TEXT, "values": many(shape({"document": WHOLE, "path": many({"type": ["string", "integer"]}), "bytes": WHOLE}))}
    ),
    "SecretReferences": shape({"checked": YES, "references": many(REFERENCE), "errors": many(use("error"))}),
    "SecretMerge": shape(
        {"file": TEXT, "merged": WHOLE, "conflicts": many(shape({"key": TEXT, "ours": TEXT, "theirs": TEXT})), "written": YES}
    ),
}
