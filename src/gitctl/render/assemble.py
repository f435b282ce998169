"""Raw objects → manifests: namespace, plaintext, normal form, digests, order; all faults of an app at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitctl.documents import canonical
from gitctl.errors import ErrorId, GitctlError, ManifestError, raise_all
from gitctl.model.app import App
from gitctl.model.fieldpath import look
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin, Path
from gitctl.protocols import Vault
from gitctl.render.advice import advice
from gitctl.render.digest import digest_of
from gitctl.render.generated import masked
from gitctl.render.kept import Item, Ready
from gitctl.render.lint import faults
from gitctl.render.normal import moved, normal
from gitctl.render.raw import Raw
from gitctl.render.scope import GroupKind, cluster_scoped, group_of

CREATED = "gitctl"
"""The renderer in the origin of the Namespace that `create_namespace` adds."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """Manifests in the order of their files, and warnings. `items` are what they were made of, ready where nothing secret is in it."""

    manifests: tuple[Manifest, ...]
    warnings: tuple[str, ...]
    items: tuple[Item, ...]


def assemble(app: App, objects: Sequence[Item], vault: Vault, *, renderer: str, sealed: Mapping[str, bytes] | None = None) -> Assembled:
    """All objects of an app. Raises ManifestError (ManyErrors for several), and what the vault raises.

    `sealed` are encrypted files that were read as they are: path → content.
    """
    several = Counter(item.path for item in objects)
    whole = {path: content for path, content in (sealed or {}).items() if several[path] == 1}
    assembly = _Assembly(app, vault, renderer, cluster_scoped(map(_body, objects)), whole)
    for item in sorted(objects, key=lambda item: item.path):
        if isinstance(item, Ready):
            assembly.add_ready(item)
        else:
            assembly.add(item)
    raise_all(assembly.errors)
    return Assembled(tuple(assembly.with_namespace()), tuple(assembly.warnings), tuple(assembly.items))


def _body(item: Item) -> Json:
    return item.manifest.body if isinstance(item, Ready) else item.body


@dataclass(slots=True)
class _Assembly:
    """One app's objects on their way."""

    app: App
    vault: Vault
    renderer: str
    without_namespace: frozenset[GroupKind]
    sealed: Mapping[str, bytes]
    manifests: list[Manifest] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    places: dict[ObjectRef, Item] = field(default_factory=dict)
    errors: list[GitctlError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add_ready(self, item: Ready) -> None:
        """Take in an object that was checked before."""
        if self._is_first(item.manifest.ref, item):
            self.warnings += item.advice
            self.manifests.append(item.manifest)
            self.items.append(item)

    def _is_first(self, ref: ObjectRef, item: Item) -> bool:
        first = self.places.setdefault(ref, item)
        if first is not item:
            self.errors.append(_twice(ref, *(one.raw if isinstance(one, Ready) else one for one in (item, first))))
        return first is item

    def add(self, raw: Raw) -> None:
        """Check one object and take it in; its faults are collected."""
        plain, sensitive = self.vault.uncover(raw.body)
        found = list(faults(replace(raw, body=plain)))
        if found:
            self.errors += found
            return
        written = normal(raw.body)
        covered = self._stamped(written)
        ref = _ref(covered)
        if not self._is_first(ref, raw):
            return
        body = self._stamped(normal(plain)) if sensitive else covered
        whole = self.sealed.get(raw.path, b"") if sensitive and not raw.step and covered == written else b""
        self._take(raw, ref, body, covered, tuple(moved(path, plain) for path in sensitive), whole)

    def _take(self, raw: Raw, ref: ObjectRef, body: Json, covered: Json, sensitive: tuple[Path, ...], whole: bytes) -> None:
        # Generated values differ with every render: they are no part of a digest.
        text = canonical(masked(covered, ref, self.app.generated))
        said = tuple(advice(ref, raw.body, len(text)))
        origin = Origin(raw.path, raw.line, raw.index, self.renderer)
        under = tuple(str(look(covered, path)) for path in sensitive)
        made = Manifest(ref, body["apiVersion"], body, origin, digest_of(text), sensitive, sealed=whole, covered=under)
        self.warnings += said
        self.manifests.append(made)
        self.items.append(raw if sensitive else Ready(made, said))

    def _stamped(self, body: Json) -> Json:
        """The app's namespace where the object names none; none where its kind has none."""
        metadata = {k: v for k, v in body["metadata"].items() if k != "namespace"}
        if (group_of(body["apiVersion"]), body["kind"]) in self.without_namespace:
            return {**body, "metadata": metadata}
        namespace = body["metadata"].get("namespace") or self.app.namespace
        if not namespace or body["metadata"].get("namespace"):
            return body if namespace else {**body, "metadata": metadata}
        name = metadata.pop("name")
        return {**body, "metadata": {"name": name, "namespace": namespace, **metadata}}

    def with_namespace(self) -> list[Manifest]:
        """The manifests, after the app's Namespace where gitctl is to create it and the files do not have it."""
        app = self.app
        ref = ObjectRef("", "Namespace", "", app.namespace)
        if not (app.create_namespace and app.namespace) or ref in self.places:
            return self.manifests
        body: Json = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": app.namespace}}
        origin = Origin("gitctl.yaml", renderer=CREATED)
        return [Manifest(ref, "v1", body, origin, digest_of(canonical(body))), *self.manifests]


def _ref(body: Json) -> ObjectRef:
    metadata = body["metadata"]
    return ObjectRef(group_of(body["apiVersion"]), body["kind"], metadata.get("namespace", ""), metadata["name"])


def _twice(ref: ObjectRef, raw: Raw, first: Raw) -> ManifestError:
    hint = "take one of them out" if raw.text else "two sources of the app make the same object"
    return raw.fault(f"{ref} is there twice, first at {first.where()}", hint=hint, id=ErrorId.DUPLICATE_OBJECT)
