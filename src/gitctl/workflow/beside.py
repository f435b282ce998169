"""Other environments as Git has them, beside a plan: rendered, so that a new secret value can be compared with theirs.

No cluster is asked, and nothing of them is planned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitctl.errors import ConfigError, ErrorId, GitctlError
from gitctl.model.app import App
from gitctl.model.change import Comparison, Plan, Proof
from gitctl.model.manifest import RenderResult
from gitctl.model.secretkey import KeyKind
from gitctl.plan.secretkeys import keys_of_change
from gitctl.protocols import References
from gitctl.workflow.parts import Parts
from gitctl.workflow.plan import Rendered
from gitctl.workflow.references import ask_ahead, resolved_as_far

_NEWS = frozenset({KeyKind.ADDED, KeyKind.CHANGED})


@dataclass(frozen=True, slots=True)
class AppBeside:
    """An app of another environment: its objects as they are wanted, in a plan that changes nothing; or why they are not known."""

    app: App
    plan: Plan | None = None
    error: GitctlError | None = None

    @property
    def title(self) -> str:
        """`web (dev)`."""
        return f"{self.app.name} ({self.app.env})"


def apps_beside(plans: Iterable[Plan], envs: Sequence[str], parts: Parts) -> tuple[AppBeside, ...]:
    """The apps of these environments; none where no plan has a new secret value. Raises ConfigError for an environment without apps."""
    apps = {(app.env, app.name): app for app in parts.project.all_apps(parts.tree)} if envs else {}
    known = sorted({env for env, _ in apps})
    for env in envs:
        if env not in known:
            hint = f"environments: {', '.join(known) or 'none'}"
            raise ConfigError(f"no app is in an environment {env!r}", id=ErrorId.ENVIRONMENT_UNKNOWN, hint=hint)
    if not any(key.kind in _NEWS for plan in plans for change in plan.changes for key in keys_of_change(change)):
        return ()
    rendered = [_rendered(app, parts) for (env, _), app in apps.items() if env in envs]
    ask_ahead([(one.app, one.result.manifests) for one in rendered if one.result], parts.stores)
    return tuple(AppBeside(r.app, _plan(r.app, r.result, parts.stores) if r.result else None, r.error) for r in rendered)


def _rendered(app: App, parts: Parts) -> Rendered:
    try:
        return Rendered(app, parts.render(app, parts.tree))
    except GitctlError as error:
        return Rendered(app, error=error)


def _plan(app: App, rendered: RenderResult, stores: References) -> Plan:
    """Values of stores where they can be had; else their references, which are compared as texts."""
    known, failed = resolved_as_far(app, rendered.manifests, stores)
    manifests = (*known, *(m for m in rendered.manifests if m.ref in failed))
    same = tuple(Comparison(m, m.body, m.body, m.body, proof=Proof.NONE) for m in manifests)
    return Plan(app.name, app.owner, rendered.revision, (), (), same, (), (), "")
