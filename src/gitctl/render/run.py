"""Render an app: choose, read, cover secrets, run, look for chance, fill in variables, uncover, check, put in order, add hashes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gitctl.errors import GitctlError
from gitctl.model.app import App
from gitctl.model.manifest import RenderInputs, RenderResult
from gitctl.model.readset import is_read
from gitctl.parallel import map_bounded
from gitctl.protocols import Bases, Renderer, Rendering, RenderRequest, Tree, Vault
from gitctl.render.assemble import Assembled, assemble
from gitctl.render.bases.tree import WithBases
from gitctl.render.cache import Key, RenderCache, key_of
from gitctl.render.choose import choose
from gitctl.render.digest import digest_of, render_digest
from gitctl.render.fetch import fetch
from gitctl.render.gather import Gathered, gather, read_set
from gitctl.render.helm import Helm
from gitctl.render.hooks import without_hooks
from gitctl.render.kept import Kept, defines, unchanged
from gitctl.render.kustomize import Kustomize
from gitctl.render.origins import with_origins
from gitctl.render.plain import Plain
from gitctl.render.raw import Raw, parse
from gitctl.render.repeat import check_repeatable
from gitctl.render.restart import with_hashes
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
    reuse: bool = True,
    bases: Bases | None = None,
) -> RenderResult:
    """All objects that the app wants, the same for the same commit and inputs. `cache` is a folder of its own, for charts and, with
    `reuse`, for rendered objects; `say` gets progress; `environment` has the variables that `vars_from_env` may name;
    `bases` fetches remote bases, None refuses them.

    Raises InputError family for what is wrong in Git, RenderError family for what is wrong with rendering, SourceError for a
    folder that does not exist.
    """
    app = replace(app, path="" if app.path == "." else app.path)
    renderer, why = choose(app, tree, renderers)
    say(f"{app.name or app.path or '.'}: {renderer.name}, because {why}")
    variables = variables_of(app, environment)
    seen = WithBases(tree, app, bases)
    work = _Work(app, renderer, gather(seen, renderer.reads(app, seen), vault), _chart(app, renderer, cache, say), variables)
    kept, made = _made(work, vault, RenderCache(cache if reuse else None))
    manifests, said = with_hashes(app, made.manifests, tree, vault)
    return RenderResult(
        app=app.name,
        revision=tree.revision,
        inputs=_inputs(work, kept),
        manifests=manifests,
        digest=render_digest(manifests),
        read_set=_and_key(app, work.gathered.read_set),
        warnings=(*kept.warnings, *made.warnings, *said),
    )


def _made(work: _Work, vault: Vault, store: RenderCache) -> tuple[Kept, Assembled]:
    """From the cache, else by the renderer. Only what had no faults is kept: the cache does not hold their places."""
    key = _key(work)
    known = store.load(key)
    if known is not None:
        return known, _assembled(work, known, vault)
    before = store.before(key) if work.renderer.name == Plain.name else None
    try:
        kept = _rendered(work, vault, before)
        made = _assembled(work, kept, vault)
    except GitctlError:
        if before is None:
            raise
        kept = _rendered(work, vault, None)  # so that all faults have their places, as they have without a cache
        made = _assembled(work, kept, vault)
    store.store(key, replace(kept, objects=made.items))
    return kept, made


def _assembled(work: _Work, kept: Kept, vault: Vault) -> Assembled:
    return assemble(work.app, kept.objects, vault, renderer=work.renderer.name, sealed=_sealed(work))


def _sealed(work: _Work) -> Mapping[str, bytes]:
    """The encrypted files that nothing has changed on the way: read as they are, no variable in them."""
    if work.renderer.name != Plain.name:
        return {}
    return {path: content for path, content in work.gathered.sealed.items() if not (work.variables and b"${" in content)}


def reads_of(app: App, tree: Tree, *, renderers: Mapping[str, Renderer] = BUILT_IN, bases: Bases | None = None) -> tuple[str, ...]:
    """The files and folders (they end in `/`) that a render of the app would read. Raises InputError, SourceError."""
    app = replace(app, path="" if app.path == "." else app.path)
    renderer, _ = choose(app, tree, renderers)
    return _and_key(app, read_set(renderer.reads(app, WithBases(tree, app, bases))))


def _and_key(app: App, read: tuple[str, ...]) -> tuple[str, ...]:
    """The file with the key for hashes of Secrets is one that the render reads."""
    return read if not app.restart_key or is_read(app.restart_key, read) else (*read, app.restart_key)


def _inputs(work: _Work, kept: Kept) -> RenderInputs:
    environment = work.variables.environment(kept.variables) if work.variables else ()
    return RenderInputs(work.renderer.name, kept.tools, work.app.kubernetes, work.app.api_versions, kept.variables, environment)


def _chart(app: App, renderer: Renderer, cache: Path | None, say: Callable[[str], None]) -> Mapping[str, bytes]:
    wanted = app.helm.chart if renderer.name == Helm.name else None
    return fetch(wanted, cache=cache, say=say) if wanted else {}


def _key(work: _Work) -> Key:
    return key_of(
        work.app,
        renderer=work.renderer.name,
        program=work.renderer.fingerprint(),
        files=work.gathered.identity,
        variables=work.variables.values if work.variables else None,
    )


def _rendered(work: _Work, vault: Vault, before: Kept | None) -> Kept:
    """Run the renderer. Of files that are read one by one, those that are as they were `before` are not read again."""
    request = RenderRequest(work.app, work.gathered.files, work.chart)
    times = 1 if work.renderer.repeatable else 2
    renders = map_bounded(work.renderer.render, [request] * times, limit=2)
    if work.renderer.repeatable and all(document.exact for document in renders[0].documents):
        return _read_one_by_one(work, renders[0], vault, before)
    objects = [_cleaned(work, rendering) for rendering in renders]
    (first, warnings), rendering = objects[0], renders[0]
    if times == 2 and renders[0].documents != renders[1].documents:
        check_repeatable(work.app, first, objects[1][0])
    filled, used = _filled(work, first, vault)
    return Kept(tuple(filled), rendering.tools, (*rendering.warnings, *warnings), used=used)


def _read_one_by_one(work: _Work, rendering: Rendering, vault: Vault, before: Kept | None) -> Kept:
    files = {document.path: digest_of(document.text) for document in rendering.documents}
    known = unchanged(before, files)
    documents = tuple(document for document in rendering.documents if document.path not in known.files)
    objects, warnings = _cleaned(work, replace(rendering, documents=documents))
    filled, used = _filled(work, objects, vault)
    if known.files and any(map(defines, filled)):
        return _read_one_by_one(work, rendering, vault, None)
    return Kept((*known.objects, *filled), rendering.tools, (*rendering.warnings, *warnings), files, {**known.used, **used})


def _filled(work: _Work, objects: list[Raw], vault: Vault) -> tuple[list[Raw], Mapping[str, tuple[str, ...]]]:
    return substitute(objects, work.variables, opens=partial(_opened, vault)) if work.variables else (objects, {})


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
