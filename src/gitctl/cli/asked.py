"""What a `bootstrap` is asked for, completed by what is in the folder: what is written, which apps, under which name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from gitctl import __version__
from gitctl.cli.session import Session
from gitctl.config.fill import check_label
from gitctl.config.find import FILE_NAME
from gitctl.config.load import load
from gitctl.config.schema import schema_text
from gitctl.errors import ErrorId, InputError, UsageError
from gitctl.model.app import Cluster
from gitctl.protocols import Tree
from gitctl.secrets import scan as detect
from gitctl.source.create import delivered_branch
from gitctl.source.worktree import WorkTree
from gitctl.workflow.bootstrap.beginning import Order, Site, begin
from gitctl.workflow.bootstrap.taken import Given
from gitctl.workflow.bootstrap.wanted import RULES, SCHEMA, Ci, Example, Layout, Scaffold
from gitctl.workflow.existing.naming import label, names_for
from gitctl.workflow.existing.proposal import Found
from gitctl.workflow.scan import Detector

_OWNER = re.compile(r"@[\w.-]+(/[\w.-]+)*|[^@\s#]+@[^@\s#]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """The flags. Empty ones are filled from the folder, and from a gitctl.yaml that is there."""

    root: Path
    name: str = ""
    environments: tuple[str, ...] = ()
    layout: Layout = Layout.MONO
    ci: Ci = Ci.NONE
    pre_commit: bool = False
    example: Example | None = None
    source: Path | None = None
    owners: tuple[str, ...] = ()
    dry_run: bool = False


def understand(asked: Asked) -> tuple[Scaffold, Found]:
    """What is wanted, and what was found in the folder; nothing is made. Raises UsageError, InputError, Refused, ConfigError."""
    site = _site(asked.root)
    name = asked.name or (site.project.name if site.project else label(asked.root.name))
    _check(asked, name)
    given = _given(asked, asked.source, name, site.tree) if asked.source else None
    beginning = begin(Order(name, asked.environments, asked.layout, asked.example, given), site)
    clusters = site.project.clusters if site.project else ()
    wanted = Scaffold(
        name=name,
        environments=beginning.environments,
        start=beginning.start,
        cluster=clusters[0] if len(clusters) == 1 else None,
        layout=beginning.layout,
        papers=beginning.papers,
        ci=asked.ci,
        pre_commit=asked.pre_commit,
        owners=asked.owners,
        branch=delivered_branch(asked.root),
        version=__version__,
        sops_rules=read_file(asked.root / RULES) or b"",
        schema=schema_text().encode() if site.project is None or site.has(SCHEMA) else b"",
    )
    return wanted, beginning.found


def equip(session: Session, asked: Asked, wanted: Scaffold) -> Scaffold:
    """With the cluster of --context, and with key rules for a repository that has none: the user's age key is made where needed."""
    return replace(
        wanted,
        cluster=_cluster(session) or wanted.cluster,
        sops_rules=wanted.sops_rules or (_sops_rules(session, asked) if wanted.papers else b""),
    )


def _site(root: Path) -> Site:
    """A gitctl.yaml that is there says what the flags leave open, so that a second run changes nothing."""
    content = read_file(root / FILE_NAME)
    project = None if content is None else load(content, path=str(root / FILE_NAME))
    return Site(WorkTree(root) if root.is_dir() else None, project, lambda path: (root / path).is_file())


def _check(asked: Asked, name: str) -> None:
    for what, text in (("--name", name), *(("--env", env) for env in asked.environments)):
        check_label(what, text)
    for owner in asked.owners:
        if not _OWNER.fullmatch(owner):
            raise UsageError(f"--owner {owner!r} is neither @USER, @ORG/TEAM nor a mail address", id=ErrorId.ARGUMENT_INVALID)


def _given(asked: Asked, source: Path, project: str, tree: Tree | None) -> Given:
    if not source.is_dir():
        hint = "name a folder of manifests, a kustomization or a chart"
        raise InputError(f"--from: {source} is not a folder", id=ErrorId.FOLDER_MISSING, hint=hint)
    path = source.relative_to(asked.root).as_posix() if source.is_relative_to(asked.root) else ""
    (name,) = (project,) if asked.layout is Layout.PER_APP else names_for((path or source.name,), project).values()
    detector = Detector(detect.exposures, detect.generator_inputs, detect.exposed_inputs)
    if tree is not None and source.is_relative_to(asked.root):
        return Given(tree, "" if path == "." else path, name, inside=True, detector=detector)
    return Given(WorkTree(source), "", name, inside=False, detector=detector)


def _cluster(session: Session) -> Cluster | None:
    from gitctl.cli.open import open_cluster

    if not session.flags.context:
        return None
    cluster = Cluster(name="main", context=session.flags.context, kubeconfig=str(session.flags.kubeconfig or ""))
    return replace(cluster, uid=open_cluster(session, cluster).identity())


def _sops_rules(session: Session, asked: Asked) -> bytes:
    """For the user's age key, which is made where there is none (not in a dry run)."""
    from datetime import UTC, datetime

    from gitctl.secrets import keys, rules

    file = keys.key_file()
    recipients = keys.recipients(file) if file.exists() else ()
    if not recipients and asked.dry_run:
        session.say(f"would make an age key in {file}")
        recipients = ("age1…",)
    elif not recipients:
        recipients = (keys.keygen(file, now=datetime.now(UTC)).recipient,)
        session.say(f"made an age key in {file}: keep a copy in a safe place")
    return rules.text(recipients).encode()


def read_file(path: Path) -> bytes | None:
    """The content of a file, None where there is none."""
    return path.read_bytes() if path.is_file() else None
