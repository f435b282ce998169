"""Job and CronJob."""

from __future__ import annotations

from collections.abc import Mapping

from gitctl.health.live import Live
from gitctl.health.verdict import Check, failed, healthy, join, progressing, suspended
from gitctl.model.health import Health


def job(live: Live) -> Health:
    """Done, and done well. `FailureTarget` and `SuccessCriteriaMet` only announce the end: pods may still run."""
    for condition in live.conditions:
        if condition.type == "Failed" and condition.true:
            return failed(str(condition))
        if condition.type == "Complete" and condition.true:
            return healthy(_counts(live))
    pause = live.condition("Suspended")
    if live.flag("spec", "suspend") or (pause and pause.true):
        return suspended("spec.suspend is true" if live.flag("spec", "suspend") else str(pause))
    target = live.condition("FailureTarget")
    return progressing(join((target if target and target.true else None, _counts(live))))


def _counts(live: Live) -> str:
    wanted = live.count("spec", "completions", default=live.count("spec", "parallelism", default=1))
    parts = [f"{live.count('status', 'succeeded')} of {wanted} pods succeeded"]
    parts += [f"{n} {word}" for word in ("active", "failed") if (n := live.count("status", word))]
    return ", ".join(parts)


def cron_job(live: Live) -> Health:
    """Always healthy unless suspended: a failed run is told, but must not make every sync until the next run a failure.

    Times are RFC 3339 in UTC and compare as text.
    """
    if live.flag("spec", "suspend"):
        return suspended("spec.suspend is true")
    last, good = live.text("status", "lastScheduleTime"), live.text("status", "lastSuccessfulTime")
    running = len(live.every("status", "active", "*"))
    if running or not last:
        return healthy(f"{running} jobs running" if running else "not yet due")
    if good and good < last:
        return healthy(f"the run of {last} did not succeed; the last success was at {good}")
    return healthy(f"last run {last}" + ("" if good else ", no success seen yet"))


RULES: Mapping[tuple[str, str], Check] = {("batch", "Job"): job, ("batch", "CronJob"): cron_job}
