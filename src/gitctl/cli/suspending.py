"""What `suspend` and `resume` have in common: where they write, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitctl.cli.open import Stage, open_stages
from gitctl.cli.session import Session
from gitctl.errors import ErrorId, UsageError
from gitctl.model.revision import Revision
from gitctl.model.suspension import Suspension
from gitctl.workflow import suspend as workflow

Stages = Sequence[tuple[Stage, bool]]


def write_to_git(session: Session, app: str, suspension: Suspension, *, push: bool) -> int:
    """Suspend by a commit."""
    stage = _opened(session, app)
    commit = workflow.write_in_git(stage.apps[0], stage.parts, suspension, push=push)
    return _show(session, stage, suspension, commit, (), pushed=push)


def write_live(session: Session, app: str, suspension: Suspension, *, lock_timeout: float) -> int:
    """Suspend in the state of each cluster."""
    _opened(session, app)
    stages = _live(session, app, suspension, lock_timeout)
    return _show(session, stages[0][0], suspension, None, stages, pushed=False)


def end(session: Session, app: str, *, live_only: bool, push: bool, lock_timeout: float) -> int:
    """Resume in Git, then in the state of each cluster."""
    stage, commit = _opened(session, app), None
    if not live_only:
        commit = workflow.write_in_git(stage.apps[0], stage.parts, None, push=push)
    if commit:
        session.detail(f"resumed in Git by {commit.short}")
    has_state = stage.clusters or session.flags.context or stage.apps[0].target
    stages = _live(session, app, None, lock_timeout) if has_state else ()
    return _show(session, stage, None, commit, stages, pushed=push)


def _opened(session: Session, app: str) -> Stage:
    """The app where no cluster is asked. Raises UsageError for a folder."""
    stage = open_stages(session, [app], target=False)[0]
    if stage.path_mode:
        raise UsageError("only apps of gitctl.yaml are suspended", id=ErrorId.USAGE, hint="stop syncing the folder instead")
    return stage


def _live(session: Session, app: str, suspension: Suspension | None, lock_timeout: float) -> Stages:
    with session.graceful():
        return [
            (stage, workflow.write_live(stage.apps[0], stage.parts, suspension, lock_timeout=lock_timeout))
            for stage in open_stages(session, [app])
        ]


def _show(session: Session, stage: Stage, suspension: Suspension | None, commit: Revision | None, stages: Stages, *, pushed: bool) -> int:
    from gitctl.cli.show.values import suspension_json

    app = stage.apps[0].name
    body: dict[str, Any] = {
        "app": app,
        "environment": stage.env,
        "suspension": suspension_json(suspension) if suspension else None,
        "commit": commit.sha if commit else "",
        "pushed": bool(commit) and pushed,
        "clusters": [{"cluster": s.parts.cluster, "branch": s.parts.branch, "changed": changed} for s, changed in stages],
    }
    session.result("SuspensionResult", body, text=lambda: session.redactor.clean(_text(app, stage.env, suspension, commit, stages)))
    if commit and not pushed:
        session.say("not pushed: others see it after git push")
    return 0


def _text(app: str, env: str, suspension: Suspension | None, commit: Revision | None, stages: Stages) -> str:
    live = [s.parts.place for s, changed in stages if changed]
    places = [*([f"commit {commit.short}"] if commit else ()), *(f"the state in {name}" for name in live)]
    if not places:
        return f"{app} in {env}: {'suspended like this already' if suspension else 'not suspended'}"
    words = f"suspended {suspension.text}" if suspension else "resumed"
    return f"{app} in {env}: {words} ({', '.join(places)})"
