"""Schemas of named Kubernetes versions: those that gitctl ships, those of plug-ins, and those in a folder of the user's.

A folder holds a file `1.37.json.gz` or `1.37.json`, or a folder `1.37` with several such files, a version: OpenAPI v3 documents as API
servers publish them (`kubectl get --raw /openapi/v3/apis/apps/v1`) and as Kubernetes' repository has them in `api/openapi-spec/v3`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import orjson

from gitctl.errors import ErrorId, InputError
from gitctl.schemas.lifecycle import minor_of
from gitctl.schemas.openapi import ApiDocument, read

ENTRY_POINTS = "gitctl.schemas"
"""Entry points of this group name a folder of schemas: a `pathlib.Path` or a text."""

_OWN = Path(__file__).parent / "kubernetes"
_SUFFIXES = (".json", ".json.gz")


def versions(folder: Path | None = None) -> Mapping[str, Path]:
    """The versions that there are (`1.37`), the newest first, and where. The user's folder wins over plug-ins, these over what is shipped.

    Raises InputError for a folder that is not there, and for a plug-in that does not load.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder",
            id=ErrorId.FOLDER_MISSING,
            hint="--schemas names a folder with a file or folder for each version: 1.37.json",
        )
    found: dict[str, Path] = {}
    for place in (_OWN, *_plugged(), *([folder] if folder else [])):
        found |= {version: path for path in sorted(place.iterdir()) if (version := _version(path))}
    return {version: found[version] for version in sorted(found, key=lambda v: minor_of(v) or (0, 0), reverse=True)}


def _version(path: Path) -> str:
    name = path.name if path.is_dir() else next((path.name.removesuffix(s) for s in reversed(_SUFFIXES) if path.name.endswith(s)), "")
    found = minor_of(name)
    return f"{found[0]}.{found[1]}" if found else ""


def _plugged() -> Iterable[Path]:
    for point in entry_points(group=ENTRY_POINTS):
        try:
            yield Path(point.load())
        except Exception as error:
            hint = f"update or remove {point.dist.name if point.dist else point.value}"
            message = f"the plug-in {point.name!r} does not load: {type(error).__name__}"
            raise InputError(message, id=ErrorId.PLUGIN_BROKEN, hint=hint) from error


def named(version: str, folder: Path | None = None) -> ApiDocument:
    """The schemas of a version, `1.37` or `1.37.2`. Raises InputError for one that is not there, with those that are."""
    known = versions(folder)
    minor = minor_of(version)
    path = known.get(f"{minor[0]}.{minor[1]}") if minor else None
    if path is None:
        hint = "name one that is there with --kubernetes-version, or a folder that has it with --schemas"
        raise InputError(f"no schemas of Kubernetes {version}; there are: {', '.join(known)}", id=ErrorId.SCHEMAS_MISSING, hint=hint)
    files = sorted(f for f in path.iterdir() if f.name.endswith(_SUFFIXES)) if path.is_dir() else [path]
    documents = [_read(file) for file in files]
    components = {name: schema for d in documents for name, schema in d.components.items()}
    return ApiDocument(components, {kind: name for d in documents for kind, name in d.kinds.items()})


def _read(file: Path) -> ApiDocument:
    try:
        content = file.read_bytes()
        document = orjson.loads(gzip.decompress(content) if file.name.endswith(".gz") else content)
    except (OSError, EOFError, orjson.JSONDecodeError) as error:
        message = f"the schemas in {file} cannot be read: {type(error).__name__}"
        raise InputError(message, id=ErrorId.SCHEMAS_UNREADABLE, hint="they are OpenAPI v3 documents") from error
    if not isinstance(document, dict):
        hint = "`kubectl get --raw /openapi/v3/apis/apps/v1` prints one"
        raise InputError(f"{file} is no OpenAPI document", id=ErrorId.SCHEMAS_UNREADABLE, hint=hint)
    return read(document)
