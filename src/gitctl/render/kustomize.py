"""Kustomize: the kustomize program, else the one inside of kubectl."""

from __future__ import annotations

from collections.abc import Collection

from gitctl.model.app import App
from gitctl.model.filename import KUSTOMIZATIONS
from gitctl.process import find
from gitctl.protocols import Document, Reads, Rendering, RenderRequest, Tree
from gitctl.render.bases.local import with_local_bases
from gitctl.render.bases.tree import WithBases
from gitctl.render.kustomization import kustomization_of, scan
from gitctl.render.origins import asking
from gitctl.render.private import room
from gitctl.render.tool import Tool, checked_version, fingerprint, run_tool

_KUSTOMIZE = Tool(
    "kustomize",
    ("version",),
    (5, 0, 0),
    (6, 0, 0),
    "brew install kustomize, or go install sigs.k8s.io/kustomize/kustomize/v5@latest; kubectl 1.28 or newer does too",
)
_KUBECTL = Tool("kubectl", ("version", "--client"), (1, 28, 0), (2, 0, 0), "brew install kubectl, or the kubectl package of your system")


class Kustomize:
    """Builds a folder with a kustomization. Bases are in the repository, or were put beside it (`render/bases`)."""

    name = "kustomize"
    repeatable = False

    def detects(self, names: Collection[str]) -> str:
        """A kustomization file in the folder itself."""
        return next((f"it has a {name}" for name in KUSTOMIZATIONS if name in names), "")

    def reads(self, app: App, tree: Tree) -> Reads:
        """Every kustomization that is built on, with its folder, and the files that they name."""
        return scan(tree, app.path, bring=tree.bring if isinstance(tree, WithBases) else None)

    def fingerprint(self) -> str:
        """Of the program that would run."""
        return fingerprint(_program())

    def render(self, request: RenderRequest) -> Rendering:
        """`kustomize build`, with files from below each kustomization only."""
        program = _program()
        version = checked_version(program)
        folder = request.app.path
        verb = "build" if program is _KUSTOMIZE else "kustomize"
        files = with_local_bases(request.files)
        top = kustomization_of(files, folder)
        asked = asking(files[top])
        with room({**files, **({top: asked} if asked else {})}) as place:
            argument = str(place.work / folder) if folder else str(place.work)
            text = run_tool(program, (verb, argument, "--load-restrictor=LoadRestrictionsRootOnly"), place)
        return Rendering((Document(text, top),), ((program.name, version),), noted=asked is not None)


def _program() -> Tool:
    return _KUSTOMIZE if find(_KUSTOMIZE.name) or not find(_KUBECTL.name) else _KUBECTL
