"""The flags that every command takes, before and after the verb, with kubectl's names and meaning where kubectl has them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gitctl.cli import offer
from gitctl.cli.forms import Output, check_form
from gitctl.cli.session import Session
from gitctl.cli.terminal import Color


class LogFormat(StrEnum):
    """Forms of progress lines on stderr."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Flags:
    """The common flags of one run. A flag after the verb wins over one before it, that over GITCTL_<FLAG>."""

    config: Path | None = None
    directory: Path | None = None
    env: str | None = None
    context: str | None = None
    kubeconfig: Path | None = None
    namespace: str | None = None
    as_user: str | None = None
    as_group: tuple[str, ...] = ()
    request_timeout: str | None = None
    dangerous_insecure_tls: bool = False
    output: Output = Output.TEXT
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False
    color: Color = Color.AUTO
    no_pager: bool = False
    log_format: LogFormat = LogFormat.TEXT

    @property
    def when_colored(self) -> Color:
        """When to use colours, by either flag."""
        return Color.NEVER if self.no_color else self.color


@dataclass(frozen=True, slots=True)
class _Option:
    annotation: Any
    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    empty: Any = None
    count: bool = False
    offer: offer.Offer | None = None


_OPTIONS: Mapping[str, _Option] = {
    "config": _Option(Path | None, ("--config",), "Project file; default: the nearest gitctl.yaml, upwards.", "FILE"),
    "directory": _Option(Path | None, ("-C", "--directory"), "Run as if started in this folder.", "DIR"),
    "env": _Option(str | None, ("-e", "--env"), "Environment of gitctl.yaml.", "ENV", offer=offer.environments),
    "context": _Option(str | None, ("--context",), "Context of the kubeconfig.", "NAME", offer=offer.contexts),
    "kubeconfig": _Option(Path | None, ("--kubeconfig",), "Kubeconfig file; default: KUBECONFIG, then ~/.kube/config.", "FILE"),
    "namespace": _Option(str | None, ("-n", "--namespace"), "Namespace of objects that name none; for a folder only.", "NAME"),
    "as_user": _Option(str | None, ("--as",), "User to impersonate.", "USER"),
    "as_group": _Option(list[str] | None, ("--as-group",), "Group to impersonate; repeatable.", "GROUP"),
    "request_timeout": _Option(str | None, ("--request-timeout",), "Limit of one request to the cluster, such as 30s.", "DURATION"),
    "dangerous_insecure_tls": _Option(
        bool, ("--dangerous-insecure-tls",), "Talk to a cluster whose certificate is not checked, or by http.", empty=False
    ),
    "output": _Option(Output | None, ("-o", "--output"), "Form of the result; default: text."),
    "quiet": _Option(bool, ("-q", "--quiet"), "Results, warnings and errors only.", empty=False),
    "verbose": _Option(int, ("-v", "--verbose"), "Say more.", empty=0, count=True),
    "no_color": _Option(bool, ("--no-color",), "No colours; as NO_COLOR does.", empty=False),
    "color": _Option(Color | None, ("--color",), "When to use colours; default: auto."),
    "no_pager": _Option(bool, ("--no-pager",), "Print long results without a pager.", empty=False),
    "log_format": _Option(LogFormat | None, ("--log-format",), "Form of progress lines on stderr; default: text."),
}

COMMON: Mapping[str, str] = {name: option.help for name, option in _OPTIONS.items()}
"""The flags that every command takes: parameter → its help."""


def parameters(*, without: tuple[str, ...] = (), environment: bool = False) -> list[inspect.Parameter]:
    """The common flags as keyword parameters for typer; with `environment` each reads GITCTL_<FLAG> too, but for those that endanger."""
    return [_parameter(name, option, environment) for name, option in _OPTIONS.items() if name not in without]


def _parameter(name: str, option: _Option, environment: bool) -> inspect.Parameter:
    variable = "GITCTL_" + option.names[-1].lstrip("-").upper().replace("-", "_")
    info = typer.Option(
        *option.names,
        help=option.help,
        metavar=option.metavar,
        count=option.count,
        show_default=False,
        show_envvar=False,
        envvar=variable if environment and not name.startswith("dangerous_") else None,
        autocompletion=option.offer,
    )
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option.empty, annotation=Annotated[option.annotation, info])


def with_session(*, without: tuple[str, ...] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command its `session: Session` first argument, made from the common flags that it then takes too.

    `without` names flags that the command redefines (`secret keygen -o FILE`).
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(command, eval_str=True)
        own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for n, p in signature.parameters.items() if n != "session"]
        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)

        @functools.wraps(command)
        def run(**arguments: Any) -> Any:
            ctx: typer.Context = arguments.pop("ctx")
            common = {name: arguments.pop(name) for name in _OPTIONS if name in arguments and name not in without}
            flags = merge(ctx.find_root().params, common)
            check_form(_words(ctx), flags.output)
            return command(Session(flags), **arguments)

        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[context, *own, *parameters(without=without)]
        )
        run.__annotations__ = {}
        return run

    return decorate


def _words(ctx: typer.Context) -> str:
    """`secret encrypt`: the command's name without the program's."""
    return ctx.command_path.removeprefix(ctx.find_root().command_path).strip()


def merge(before: Mapping[str, Any], after: Mapping[str, Any]) -> Flags:
    """One value a flag: the one after the verb, else the one before it (or from the environment), else the default."""
    chosen: dict[str, Any] = {}
    for field in fields(Flags):
        value = after.get(field.name) or before.get(field.name)
        if value:
            chosen[field.name] = _CONVERT.get(field.name, _same)(value)
    return Flags(**chosen)


def _same(value: Any) -> Any:
    return value


# The root context holds what the parser read, before typer turns it into our types.
_CONVERT: Mapping[str, Callable[[Any], Any]] = {
    "config": Path,
    "directory": Path,
    "kubeconfig": Path,
    "as_group": tuple,
    "output": Output,
    "color": Color,
    "log_format": LogFormat,
}
