"""Rendered objects as YAML, JSON or names."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.documents import dump_all
from gitctl.errors import raise_all
from gitctl.model.manifest import Json, Manifest
from gitctl.redact import mask_object, printable_json
from gitctl.workflow.plan import Rendered


def show_rendered(session: Session, rendered: Sequence[Rendered], *, plain: bool) -> int:
    """Print every app's objects in order. Nothing is printed when one of them cannot be rendered. Raises its error."""
    raise_all(r.error for r in rendered if r.error)
    results = [r.result for r in rendered if r.result]
    for result in results:
        for warning in result.warnings:
            session.warn(f"{result.app}: {warning}")
    bodies = [_body(session, m, plain) for result in results for m in result.manifests]
    match session.flags.output:
        case Output.JSON:
            text = printable_json(json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies}, indent=2, ensure_ascii=False))
        case Output.NAME:
            text = session.redactor.clean("".join(f"{m.ref}\n" for result in results for m in result.manifests))
        case _:
            text = dump_all(bodies)
    session.raw(text)
    return 0


def _body(session: Session, manifest: Manifest, plain: bool) -> Json:
    return manifest.body if plain else session.redactor.clean_json(mask_object(manifest.body, manifest.sensitive))
