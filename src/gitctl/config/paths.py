"""Do the folders exist that the apps name?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitctl.config.fill import fill_app
from gitctl.errors import ConfigError, ErrorId, Where, did_you_mean, raise_all
from gitctl.model.app import App, AppSpec, Environment, Project


def check_paths(project: Project, root: Path) -> None:
    """Every app's folder, in every environment and cluster, below the root of the repository. Raises ConfigError, or ManyErrors."""
    errors: dict[str, ConfigError] = {}
    for spec in project.apps:
        for env in project.environments:
            for app in _resolved(spec, env):
                if not (root / app.path).exists():
                    errors.setdefault(f"{app.name} {app.path}", _missing(project, spec, app, root))
    raise_all(errors.values())


def _resolved(spec: AppSpec, env: Environment) -> Iterator[App]:
    if spec.environments and env.name not in spec.environments:
        return
    clusters = env.clusters or (None,)
    for cluster in clusters:
        if cluster is not None or "{cluster}" not in spec.template.path:
            yield fill_app(spec.template, env, cluster)


def _missing(project: Project, spec: AppSpec, app: App, root: Path) -> ConfigError:
    parent = (root / app.path).parent
    known = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    hint = did_you_mean(Path(app.path).name, known, what="there is")
    where = Where(project.path, spec.line, key=f"apps.{app.name}.path")
    return ConfigError(f"the path {app.path!r} does not exist (environment {app.env!r})", id=ErrorId.FOLDER_MISSING, where=where, hint=hint)
