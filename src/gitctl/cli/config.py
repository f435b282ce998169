"""`gitctl config schema|show|validate`: the project file."""

from __future__ import annotations

import typer

from gitctl.cli.flags import with_session
from gitctl.cli.manual import epilog
from gitctl.cli.session import Session
from gitctl.cli.words import REVISION, WORKTREE
from gitctl.model.quantity import counted

VALIDATE = epilog([("gitctl config validate", ""), ("gitctl config validate --config other.yaml", "")], codes={0: "valid", 3: "not valid"})
SHOW = epilog([("gitctl config show -e prod", "one environment"), ("gitctl config show --revision v1.2 -o json", "at a revision")])
SCHEMA = epilog([("gitctl config schema > gitctl.schema.json", "for editors")])


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Check and show gitctl.yaml.", no_args_is_help=True)
    group.command("validate", epilog=VALIDATE)(validate)
    group.command("show", epilog=SHOW)(show)
    group.command("schema", epilog=SCHEMA)(schema)
    app.add_typer(group, name="config")


@with_session()
def schema(session: Session) -> int:
    """Print the JSON schema of gitctl.yaml, for editors."""
    from gitctl.config.schema import schema_text

    session.raw(schema_text())
    return 0


@with_session()
def show(session: Session, revision: REVISION = None, worktree: WORKTREE = False) -> int:
    """Print the project with defaults and placeholders filled in.

    For one environment (-e), or for all.
    """
    from gitctl.cli.open import open_project
    from gitctl.cli.show.project import project_json
    from gitctl.config.resolve import choose_environment
    from gitctl.documents import dump

    flags = session.flags
    project = open_project(session, revision=revision, worktree=worktree).project
    environments = (choose_environment(project, flags.env),) if flags.env else project.environments
    body = project_json(project, environments, context=flags.context or "")
    session.result("Config", body, text=lambda: dump(session.redactor.clean_json(body)))
    return 0


@with_session()
def validate(session: Session) -> int:
    """Check gitctl.yaml as it lies in the work tree.

    All errors are shown at once, with line and column.
    """
    from gitctl.cli.start import start_folder
    from gitctl.config.find import find_config
    from gitctl.config.load import load
    from gitctl.config.paths import check_paths
    from gitctl.source.checkout import find_root

    file = find_config(start_folder(session), explicit=session.flags.config)
    root = find_root(file.parent) or file.parent
    project = load(file.read_bytes(), path=str(file), folder=file.parent.relative_to(root).as_posix())
    if not project.source.url:  # else the folders are in the remote
        check_paths(project, root)
    counts = {"apps": len(project.apps), "environments": len(project.environments), "clusters": len(project.clusters)}
    body = {"path": str(file), "valid": True, "project": project.name, **counts}
    session.result("ConfigValidation", body, text=lambda: session.redactor.clean(f"{file} is valid: {_counted(counts)}"))
    return 0


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(counted(n, what.removesuffix("s")) for what, n in counts.items())
