"""All files of the scaffold, compared with what is there."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gitctl.workflow.bootstrap.pipeline import CODE_OWNERS, is_script, pipeline_files
from gitctl.workflow.bootstrap.project import project_text
from gitctl.workflow.bootstrap.template import folder, names
from gitctl.workflow.bootstrap.wanted import RULES, SCHEMA, Ci, Layout, Scaffold


class FileState(StrEnum):
    """What bootstrap found where it wants to write."""

    NEW = "new"
    SAME = "same"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class ScaffoldFile:
    """One file: `diff` shows what a kept (changed by the user) file has against ours. `script`: it is committed as executable."""

    path: str
    content: bytes
    state: FileState
    diff: str = ""
    script: bool = False


def scaffold_files(wanted: Scaffold, read: Callable[[str], bytes | None]) -> tuple[ScaffoldFile, ...]:
    """All files of the scaffold, compared with what `read(path)` finds (None: nothing)."""
    contents = {_own_place(path, read): content for path, content in _contents(wanted).items()}
    return tuple(compared(path, content, read(path)) for path, content in contents.items())


def _own_place(path: str, read: Callable[[str], bytes | None]) -> str:
    """A forge reads one CODEOWNERS, the first that it finds: a new one would put that of the user out of force."""
    if path not in CODE_OWNERS:
        return path
    return next((other for other in CODE_OWNERS if read(other) is not None), path)


def paper_paths() -> tuple[str, ...]:
    """Where README, .gitignore and the runbooks go."""
    return (*names("papers"), *(f"docs/runbooks/{name}" for name in names("runbooks")))


def compared(path: str, content: bytes, found: bytes | None) -> ScaffoldFile:
    """A file beside what is found in its place (None: nothing)."""
    if found is None:
        return ScaffoldFile(path, content, FileState.NEW, script=is_script(path))
    if found == content:
        return ScaffoldFile(path, content, FileState.SAME)
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (content, found))
    diff = difflib.unified_diff(old, new, f"scaffold/{path}", path, lineterm="")
    return ScaffoldFile(path, content, FileState.KEPT, "\n".join(diff))


def _contents(wanted: Scaffold) -> Mapping[str, bytes]:
    words = _words(wanted)
    files = {"gitctl.yaml": project_text(wanted).encode()}
    if wanted.papers:
        files |= folder("papers", "", words)
    if wanted.papers or wanted.ci is not Ci.NONE:
        files |= folder("runbooks", "docs/runbooks", words)
    files |= wanted.start.files
    files |= pipeline_files(wanted, words)
    made = {RULES: wanted.sops_rules, SCHEMA: wanted.schema}
    return files | {path: content for path, content in made.items() if content}


def _words(wanted: Scaffold) -> Mapping[str, str]:
    return {
        "NAME": wanted.name,
        "APP": wanted.app,
        "TREE": _TREES[wanted.layout],
        "FIRST": wanted.environments[0],
        "LAST": wanted.environments[-1],
        "ENVIRONMENTS": " ".join(wanted.environments),
        "LISTED": ", ".join(f"`{env}`" for env in wanted.environments),
        "BRANCH": wanted.branch,
        "VERSION": wanted.version,
    }


_TREES: Mapping[Layout, str] = {Layout.MONO: "`apps/<app>`: an app's manifests", Layout.PER_APP: "`deploy`: the manifests"}
