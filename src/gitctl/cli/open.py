"""The composition root: flags and gitctl.yaml → collaborators, handed to the workflows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from gitctl.cli import branches
from gitctl.cli.actor import actor
from gitctl.cli.blame import blame_with
from gitctl.cli.lookup import NoLookup, ProjectLookup, committed
from gitctl.cli.rendering import render_with
from gitctl.cli.request import duration
from gitctl.cli.session import Session
from gitctl.cli.start import start_folder
from gitctl.cli.stores import open_stores, withhold_listed
from gitctl.cli.terminal import in_ci
from gitctl.config import tenants
from gitctl.config.fill import fill_app, path_app, placeholders
from gitctl.config.find import find_config, search
from gitctl.config.load import load
from gitctl.config.resolve import Selection, resolve
from gitctl.errors import ConfigError, ErrorId, GitctlError, UsageError
from gitctl.model.app import App, Cluster, Environment, Limits, Project, SourceSpec
from gitctl.model.quantity import counted
from gitctl.model.reference import ListedSources
from gitctl.paths import cache_folder
from gitctl.plan.adopt import owners_of
from gitctl.protocols import NoReferences, Publisher, References, Source, Target, Tree
from gitctl.source.checkout import dirty_paths, find_root
from gitctl.source.open import open_publisher, open_source
from gitctl.source.repository import LocalSource, MirrorSource
from gitctl.source.worktree import WorkTree
from gitctl.workflow.parts import Lookup, Parts


def nothing_to_publish() -> bool:
    """A cluster has nothing to push."""
    return False


@dataclass(frozen=True, slots=True)
class Stage:
    """One cluster of the environment, or one branch, ready to work with. In path mode `env` is "" and pruning is off unless asked for.

    `at` is the cluster as gitctl.yaml has it, None where none is reached; `clusters` is how many the environment has. `publish` pushes
    what earlier runs left unpushed in the branch; False when there was nothing.
    """

    parts: Parts
    apps: tuple[App, ...]
    env: str = ""
    protected: bool = False
    path_mode: bool = False
    project: str = ""
    clusters: int = 0
    at: Cluster | None = None
    publish: Callable[[], bool] = nothing_to_publish

    @property
    def where(self) -> str:
        """`prod → prod-eu`, for questions and titles."""
        return " → ".join(filter(None, (self.env, self.parts.place))) or "no cluster"

    def title(self, app: App) -> str:
        """`web (prod → prod-eu)`."""
        return f"{app.name or app.path or '.'} ({self.where})"


@dataclass(frozen=True, slots=True)
class OpenProject:
    """gitctl.yaml, the source that it names, and the tree that is read. `root` is that of the checkout, `place` where its file says
    that the source is."""

    project: Project
    source: LocalSource | MirrorSource
    tree: Tree
    publisher: Publisher
    file: str
    folder: str
    ref: str
    root: Path
    place: SourceSpec
    stores: References = NoReferences()


def open_stages(
    session: Session,
    names: list[str] | None,
    *,
    revision: str | None = None,
    worktree: bool = False,
    target: bool = True,
    app_name: str | None = None,
    with_deps: bool = False,
    absent: bool = False,
    may_fetch: bool = True,
    named: bool = False,
    tell_dirty: bool = False,
    needs_cluster: bool = True,
    push: bool | None = None,
    opened: OpenProject | None = None,
    every_cluster: bool = False,
) -> tuple[Stage, ...]:
    """The selected apps, one stage a cluster, then one a branch. `target=False` for commands that reach neither: one stage, with
    `every_cluster` one for each.

    `absent` tolerates apps that the revision does not know (diff between revisions); `named` asks for --app in path mode;
    without `may_fetch` a commit that this clone lacks is not asked for; `tell_dirty` says that uncommitted changes are passed over;
    `push` is for commands that write: whether commits in branches are pushed;
    without `needs_cluster` an environment that has none is a stage that reaches none;
    `opened` is the project as `read_project` found it: then nothing is fetched or resolved anew.
    Raises ConfigError, SourceError, UsageError.
    """
    path = _path_mode(session, names or [])
    if path is not None:
        if named and not app_name:
            raise UsageError(
                "a folder has no name", id=ErrorId.APP_NAME_NEEDED, hint="add --app NAME: under it the objects are owned and found again"
            )
        if revision:
            raise UsageError(
                "--revision needs a project; a folder is read as it lies there", id=ErrorId.FLAGS_CONFLICT, hint="leave --revision out"
            )
        return (_path_stage(session, path, app_name, target),)
    opened = opened or open_project(session, revision=revision, worktree=worktree)
    if isinstance(opened.source, LocalSource):
        opened.source.may_fetch = may_fetch
        if tell_dirty and not (revision or worktree):
            say_dirty(session, opened.source)
    flags = session.flags
    known = {spec.template.name for spec in opened.project.apps}
    chosen = [n for n in names or [] if n in known] if absent else names or []
    if absent and names and not chosen:
        return (_stage(session, opened, _environment(opened.project, flags.env), None, (), target=False),)
    selections = resolve(opened.project, flags.env or "", chosen, context=flags.context or "", with_dependencies=with_deps)
    tip = _tip(session, opened) if revision else None
    opened = _with_stores(session, opened, tip)
    if not target:
        seen = selections if every_cluster else selections[:1]
        return tuple(_stage(session, opened, s.env, s.cluster, bound(s, tip), target=False) for s in seen)
    to_clusters, to_branches = branches.split(tuple(replace(s, apps=bound(s, tip)) for s in selections))
    return (
        *(_stage(session, opened, s.env, s.cluster, s.apps, target=needs_cluster or s.cluster is not None) for s in to_clusters),
        *(_branch_stage(session, opened, b, push) for b in to_branches),
    )


def _with_stores(session: Session, opened: OpenProject, tip: Project | None) -> OpenProject:
    """The lists that bind are those of the branch, as rules are. One for the run: what several apps refer to is asked for once."""
    return replace(opened, stores=open_stores(session, (tip or opened.project).references, opened.root))


def read_project(session: Session, names: list[str] | None, *, revision: str | None = None, worktree: bool = False) -> OpenProject | None:
    """The project as it is now, the remote asked where there is one; None for a folder. Raises ConfigError, SourceError."""
    return None if _path_mode(session, names or []) else open_project(session, revision=revision, worktree=worktree)


def open_folder(session: Session, name: str, app_name: str) -> tuple[Stage, ...]:
    """What was synced from a folder, by its --app NAME; the folder itself need not be there any more."""
    path = start_folder(session) / name
    return (_path_stage(session, path if path.exists() else start_folder(session), app_name, target=True),)


def open_project(session: Session, *, revision: str | None = None, worktree: bool = False) -> OpenProject:
    """Find gitctl.yaml, open its source at a revision, and read the project from there (from the work tree with --worktree, --config)."""
    file = find_config(start_folder(session), explicit=session.flags.config)
    withhold_listed(session, file.read_bytes())
    root = find_root(file.parent) or file.parent
    folder = "" if file.parent == root else file.parent.relative_to(root).as_posix()
    name = f"{folder}/{file.name}".lstrip("/")
    local = load(file.read_bytes(), path=str(file), folder=folder)
    source = open_source(root, local.source, cache=cache_folder())
    tree: Tree = WorkTree(root) if worktree else source.tree(source.resolve(revision or local.source.ref or "HEAD"))
    _tell(session, tree)
    project = local if worktree or session.flags.config else load(committed(tree, name), path=name, folder=folder)
    publisher = open_publisher(root, local.source, cache=cache_folder())
    return OpenProject(project, source, tree, publisher, name, folder, local.source.ref or "HEAD", root, local.source)


def _tip(session: Session, opened: OpenProject) -> Project | None:
    """The project as the branch has it, while another revision is read; None when it cannot be read there."""
    try:
        tree = opened.source.tree(opened.source.resolve(opened.ref))
        return load(committed(tree, opened.file), path=opened.file, folder=opened.folder)
    except GitctlError as error:
        session.warn(f"suspensions and rules in {opened.ref} are not known: {error.message}")
        return None


def bound(selection: Selection, tip: Project | None) -> tuple[App, ...]:
    """The apps with the suspensions and rules that the branch has now, under a new name too: they bind whatever revision is read."""
    heirs = [spec.template for spec in tip.apps] if tip else []
    now = {name: app for app in heirs for name in app.renamed_from} | {app.name: app for app in heirs}
    return tuple(_bound(app, now.get(app.name), selection.cluster) for app in selection.apps)


def _bound(app: App, now: App | None, cluster: Cluster | None) -> App:
    if now is None:
        return app
    tenancy = tenants.filled(now.tenancy, placeholders(now, app.env, cluster))
    return replace(app, suspensions=now.suspensions, tenancy=tenancy, remote_bases=now.remote_bases)


def _tell(session: Session, tree: Tree) -> None:
    from gitctl.cli.show.lines import age

    if tree.revision.stale_seconds is not None:
        session.warn(f"stale, fetched {age(tree.revision.stale_seconds)} ago: the source cannot be reached")


def say_dirty(session: Session, source: LocalSource) -> None:
    """Say that uncommitted changes are passed over, where there are any."""
    dirty = dirty_paths(source.git)
    if dirty:
        session.say(f"note: {counted(len(dirty), 'uncommitted change')} not looked at; --worktree reads them")


def _environment(project: Project, name: str | None) -> Environment:
    from gitctl.config.resolve import choose_environment

    return choose_environment(project, name or "")


def _path_mode(session: Session, names: list[str]) -> Path | None:
    """The folder, when the one argument is a path: it has a slash or a dot, or is a folder that no project claims as an app."""
    if len(names) != 1:
        return None
    folder = start_folder(session) / names[0]
    if "/" in names[0] or names[0] in (".", ".."):
        if not folder.exists():
            raise ConfigError(
                f"{names[0]} does not exist", id=ErrorId.FOLDER_MISSING, hint="name a folder of manifests, or an app of gitctl.yaml"
            )
        return folder
    alone = session.flags.config is None and search(start_folder(session)) is None
    return folder if alone and folder.exists() else None


def _path_stage(session: Session, path: Path, app_name: str | None, target: bool) -> Stage:
    root = find_root(path if path.is_dir() else path.parent) or (path if path.is_dir() else path.parent)
    flags = session.flags
    cluster = Cluster(name=flags.context or "", context=flags.context or "")
    parts = _parts(session, None, WorkTree(root), cluster if target else None, Limits(), NoLookup())
    parts = replace(parts, stores=open_stores(session, ListedSources(), root))
    if target:
        parts = replace(parts, cluster=parts.target.name)
    namespace = flags.namespace or (parts.target.namespace or "default" if target else "")
    relative = path.resolve().relative_to(root.resolve()).as_posix()
    return Stage(parts, (path_app(relative, app_name or "", namespace),), path_mode=True)


def _stage(
    session: Session,
    opened: OpenProject,
    environment: Environment,
    cluster: Cluster | None,
    apps: tuple[App, ...],
    *,
    target: bool,
) -> Stage:
    if target and cluster is None:
        raise ConfigError(
            f"the environment {environment.name!r} has no clusters",
            id=ErrorId.CLUSTER_NEEDED,
            hint="add `clusters` to it in gitctl.yaml, or name one with --context",
        )
    lookup = ProjectLookup(opened.file, opened.folder, cluster)
    # Others too: what they have is looked at where apps depend on each other. The selected ones come last: the branch's rules bind them.
    acting = (spec.template for spec in opened.project.apps if spec.template.tenancy.account and cluster)
    everybody = (*(fill_app(template, environment, cluster) for template in acting), *apps)
    parts = _parts(session, opened.source, opened.tree, cluster if target else None, opened.project.limits, lookup, everybody)
    parts = replace(parts, publisher=opened.publisher, blame=blame_with(opened.source, project=opened.file), stores=opened.stores)
    project, clusters = opened.project.name, len(environment.clusters)
    return Stage(parts, apps, environment.name, environment.protect, project=project, clusters=clusters, at=cluster)


def _branch_stage(session: Session, opened: OpenProject, here: branches.BranchApps, push: bool | None) -> Stage:
    lookup = ProjectLookup(opened.file, opened.folder, next(iter(here.env.clusters), None))
    everywhere = [app for s in resolve(opened.project, here.env.name, context=session.flags.context or "") for app in s.apps]
    target = branches.open_branch(opened.root, opened.place, here, everywhere, push=push)
    parts = _parts(session, opened.source, opened.tree, None, opened.project.limits, lookup)
    blame = blame_with(opened.source, project=opened.file)
    parts = replace(parts, target=target, branch=here.branch, publisher=opened.publisher, blame=blame)
    project = opened.project.name
    return Stage(parts, here.apps, here.env.name, here.env.protect, project=project, publish=target.publish)


def _parts(
    session: Session,
    source: Source | None,
    tree: Tree,
    cluster: Cluster | None,
    limits: Limits,
    lookup: Lookup,
    apps: Iterable[App] = (),
) -> Parts:
    return Parts(
        source=source,
        tree=tree,
        target=open_cluster(session, cluster, apps) if cluster else cast(Target, _NoTarget()),
        render=render_with(session, source),
        emit=session.emit,
        now=lambda: datetime.now(UTC),
        cancel=session.cancel,
        actor=actor(),
        project=lookup,
        cluster=cluster.name if cluster else "",
        limits=limits,
    )


def open_cluster(session: Session, cluster: Cluster, apps: Iterable[App] = ()) -> Target:
    """The Kubernetes target of a cluster; nothing is asked of it yet. `apps` are those that may have accounts of their own."""
    from gitctl.target.kubernetes.open import open_target

    flags = session.flags
    if flags.dangerous_insecure_tls:
        session.warn("the certificate of the cluster need not be right: --dangerous-insecure-tls")
    if not cluster.context and in_ci():
        raise UsageError(
            "which cluster? in CI the kubeconfig's current context is not taken",
            id=ErrorId.CONTEXT_UNNAMED,
            hint="name it: --context NAME, or GITCTL_CONTEXT",
        )
    return open_target(
        cluster,
        kubeconfig=str(flags.kubeconfig or cluster.kubeconfig or os.environ.get("KUBECONFIG", "")),
        context=cluster.context,
        impersonate=flags.as_user or "",
        groups=flags.as_group,
        own=bool(flags.kubeconfig) or not _in_checkout(session, cluster.kubeconfig),
        insecure=flags.dangerous_insecure_tls,
        accounts={owner: app.tenancy.account for app in apps if app.tenancy.account for owner in owners_of(app)},
        timeout=duration("--request-timeout", flags.request_timeout) if flags.request_timeout else None,
        cache=cache_folder(),
    )


def _in_checkout(session: Session, files: str) -> bool:
    """Does one of these files come with the project, by its name or by what it links to?"""
    start = start_folder(session)
    root = (find_root(start) or start).resolve()
    paths = [Path(os.path.abspath(Path(name).expanduser())) for name in files.split(os.pathsep) if name]
    return any(one.is_relative_to(root) for path in paths for one in (path, path.parent.resolve() / path.name, path.resolve()))


class _NoTarget:
    """Stands in the place of a target for commands that reach none."""

    def __getattr__(self, name: str) -> object:
        raise UsageError(f"this command reaches no cluster ({name})", id=ErrorId.USAGE)
