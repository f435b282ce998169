"""Rendered objects as YAML, JSON or names."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gitctl.cli.session import Session
from gitctl.documents import dump_all
from gitctl.errors import raise_all
from gitctl.model.manifest import Json, Manifest
from gitctl.redact import mask_object
from gitctl.workflow.plan import Rendered


def show_rendered(session: Session, rendered: Sequence[Rendered], *, plain: bool) -> int:
    """Print every app's objects in order. Nothing is printed when one of them cannot be rendered. Raises its error."""
    raise_all(r.error for r in rendered if r.error)
    results = [r.result for r in rendered if r.result]
    for result in results:
        for warning in result.warnings:
            session.warn(f"{result.app}: {warning}")
    bodies = [_body(m, plain) for result in results for m in result.manifests]
    match session.flags.output.value:
        case "json":
            items = {"apiVersion": "v1", "kind": "List", "items": bodies}
            text = json.dumps(items, indent=2, ensure_ascii=False) + "\n"
        case "name":
            text = "".join(f"{m.ref}\n" for result in results for m in result.manifests)
        case _:
            text = dump_all(bodies)
    session.raw(text if plain else session.redactor.clean(text))
    return 0


def _body(manifest: Manifest, plain: bool) -> Json:
    return manifest.body if plain else mask_object(manifest.body, manifest.sensitive)
