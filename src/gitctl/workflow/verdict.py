"""What a finished run means: the error, and so the exit code, that the user sees."""

from __future__ import annotations

from gitctl.errors import ApplyFailed, ErrorId, Forbidden, GitctlError, Interrupted, NotHealthy
from gitctl.model.change import Action
from gitctl.model.outcome import ObjectHealth, Outcome, OutcomeResult, SyncResult
from gitctl.model.quantity import counted

HELD_HINT = "look at its finalizers and at the controller that should remove them; the next run tries again"
RIGHTS_HINT = "ask for these rights, or use another account (--as, --context)"


def verdict(result: SyncResult, *, interrupted: bool, verb: str = "sync") -> GitctlError | None:
    """None when all is applied (or gone) and healthy. Failures outweigh bad health.

    Exit codes: 130; 8 for failures, 6 where rights are missing for all of them, 9 where finalizers hold all of them; 9 for bad health.
    """
    if interrupted:
        return Interrupted(f"{result.plan.app}: interrupted; what was applied is recorded", hint=f"run {verb} again to finish")
    failed = result.failed
    if failed or result.plan.failures:
        return _failed(result, failed)
    ill = [h for h in result.health if not h.health.settled]
    if ill:
        return NotHealthy(
            f"{result.plan.app}: {len(ill)} of {counted(len(result.health), 'object')} not healthy",
            details=[row for h in ill for row in _ill(h)],
            hint="mend it in Git and sync, or `gitctl rollback`",
        )
    return None


def _failed(result: SyncResult, failed: tuple[Outcome, ...]) -> ApplyFailed | Forbidden | NotHealthy:
    left = sum(o.result is OutcomeResult.NOT_TRIED for o in result.outcomes)
    details = [f"{c.ref}: {c.error}" for c in result.plan.failures] + [f"{o.change.ref}: {o.error}" for o in failed]
    done = sum(o.result in (OutcomeResult.APPLIED, OutcomeResult.DELETED) for o in result.outcomes)
    message = f"{result.plan.app}: {len(details)} failed, {done} done, {left} not tried"
    if not done and all(o.denied for o in failed) and all(c.denied for c in result.plan.failures):
        return Forbidden(f"{result.plan.app}: nothing was applied", details=details, hint=RIGHTS_HINT)
    if not result.plan.failures and all(_held(o) for o in failed):
        return NotHealthy(
            f"{result.plan.app}: {counted(len(failed), 'object')} not gone in time", id=ErrorId.NOT_GONE, details=details, hint=HELD_HINT
        )
    conflicts = any(c.conflicts for c in result.plan.failures)
    hint = "take the fields out of Git, or add --force-conflicts" if conflicts else "mend the object in Git and sync again"
    return ApplyFailed(message, id=ErrorId.FIELD_CONFLICT if conflicts else ErrorId.APPLY_FAILED, details=details, hint=hint)


def _held(outcome: Outcome) -> bool:
    """The delete was accepted, and the object is still there: something holds it."""
    return outcome.change.action is Action.PRUNE and not outcome.code and outcome.halt is None


def _ill(one: ObjectHealth) -> list[str]:
    head = f"{one.ref}: {one.health.state.value}: {one.health.message}"
    return [head, *(f"  event: {e}" for e in one.events), *(f"  log: {row}" for row in one.logs)]
