"""How `--help` is laid out: a command's own flags apart from the flags of every command, examples and exit codes as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import typer
from typer._click import Context, HelpFormatter, Parameter
from typer.core import TyperCommand, TyperGroup

from gitctl.errors import ExitCode

MEANING: Mapping[ExitCode, str] = {
    ExitCode.DONE: "done; no difference; no finding",
    ExitCode.DIFFERENT: "differences or findings, and nothing else",
    ExitCode.USAGE: "wrong usage",
    ExitCode.INPUT: "bad input: gitctl.yaml, a manifest, a key file, hostile content",
    ExitCode.SOURCE: "Git unreachable, or no such revision",
    ExitCode.RENDER: "rendering failed, a tool is missing, or the result is not reproducible",
    ExitCode.CLUSTER: "cluster or store unreachable, not authenticated, or not allowed",
    ExitCode.REFUSED: "refused by a guard; nothing was written or deleted",
    ExitCode.PARTIAL: "applied in part: some objects failed",
    ExitCode.UNHEALTHY: "applied, but not healthy (or not gone) in time",
    ExitCode.LOCKED: "locked by another run, or the state moved underneath",
    ExitCode.BUG: "a bug in gitctl: a log was written, its path is shown",
    ExitCode.INTERRUPTED: "interrupted; what was done is recorded",
    ExitCode.TERMINATED: "terminated; what was done is recorded",
}
"""Every exit code, for `gitctl --help` and docs/exit-codes.md."""

# click leaves a paragraph as it is when its first line is a backspace.
_VERBATIM = "\b\n"


def epilog(examples: Sequence[tuple[str, str]] = (), *, codes: Mapping[int, str] | None = None, notes: str = "") -> str:
    """The end of a help page. `examples` are (command, what it is for); `codes` the exit codes that mean something special here."""
    parts = [notes] if notes else []
    if examples:
        width = max(len(command) for command, _ in examples)
        rows = [f"  {command:<{width}}  # {what}" if what else f"  {command}" for command, what in examples]
        parts.append("\n".join([_VERBATIM + "Examples:", *rows]))
    if codes:
        parts.append(_table("Exit codes (the others: `gitctl --help`):", codes))
    return "\n\n".join(parts)


def root_epilog() -> str:
    """The end of `gitctl --help`: every exit code."""
    note = "These flags may stand before or after the command. Each also reads the variable GITCTL_<FLAG>, such as GITCTL_ENV."
    return f"{note}\n\n{_table('Exit codes:', MEANING)}\n\nStart: `gitctl bootstrap`, or `gitctl diff FOLDER --context NAME`."


def _table(title: str, codes: Mapping[int, str] | Mapping[ExitCode, str]) -> str:
    return "\n".join([_VERBATIM + title, *(f"  {int(code):>3}  {meaning}" for code, meaning in codes.items())])


class Verb(TyperCommand):
    """A command whose help lists the flags of every command apart."""

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """`[OPTIONS] APP`: as kubectl and git write it, without braces."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Arguments, own flags, common flags."""
        shown = [(p, record) for p in self.get_params(ctx) if (record := p.get_help_record(ctx))]
        sections = {
            "Arguments": [r for p, r in shown if p.param_type_name == "argument"],
            "Flags": [r for p, r in shown if p.param_type_name == "option" and not is_common(p)],
            "Flags of every command": [r for p, r in shown if p.param_type_name == "option" and is_common(p)],
        }
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def is_common(parameter: Parameter) -> bool:
    """Is it a flag that every command has, and not one that the command made its own (`bootstrap --env`, `secret keygen -o FILE`)?"""
    from gitctl.cli.flags import COMMON

    return parameter.name == "help" or getattr(parameter, "help", None) == COMMON.get(parameter.name or "", "")


class Root(TyperGroup):
    """The root command: its verbs in the order of a user's day, groups among them."""

    def list_commands(self, ctx: Context) -> list[str]:
        """The names of the verbs, in order."""
        from gitctl.cli.commands import VERBS

        return sorted(super().list_commands(ctx), key=lambda name: VERBS.index(name.replace("-", "_")))


def lay_out(app: typer.Typer) -> None:
    """Give every command of the tree this layout."""
    for command in app.registered_commands:
        command.cls = Verb
    for group in app.registered_groups:
        if group.typer_instance is not None:
            lay_out(group.typer_instance)
