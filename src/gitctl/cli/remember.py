"""Remember: the records that a run has seen, in the user's private cache, so that a shell can complete their numbers without network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.paths import cache_folder, private_folder, write_private

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.cli.session import Session
    from gitctl.model.record import Record

_MOST = 50


def remember(session: Session, seen: Iterable[tuple[Stage, str, Iterable[Record | None]]]) -> None:
    """Keep the newest records of apps (stage, app, records). Best effort: what cannot be kept costs a completion, nothing else."""
    from gitctl.cli.start import start_folder
    from gitctl.config.find import find_config
    from gitctl.errors import GitctlError

    try:
        project = find_config(start_folder(session), explicit=session.flags.config)
        for stage, app, records in seen:
            keep(project, stage.env, app, stage.parts.cluster, {r.number: _line(r) for r in records if r})
    except (GitctlError, OSError):
        return


def remembered(project: Path, env: str, app: str) -> list[tuple[str, str]]:
    """(number, what it was) of an app's records, the newest first; those of all clusters of the environment."""
    found: dict[int, str] = {}
    for file in sorted(_folder(project).glob(f"{_key(env, app)}-*")):
        found |= _read(file)
    return [(str(number), found[number]) for number in sorted(found, reverse=True)]


def _line(record: Record) -> str:
    return f"{record.revision[:8]} {record.result.value} {record.started}: {' '.join(record.subject.split())}"


def keep(project: Path, env: str, app: str, cluster: str, fresh: dict[int, str]) -> None:
    """Add records (number → what it was) of an app on a cluster to those that are kept. Raises OSError."""
    file = _folder(project) / f"{_key(env, app)}-{_digest(cluster)}"
    known = _read(file) | fresh
    newest = sorted(known, reverse=True)[:_MOST]
    if fresh:
        private_folder(file.parent)
        write_private(file, "".join(f"{number}\t{known[number]}\n" for number in newest))


def _read(file: Path) -> dict[int, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("\t") for line in lines)
    return {int(number): what for number, _, what in pairs if number.isdecimal()}


def _folder(project: Path) -> Path:
    return cache_folder() / "records" / _digest(str(project.resolve()))


def _key(env: str, app: str) -> str:
    return _digest(f"{env}/{app}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
