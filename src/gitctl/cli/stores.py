"""The stores of a run: what references may read, and the variables that no other program gets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from gitctl.cli.session import Session
from gitctl.errors import GitctlError
from gitctl.model.reference import ListedSources
from gitctl.protocols import References, Store


def open_stores(session: Session, listed: ListedSources, root: Path) -> References:
    """All stores, none of them asked yet. `root` is that of the repository, for files."""
    from gitctl.secrets.stores.reader import StoreReader

    withhold(session, listed.env)
    return StoreReader(partial(_stores, session, listed, root), session.redactor)


def _stores(session: Session, listed: ListedSources, root: Path) -> Iterable[Store]:
    from gitctl.secrets.stores.aws import AwsSecrets, ParameterStore
    from gitctl.secrets.stores.local import EnvStore, FileStore
    from gitctl.secrets.stores.vault import VaultStore

    local = (EnvStore(listed.env, session.withheld), FileStore(listed.files, root))
    return (*local, AwsSecrets(os.environ), ParameterStore(os.environ), VaultStore(os.environ, session.redactor))


def withhold(session: Session, names: Iterable[str]) -> None:
    """Take these variables out of the environment: git, helm and all other programs start with what is left of it."""
    for name in names:
        value = os.environ.pop(name, None)
        if value is not None:
            session.withheld[name] = value
            session.redactor.learn(value)


def withhold_listed(session: Session, content: bytes) -> None:
    """The same for what a gitctl.yaml lists, before the first program runs. What is wrong with the file is told when it is loaded."""
    from gitctl import documents

    if b"references" not in content:
        return
    with suppress(GitctlError):
        value, _ = documents.load_marked(content, where="gitctl.yaml")
        withhold(session, _names(value))


def _names(value: Any) -> list[str]:
    section = value.get("references") if isinstance(value, Mapping) else None
    names = section.get("env") if isinstance(section, Mapping) else None
    return [name for name in names if isinstance(name, str) and name.isidentifier()] if isinstance(names, list) else []
