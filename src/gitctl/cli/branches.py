"""Which branches the apps of an environment are rendered into, and the targets of these branches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.config.resolve import Selection
from gitctl.errors import ErrorId, Refused
from gitctl.model.app import App, BranchTarget, Environment, SourceSpec
from gitctl.paths import cache_folder
from gitctl.plan.adopt import owners_of

if TYPE_CHECKING:
    from gitctl.target.branch import target
    from gitctl.target.branch.place import Place


@dataclass(frozen=True, slots=True)
class BranchApps:
    """Apps of an environment that share a branch. `repo` is "" for the repository of the source."""

    env: Environment
    repo: str
    branch: str
    apps: tuple[App, ...]


def split(selections: Iterable[Selection]) -> tuple[tuple[Selection, ...], tuple[BranchApps, ...]]:
    """What goes to clusters, and what goes to branches: an app whose place is the same for several clusters goes there once."""
    to_clusters: list[Selection] = []
    to_branches: list[BranchApps] = []
    seen: set[tuple[str, BranchTarget | None]] = set()
    for selection in selections:
        mine = tuple(app for app in selection.apps if app.target is None)
        if mine or not selection.apps:
            to_clusters.append(replace(selection, apps=mine))
        new = [app for app in selection.apps if app.target and (app.name, app.target) not in seen]
        seen |= {(app.name, app.target) for app in new}
        to_branches += _by_branch(selection.env, new)
    return tuple(to_clusters), tuple(to_branches)


def _by_branch(env: Environment, apps: Sequence[App]) -> Iterator[BranchApps]:
    for repo, branch in dict.fromkeys((a.target.repo, a.target.branch) for a in apps if a.target):
        yield BranchApps(env, repo, branch, tuple(a for a in apps if a.target and (a.target.repo, a.target.branch) == (repo, branch)))


def open_branch(root: Path, source: SourceSpec, here: BranchApps, everywhere: Iterable[App], *, push: bool | None) -> target.BranchTarget:
    """The target of a branch; nothing is asked of it yet. `everywhere` has the environment's apps once for each cluster.

    `push` None: nothing will be written. Raises Refused for a write that nobody would see, SourceError for a bad URL.
    """
    from gitctl.source.open import open_refs
    from gitctl.target.branch.snapshot import Homes
    from gitctl.target.branch.target import BranchTarget

    refs = open_refs(root, source, here.repo, cache=cache_folder(), push=bool(push))
    if push is False and refs.shared:
        message = f"{here.branch} is a branch of {refs.where}: nobody would see a commit before it is pushed"
        raise Refused(message, id=ErrorId.BRANCH_NEEDS_PUSH, hint="add --push")
    everywhere = tuple(everywhere)
    # Of apps that are not selected too: others may depend on them. The selected ones last, where each cluster has a folder.
    known = (a for a in (*everywhere, *here.apps) if a.target and (a.target.repo, a.target.branch) == (here.repo, here.branch))
    folders = {owner: app.target.folder for app in known if app.target for owner in owners_of(app)}
    return BranchTarget(refs, Homes(here.branch, folders, _places(everywhere, here.repo)), cache=cache_folder())


def _places(apps: Iterable[App], repo: str) -> Mapping[str, frozenset[Place]]:
    from gitctl.target.branch.place import Place

    found: dict[str, frozenset[Place]] = {}
    for app in apps:
        if app.target and app.target.repo == repo:
            place = frozenset({Place(app.target.branch, app.target.folder)})
            found |= {owner: found.get(owner, frozenset()) | place for owner in owners_of(app)}
    return found
