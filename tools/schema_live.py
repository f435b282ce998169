"""Schemas of what is told of live objects: their tree, and where they come from."""

from __future__ import annotations

from schema_words import ANY, LATER_TIME, SHA, TEXT, WHOLE, Json, many, maybe, shape, use, word

from gitctl.model.health import HealthState

PLACE: Json = {"environment": TEXT, "cluster": TEXT}
# Beside it: "" where the place is a cluster; then `cluster` has the name.
BRANCH: Json = {"branch": TEXT}
LINE: Json = {"path": TEXT, "line": WHOLE}

LIVE_DEFINITIONS: dict[str, Json] = {
    "node": shape(
        {
            "object": use("object"),
            "health": word(HealthState),
            "message": TEXT,
            "rule": TEXT,
            "created": LATER_TIME,
            "owned": many(use("node")),
        }
    ),
    "applied": shape(
        {
            "app": TEXT,
            "owner": TEXT,
            "object": use("object"),
            "revision": SHA,
            "acknowledged": SHA,
            "acknowledgedName": TEXT,
            "record": maybe(WHOLE),
            "actor": TEXT,
        }
    ),
    "traced": shape(
        {
            **PLACE,
            "object": use("object"),
            "health": word(HealthState),
            "message": TEXT,
            "owners": many(use("object")),
            "applied": maybe(use("applied")),
            "source": maybe(shape({**LINE, "renderer": TEXT})),
            "commit": maybe(use("commit")),
            "fields": many(
                shape(
                    {
                        "path": TEXT,
                        "wanted": ANY,
                        "source": maybe(shape(LINE)),
                        "commit": maybe(use("commit")),
                        "managers": many(use("owner")),
                    }
                )
            ),
            "others": many(TEXT),
            "gap": TEXT,
        }
    ),
}
