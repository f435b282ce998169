"""`--from DIR`: the first app out of manifests that exist: referenced inside of the repository, copied from outside of it."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from gitctl.errors import ErrorId, InputError, Refused
from gitctl.model.app import RenderKind
from gitctl.model.quantity import counted
from gitctl.protocols import Tree
from gitctl.render.kustomization import kustomization_of
from gitctl.workflow.bootstrap.example import place
from gitctl.workflow.bootstrap.template import folder
from gitctl.workflow.bootstrap.wanted import Layout, Start
from gitctl.workflow.existing.content import objects_in
from gitctl.workflow.existing.environments import PLACEHOLDER
from gitctl.workflow.existing.find import find_apps
from gitctl.workflow.existing.plain import SUFFIXES
from gitctl.workflow.existing.proposal import Found, ProposedApp
from gitctl.workflow.scan import Detector, scan


@dataclass(frozen=True, slots=True)
class Given:
    """What is taken: the folder `path` of `tree` ("" is all of it), as the app `name`. `inside`: the tree is the repository itself.

    `detector` finds secrets that must not be copied.
    """

    tree: Tree
    path: str
    name: str
    inside: bool
    detector: Detector


@dataclass(frozen=True, slots=True)
class _Held:
    """Files in memory, for the scan."""

    contents: Mapping[str, bytes]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.contents)

    def read(self, names: Collection[str], *, largest: int) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
        held = {name: self.contents[name] for name in names if name in self.contents}
        large = tuple(name for name, content in held.items() if len(content) > largest)
        return {name: content for name, content in held.items() if name not in large}, large


@dataclass(frozen=True, slots=True)
class _Taking:
    given: Given
    environments: tuple[str, ...]
    place: str


def look(given: Given) -> Found:
    """What the folder holds. Raises InputError when that is no app, with the reasons."""
    found = find_apps(given.tree, project=given.name, below=given.path)
    if not found.apps:
        reasons = [f"{one.path}: {one.reason}" for one in found.passed]
        told = "--from: no manifests, kustomization or chart that can be an app"
        raise InputError(told, id=ErrorId.NO_APP_FOUND, where=given.path or given.name, details=reasons)
    return found


def taken_start(given: Given, found: Found, layout: Layout, environments: tuple[str, ...]) -> Start:
    """The app and its files. Raises InputError for several apps outside of the repository, Refused for a Secret in plain text."""
    if given.inside and len(found.apps) > 1:
        return Start(found.apps)
    if len(found.apps) > 1:
        listed = ", ".join(app.path for app in found.apps)
        raise InputError(
            f"--from: {len(found.apps)} apps are there: {listed}", id=ErrorId.NO_APP_FOUND, hint="name the folder of one of them"
        )
    (app,) = found.apps
    taking = _Taking(given, environments, place(layout, given.name))
    return _referenced(taking, app) if given.inside else _copied(taking, app)


def _referenced(taking: _Taking, app: ProposedApp) -> Start:
    if app.render is not RenderKind.KUSTOMIZE or PLACEHOLDER in app.path:
        return Start((_settled(taking, app, app.path),))
    overlays = f"{taking.place}/overlays"
    base = posixpath.relpath(app.path, f"{overlays}/{PLACEHOLDER}")
    path = f"{overlays}/{PLACEHOLDER}"
    return Start((_settled(taking, app, path),), _overlays(taking, base))


def _copied(taking: _Taking, app: ProposedApp) -> Start:
    files = {name: taking.given.tree.files(name)[name] for name in taking.given.tree.names("") if not _is_hidden(name)}
    _refuse_plaintext(files, taking.given.detector)
    if app.path != ".":
        return Start((_settled(taking, app, f"{taking.place}/{app.path}"),), _at(taking.place, files))
    if app.render is RenderKind.HELM:
        return _copied_chart(taking, app, files)
    if app.render is RenderKind.PLAIN:
        files = {**files, "kustomization.yaml": _kustomization(files)}
    path = f"{taking.place}/overlays/{PLACEHOLDER}"
    return Start((_settled(taking, app, path),), {**_at(f"{taking.place}/base", files), **_overlays(taking, "../../base")})


def _copied_chart(taking: _Taking, app: ProposedApp, files: Mapping[str, bytes]) -> Start:
    """A chart gets a values file for each environment that it has none for."""
    pattern = app.values_files[0] if app.values_files else f"values-{PLACEHOLDER}.yaml"
    own = {pattern.replace(PLACEHOLDER, env): f"# What differs in {env}.\n{{}}\n".encode() for env in taking.environments}
    whole = replace(app, values_files=(pattern,), environments=())
    return Start((_settled(taking, whole, f"{taking.place}/chart"),), _at(f"{taking.place}/chart", {**own, **files}))


def _settled(taking: _Taking, app: ProposedApp, path: str) -> ProposedApp:
    """The app at its path; with a namespace an environment, unless its objects say theirs."""
    settled = replace(app, name=taking.given.name, path=path, why="")
    if app.render is not RenderKind.HELM and any(_names_namespace(taking, name) for name in taking.given.tree.names(taking.given.path)):
        return settled
    return replace(settled, namespace=f"{taking.given.name}-{PLACEHOLDER}", create_namespace=True)


def _names_namespace(taking: _Taking, name: str) -> bool:
    kustomization = kustomization_of((name,), posixpath.dirname(name))
    if _is_hidden(name) or not (kustomization or name.endswith(SUFFIXES)):
        return False
    content = taking.given.tree.files(name)[name]
    if kustomization:
        return content.startswith(b"namespace:") or b"\nnamespace:" in content
    return any(isinstance(one.get("metadata"), dict) and one["metadata"].get("namespace") for one in objects_in(content, name))


def _overlays(taking: _Taking, base: str) -> Mapping[str, bytes]:
    return folder("overlays", f"{taking.place}/overlays", {"BASE": base}, taking.environments)


def _kustomization(files: Mapping[str, bytes]) -> bytes:
    rows = [f"  - {json.dumps(name, ensure_ascii=False)}" for name in sorted(files) if objects_in(files[name], name)]
    return "\n".join(("apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:", *rows, "")).encode()


def _refuse_plaintext(files: Mapping[str, bytes], detector: Detector) -> None:
    found = scan(_Held(files), detector).exposures
    if found:
        raise Refused(
            f"--from: {counted(len(found), 'secret')} in plain text would be committed",
            id=ErrorId.PLAIN_SECRET,
            hint="encrypt it first: gitctl secret encrypt FILE; or leave it out",
            details=[f"{one.path}:{one.line}: {one.object or one.kind.value} {one.key}".rstrip() for one in found],
        )


def _at(where: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return {f"{where}/{name}": content for name, content in files.items()}


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
