"""Render an app: choose, read, cover secrets, run, look for chance, fill in variables, uncover, check, put in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gitctl.model.app import App
from gitctl.model.manifest import RenderInputs, RenderResult
from gitctl.parallel import map_bounded
from gitctl.protocols import Renderer, Rendering, RenderRequest, Tree, Vault
from gitctl.render.assemble import assemble
from gitctl.render.cache import Kept, RenderCache, key_of
from gitctl.render.choose import choose
from gitctl.render.digest import render_digest
from gitctl.render.fetch import fetch
from gitctl.render.gather import Gathered, gather, read_set
from gitctl.render.helm import Helm
from gitctl.render.hooks import without_hooks
from gitctl.render.kustomize import Kustomize
from gitctl.render.origins import with_origins
from gitctl.render.plain import Plain
from gitctl.render.raw import Raw, parse
from gitctl.render.repeat import check_repeatable
from gitctl.render.variables import Variables, substitute, variables_of

NO_ENVIRONMENT: Mapping[str, str] = {}
BUILT_IN: Mapping[str, Renderer] = {r.name: r for r in (Plain(), Kustomize(), Helm())}


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What a renderer is asked to do."""

    app: App
    renderer: Renderer
    gathered: Gathered
    chart: Mapping[str, bytes]
    variables: Variables | None


def render(
    app: App,
    tree: Tree,
    *,
    vault: Vault,
    cache: Path | None = None,
    say: Callable[[str], None] = _silent,
    renderers: Mapping[str, Renderer] = BUILT_IN,
    environment: Mapping[str, str] = NO_ENVIRONMENT,
) -> RenderResult:
    """All objects that the app wants, the same for the same commit and inputs. `cache` is a folder of its own; `say` gets progress;
    `environment` has the variables that `vars_from_env` may name.

    Raises InputError family for what is wrong in Git, RenderError family for what is wrong with rendering, SourceError for a
    folder that does not exist.
    """
    app = replace(app, path="" if app.path == "." else app.path)
    renderer, why = choose(app, tree, renderers)
    say(f"{app.name or app.path or '.'}: {renderer.name}, because {why}")
    variables = variables_of(app, environment)
    work = _Work(app, renderer, gather(tree, renderer.reads(app, tree), vault), _chart(app, renderer, cache, say), variables)
    store, key = RenderCache(cache), _key(work)
    known = store.load(key)
    kept = known or _rendered(work, vault)
    manifests, warnings = assemble(app, kept.objects, vault, renderer=renderer.name, sealed=_sealed(work))
    if known is None:
        store.store(key, kept)  # only what had no faults: the cache does not keep their places
    return RenderResult(
        app=app.name,
        revision=tree.revision,
        inputs=_inputs(work, kept),
        manifests=manifests,
        digest=render_digest(manifests),
        read_set=work.gathered.read_set,
        warnings=(*kept.warnings, *warnings),
    )


def _sealed(work: _Work) -> Mapping[str, bytes]:
    """The encrypted files that nothing has changed on the way: read as they are, no variable in them."""
    if work.renderer.name != Plain.name:
        return {}
    return {path: content for path, content in work.gathered.sealed.items() if not (work.variables and b"${" in content)}


def reads_of(app: App, tree: Tree, *, renderers: Mapping[str, Renderer] = BUILT_IN) -> tuple[str, ...]:
    """The files and folders (they end in `/`) that a render of the app would read. Raises InputError, SourceError."""
    app = replace(app, path="" if app.path == "." else app.path)
    renderer, _ = choose(app, tree, renderers)
    return read_set(renderer.reads(app, tree))


def _inputs(work: _Work, kept: Kept) -> RenderInputs:
    environment = work.variables.environment(kept.variables) if work.variables else ()
    return RenderInputs(work.renderer.name, kept.tools, work.app.kubernetes, work.app.api_versions, kept.variables, environment)


def _chart(app: App, renderer: Renderer, cache: Path | None, say: Callable[[str], None]) -> Mapping[str, bytes]:
    wanted = app.helm.chart if renderer.name == Helm.name else None
    return fetch(wanted, cache=cache, say=say) if wanted else {}


def _key(work: _Work) -> str:
    return key_of(
        work.app,
        renderer=work.renderer.name,
        program=work.renderer.fingerprint(),
        files=work.gathered.identity,
        variables=work.variables.values if work.variables else None,
    )


def _rendered(work: _Work, vault: Vault) -> Kept:
    request = RenderRequest(work.app, work.gathered.files, work.chart)
    times = 1 if work.renderer.repeatable else 2
    renders = map_bounded(work.renderer.render, [request] * times, limit=2)
    objects = [_cleaned(work, rendering) for rendering in renders]
    (first, warnings), rendering = objects[0], renders[0]
    if times == 2 and renders[0].documents != renders[1].documents:
        check_repeatable(work.app, first, objects[1][0])
    filled, used = substitute(first, work.variables, opens=partial(_opened, vault)) if work.variables else (first, ())
    return Kept(tuple(filled), rendering.tools, (*rendering.warnings, *warnings), used)


def _opened(vault: Vault, text: str) -> str:
    opened, _ = vault.uncover({"data": {"text": text}})
    return str(opened["data"]["text"])


def _cleaned(work: _Work, rendering: Rendering) -> tuple[list[Raw], tuple[str, ...]]:
    objects = parse(rendering.documents, unquoted=work.variables is not None)
    if rendering.noted:
        objects = with_origins(objects, work.app.path, work.gathered.files)
    if work.renderer.name != Helm.name:
        return objects, ()
    return without_hooks(objects, work.app.helm.hooks, work.app.name)
