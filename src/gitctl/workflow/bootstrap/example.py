"""The example apps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gitctl.model.app import RenderKind
from gitctl.workflow.bootstrap.template import folder
from gitctl.workflow.bootstrap.wanted import Example, Layout, Start
from gitctl.workflow.existing.proposal import ProposedApp

NAME = "web"


def place(layout: Layout, app: str) -> str:
    """The folder of an app."""
    return "deploy" if layout is Layout.PER_APP else f"apps/{app}"


def example_start(example: Example, layout: Layout, *, project: str, environments: Iterable[str]) -> Start:
    """The example's app and its files; in a repository of one app it has the project's name."""
    if example is Example.NONE:
        return Start()
    name = project if layout is Layout.PER_APP else NAME
    where = place(layout, name)
    app = ProposedApp(name, f"{where}/overlays/{{env}}", RenderKind.KUSTOMIZE, namespace=f"{name}-{{env}}", create_namespace=True)
    if example is Example.HELM:
        app = replace(app, path=f"{where}/chart", render=RenderKind.HELM, values_files=("values-{env}.yaml",))
    return Start((app,), folder(f"examples/{example.value}", where, {"APP": name}, environments))
