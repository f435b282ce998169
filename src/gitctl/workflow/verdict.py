"""What a finished run means: the error, and so the exit code, that the user sees."""

from __future__ import annotations

from gitctl.errors import ApplyFailed, Forbidden, GitctlError, Interrupted, NotHealthy
from gitctl.model.outcome import ObjectHealth, Outcome, OutcomeResult, SyncResult
from gitctl.model.quantity import counted

RIGHTS_HINT = "ask for these rights, or use another account (--as, --context)"


def verdict(result: SyncResult, *, interrupted: bool) -> GitctlError | None:
    """None when all is applied and healthy. Failures outweigh bad health: exit codes 130, 8, 9; 6 when rights are missing for all of it."""
    if interrupted:
        return Interrupted(f"{result.plan.app}: interrupted; what was applied is recorded", hint="run sync again to finish")
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


def _failed(result: SyncResult, failed: tuple[Outcome, ...]) -> ApplyFailed | Forbidden:
    left = sum(o.result is OutcomeResult.NOT_TRIED for o in result.outcomes)
    details = [f"{c.ref}: {c.error}" for c in result.plan.failures] + [f"{o.change.ref}: {o.error}" for o in failed]
    done = sum(o.result in (OutcomeResult.APPLIED, OutcomeResult.DELETED) for o in result.outcomes)
    message = f"{result.plan.app}: {len(details)} failed, {done} done, {left} not tried"
    if not (done or result.plan.failures) and all(o.denied for o in failed):
        return Forbidden(f"{result.plan.app}: nothing was applied", details=details, hint=RIGHTS_HINT)
    conflicts = any(c.conflicts for c in result.plan.failures)
    hint = "take the fields out of Git, or add --force-conflicts" if conflicts else "mend the object in Git and sync again"
    return ApplyFailed(message, details=details, hint=hint)


def _ill(one: ObjectHealth) -> list[str]:
    head = f"{one.ref}: {one.health.state.value}: {one.health.message}"
    return [head, *(f"  event: {e}" for e in one.events), *(f"  log: {row}" for row in one.logs)]
