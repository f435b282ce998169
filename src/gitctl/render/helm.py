"""Helm charts, by `helm template`: offline, without a cluster, with an empty home."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gitctl.documents import dump, load_all
from gitctl.errors import ErrorId, InputError, RenderError
from gitctl.model.app import App
from gitctl.protocols import Document, Reads, Rendering, RenderRequest, Tree
from gitctl.render.helm_tool import HELM
from gitctl.render.private import Room, room
from gitctl.render.tool import checked_version, fingerprint, run_tool

_RELEASE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,51}[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_KUBERNETES = re.compile(r"v?\d+\.\d+(?:\.\d+)?(?:[+-][\w.+-]*)?")
_API = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]*")
_SOURCE = re.compile(rb"^---\n# Source: ([^\n]*)\n", re.MULTILINE)
_RENDERED = ("templates/", "crds/", "charts/")
_FILES = b".Files"
_CHART_FOLDER = "chart"
_VALUES_FOLDER = "values"


class Helm:
    """Renders the chart in the app's folder, or a fetched one with values from there."""

    name = "helm"
    repeatable = False

    def detects(self, names: Collection[str]) -> str:
        """A Chart.yaml in the folder itself."""
        return "it has a Chart.yaml" if "Chart.yaml" in names else ""

    def reads(self, app: App, tree: Tree) -> Reads:
        """The chart's folder, its templates and own values, the values files; the rest where templates read files by name."""
        named = tuple(_values_path(app, name) for name in app.helm.values_files)
        if app.helm.chart:
            return Reads(files=named)
        folder = f"{app.path}/" if app.path else ""
        inner = {path.removeprefix(folder): content for path, content in tree.files(app.path).items()}
        if "Chart.yaml" not in inner:
            raise InputError(
                "there is no Chart.yaml",
                id=ErrorId.CHART_MISSING,
                where=app.path or ".",
                hint="name a remote chart under `helm.chart`, or another `render`",
            )
        used = sorted(name for name in inner if name in ("Chart.yaml", "values.yaml") or name.startswith(_RENDERED))
        # Other files may be encrypted for other environments; helm reads them only for a template that says `.Files`.
        reads_others = any(_FILES in inner[name] for name in used)
        maybe = sorted(inner.keys() - set(used)) if reads_others else ()
        strict = dict.fromkeys((*(folder + name for name in used), *named))
        return Reads(tuple(strict), (folder,), tuple(folder + name for name in maybe if folder + name not in strict))

    def fingerprint(self) -> str:
        """Of the program on PATH."""
        return fingerprint(HELM)

    def render(self, request: RenderRequest) -> Rendering:
        """`helm template`."""
        version = checked_version(HELM)
        chart = request.chart or _inside(request.files, request.app.path)
        _check_yaml(request)
        values = _values(request)
        files = {f"{_CHART_FOLDER}/{path}": content for path, content in chart.items()}
        with room({**files, **{f"{_VALUES_FOLDER}/{name}": content for name, content in values.items()}}) as place:
            text = _template(_Call(request.app, tuple(values)), place)
        return Rendering(_documents(text, request), ((HELM.name, version),))


@dataclass(frozen=True, slots=True)
class _Call:
    app: App
    values: tuple[str, ...]

    def arguments(self) -> tuple[str, ...]:
        """Every string of the user is checked, and is part of a flag."""
        app = self.app
        release = _checked(
            app.helm.release or app.name or "release", _RELEASE, "a release name has up to 53 lower-case letters, digits and dashes"
        )
        namespace = _checked(app.namespace or "default", _NAMESPACE, "the namespace is not a valid name")
        flags = [f"--namespace={namespace}", *(f"--values={_VALUES_FOLDER}/{name}" for name in self.values)]
        flags += ["--include-crds"] if app.helm.include_crds else []
        flags += (
            [f"--kube-version={_checked(app.kubernetes, _KUBERNETES, 'the Kubernetes version must look like 1.37')}"]
            if app.kubernetes
            else []
        )
        flags += [f"--api-versions={_checked(api, _API, 'an API version must look like apps/v1')}" for api in app.api_versions]
        return ("template", release, _CHART_FOLDER, *flags)


def _checked(text: str, pattern: re.Pattern[str], message: str) -> str:
    if not pattern.fullmatch(text):
        raise InputError(message, id=ErrorId.HELM_OPTION, hint="for the release, set `helm.release`" if pattern is _RELEASE else "")
    return text


def _template(call: _Call, place: Room) -> bytes:
    names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS", "HELM_REPOSITORY_CACHE")
    variables = dict.fromkeys(names, str(place.home)) | {
        "HELM_REPOSITORY_CONFIG": str(place.home / "repositories.yaml"),
        "HELM_REGISTRY_CONFIG": str(place.home / "registry.json"),
    }
    try:
        return run_tool(HELM, call.arguments(), place, variables)
    except RenderError as error:
        folder = call.app.path or "."
        if "missing in charts" in error.message:
            hint = f"run `helm dependency build {folder}` and commit its charts folder"
            raise RenderError(error.message, id=error.id, hint=hint, details=error.details) from None
        raise


def _values_path(app: App, name: str) -> str:
    path = posixpath.normpath(posixpath.join(app.path, name))
    if name.startswith("/") or path == ".." or path.startswith("../"):
        raise InputError("a values file out of the repository", id=ErrorId.PATH_UNSAFE, where=name)
    return path


def _values(request: RenderRequest) -> dict[str, bytes]:
    """Values files under names without commas and other signs that helm takes for more than a name; inline values last."""
    app = request.app
    files = {f"{n:03}.yaml": request.files[_values_path(app, name)] for n, name in enumerate(app.helm.values_files)}
    return files | ({"inline.yaml": dump(dict(app.helm.values)).encode()} if app.helm.values else {})


def _inside(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    prefix = f"{folder}/" if folder else ""
    return {path.removeprefix(prefix): content for path, content in files.items() if path.startswith(prefix)}


def _check_yaml(request: RenderRequest) -> None:
    """Faults of Chart.yaml and of the values are told with their place: helm's messages have none, and may quote the file."""
    app = request.app
    own = () if request.chart else (posixpath.join(app.path, "Chart.yaml"), posixpath.join(app.path, "values.yaml"))
    for path in (*own, *(_values_path(app, name) for name in app.helm.values_files)):
        if path in request.files:
            load_all(request.files[path], where=path)


def _documents(text: bytes, request: RenderRequest) -> tuple[Document, ...]:
    """helm's output, cut where it says which template made the text."""
    app = request.app
    pieces = _SOURCE.split(b"---\n" + text if not text.startswith(b"---\n") else text)
    top = f"{app.helm.chart.chart}-{app.helm.chart.version}" if app.helm.chart else app.path
    found = [Document(pieces[0], posixpath.join(top, "Chart.yaml"))] if pieces[0].strip(b"-\n ") else []
    for source, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        _, _, inner = source.decode("utf-8", "replace").partition("/")
        found.append(Document(piece, posixpath.join(top, inner)))
    return tuple(found)
