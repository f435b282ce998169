"""Install: apply the accounts of an environment and its agent, as their files in Git say, with the user's own rights.

Each part is an app of its own, so that it is planned, locked, recorded and pruned like any other. What several environments share is
an app that they share; the state namespace is nobody's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitctl.errors import GitctlError
from gitctl.model.agent import Credential
from gitctl.model.app import App, RenderKind
from gitctl.model.manifest import Manifest, ObjectRef, Origin, RenderInputs, RenderResult
from gitctl.plan.accounts import ENVIRONMENT_READER, Office
from gitctl.plan.rights import NAMESPACE
from gitctl.workflow.agent import KEY_SECRET, deploy_key
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import PlanRequest
from gitctl.workflow.sync import AppRun, Confirm, SyncRequest, sync_rendered

_PROJECT = "gitctl"
# No environment of gitctl.yaml has a dot in its name: these owner ids are nobody else's.
_SHARED = "every.project"
_WAIT_SECONDS = 120.0
# An administrator may have made some of it with kubectl before: the names are ours.
_REQUEST = SyncRequest(plan=PlanRequest(adopt=True), lock_timeout=60)


@dataclass(frozen=True, slots=True)
class Installation:
    """What to apply: files of the tree ("" for none), and the credential that goes into the cluster alone."""

    office: Office
    accounts: str
    agent: str = ""
    credential: Credential = Credential.NONE
    secret: str = ""


def install(wanted: Installation, parts: Parts, *, confirm: Confirm) -> tuple[AppRun, ...]:
    """Apply one part after the other; the first that fails, or that the user declines, is the last."""
    runs: list[AppRun] = []
    for app, rendered in _apps(wanted, parts):
        try:
            runs.append(sync_rendered(app, rendered, parts, _REQUEST, confirm))
        except GitctlError as error:
            runs.append(AppRun(app, error=error))
        if runs[-1].error or runs[-1].declined:
            break
    return tuple(runs)


def _apps(wanted: Installation, parts: Parts) -> Iterator[tuple[App, RenderResult]]:
    office = wanted.office
    accounts = _app(office, "accounts", wanted.accounts)
    rendered = parts.render(accounts, parts.tree)
    shared = replace(accounts, env=_SHARED, name="environment-reader")
    yield shared, replace(rendered, app=shared.name, manifests=tuple(m for m in rendered.manifests if _is_shared(m)))
    yield accounts, replace(rendered, manifests=tuple(m for m in rendered.manifests if _is_own(m, office)))
    if wanted.secret:
        keys = replace(_app(office, "credentials", ""), prune=False)
        yield keys, _secret(keys, wanted, rendered)
    if wanted.agent:
        agent = _app(office, "agent", wanted.agent)
        yield agent, parts.render(agent, parts.tree)


def _app(office: Office, name: str, path: str) -> App:
    return App(
        project=_PROJECT, env=f"{office.project}.{office.env}", name=name, path=path, render=RenderKind.PLAIN, wait_seconds=_WAIT_SECONDS
    )


def _is_shared(manifest: Manifest) -> bool:
    return (manifest.ref.kind, manifest.ref.name) == ("ClusterRole", ENVIRONMENT_READER)


def _is_own(manifest: Manifest, office: Office) -> bool:
    """Not the namespaces of state and apps: those are there by now, and theirs."""
    ref = manifest.ref
    return not _is_shared(manifest) and ((ref.group, ref.kind) != NAMESPACE or ref.name == office.namespace)


def _secret(app: App, wanted: Installation, rendered: RenderResult) -> RenderResult:
    """A render that no tree has. Its digests are those of the names alone: nothing of the credential is recorded."""
    body = deploy_key(wanted.office, wanted.credential, wanted.secret)
    data = body.pop("stringData")
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    ref = ObjectRef("", "Secret", wanted.office.namespace, KEY_SECRET)
    paths = tuple(("data", key) for key in encoded)
    names = hashlib.sha256(f"{ref} {sorted(encoded)}".encode()).hexdigest()
    manifest = Manifest(ref, "v1", body | {"data": encoded}, Origin("(command line)"), digest=names, sensitive=paths)
    return RenderResult(app.name, rendered.revision, RenderInputs("gitctl"), (manifest,), digest=names)
