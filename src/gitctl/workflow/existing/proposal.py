"""What is proposed: apps, and folders that were passed over with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from gitctl.model.app import RenderKind


@dataclass(frozen=True, slots=True)
class ProposedApp:
    """An app as gitctl.yaml will have it. `path` may hold `{env}`; `environments` are those that it is known for, () for all.

    `values_files` may hold `{env}`; `why` says what was recognised, `to_do` what people have to settle before it renders.
    """

    name: str
    path: str
    render: RenderKind
    environments: tuple[str, ...] = ()
    values_files: tuple[str, ...] = ()
    namespace: str = ""
    create_namespace: bool = False
    why: str = ""
    to_do: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """A folder or file that looked like an app and is not proposed."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found, in the order of paths."""

    apps: tuple[ProposedApp, ...] = ()
    passed: tuple[Passed, ...] = ()
