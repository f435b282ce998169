"""What a shell offers behind a flag or as an argument: names from gitctl.yaml, the kubeconfig, Git and the sandbox.

Read leniently and without network: a shell asks while the user types, also while gitctl.yaml is half written. What cannot be read
offers nothing; it is never an error.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

from gitctl.errors import ErrorId, GitctlError

Candidate = str | tuple[str, str]
"""A word, or a word and what it means."""
Offer = Callable[[typer.Context, str], list[Candidate]]


def _offer(names: Callable[[typer.Context], Iterable[Candidate]]) -> Offer:
    @functools.wraps(names, assigned=("__name__", "__doc__"))
    def offered(ctx: typer.Context, incomplete: str) -> list[Candidate]:
        try:
            return [one for one in names(ctx) if (one if isinstance(one, str) else one[0]).startswith(incomplete)]
        except (GitctlError, OSError, ValueError):
            return []

    del offered.__wrapped__  # typer reads the signature, and would see that of `names`
    return offered


@_offer
def apps(ctx: typer.Context) -> Iterable[str]:
    """Apps of gitctl.yaml that are not on the command line yet."""
    given = set(ctx.params.get("apps") or ctx.params.get("targets") or ())
    return (name for name in _project(ctx, "apps") if name not in given)


@_offer
def environments(ctx: typer.Context) -> Iterable[str]:
    """Environments of gitctl.yaml."""
    return _project(ctx, "environments")


@_offer
def revisions(ctx: typer.Context) -> Iterable[str]:
    """HEAD, branches and tags."""
    from gitctl.source.refs import ref_names

    return ref_names(_folder(ctx))


@_offer
def records(ctx: typer.Context) -> Iterable[Candidate]:
    """Records of the app that this user has seen last, then revisions: what a rollback takes."""
    from gitctl.cli.remember import remembered
    from gitctl.source.refs import ref_names

    environments = [_flag(ctx, "env")] if _flag(ctx, "env") else _project(ctx, "environments")
    # Behind an option that still lacks its value the parser leaves the argument where it was.
    app = str(ctx.params.get("app") or next(iter(ctx.args), ""))
    known = remembered(_file(ctx), environments[0], app) if len(environments) == 1 else []
    return [*known, *ref_names(_folder(ctx))]


@_offer
def contexts(ctx: typer.Context) -> Iterable[str]:
    """Contexts of the kubeconfig."""
    named = _flag(ctx, "kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
    files = [Path(name).expanduser() for name in str(named).split(os.pathsep) if name]
    found = [context.get("name") for file in files if file.is_file() for context in _top(file).get("contexts") or ()]
    return dict.fromkeys(name for name in found if isinstance(name, str))


@_offer
def kubernetes_versions(ctx: typer.Context) -> Iterable[str]:
    """Versions whose schemas are there."""
    from gitctl.schemas.shipped import versions

    folder = ctx.params.get("schemas")
    return versions(Path(folder) if folder else None)


@_offer
def sandboxes(_ctx: typer.Context) -> Iterable[str]:
    """Control planes that were started once."""
    from gitctl.sandbox import known_names

    return known_names()


@_offer
def sandbox_parts(_ctx: typer.Context) -> Iterable[str]:
    """The programs of a control plane."""
    from gitctl.sandbox.part import Part

    return (part.value for part in Part)


@_offer
def error_ids(_ctx: typer.Context) -> Iterable[str]:
    """Ids of errors."""
    return map(str, ErrorId)


def _project(ctx: typer.Context, section: str) -> list[str]:
    value = _top(_file(ctx)).get(section)
    return [name for name in value if isinstance(name, str)] if isinstance(value, dict) else []


def _file(ctx: typer.Context) -> Path:
    from gitctl.config.find import find_config

    named = _flag(ctx, "config")
    return find_config(_folder(ctx), explicit=Path(named) if named else None)


def _top(file: Path) -> dict[str, Any]:
    from gitctl.documents import load_all

    documents = load_all(file.read_bytes(), where=str(file))
    top = documents[0].value if documents else None
    return top if isinstance(top, dict) else {}


def _folder(ctx: typer.Context) -> Path:
    return Path(_flag(ctx, "directory") or ".").absolute()


def _flag(ctx: typer.Context, name: str) -> str:
    """A common flag as typed so far, behind the verb or before it."""
    return str(ctx.params.get(name) or ctx.find_root().params.get(name) or "")
