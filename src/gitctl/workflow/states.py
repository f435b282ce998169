"""The stored state of an app, also under the name that it had before."""

from __future__ import annotations

from dataclasses import replace

from gitctl.model.app import App
from gitctl.model.state import AppState
from gitctl.workflow.parts import Parts


def read_state(app: App, parts: Parts) -> AppState:
    """The app's state; that of a former name (`renamed_from`) where the app has none yet."""
    there, state = recorded(app, parts)
    return state if there.owner == app.owner else replace(state, owner=app.owner, token="")


def recorded(app: App, parts: Parts) -> tuple[App, AppState]:
    """The app under the name that its state has, and that state: the first sync under a new name moves it."""
    for name in app.renamed_from:
        former = replace(app, name=name, renamed_from=())
        state = parts.target.read_state(former.owner)
        if state.token and not parts.target.read_state(app.owner).token:
            return former, state
    return app, parts.target.read_state(app.owner)
