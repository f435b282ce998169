"""A plan as markdown, for a pull request comment. Kept under the 65,536 characters that forges allow."""

from __future__ import annotations

from collections.abc import Iterable

from gitctl.cli.show.equal import Titled, equal_lines
from gitctl.cli.show.lines import text_of
from gitctl.cli.show.plan import change_lines, counts
from gitctl.model.change import Change, Plan
from gitctl.redact import Redactor

LIMIT = 60_000


def plans_markdown(titled: Iterable[tuple[str, Plan]], *, redactor: Redactor, beside: Titled = ()) -> str:
    """All apps: a table of counts, what is equal (also to what stands `beside`), then a folded diff block an app."""
    pairs = list(titled)
    rows = [f"| {title} | `{plan.revision.short}` | {counts(plan)} |" for title, plan in pairs]
    head = ["### gitctl diff", "", "| app | revision | changes |", "|---|---|---|", *rows, ""]
    head += [f"- `{text}`" for text in _equal(pairs, beside, redactor)] + [""]
    blocks = [_block(title, plan, redactor) for title, plan in pairs if plan.changes or plan.failures or plan.refusals]
    return _cut("\n".join(head) + "\n" + "\n".join(blocks))


def _equal(pairs: Titled, beside: Titled, redactor: Redactor) -> list[str]:
    return text_of(equal_lines(pairs, beside), color=False, clean=redactor.clean).replace("`", "'").splitlines()


def _block(title: str, plan: Plan, redactor: Redactor) -> str:
    body = "".join(_change(c, redactor) for c in plan.changes)
    wrong = [f"- **cannot be applied**: {c.ref}: {c.error}" for c in plan.failures]
    wrong += [f"- **refused**: {r.message}" for r in plan.refusals]
    notes = redactor.clean("\n".join(wrong))
    return f"<details><summary>{title}</summary>\n\n{notes}\n\n```diff\n{body}```\n\n</details>\n"


def _change(change: Change, redactor: Redactor) -> str:
    text = text_of(change_lines(change), color=False, clean=redactor.clean)
    # Forges colour a diff block by the first character of a line; a fence inside a value must not end ours.
    return "".join(f"{_mark(row)}{row}\n" for row in text.replace("```", "'''").splitlines())


def _mark(row: str) -> str:
    word = row.split(": ", 1)[-1] if row.startswith("      ") else row.strip()
    return word[0] if word[:1] in ("+", "-") else " "


def _cut(text: str) -> str:
    if len(text) <= LIMIT:
        return text
    return text[:LIMIT].rsplit("\n", 1)[0] + "\n```\n\n… cut: the whole diff is in the job's log.\n"
