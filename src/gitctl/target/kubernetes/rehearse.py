"""Rehearse: ask the server about a write without writing, so that a run which must not fail half way can be refused as a whole."""

from __future__ import annotations

from dataclasses import replace

from gitctl.model.change import Action, Change, Comparison
from gitctl.model.outcome import Outcome, OutcomeResult
from gitctl.target.kubernetes import failure
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.compare import apply_request, is_sensitive
from gitctl.target.kubernetes.exchange import Request, Response
from gitctl.target.kubernetes.owner import marked
from gitctl.target.kubernetes.remove import delete_change
from gitctl.target.kubernetes.resource import Resource


def rehearse_change(client: Client, resource: Resource, change: Change, *, owner: str, force: bool) -> Outcome:
    """The answer to a dry run; see Reversible. Raises ClusterError family errors when the server cannot be used."""
    match change.action:
        case Action.PRUNE:
            return delete_change(client, resource, change, owner=owner, dry_run=True)
        case Action.CREATE | Action.UPDATE | Action.ADOPT:
            return _apply(client, resource, change, owner, force)
        case Action.REPLACE:
            return _untried(change, "a replacement cannot be tried beforehand")
        case Action.ORPHAN | Action.RELEASE | Action.UNCHANGED:
            return _untried(change, "there is nothing to try")


def _apply(client: Client, resource: Resource, change: Change, owner: str, force: bool) -> Outcome:
    comparison = change.comparison
    if comparison is None or comparison.deleting:
        return _untried(change, "it is being deleted, and created when it is gone")
    answer = client.send(_request(resource, comparison, owner, force))
    if answer.ok:
        return Outcome(change, OutcomeResult.APPLIED, live=answer.json())
    if failure.refused_dry_run(answer):
        return _untried(change, "an admission webhook cannot be tried")
    if answer.status == 404 and change.action is Action.CREATE:
        return _untried(change, "its namespace does not exist yet")
    return _refused(client, answer, change, comparison)


def _request(resource: Resource, comparison: Comparison, owner: str, force: bool) -> Request:
    """As `apply_change` will send it; a fold comes before that, so what is folded does not stand in the way then."""
    sent = marked(comparison.sent, owner)
    if comparison.live is not None:
        sent = {**sent, "metadata": {**sent["metadata"], "uid": comparison.live["metadata"]["uid"]}}
    takes = force or bool(comparison.taken) or comparison.fold
    return apply_request(resource, comparison.ref, sent, force=takes, dry_run=True)


def _untried(change: Change, why: str) -> Outcome:
    return Outcome(change, OutcomeResult.NOT_TRIED, error=why)


def _refused(client: Client, answer: Response, change: Change, comparison: Comparison) -> Outcome:
    why = failure.explain(answer, sensitive=is_sensitive(comparison.desired))
    outcome = Outcome(change, OutcomeResult.FAILED, error=why, code=answer.status, denied=failure.refused_rights(answer))
    return replace(outcome, error=f"{why}: {client.where}") if outcome.denied else outcome
