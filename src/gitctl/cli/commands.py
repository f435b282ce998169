"""The table of verbs. Command modules import nothing heavy at module level: workflows are imported when they run."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Annotated, Any

import typer

from gitctl import __version__
from gitctl.cli.flags import parameters
from gitctl.cli.manual import Root, lay_out, root_epilog

# (module in gitctl.cli, name on the command line). A module offers `register(app)`.
VERBS = (
    "bootstrap",
    "diff",
    "sync",
    "status",
    "tree",
    "trace",
    "health",
    "drift_check",
    "history",
    "rollback",
    "delete",
    "suspend",
    "resume",
    "unlock",
    "render",
    "validate",
    "secret",
    "rbac",
    "config",
    "doctor",
    "explain",
    "sandbox",
    "completion",
    "version",
)


def verbs_of(words: str) -> tuple[str, ...] | None:
    """The verbs that a command line being typed names, or begins to name; None (all) when it may go on with any.

    A shell asks while somebody types: to import every command takes longer than to answer.
    """
    typed = [word.strip("'\"") for word in words.split()]
    # What stands behind a flag may be its value: `-C sandbox`.
    verbs = [word.replace("-", "_") for before, word in pairwise(typed) if not before.startswith("-")]
    named = tuple(verb for verb in VERBS if verb in verbs)
    begun = tuple(verb for verb in VERBS if verbs and not words[-1:].isspace() and verb.startswith(verbs[-1]))
    return named or begun or None


def root(verbs: Iterable[str] | None = None) -> typer.Typer:
    """The whole command line, or that of some verbs."""
    app = typer.Typer(
        name="gitctl",
        help="GitOps from the terminal: what Git wants, compared with what runs, applied safely, recorded, and taken back.",
        epilog=root_epilog(),
        cls=Root,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None, "max_content_width": 120},
    )
    app.callback()(_common_flags())
    for verb in verbs or VERBS:
        importlib.import_module(f"gitctl.cli.{verb}").register(app)
    lay_out(app)
    return app


def _common_flags() -> Callable[..., None]:
    def flags(**_values: Any) -> None:
        """Read by the commands from the root context."""

    def version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"gitctl {__version__}")
            raise typer.Exit

    option = typer.Option("--version", help="Print the version.", callback=version, is_eager=True)
    show = inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, option])
    flags.__signature__ = inspect.Signature([*parameters(environment=True), show])  # type: ignore[attr-defined]
    flags.__annotations__ = {}
    return flags
