"""Write man/*.1, a manual page for gitctl and for each command, from the command tree itself. `make docs` runs it.

tests/unit/tools/test_generate_man.py says when they are stale.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer.main
from typer._click import Command, Context, Parameter
from typer.core import TyperGroup

from gitctl.cli.app import command_tree
from gitctl.cli.flags import COMMON
from gitctl.cli.forms import FORMS, Output
from gitctl.cli.manual import MEANING, is_common

FOLDER = Path(__file__).parents[1] / "man"
_MADE = '.\\" Written by tools/generate_man.py: change the command, then `make docs`.'
_ENVIRONMENT = (
    ("GITCTL_<FLAG>", "Any flag of every command, such as GITCTL_ENV; flags that consent or endanger have none."),
    ("KUBECONFIG", "Kubeconfig files, as for kubectl."),
    ("KUBECTL_EXTERNAL_DIFF", "The program of gitctl diff --external, as for kubectl diff."),
    ("GITCTL_PAGER, PAGER", "What shows results that are longer than the screen; default: less -FRX. cat or nothing for none."),
    ("NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE", "Whether there are colours, unless --color says it."),
    ("CI, GITHUB_ACTIONS", "No pager and no live display; progress with the time, in GitHub Actions in groups."),
    ("GITCTL_CACHE_DIR, GITCTL_STATE_DIR", "Where gitctl keeps what can be made again, and the data of sandboxes."),
    ("GITCTL_GIT_TOKEN", "Token for the source's https URL."),
)


def pages() -> dict[str, str]:
    """The file names, and what each must hold."""
    root = typer.main.get_command(command_tree())
    assert isinstance(root, TyperGroup)
    context = Context(root, info_name="gitctl")
    names = root.list_commands(context)
    found = {f"gitctl-{name}.1": _lines(_page(context, root.commands[name], name)) for name in names}
    return found | {"gitctl.1": _lines(_root(context, root, names))}


def main() -> None:
    """Write them, and remove pages of commands that are gone."""
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for path in FOLDER.glob("*.1"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="ascii")
    print(f"man: {len(wanted)} pages")


def _root(context: Context, root: TyperGroup, names: Iterable[str]) -> Iterator[str]:
    yield from _head("gitctl", "GitOps from the command line", "gitctl", "[OPTIONS] COMMAND [ARGS]…", root.help)
    yield ".SH COMMANDS"
    for name in names:
        yield from _entry(f"gitctl-{name}(1)", _first(root.commands[name].help))
    yield ".SH OPTIONS"
    yield roff("Accepted before and after the command; the one after it wins.")
    yield from _flags([p for p in root.params if p.name in COMMON], context)
    yield ".SH ENVIRONMENT"
    for name, meaning in _ENVIRONMENT:
        yield from _entry(name, meaning)
    yield ".SH FILES"
    yield from _entry("gitctl.yaml", "The project: environments, clusters, apps. Found upwards from the current folder.")
    yield ".SH EXIT STATUS"
    for code, meaning in MEANING.items():
        yield from _entry(str(int(code)), meaning)
    yield from _see([f"gitctl-{name}" for name in names] + ["git", "kubectl"])


def _page(context: Context, command: Command, name: str) -> Iterator[str]:
    inner = Context(command, info_name=name, parent=context)
    usage = " ".join(command.collect_usage_pieces(inner))
    yield from _head(f"gitctl-{name}", _first(command.help), f"gitctl {name}", usage, command.help)
    if isinstance(command, TyperGroup):
        yield ".SH COMMANDS"
        for one in command.list_commands(inner):
            sub = command.commands[one]
            deeper = Context(sub, info_name=one, parent=inner)
            yield from (".SS " + roff(f"gitctl {name} {one} {' '.join(sub.collect_usage_pieces(deeper))}"), *_text(sub.help))
            yield from _body(sub, deeper, title=".SS")
    else:
        yield from _body(command, inner, title=".SH")
    yield from _see(["gitctl"])


def _body(command: Command, context: Context, *, title: str) -> Iterator[str]:
    """Arguments, own flags, forms of the result, and what the epilog has."""
    own = [p for p in command.params if not is_common(p)]
    for kind, head in (("argument", "ARGUMENTS"), ("option", "OPTIONS")):
        some = [p for p in own if p.param_type_name == kind]
        if some:
            yield f"{title} {head}" if title == ".SH" else f".P\n.B {head.capitalize()}"
            yield from _flags(some, context)
    forms = [one.value for one in Output if one in FORMS.get(context.command_path.removeprefix("gitctl "), ())]
    yield ".P"
    yield roff(f"Forms of the result (-o): {', '.join(forms)}. Flags of every command: gitctl(1).")
    for paragraph in filter(None, (command.epilog or "").split("\n\n")):
        yield from _ending(paragraph, title)


def _ending(paragraph: str, title: str) -> Iterator[str]:
    if not paragraph.startswith("\b\n"):
        yield from (".P", roff(paragraph))
        return
    name, *rows = paragraph.removeprefix("\b\n").splitlines()
    codes = name.startswith("Exit codes")
    head = "EXIT STATUS" if codes else "EXAMPLES"
    yield f"{title} {head}" if title == ".SH" else f".P\n.B {head.capitalize()}"
    if codes:
        for row in rows:
            yield from _entry(*row.split(maxsplit=1))
    else:
        yield from (".EX", *(roff(row.removeprefix("  ")) for row in rows), ".EE")


def _flags(parameters: Iterable[Parameter], context: Context) -> Iterator[str]:
    for parameter in parameters:
        names, text = parameter.get_help_record(context) or (parameter.human_readable_name, getattr(parameter, "help", "") or "")
        yield from _entry(names, text.removesuffix("[required]").strip())


def _head(name: str, what: str, command: str, usage: str, text: str | None) -> Iterator[str]:
    yield from (_MADE, f'.TH {roff(name.upper())} 1 "" gitctl "gitctl manual"')
    yield from (".SH NAME", f"{roff(name)} \\- {roff(what.rstrip('.'))}")
    yield from (".SH SYNOPSIS", f".B {roff(command)}", roff(usage))
    yield from (".SH DESCRIPTION", *_text(text))


def _see(names: Iterable[str]) -> Iterator[str]:
    *others, last = [f".BR {roff(name)} (1)" for name in names]
    yield from (".SH SEE ALSO", *(f"{one.removesuffix(' (1)')} (1)," for one in others), last)


def _entry(term: str, meaning: str) -> Iterator[str]:
    yield from (".TP", f".B {roff(term)}", roff(meaning))


def _text(text: str | None) -> Iterator[str]:
    for number, paragraph in enumerate(inspect.cleandoc(text or "").split("\n\n")):
        yield from ([".P"] if number else [])
        yield roff(" ".join(paragraph.split()))


def _first(text: str | None) -> str:
    return inspect.cleandoc(text or "").split("\n\n")[0].replace("\n", " ")


def roff(text: str) -> str:
    """The text as it may stand on a line of roff: nothing in it is a request, an escape or a typographic sign."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace('"', "\\(dq")
    plain = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in escaped)
    return "\\&" + plain if plain[:1] == "." else plain


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
