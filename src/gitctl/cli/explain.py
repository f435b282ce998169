"""`gitctl explain ID…`: what an error means and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitctl.cli import offer
from gitctl.cli.flags import with_session
from gitctl.cli.manual import MEANING, epilog
from gitctl.cli.session import Session

if TYPE_CHECKING:
    from gitctl.cli.show.lines import Line
    from gitctl.errors import ErrorId
    from gitctl.reference.page import Page

EPILOG = epilog(
    [
        ("gitctl explain held", "the page of one error"),
        ("gitctl explain", "all ids, with the exit code that each means"),
        ("gitctl explain -o json", "for a script"),
    ],
    codes={0: "explained", 2: "no error has this id"},
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain", epilog=EPILOG)(explain)


@with_session()
def explain(
    session: Session,
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID…]",
            help="Ids of errors, as `see:` prints them; default: list all.",
            autocompletion=offer.error_ids,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Explain an error by its id: what happened, and what to do.

    Every error of gitctl ends with a line `see: gitctl explain ID`. Without an id, all of them are listed.
    """
    from gitctl.cli.show.lines import text_of
    from gitctl.errors import ErrorId
    from gitctl.reference.page import page_of

    pages = [page_of(one) for one in (_known(ids) if ids else ErrorId)]
    body = {"items": [_item(page) for page in pages]}
    lines = _whole(pages) if ids else _list(pages)
    session.result("ErrorReference", body, text=lambda: text_of(lines, color=session.color, clean=session.redactor.clean))


def _known(ids: Sequence[str]) -> list[ErrorId]:
    """The errors of these ids. Raises UsageError, with the nearest id, for one that does not exist."""
    from gitctl.errors import ErrorId, UsageError, did_you_mean

    words = [str(one) for one in ErrorId]
    unknown = next((word for word in ids if word not in words), None)
    if unknown is not None:
        hint = did_you_mean(unknown, words) or "`gitctl explain` lists the ids; for fields of objects there is `kubectl explain`"
        raise UsageError(f"no error has the id {unknown!r}", id=ErrorId.ARGUMENT_INVALID, hint=hint)
    return [ErrorId.named(word) for word in dict.fromkeys(ids)]


def _item(page: Page) -> dict[str, Any]:
    code = page.id.exit_code
    body: dict[str, Any] = {"id": str(page.id), "title": page.title, "exitCode": int(code), "exitMeaning": MEANING[code]}
    return body | {"text": page.text, "related": [str(one) for one in page.related]}


def _whole(pages: Sequence[Page]) -> list[Line]:
    """The pages one after the other, without the signs of Markdown that say nothing in a terminal."""
    from gitctl.cli.show.lines import Style, line

    rows: list[Line] = []
    for page in pages:
        code = page.id.exit_code
        rows += [line("")] if rows else []
        rows += [line(f"{page.id}: {page.title}", Style.HEAD), line(f"exit code {int(code)}: {MEANING[code]}", Style.QUIET), line("")]
        rows += [line(row.removeprefix("## "), Style.HEAD if row.startswith("## ") else Style.PLAIN) for row in page.text.splitlines()]
        rows += [line(""), line(f"Related: {', '.join(page.related)}", Style.QUIET)] if page.related else []
    return rows


def _list(pages: Sequence[Page]) -> list[Line]:
    from gitctl.cli.show.lines import table

    return table([(str(page.id), str(int(page.id.exit_code)), page.title) for page in pages], ("ID", "EXIT", "ABOUT"))
