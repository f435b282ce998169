"""The JSON schema of gitctl.yaml, for editors and for our own check."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from gitctl.config.shape import Project


@lru_cache(maxsize=1)
def json_schema() -> dict[str, Any]:
    """The schema as JSON Schema 2020-12; callers must not change it."""
    import msgspec

    made = msgspec.json.schema(Project)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def schema_text() -> str:
    """The schema file, byte for byte."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
