"""What an app is called: by the folders that say what it is, not by those that say how it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gitctl.workflow.existing.environments import PLACEHOLDER

# Folders that every repository has say nothing about what is in them.
_GENERIC = re.compile(
    r"apps?|applications?|bases?|charts?|clusters?|configs?|deploy|deployments?|env|envs|environments?|gitops|helm|infra|infrastructure"
    r"|k8s|kube|kubernetes|kustomize|manifests?|overlays?|releases?|services?|src|stages|workloads|yaml"
)


def names_for(paths: Iterable[str], project: str) -> dict[str, str]:
    """Path → a name that no other path has; `project` where a path says nothing."""
    names: dict[str, str] = {}
    for path in paths:
        names[path] = _free(_candidates(path, project), set(names.values()))
    return names


def _candidates(path: str, project: str) -> list[str]:
    """The best name first, then longer ones that tell it from others."""
    words = [label(part) for part in path.split("/") if part not in ("", ".", PLACEHOLDER)]
    telling = [word for word in words if not _GENERIC.fullmatch(word)]
    longer = ["-".join(telling[-n:]) for n in range(2, len(telling) + 1)]
    return [*telling[-1:], *longer, *([] if telling else [project]), "-".join(words) or project]


def _free(candidates: list[str], taken: set[str]) -> str:
    short = [label(one) for one in candidates]
    numbered = (label(f"{short[-1][:58]}-{n}") for n in range(2, len(taken) + 3))
    return next(name for name in (*short, *numbered) if name not in taken)


def label(text: str) -> str:
    """The text as a DNS label: at most 63 lower-case letters, digits and `-`; `app` when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "app"
