"""The repository that `secret recipients` and `secret rules` work on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.cli.session import Session

if TYPE_CHECKING:
    from gitctl.model.revision import Revision
    from gitctl.workflow.recipients import Alignment


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A creation rule: its `path_regex` ("" for all files), how many recipients it has, and for how many encrypted files it holds."""

    config: str
    path_regex: str
    recipients: int
    files: int


class Ground:
    """The repository that a command works on: its rule files and encrypted files, by path from its root."""

    def __init__(self, session: Session) -> None:
        from gitctl.cli.start import start_folder
        from gitctl.secrets import pysops
        from gitctl.secrets.rules import FILE
        from gitctl.source.checkout import repository_of
        from gitctl.source.drivers import GitClone
        from gitctl.workflow.secret import read_file

        self.start = start_folder(session)
        self.root = root = repository_of(self.start).folder
        clone = GitClone(root, pysops.is_encrypted)
        names = clone.names()
        self.files: Mapping[str, bytes] = {name: read_file(root / name) for name in sorted(clone.encrypted(names))}
        self.configs: Mapping[str, str] = {
            name: read_file(root / name).decode("utf-8", "replace")
            for name in sorted(names, key=lambda name: (-name.count("/"), name))
            if Path(name).name == FILE and (root / name).is_file()
        }

    def config_of(self, name: str) -> str | None:
        """The rule file that applies to a file: the nearest upwards."""
        from gitctl.workflow.recipients import below

        return next((config for config in self.configs if below(config, (name,))), None)

    @cached_property
    def rules(self) -> tuple[RuleUse, ...]:
        """Every rule with the number of encrypted files for which it holds."""
        from gitctl.secrets.rules import entries, recipients

        counts = Counter(self._ruled.values())
        return tuple(
            RuleUse(config, str(entry.get("path_regex") or ""), len(set(recipients(entry))), counts[config, index])
            for config, text in self.configs.items()
            for index, entry in enumerate(entries(text.encode(), config=self.root / config))
        )

    @property
    def unruled(self) -> tuple[str, ...]:
        """Encrypted files that no rule matches."""
        return tuple(name for name in self.files if name not in self._ruled)

    @cached_property
    def _ruled(self) -> dict[str, tuple[str, int]]:
        """The rule (file and place in it) that holds for an encrypted file."""
        from gitctl.secrets.rules import index_of

        found = {}
        for name in self.files:
            config = self.config_of(name)
            if config is not None:
                index = index_of(self.configs[config].encode(), self._path(name, config), config=self.root / config)
                if index is not None:
                    found[name] = (config, index)
        return found

    def aligned(self, changed: Mapping[str, str]) -> Alignment:
        """All files as these rule files want them."""
        from gitctl.model.secret import Aligned
        from gitctl.secrets.align import align
        from gitctl.workflow.recipients import aligned

        def one(name: str, content: bytes) -> Aligned | None:
            config = self.config_of(name)
            assert config is not None
            return align(self._path(name, config), content, config=self.root / config, rules=changed[config].encode(), where=name)

        files = {name: content for name, content in self.files.items() if self.config_of(name) in changed}
        rules = {name: text.encode() for name, text in changed.items() if text != self.configs[name]}
        return aligned(files, rules, one)

    def carry_out(self, done: Alignment, message: str, *, no_commit: bool, push: bool) -> Revision | None:
        """Commit, or write the files alone."""
        from gitctl.source.publish import checkout_publisher
        from gitctl.source.repository import LocalSource
        from gitctl.workflow.recipients import commit_files, write

        if no_commit:
            write(done, root=self.root)
            return None
        publisher = checkout_publisher(self.root)
        commit = commit_files(done, message, publisher=publisher, parent=LocalSource(self.root).resolve("HEAD"))
        if commit and push:
            publisher.push(commit)
        return commit

    def _path(self, name: str, config: str) -> str:
        return os.path.relpath(name, str(Path(config).parent))
