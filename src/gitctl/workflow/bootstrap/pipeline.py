"""CI, pre-commit hooks and CODEOWNERS: workflow files that call scripts, and the scripts."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gitctl.model.app import RenderKind
from gitctl.workflow.bootstrap.template import filled, folder
from gitctl.workflow.bootstrap.wanted import Ci, Scaffold

CODE_OWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where forges look for it."""

_NEEDS: Mapping[Ci, str] = {Ci.GITHUB: "    needs: sync-{}\n", Ci.GITLAB: '  needs: ["gitctl sync-{}"]\n'}
# Shown in rules that are off until somebody is named.
_NOBODY = "@your-org/your-team"


def pipeline_files(wanted: Scaffold, words: Mapping[str, str]) -> dict[str, bytes]:
    """The files that `--ci` and `--pre-commit` ask for."""
    files: dict[str, bytes] = {}
    if wanted.pre_commit:
        files |= folder("pre-commit", "", words)
    if wanted.ci is not Ci.NONE:
        more = {**words, "SYNC_JOBS": _sync_jobs(wanted, words), "PROGRAMS": " ".join(_programs(wanted))}
        files |= folder("ci", "ci", more) | folder(f"forges/{wanted.ci.value}", "", more)
    if wanted.ci is not Ci.NONE or wanted.owners:
        path = ".github/CODEOWNERS" if wanted.ci is Ci.GITHUB else "CODEOWNERS"
        files[path] = _code_owners(wanted).encode()
    return files


def is_script(path: str) -> bool:
    """Is it one of the scripts, which are committed as executable?"""
    return path.startswith("ci/") and "." not in path


def _sync_jobs(wanted: Scaffold, words: Mapping[str, str]) -> str:
    """One job an environment; each waits for the one before it."""
    jobs = []
    for before, environment in zip(("", *wanted.environments), wanted.environments, strict=False):
        needs = _NEEDS[wanted.ci].format(before) if before else ""
        jobs.append(filled(f"sync-jobs/{wanted.ci.value}.yaml", {**words, "ENV": environment, "NEEDS": needs}))
    return "\n".join(jobs).rstrip()


def _programs(wanted: Scaffold) -> Collection[str]:
    kinds = {app.render for app in wanted.start.apps}
    renderers = {RenderKind.HELM: "helm", RenderKind.KUSTOMIZE: "kustomize"}
    return [*(name for kind, name in renderers.items() if kinds & {kind, RenderKind.AUTO}), *(["sops"] if wanted.sops_rules else [])]


def _code_owners(wanted: Scaffold) -> str:
    owners = " ".join(wanted.owners) or _NOBODY
    return filled("CODEOWNERS", {"OWNERS": owners, "OFF": "" if wanted.owners else "# "})
