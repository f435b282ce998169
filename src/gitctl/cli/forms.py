"""Which command prints its result in which forms: the one table behind `-o`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum

from gitctl.errors import ErrorId, UsageError


class Output(StrEnum):
    """Forms in which a result can be printed."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"
    MARKDOWN = "markdown"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


TEXT = frozenset({Output.TEXT})
DATA = TEXT | {Output.JSON, Output.YAML}
NAMES = DATA | {Output.NAME}
REPORTS = frozenset({Output.SARIF, Output.JUNIT, Output.GITHUB})
"""Forms for code scanning, test reports and annotations of a CI system."""

FORMS: Mapping[str, frozenset[Output]] = {
    "bootstrap": DATA,
    "diff": NAMES | REPORTS | {Output.MARKDOWN},
    "sync": DATA,
    "drift-check": DATA | REPORTS,
    "rollback": DATA,
    "delete": DATA,
    "suspend": DATA,
    "resume": DATA,
    "unlock": DATA,
    "render": NAMES,
    "validate": DATA | REPORTS,
    "secret keygen": DATA,
    "secret encrypt": NAMES,
    "secret decrypt": DATA,
    "secret edit": NAMES,
    "secret view": DATA,
    "secret status": NAMES,
    "secret rotate": NAMES,
    "secret git-setup": DATA,
    "secret conflicts": DATA,
    "secret resolve": DATA,
    "secret textconv": TEXT,
    "secret merge-driver": TEXT,
    "secret rules": DATA,
    "secret recipients list": NAMES,
    "secret recipients add": DATA,
    "secret recipients remove": DATA,
    "secret restart-key": DATA,
    "secret exec-env": TEXT,
    "secret exec-file": TEXT,
    "secret audit": DATA | {Output.MARKDOWN},
    "secret scan": NAMES | REPORTS,
    "secret seal": DATA,
    "secret unseal": DATA,
    "secret reseal": NAMES,
    "secret verify": NAMES,
    "rbac": NAMES,
    "history": DATA,
    "status": DATA,
    "tree": DATA,
    "trace": DATA,
    "health": NAMES,
    "config schema": TEXT | {Output.JSON},
    "config show": DATA,
    "config validate": DATA,
    "doctor": DATA,
    "explain": DATA,
    "sandbox up": DATA,
    "sandbox down": TEXT,
    "sandbox status": DATA,
    "sandbox kubeconfig": TEXT,
    "sandbox reset": TEXT,
    "sandbox restart": TEXT,
    "completion": TEXT,
    "version": DATA,
}
"""By the words after `gitctl`. A form that is not here is refused before the command does anything."""


def check_form(command: str, form: Output) -> None:
    """Does the command print this form? Raises UsageError."""
    known = FORMS.get(command, DATA)
    if form in known:
        return
    listed = ", ".join(one.value for one in Output if one in known)
    asked = f"GITCTL_OUTPUT={form.value}" if os.environ.get("GITCTL_OUTPUT") == form.value else f"-o {form.value}"
    raise UsageError(f"{asked} is no form of `gitctl {command}`", id=ErrorId.OUTPUT_FORM, hint=f"it prints {listed}")
