"""Silence: since when a lock has not moved, measured here. Kept on disk, so that a run that exits starts the clock for the next."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from gitctl.paths import private_folder, write_private
from gitctl.target.holder import boot_id, boottime


@dataclass(frozen=True, slots=True)
class Silence:
    """The notes about one lock. `key` names the lock among all clusters."""

    folder: Path
    key: str

    def seconds(self, version: str) -> float:
        """For how long the lock has been seen at this version (uid and resourceVersion). 0 at the first sight of it."""
        now, boot = boottime(), boot_id()
        noted = self._noted()
        seen = noted.get("seen")
        if (noted.get("version"), noted.get("boot")) == (version, boot) and isinstance(seen, float):
            return max(0.0, now - seen)
        self._note({"version": version, "boot": boot, "seen": now})
        return 0.0

    def _noted(self) -> dict[str, object]:
        try:
            noted = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def _note(self, note: dict[str, object]) -> None:
        """Best effort: without a cache the clock starts anew with every run."""
        try:
            private_folder(self.folder)
            write_private(self._file, json.dumps(note))
        except OSError:
            return

    @property
    def _file(self) -> Path:
        return self.folder / f"{hashlib.sha256(self.key.encode()).hexdigest()[:32]}.json"
