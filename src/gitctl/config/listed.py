"""What `references` of gitctl.yaml lists: names and files that references may read, checked."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from gitctl.config.problem import Problem
from gitctl.errors import ErrorId

# Without them gitctl, or a program that it calls, would not work; or they hold the account's own keys.
_NEEDED = ("PATH", "HOME", "TMPDIR", "USER", "LANG", "TERM", "SHELL", "KUBECONFIG", "PYTHONPATH", "SSH_AUTH_SOCK")
_PREFIXES = ("GITCTL_", "GIT_", "AWS_", "VAULT_", "SOPS_", "XDG_", "KUBERNETES_", "LC_")


def reference_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the lists, the shape aside."""
    section = data.get("references")
    if not isinstance(section, dict):
        return
    recorded = _texts(data.get("vars_from_env"))
    for index, name in enumerate(_texts(section.get("env"))):
        at = ("references", "env", index)
        if name in recorded:
            yield Problem(at, f"{name} is in vars_from_env too, whose values are recorded and shown", id=ErrorId.CONFIG_CONTRADICTION)
        elif name in _NEEDED or name.startswith(_PREFIXES):
            hint = "give the value another name: what is listed is taken out of the environment"
            yield Problem(at, f"{name} is a variable that programs need", hint, id=ErrorId.CONFIG_VALUE)
    for index, path in enumerate(_texts(section.get("files"))):
        if posixpath.normpath(path) != path or path.startswith(("../", "~")) or path in ("..", "."):
            hint = "relative to the root of the repository, or absolute, without '.' and '..'"
            yield Problem(("references", "files", index), f"the path {path!r} is not written out", hint, id=ErrorId.CONFIG_PATH)


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
