"""Write docs/commands/*.md, a page for each command, the table of exit codes, and docs/errors/*.md, a page for each error.

They are made from the command tree itself, and from the pages that `gitctl explain` prints.

tests/unit/tools/test_generate_docs.py says when they are stale.
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
from gitctl.errors import ErrorId, ExitCode
from gitctl.reference.page import Page, page_of

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "commands"
ERRORS = DOCS / "errors"
_MADE = "<!-- Written by tools/generate_docs.py: change the command, then `make docs`. -->\n"


def pages() -> dict[Path, str]:
    """What each page must hold."""
    root = typer.main.get_command(command_tree())
    assert isinstance(root, TyperGroup)
    context = Context(root, info_name="gitctl")
    found = {FOLDER / f"{name}.md": _page(context, name) for name in root.list_commands(context)}
    return found | {FOLDER / "README.md": _contents(context, root), DOCS / "exit-codes.md": _exit_codes()} | _errors()


def main() -> None:
    """Write them, and remove pages of what is gone."""
    wanted = pages()
    for folder in (FOLDER, ERRORS):
        folder.mkdir(exist_ok=True)
        for path in {*folder.glob("*.md")} - set(wanted):
            path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    print(f"docs: {len(wanted)} pages")


def _contents(context: Context, root: TyperGroup) -> str:
    rows = [f"| [`gitctl {name}`]({name}.md) | {_first(_command(context, name).help)} |" for name in root.list_commands(context)]
    lines = [_MADE, "# Commands\n", "| command | what it does |", "|---|---|", *rows, "", "## Flags of every command\n"]
    lines.append(
        "Accepted before and after the command; after wins. Each reads a variable too; flags that consent or endanger read none.\n"
    )
    common = [p for p in root.params if p.name in COMMON]
    return "\n".join([*lines, *_table(common, context, environment=True), ""])


def _page(context: Context, name: str) -> str:
    command = _command(context, name)
    lines = [_MADE, f"# gitctl {name}\n"]
    if not isinstance(command, TyperGroup):
        return "\n".join([*lines, *_body(command, Context(command, info_name=name, parent=context), level=2)])
    inner = Context(command, info_name=name, parent=context)
    lines += [_text(command.help), ""]
    for one in command.list_commands(inner):
        sub = command.commands[one]
        lines += [f"## gitctl {name} {one}\n", *_body(sub, Context(sub, info_name=one, parent=inner), level=3)]
    return "\n".join(lines)


def _command(context: Context, name: str) -> Command:
    assert isinstance(context.command, TyperGroup)
    return context.command.commands[name]


def _body(command: Command, context: Context, *, level: int) -> Iterator[str]:
    """Text, usage, arguments, own flags, forms of the result, examples, exit codes."""
    head = "#" * level
    yield f"{_text(command.help)}\n"
    yield f"```\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    for title, kind in (("Arguments", "argument"), ("Flags", "option")):
        own = [p for p in command.params if p.param_type_name == kind and not is_common(p)]
        if own:
            yield f"{head} {title}\n"
            yield from _table(own, context)
            yield ""
    words = context.command_path.removeprefix("gitctl ")
    forms = [one.value for one in Output if one in FORMS.get(words, ())]
    yield f"Forms of the result (`-o`): {', '.join(forms)}. [Flags of every command](README.md#flags-of-every-command).\n"
    yield from _ending(command.epilog or "", head)


def _ending(epilog: str, head: str) -> Iterator[str]:
    """The epilog's paragraphs: plain ones as they are, laid-out ones below a heading of their own."""
    for paragraph in filter(None, epilog.split("\n\n")):
        if not paragraph.startswith("\b\n"):
            yield f"{paragraph}\n"
            continue
        title, *rows = paragraph.removeprefix("\b\n").splitlines()
        yield f"{head} {title.partition(' (')[0].rstrip(':')}\n"
        if title.startswith("Exit codes"):
            cells = [row.split(maxsplit=1) for row in rows]
            yield "\n".join(["| code | meaning |", "|---|---|", *(f"| {code} | {meaning} |" for code, meaning in cells)])
            yield "\n[All exit codes](../exit-codes.md).\n"
        else:
            yield "\n".join(["```", *(row.removeprefix("  ") for row in rows), "```"]) + "\n"


def _table(parameters: list[Parameter], context: Context, *, environment: bool = False) -> Iterator[str]:
    more = " variable |" if environment else ""
    yield f"| {'argument' if parameters[0].param_type_name == 'argument' else 'flag'} | meaning |{more}"
    yield "|---|---|" + ("---|" if environment else "")
    for parameter in parameters:
        names, text = parameter.get_help_record(context) or ("", "")
        variable = f" `{parameter.envvar}` |" if environment else ""
        cells = (cell.replace("|", "\\|") for cell in (names, text.removesuffix("[required]").strip()))
        shown, meaning = cells
        yield f"| `{shown}` | {meaning} |{variable}"


def _exit_codes() -> str:
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in MEANING.items()]
    ids = [f"- **{int(code)}**: {_links(_ids(code), 'errors/')}" for code in MEANING if _ids(code)]
    return "\n".join([_MADE, "# Exit codes\n", "| code | meaning |", "|---|---|", *rows, "", _NOTES, "## Errors by exit code\n", *ids, ""])


_NOTES = """\
A script may rely on these: they keep their meaning.

- **1 never means an error.** `diff`, `drift-check`, `sync --dry-run`, `validate`, `secret scan`, `secret verify` and `doctor` exit 1
  when there is something to see; `status`, `health`, `secret status` and `sandbox status` do so only with `--exit-code`.
- **7 is a refusal before the first write.** The message names the guard, and the hint says how to allow it on purpose.
- **8 and 9 come after writes.** What was applied stays, the record says how far it went, and the next `sync` goes on from there.
  With `sync --atomic` it is 8 also for what was refused before the first write, or taken back; the error's id says which.
- **10 is worth another try**, or `--lock-timeout 5m`.
- When several apps or clusters end differently, the highest code is the one of the run.
- Each error has an id too, finer than the code: the last line of a message is `see: gitctl explain ID`, and JSON results have `id`.
"""


def _errors() -> dict[Path, str]:
    """A page for each error, and their list."""
    return {ERRORS / f"{one}.md": _error_page(page_of(one)) for one in ErrorId} | {ERRORS / "README.md": _error_list()}


def _error_page(page: Page) -> str:
    code = page.id.exit_code
    lines = [_ERROR_MADE, f"# {page.id}\n", f"**{page.title[0].upper()}{page.title[1:]}.**"]
    lines += [f"Exit code [{int(code)}](../exit-codes.md): {MEANING[code]}.\n", page.text, ""]
    lines += [f"Related: {_links(page.related)}.", ""] if page.related else []
    return "\n".join([*lines, "[All errors](README.md). In a terminal: `gitctl explain " + page.id + "`.", ""])


def _error_list() -> str:
    lines = [_ERROR_MADE, "# Errors\n", _ERROR_NOTES]
    for code in MEANING:
        rows = [f"| [{one}]({one}.md) | {page_of(one).title} |" for one in _ids(code)]
        if rows:
            lines += [f"## Exit code {int(code)}: {MEANING[code]}\n", "| id | what happened |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _ids(code: ExitCode) -> list[ErrorId]:
    return sorted(one for one in ErrorId if one.exit_code == code)


def _links(ids: Iterable[ErrorId], folder: str = "") -> str:
    return ", ".join(f"[{one}]({folder}{one}.md)" for one in ids)


_ERROR_MADE = "<!-- Written by tools/generate_docs.py from src/gitctl/reference/errors: change the page there, then `make docs`. -->\n"
_ERROR_NOTES = """\
Every error ends with the line `see: gitctl explain ID`, and has its `id` in JSON results. `gitctl explain ID` prints the same page as here,
without network. Ids keep their meaning; scripts may rely on them, as on [exit codes](../exit-codes.md).
"""


def _text(text: str | None) -> str:
    return inspect.cleandoc(text or "")


def _first(text: str | None) -> str:
    return _text(text).split("\n\n")[0].replace("\n", " ")


if __name__ == "__main__":
    main()
