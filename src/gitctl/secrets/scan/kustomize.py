"""Secrets that a kustomization makes of what it holds (`secretGenerator.literals`) and of other files (`envs`, `files`)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from gitctl.errors import ManifestError
from gitctl.model.exposure import Exposure, ExposureKind, GeneratorInput
from gitctl.model.filename import KUSTOMIZATIONS
from gitctl.model.manifest import Json, Path
from gitctl.secrets.pysops.kind import is_encrypted
from gitctl.secrets.scan.allow import with_reasons
from gitctl.secrets.scan.objects import Found, exposed
from gitctl.secrets.scan.place import Places
from gitctl.secrets.scan.text import Document, documents
from gitctl.secrets.scan.value import is_plain

_LINE = re.compile(rb"^[ \t]*(?P<key>[^\s#=]+)=(?P<value>.*)$", re.MULTILINE)


def exposed_literals(file: str, document: Document) -> Iterator[Exposure]:
    """Plain `literals` of a kustomization."""
    for path, generator in _generators(document.value):
        for number, literal in enumerate(_texts(generator.get("literals"))):
            key, _, value = literal.partition("=")
            found = Found(ExposureKind.GENERATOR, (*path, "literals", number), value.strip("\"'"), key, _name(generator))
            yield from exposed(file, document, found)


def generator_inputs(path: str, content: bytes) -> tuple[GeneratorInput, ...]:
    """The files that a kustomization makes Secrets of; () for other files, and for those that cannot be read."""
    if posixpath.basename(path) not in KUSTOMIZATIONS or b"secretGenerator" not in content:
        return ()
    try:
        found = [generator for document in documents(path, content) for _, generator in _generators(document.value)]
    except ManifestError:
        return ()
    folder = posixpath.dirname(path)
    return tuple(dict.fromkeys(entry for generator in found for entry in _inputs(folder, generator)))


def exposed_inputs(path: str, content: bytes, lines: bool) -> tuple[Exposure, ...]:
    """What lies open in a file that a Secret is made of: each line `KEY=value`, or the whole file."""
    if is_encrypted(path, content):
        return ()
    text = content.decode("utf-8", "replace")
    found = _lines(path, content) if lines else _whole(path, text, len(content))
    return with_reasons(found, text)


def _lines(path: str, content: bytes) -> Iterator[Exposure]:
    places = Places(content)
    for entry in _LINE.finditer(content):
        key, value = (entry[part].decode("utf-8", "replace").strip() for part in ("key", "value"))
        if is_plain(value.strip("\"'")):
            line, column = places.of(entry.start("key"))
            yield Exposure(path, line, column, ExposureKind.GENERATOR, key, size=len(value.encode()))


def _whole(path: str, text: str, size: int) -> Iterator[Exposure]:
    if is_plain(text):
        yield Exposure(path, 1, 1, ExposureKind.GENERATOR, posixpath.basename(path), size=size)


def _generators(value: Any) -> Iterator[tuple[Path, Json]]:
    generators = value.get("secretGenerator") if isinstance(value, dict) else None
    for number, generator in enumerate(generators if isinstance(generators, list) else ()):
        if isinstance(generator, dict):
            yield ("secretGenerator", number), generator


def _inputs(folder: str, generator: Json) -> Iterator[GeneratorInput]:
    envs = [*_texts(generator.get("envs")), *_texts([generator.get("env")])]
    for text in envs:
        yield GeneratorInput(posixpath.normpath(posixpath.join(folder, text)), lines=True)
    for text in _texts(generator.get("files")):
        yield GeneratorInput(posixpath.normpath(posixpath.join(folder, text.split("=", 1)[-1])), lines=False)


def _texts(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _name(generator: Json) -> str:
    name = generator.get("name")
    return f"Secret/{name}" if isinstance(name, str) else "Secret"
