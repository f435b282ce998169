"""The flags of planning commands as one value."""

from __future__ import annotations

from datetime import datetime

from gitctl.errors import ConfigError, ErrorId, UsageError
from gitctl.model.certificate import Verify
from gitctl.model.rival import Rival
from gitctl.workflow.plan import PlanRequest


def plan_request(
    *,
    only: list[str] | None,
    selector: str | None,
    adopt: bool,
    adopt_from: list[Rival] | None,
    force_conflicts: bool,
    prune: bool | None,
    replace: list[str] | None,
    prune_limit: int | None = None,
    plan_digest: str = "",
    verify: Verify = Verify.SAMPLE,
    secrets: bool = True,
) -> PlanRequest:
    """The flags of a plan as one value. Raises UsageError."""
    return PlanRequest(
        prune=prune,
        adopt=adopt,
        adopt_from=frozenset(adopt_from or ()),
        force_conflicts=force_conflicts,
        prune_limit=prune_limit,
        plan_digest=plan_digest,
        replace=frozenset(_kind_names(replace or (), "--replace")),
        only=tuple(_kind_names(only or (), "--only")),
        labels=_labels(selector),
        verify=verify,
        secrets=secrets,
    )


def duration(flag: str, text: str) -> float:
    """The seconds that a flag gives, such as `90s` or `5m`. Raises UsageError."""
    from gitctl.config.duration import parse_duration

    try:
        return parse_duration(text)
    except ConfigError as error:
        raise UsageError(f"{flag}: {error}", id=ErrorId.ARGUMENT_INVALID, hint=error.hint) from None


def later(flag: str, text: str, now: datetime) -> datetime:
    """The time that a flag gives: `3d`, or RFC 3339. Raises UsageError."""
    from gitctl.config.moment import parse_until

    try:
        return parse_until(text, now)
    except ConfigError as error:
        raise UsageError(f"{flag}: {error.message}", id=ErrorId.ARGUMENT_INVALID, hint=error.hint) from None


def _kind_names(values: list[str] | tuple[str, ...], flag: str) -> list[str]:
    for value in values:
        if not all(value.split("/")) or value.count("/") not in (1, 2):
            raise UsageError(f"{flag} {value} names no object", id=ErrorId.ARGUMENT_INVALID, hint=f"write {flag} Deployment/web")
    return list(values)


def _labels(selector: str | None) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in filter(None, (selector or "").split(",")):
        key, equals, value = part.replace("==", "=").partition("=")
        if not equals or key.endswith("!"):
            raise UsageError(
                f"--selector {part} is not of the form label=value", id=ErrorId.ARGUMENT_INVALID, hint="join several with commas: a=b,c=d"
            )
        pairs.append((key.strip(), value.strip()))
    return tuple(pairs)
