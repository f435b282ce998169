"""Accounts as YAML for kubectl, as names, or as a result."""

from __future__ import annotations

from typing import Any

from gitctl.cli.forms import Output
from gitctl.cli.open import Stage
from gitctl.cli.session import Session
from gitctl.documents import dump_all
from gitctl.workflow.rbac import Accounts


def show_accounts(session: Session, stage: Stage, made: Accounts) -> int:
    """Print the objects in the order of applying; what a reviewer should know goes to stderr."""
    for note in made.notes:
        session.warn(note)
    forms = {Output.NAME: lambda: session.redactor.clean("".join(f"{_name(item)}\n" for item in made.objects))}
    session.result("RbacResult", _json(stage, made), text=lambda: session.redactor.clean(accounts_yaml(made)), forms=forms)
    return 0


def accounts_yaml(made: Accounts) -> str:
    """A stream of documents, as `kubectl apply -f` takes it."""
    return dump_all(made.objects)


def _json(stage: Stage, made: Accounts) -> dict[str, Any]:
    office = made.office
    return {
        "environment": stage.env,
        "cluster": stage.parts.cluster,
        "apps": list(made.apps),
        "stateNamespace": office.state,
        "accounts": [
            {"account": one.value, "namespace": office.namespace, "name": office.account(one), "user": office.user(one)}
            for one in made.accounts
        ],
        "objects": list(made.objects),
        "notes": list(made.notes),
    }


def _name(item: dict[str, Any]) -> str:
    metadata = item["metadata"]
    place = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{item['kind']} {place}{metadata['name']}"
