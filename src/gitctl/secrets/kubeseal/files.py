"""SealedFiles: files of Secrets and SealedSecrets as `gitctl secret` works with them: content in, content out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gitctl import documents
from gitctl.documents import load_all
from gitctl.errors import ErrorId, InputError, ManifestError
from gitctl.model.manifest import Json
from gitctl.model.sealing import Scope, SealStatus
from gitctl.secrets import pysops
from gitctl.secrets.kubeseal import sealed
from gitctl.secrets.kubeseal.check import inspect
from gitctl.secrets.kubeseal.crypt import Certificate, SealingKey
from gitctl.secrets.kubeseal.errors import NotASecret
from gitctl.secrets.kubeseal.place import SEALED_WITH, Place, annotations_of, place_of
from gitctl.secrets.kubeseal.sealed import Chosen, mapping
from gitctl.secrets.kubeseal.secret import read_secret

_HINT = b"SealedSecret"

Learn = Callable[[bytes], None]
"""Told every plaintext, so that nothing prints it."""


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """What to seal with (`certificate`) and to open with (`keys`, newest first); `chosen` is the place that the command line says."""

    certificate: Certificate | None = None
    keys: Sequence[SealingKey] = ()
    chosen: Chosen = Chosen()
    allow_empty: bool = False
    learn: Learn = lambda _: None

    def seal(self, path: str, content: bytes, *, as_json: bool = False) -> bytes:
        """The Secrets of a file as SealedSecrets; a file that sops encrypted is opened first. Raises InputError family."""
        return _written([self._seal(value, path) for value in _some(_values(self._plain(path, content), path), path)], as_json=as_json)

    def seal_value(self, content: bytes, *, where: str) -> str:
        """One value alone. Raises BadScope."""
        scope = self.chosen.scope or Scope.STRICT
        place = Place(scope, self.chosen.namespace, self.chosen.name)
        place.check(where=where)
        self.learn(content)
        return sealed.seal_value(content, self._for(), place)

    def merge(self, path: str, content: bytes, into: str, before: bytes) -> bytes:
        """The SealedSecret `into` with the values of a Secret. Raises InputError family."""
        old = _only(_values(before, into), into)
        metadata = mapping(old, "metadata")
        sealed.sealed_values(old, where=into)
        plain = _only(_values(self._plain(path, content), path), path)
        named = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
        if isinstance(plain, dict):
            plain = plain | {"metadata": named | mapping(plain, "metadata")}
        scope = self.chosen.scope or place_of(metadata).scope
        new = self._seal(plain, path, Chosen(scope, self.chosen.namespace, self.chosen.name))
        return rewritten(before, [sealed.merged(old, new, where=into)], where=into)

    def open(self, path: str, content: bytes, *, as_json: bool = False) -> tuple[bytes, tuple[str, ...]]:
        """The Secrets of a file of SealedSecrets, and the keys that only the controller can fill in. Raises InputError family."""
        opened = [sealed.open_sealed(value, self.keys, where=path) for value in _some(_values(content, path), path)]
        return _written([one.body for one in opened], as_json=as_json), tuple(key for one in opened for key in one.templated)

    def reseal(self, path: str, content: bytes) -> bytes:
        """The same values for the certificate; everything else in the file stays as it is. Raises InputError family."""
        values = _values(content, path)
        if not any(map(sealed.is_sealed, values)):
            sealed.sealed_values(values[0] if values else None, where=path)
        certificate = self._for()
        return rewritten(
            content,
            [sealed.reseal(v, self.keys, certificate, self.learn, where=path) if sealed.is_sealed(v) else v for v in values],
            where=path,
        )

    def inspect(self, path: str, content: bytes) -> tuple[SealStatus, ...]:
        """The state of each SealedSecret in a file; () for other files. `chosen` has the namespace of those that name none.

        Raises ManifestError.
        """
        if _HINT not in content:
            return ()
        found = [value for value in _values(content, path) if sealed.is_sealed(value)]
        inside = {"namespace": self.chosen.namespace} if self.chosen.namespace else {}
        placed = [body | {"metadata": inside | mapping(body, "metadata")} for body in found]
        return tuple(inspect(body, self.certificate, self.keys, file=path) for body in placed)

    def _seal(self, value: Any, path: str, chosen: Chosen | None = None) -> Json:
        secret = read_secret(value, where=path)
        for plain in secret.values.values():
            self.learn(plain)
        return sealed.seal(secret, self._for(), chosen or self.chosen, allow_empty=self.allow_empty, where=path)

    def _plain(self, path: str, content: bytes) -> bytes:
        if not pysops.is_encrypted(path, content):
            return content
        return pysops.decrypt(content, kind=pysops.kind_of(path, content), filename=path)

    def _for(self) -> Certificate:
        assert self.certificate is not None, "the command line asks for one"
        return self.certificate


def rewritten(content: bytes, wanted: Sequence[Any], *, where: str) -> bytes:
    """The file with the SealedSecrets of `wanted` in the place of its own. Comments, order and quotes stay where that is possible."""
    before = _values(content, where)
    draft = content
    for old, new in zip(before, wanted, strict=True):
        for one, other in _swaps(old, new):
            draft = draft.replace(one.encode(), other.encode(), 1)
    if draft == content and list(before) == list(wanted):
        return content
    if _reads_as(draft, wanted, where):
        return draft
    # A stream cannot be edited: a first mark is worth less than its comments.
    if len(before) > 1 and _reads_as(draft, [_without_new_mark(old, new) for old, new in zip(before, wanted, strict=True)], where):
        return draft
    is_json = len(before) == 1 and content.lstrip().startswith(b"{")
    if len(before) == 1 and not is_json:
        edited = documents.edit(content.decode(), _changes(before[0], wanted[0])).encode()
        if _reads_as(edited, wanted, where):
            return edited
    return _written(wanted, as_json=is_json)


def _swaps(old: Any, new: Any) -> list[tuple[str, str]]:
    """Texts that are long and random enough to be found by themselves."""
    if not (sealed.is_sealed(old) and sealed.is_sealed(new)):
        return []
    was, now = (mapping(mapping(body, "spec"), "encryptedData") for body in (old, new))
    pairs = [(text, now[key]) for key, text in was.items() if key in now]
    marks = [annotations_of(mapping(body, "metadata")).get(SEALED_WITH) for body in (old, new)]
    if all(isinstance(mark, str) and mark for mark in marks):
        pairs.append((str(marks[0]), str(marks[1])))
    return [(one, other) for one, other in pairs if one and one != other]


def _without_new_mark(old: Any, new: Any) -> Any:
    metadata = mapping(new, "metadata")
    if SEALED_WITH in annotations_of(mapping(old, "metadata")) or SEALED_WITH not in annotations_of(metadata):
        return new
    annotations = {key: value for key, value in annotations_of(metadata).items() if key != SEALED_WITH}
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return new | {"metadata": rest | ({"annotations": annotations} if annotations else {})}


def _changes(old: Json, new: Json) -> dict[tuple[str | int, ...], Any]:
    """The paths at which a SealedSecret became another."""
    changes: dict[tuple[str | int, ...], Any] = {}
    for path in (("spec", "encryptedData"), ("metadata", "annotations"), ("spec", "template", "metadata")):
        was, now = old, new
        for step in path:
            was, now = mapping(was, step), mapping(now, step)
        changes |= {(*path, key): value for key, value in now.items() if was.get(key) != value}
    return changes


def _reads_as(content: bytes, wanted: Sequence[Any], where: str) -> bool:
    try:
        return _values(content, where) == list(wanted)
    except ManifestError:
        return False


def _values(content: bytes, where: str) -> list[Any]:
    return [loaded.value for loaded in load_all(content, where=where)]


def _some(values: list[Any], where: str) -> list[Any]:
    if not values:
        raise NotASecret("nothing in it", where=where, hint="a manifest is wanted; --raw seals any value")
    return values


def _only(values: Sequence[Any], where: str) -> Any:
    if len(values) != 1:
        raise InputError(f"{len(values)} documents, where one is meant", id=ErrorId.SECRET_CONTENT, where=where)
    return values[0]


def _written(values: Sequence[Any], *, as_json: bool) -> bytes:
    if as_json:
        one = values[0] if len(values) == 1 else {"apiVersion": "v1", "kind": "List", "items": list(values)}
        return documents.to_json(one).encode() + b"\n"
    return (documents.dump(values[0]) if len(values) == 1 else documents.dump_all(values)).encode()
