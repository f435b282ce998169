"""Write src/gitctl/schemas/kubernetes/VERSION.json.gz from the sandbox's API server, without prose. A test keeps the file fresh.

.venv/bin/python tools/dump_schemas.py
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from gitctl import sandbox
from gitctl.sandbox.server import ask
from gitctl.schemas.openapi import BUILT_IN, reachable, read

FOLDER = Path(__file__).parents[1] / "src" / "gitctl" / "schemas" / "kubernetes"
_PROSE = ("description", "x-kubernetes-patch-merge-key", "x-kubernetes-patch-strategy")


def dump(plane: sandbox.ControlPlane) -> tuple[str, dict[str, Any]]:
    """The version (`1.37`) and one OpenAPI document of all built-in kinds."""
    version = ask(plane, "GET", "/version").json()
    paths = ask(plane, "GET", "/openapi/v3").json()["paths"]
    components: dict[str, Any] = {}
    for name in sorted(paths):
        if name.startswith(("api/", "apis/")):
            document = ask(plane, "GET", paths[name]["serverRelativeURL"]).json()
            # The documents of custom resources have some of Kubernetes' own types too, in an older form.
            if all(component.startswith(BUILT_IN) for component in read(document).kinds.values()):
                components |= document.get("components", {}).get("schemas", {})
    return f"{version['major']}.{version['minor']}", {"components": {"schemas": _built_in(components)}}


def _built_in(components: dict[str, Any]) -> dict[str, Any]:
    """The components that kinds of Kubernetes need; lists are no kinds of their own."""
    kinds = read({"components": {"schemas": components}}).kinds
    names = {name for (_, kind), name in kinds.items() if name.startswith(BUILT_IN) and not kind.endswith("List")}
    found = {part: schema for name in names for part, schema in reachable(components, name).items()}
    return {name: _terse(found[name]) for name in sorted(found)}


def _terse(value: Any) -> Any:
    """Without prose; a property that is called `description` is no prose."""
    if isinstance(value, dict):
        return {k: _terse(v) for k, v in value.items() if not (k in _PROSE and isinstance(v, str))}
    return [_terse(v) for v in value] if isinstance(value, list) else value


def packed(document: dict[str, Any]) -> bytes:
    """The same document always gives the same bytes."""
    return gzip.compress(json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), mtime=0)


if __name__ == "__main__":
    version, document = dump(sandbox.up("schemas"))
    sandbox.down("schemas", purge=True)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{version}.json.gz").write_bytes(packed(document))
    print(f"{version}: {len(document['components']['schemas'])} components")
