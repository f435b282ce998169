"""The tree of an app's objects as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitctl.cli.session import Session
from gitctl.cli.show.branches import branches
from gitctl.cli.show.error import error_json
from gitctl.cli.show.lines import Line, Style, line, since, text_of
from gitctl.cli.show.values import ref_json
from gitctl.cli.show.width import padded, width
from gitctl.errors import ExitCode
from gitctl.model.health import HealthState
from gitctl.model.quantity import counted
from gitctl.model.tree import AppTree, Node

if TYPE_CHECKING:
    from gitctl.cli.open import Stage

_WELL = (HealthState.HEALTHY, HealthState.SUSPENDED)
Staged = Sequence[tuple["Stage", Sequence[AppTree]]]


def show_trees(session: Session, staged: Staged, *, exit_code: bool) -> int:
    """Print them. With `exit_code` the result is 1 unless the objects of all apps are well."""
    body = {
        "clusters": [
            {"environment": stage.env, "cluster": stage.parts.cluster, "apps": [_app_json(one) for one in trees]} for stage, trees in staged
        ]
    }
    now = datetime.now(UTC)
    blocks = [tree_lines(one, where=stage.where, now=now, boxes=session.boxes) for stage, trees in staged for one in trees]
    lines = [row for number, block in enumerate(blocks) for row in ([line("")] if number else []) + block]
    session.result("Tree", body, text=lambda: text_of(lines, color=session.color, clean=session.redactor.clean), paged=True)
    well = all(one.state in _WELL for _, trees in staged for one in trees)
    return ExitCode.DIFFERENT if exit_code and not well else ExitCode.DONE


def tree_lines(tree: AppTree, *, where: str, now: datetime, boxes: bool) -> list[Line]:
    """A head line, a line for each object, and a note for each kind that could not be listed."""
    owned = sum(1 for root in tree.nodes for _ in root.all()) - len(tree.nodes)
    count = f": {counted(len(tree.nodes), 'object')}, {owned} owned by them" if tree.nodes else ""
    head = line(f"{tree.app} ({where}) {tree.state.value}{count}", Style.HEAD)
    drawn = list(branches(tree.nodes, lambda node: node.owned, boxes=boxes))
    wide = max((width(f"{before}{node.ref}") for before, node in drawn), default=0)
    rows = [_row(before, node, wide, now) for before, node in drawn]
    notes = [line(f"note: not looked at: {unseen}", Style.QUIET) for unseen in tree.unseen]
    return [head, *([line(tree.message, Style.QUIET)] if tree.message and not tree.error else []), *rows, *notes]


def _row(before: str, node: Node, wide: int, now: datetime) -> Line:
    well = node.health.state in _WELL
    age = since(node.created, now) if node.created else ""
    why = f"  {node.health.message}" if node.health.message else ""
    return (
        (before, Style.QUIET),
        (padded(str(node.ref), wide - width(before)) + "  ", Style.PLAIN),
        (f"{node.health.state.value:<11}", Style.ADDED if well else Style.BAD),
        (f"  {age:>4}", Style.PLAIN),
        (why, Style.QUIET),
    )


def _app_json(tree: AppTree) -> dict[str, Any]:
    body: dict[str, Any] = {
        "app": tree.app,
        "owner": tree.owner,
        "health": tree.state.value,
        "message": tree.message,
        "objects": [_node_json(node) for node in tree.nodes],
        "unseen": [{"kind": u.kind, "namespace": u.namespace, "reason": u.reason} for u in tree.unseen],
    }
    return body | ({"error": error_json(tree.error)} if tree.error else {})


def _node_json(node: Node) -> dict[str, Any]:
    return {
        "object": ref_json(node.ref),
        "health": node.health.state.value,
        "message": node.health.message,
        "rule": node.health.rule,
        "created": node.created,
        "owned": [_node_json(one) for one in node.owned],
    }
