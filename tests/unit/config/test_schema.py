from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gitctl.config import shape
from gitctl.config.conform import conform
from gitctl.config.schema import json_schema, schema_text

PUBLISHED = Path(__file__).parents[3] / "docs" / "gitctl.schema.json"


def test_the_published_schema_is_fresh() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text(), "run `python tools/generate_schema.py`"


def test_every_key_is_strict_and_every_mapping_described() -> None:
    schema = json.loads(schema_text())
    for name, part in schema["$defs"].items():
        assert part["additionalProperties"] is False, name
        assert part["description"], name


SCALARS = st.sampled_from(["dev", "5m", "", "Bad Name", "/spec", "1.30", "skip", None, True, 1, 0.5, -1])
LEAVES = SCALARS | st.lists(SCALARS, max_size=2)
APPS = st.dictionaries(
    st.sampled_from(["path", "wait", "prune", "hooks", "depends_on", "labels", "helm", "pth"]),
    LEAVES | st.just({"hooks": "skip"}),
    max_size=4,
)
VALUES = st.fixed_dictionaries(
    {"apiVersion": st.sampled_from(["gitctl.dev/v1", "v1"]), "kind": st.just("Project"), "name": st.sampled_from(["shop", "Shop", 1])},
    optional={
        "source": st.dictionaries(st.sampled_from(["url", "ref", "x"]), SCALARS),
        "environments": st.dictionaries(st.sampled_from(["dev", "Dev"]), st.dictionaries(st.sampled_from(["clusters", "protect"]), LEAVES)),
        "apps": st.dictionaries(st.sampled_from(["web", "w w"]), APPS, max_size=2),
        "limits": st.dictionaries(st.sampled_from(["prune_count", "prune_share"]), SCALARS),
    },
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_what_conforms_is_what_msgspec_reads(value: Any) -> None:
    """The check that finds everything and the reader that stops at the first error say yes to the same files."""
    assert bool(list(conform(value, json_schema()))) is not is_readable(value)


def is_readable(value: Any) -> bool:
    try:
        msgspec.convert(value, shape.Project)
    except msgspec.ValidationError:
        return False
    return True
