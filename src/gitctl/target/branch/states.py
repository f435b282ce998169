"""What gitctl remembers about apps in branches: one ref an app and place, each write a commit on top of the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gitctl.errors import ClusterError, ErrorId
from gitctl.model.record import RecordResult
from gitctl.model.state import AppState
from gitctl.refs import Refs
from gitctl.target.branch.place import Place
from gitctl.target.codec import from_json, to_json

_FILE = "state.json"


@dataclass(frozen=True, slots=True)
class Stored:
    """A state with its place. `sha` is the commit that holds it, "" before the first write.

    `seen` is the commit of the branch that a sync last wrote or found as it should be; `leaves` are files that go with the next
    commit, because the app has another folder now.
    """

    state: AppState
    place: Place
    seen: str = ""
    leaves: tuple[str, ...] = ()
    sha: str = ""

    @property
    def ref(self) -> str:
        """The ref that names it."""
        return self.place.state_ref(self.state.owner)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of what was applied."""
        return tuple(self.place.path(entry.ref) for entry in self.state.inventory if entry.uid)


def read(refs: Refs, sha: str) -> Stored:
    """The state in a commit. Raises ClusterError when it is damaged, Refused when a newer gitctl wrote it."""
    content = refs.files(sha, (_FILE,)).get(_FILE, b"")
    try:
        raw = json.loads(content)
        place = Place(raw["branch"], raw["folder"])
        return Stored(from_json(raw["state"]), place, raw["seen"], tuple(raw["leaves"]), sha)
    except (ValueError, KeyError, TypeError) as error:
        message = f"a stored state is damaged (commit {sha[:8]})"
        raise ClusterError(message, id=ErrorId.STATE_DAMAGED, hint="was it edited by hand?", where=refs.where) from error


def write(refs: Refs, stored: Stored) -> Stored:
    """A commit with the state, on top of the one that it had; no ref names it yet."""
    state = stored.state
    raw: Mapping[str, Any] = {
        "branch": stored.place.branch,
        "folder": stored.place.folder,
        "seen": stored.seen,
        "leaves": list(stored.leaves),
        "state": to_json(state),
    }
    content = json.dumps(raw, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
    sha = refs.note({_FILE: content}, f"{_subject(state)}\n", parent=stored.sha)
    return replace(stored, sha=sha)


def _subject(state: AppState) -> str:
    record = state.records[-1] if state.records else None
    word = "" if record is None else f": record {record.number} {record.result.value}"
    return f"{state.owner}{word}"


def is_closing(state: AppState) -> bool:
    """Does the newest record say how its run ended?"""
    return bool(state.records) and state.records[-1].result is not RecordResult.OPEN


def is_whole(state: AppState) -> bool:
    """Did the newest record's run write all that its app has?"""
    last = state.records[-1] if state.records else None
    return last is not None and not last.partial and last.result in (RecordResult.SUCCEEDED, RecordResult.UNHEALTHY)
