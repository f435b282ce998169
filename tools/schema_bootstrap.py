"""The schema of what bootstrap tells: the apps that it proposes, and the files that it wrote."""

from __future__ import annotations

from schema_words import SHA, TEXT, YES, Json, many, maybe, shape, word

from gitctl.model.app import RenderKind
from gitctl.workflow.bootstrap.files import FileState
from gitctl.workflow.bootstrap.wanted import Layout

PROPOSED = shape(
    {
        "name": TEXT,
        "path": TEXT,
        "render": word(RenderKind),
        "environments": many(TEXT),
        "valuesFiles": many(TEXT),
        "reason": TEXT,
        "toDo": many(TEXT),
    }
)

BOOTSTRAP: Json = {
    "folder": TEXT,
    "name": TEXT,
    "layout": word(Layout),
    "environments": many(TEXT),
    "dryRun": YES,
    "commit": maybe(SHA),
    "apps": many(PROPOSED),
    "passed": many(shape({"path": TEXT, "reason": TEXT})),
    "files": many(shape({"path": TEXT, "state": word(FileState), "diff": TEXT})),
    "leftToDo": many(TEXT),
}
