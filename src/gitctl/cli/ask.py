"""Questions to the person at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from gitctl.cli.forms import Output
from gitctl.cli.session import Session
from gitctl.cli.show.lines import text_of
from gitctl.cli.show.plan import plan_lines
from gitctl.errors import ErrorId, Refused

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.workflow.plan import Planned


def confirm_plan(session: Session, stage: Stage, *, yes: bool, always: str = "") -> Callable[[Planned], bool]:
    """Shows each plan before it is carried out; asks where the environment is protected."""

    def confirm(planned: Planned) -> bool:
        if session.flags.output is Output.TEXT:
            lines = plan_lines(planned.plan, title=stage.title(planned.app))
            session.raw(text_of(lines, color=session.color, clean=session.redactor.clean))
            sys.stdout.flush()
        if always:
            return yes or ask(session, f"{always} {stage.title(planned.app)}?")
        return yes or not stage.protected or ask(session, f"apply to {stage.where}?")

    return confirm


def ask(session: Session, question: str, *, about: ErrorId = ErrorId.CONSENT_NEEDED) -> bool:
    """Yes or no at the terminal. Raises Refused where nobody can be asked."""
    if not session.interactive:
        raise Refused(f"needs consent: {question}", id=about, hint="add --yes")
    session.close()
    sys.stderr.write(session.redactor.clean(f"{question} [y/N] "))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
