"""The text of gitctl.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gitctl.model.app import Cluster
from gitctl.workflow.bootstrap.template import filled
from gitctl.workflow.bootstrap.wanted import Scaffold
from gitctl.workflow.existing.proposal import ProposedApp


def project_text(wanted: Scaffold) -> str:
    """gitctl.yaml with the environments, the cluster and the apps that are asked for."""
    apps = "".join(_app(app, wanted.environments) for app in wanted.start.apps)
    words = {
        "NAME": wanted.name,
        "CLUSTERS": _clusters(wanted.cluster),
        "ENVIRONMENTS": "\n".join(_environment(env, wanted) for env in wanted.environments),
        "APPS": f"\n{apps.rstrip()}" if apps else " {}",
    }
    return filled("gitctl.yaml", words)


def _clusters(cluster: Cluster | None) -> str:
    if cluster is None:
        return ""
    pin = f", uid: {cluster.uid}" if cluster.uid else ""
    return f"clusters:\n  {cluster.name}: {{context: {json.dumps(cluster.context)}{pin}}}\n"


def _environment(env: str, wanted: Scaffold) -> str:
    parts = [f"clusters: [{wanted.cluster.name}]"] if wanted.cluster else []
    if env.startswith("prod"):
        parts.append("protect: true")
    return f"  {env}: {{{', '.join(parts)}}}"


def _app(app: ProposedApp, environments: tuple[str, ...]) -> str:
    return f"  {app.name}:" + (f" # {app.why}" if app.why else "") + "\n" + "".join(f"    {row}\n" for row in _settings(app, environments))


def _settings(app: ProposedApp, environments: tuple[str, ...]) -> Iterator[str]:
    yield f"path: {json.dumps(app.path, ensure_ascii=False)}"
    if app.namespace:
        yield f"namespace: {json.dumps(app.namespace)}"
    if app.create_namespace:
        yield "create_namespace: true"
    if app.environments and set(app.environments) != set(environments):
        yield f"environments: [{', '.join(app.environments)}]"
    if app.values_files:
        yield f"helm: {{values_files: {json.dumps(app.values_files, ensure_ascii=False)}}}"
    yield "wait: 5m"
