"""What is wrong about secrets, from what an audit found. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gitctl.model.audit import Audit, AuditedSecret, AuditFinding, AuditRule, Consumer, ValueFact
from gitctl.model.policy import MaxAge, SecretPolicy, matches
from gitctl.model.quantity import counted
from gitctl.model.secretmade import Keeping, SecretMade
from gitctl.model.secretuse import UseKind
from gitctl.plan.audit import Key, Used, shown

_DAY = 86400.0


def findings(
    used: Used, policy: SecretPolicy, *, now: datetime, there: Collection[Key] = (), whole: bool = True
) -> tuple[AuditFinding, ...]:
    """All findings about one place. `there` are Secrets that the cluster has besides; `whole`: all apps of the place were rendered, so
    that what is missing or unused can be told."""
    rows = (*used.secrets.values(), *used.others)
    found = [*_old(rows, policy.max_age, now), *_unknown_readers(rows)]
    if whole:
        found += [*_missing(used.dangling, there), *_missing_keys(used), *_unused(used)]
    return accepted(found, policy)


def accepted(found: Iterable[AuditFinding], policy: SecretPolicy) -> tuple[AuditFinding, ...]:
    """The findings, with the reason for those that gitctl.yaml accepts."""
    return tuple(replace(one, accepted=_reason(one, policy)) for one in found)


def _reason(found: AuditFinding, policy: SecretPolicy) -> str:
    rules = (a for a in policy.accept if a.finding == found.rule.value and matches(a.secret, found.secret))
    return next((a.reason for a in rules), "")


def file_findings(rows: Iterable[AuditedSecret], policy: SecretPolicy, *, now: datetime) -> tuple[AuditFinding, ...]:
    """Findings about files that reach no object."""
    rows = tuple(rows)
    return accepted((*_old(rows, policy.max_age, now), *_unknown_readers(rows)), policy)


def with_equal(audits: Sequence[Audit], policy: SecretPolicy) -> tuple[Audit, ...]:
    """The audits with findings for values that are the same in more than one place (environment), as far as files were opened."""
    where: dict[str, dict[str, str]] = {}
    for audit in audits:
        for row in audit.secrets if audit.place else ():
            for value in row.values:
                where.setdefault(value.same, {}).setdefault(audit.place, row.name)
    shared = {same: places for same, places in where.items() if same and len(places) > 1}
    return tuple(replace(audit, findings=(*audit.findings, *accepted(_equal(audit, shared), policy))) for audit in audits)


def _equal(audit: Audit, shared: Mapping[str, Mapping[str, str]]) -> Iterator[AuditFinding]:
    for row in audit.secrets:
        for value in row.values:
            others = [f"{name} in {place}" for place, name in shared.get(value.same, {}).items() if place != audit.place]
            if audit.place and others:
                hint = "give each environment a value of its own, so that who has one has not all"
                yield AuditFinding(AuditRule.EQUAL, row.name, f"{value.key} equals a value of {', '.join(others)}", hint)


def _old(rows: Iterable[AuditedSecret], limits: tuple[MaxAge, ...], now: datetime) -> Iterator[AuditFinding]:
    for row in rows:
        old = [value for value in row.values if _is_old(value, limits, now)]
        if not old:
            continue
        oldest = min(old, key=lambda value: (value.changed is None, value.changed))
        assert oldest.changed is not None
        keys = ", ".join(dict.fromkeys(value.key for value in old))
        limit = _limit(oldest.file, limits)
        message = f"{keys}: not changed for {_days((now - oldest.changed).total_seconds())}, limit {_days(limit or 0)}"
        by = f" by {oldest.author}" if oldest.author else ""
        command = "seal --merge-into" if row.keeping is Keeping.SEALED else "edit"
        hint = f"change the value where it is used, then `gitctl secret {command} {oldest.file}`; last changed in {oldest.commit[:8]}{by}"
        yield AuditFinding(AuditRule.TOO_OLD, row.name, message, hint)


def _is_old(value: ValueFact, limits: tuple[MaxAge, ...], now: datetime) -> bool:
    limit = _limit(value.file, limits)
    return limit is not None and value.changed is not None and (now - value.changed).total_seconds() > limit


def _limit(file: str, limits: tuple[MaxAge, ...]) -> float | None:
    return next((one.seconds for one in limits if matches(one.path, file)), None)


def _days(seconds: float) -> str:
    return counted(int(seconds // _DAY), "day") if seconds >= _DAY else counted(int(seconds // 3600), "hour")


def _unknown_readers(rows: Iterable[AuditedSecret]) -> Iterator[AuditFinding]:
    for row in rows:
        unknown = [reader.recipient for reader in row.readers if reader.unnamed]
        if unknown:
            hint = "`gitctl secret recipients add KEY --name WHO`, or `… remove KEY`, then `gitctl secret rotate --recipients`"
            yield AuditFinding(AuditRule.UNKNOWN_READER, row.name, f"can be read by a key without a name: {', '.join(unknown)}", hint)


def _missing(dangling: Mapping[Key, tuple[Consumer, ...]], there: Collection[Key]) -> Iterator[AuditFinding]:
    for key, consumers in sorted(dangling.items()):
        needs = [one for one in consumers if one.use.certain and one.use.how is not UseKind.ACCOUNT]
        if needs and key not in there:
            message = f"used by {_listed(needs)}, and nothing in Git makes it"
            hint = "add it, correct the name, or mark the reference `optional: true`; made by hand: accept it in gitctl.yaml, or --live"
            yield AuditFinding(AuditRule.MISSING, shown(key), message, hint)


def _missing_keys(used: Used) -> Iterator[AuditFinding]:
    for row in used.secrets.values():
        if row.keys is None:
            continue
        for consumer in row.consumers:
            lacking = [key for key in consumer.use.keys if key not in row.keys]
            if lacking and consumer.use.certain:
                hint = f"it has {', '.join(sorted(row.keys)) or 'no keys'}: add the key, or correct the reference"
                yield AuditFinding(AuditRule.KEY_MISSING, row.name, f"{consumer.ref.short} uses its key {', '.join(lacking)}", hint)


def _unused(used: Used) -> Iterator[AuditFinding]:
    for key, row in used.secrets.items():
        if used.made[key].own and not any(consumer.ref != row.ref for consumer in row.consumers):
            hint = f"take it out of {row.file or 'Git'}, or accept it in gitctl.yaml when something reads it by the API"
            yield AuditFinding(AuditRule.UNUSED, row.name, f"no object of the environment uses it ({_origin(row, used.made[key])})", hint)


def _origin(row: AuditedSecret, made: SecretMade) -> str:
    return f"made by {row.ref.short}" if row.ref and made.keeping not in (Keeping.PLAIN, Keeping.ENCRYPTED) else f"app {row.app}"


def _listed(consumers: Iterable[Consumer]) -> str:
    return ", ".join(dict.fromkeys(map(str, consumers)))
