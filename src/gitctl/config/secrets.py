"""What is wrong with `secrets` of gitctl.yaml, and with apps that want their pods made anew when a Secret changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gitctl.config.problem import Problem
from gitctl.errors import ErrorId

_FLAG = "restart_on_secret_change"


def secret_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Apps that need a key which is not named, or that cannot have a hash. Parts of another shape are skipped."""
    secrets, apps = data.get("secrets"), data.get("apps")
    key = secrets.get("restart_key") if isinstance(secrets, dict) else None
    for name, app in apps.items() if isinstance(apps, dict) else ():
        if not isinstance(app, dict) or app.get(_FLAG) is not True:
            continue
        at = ("apps", name, _FLAG)
        if app.get("target") is not None:
            problem = "what goes to a branch is rendered without keys: there is nothing to make a hash of"
            yield Problem(at, problem, "leave it out; whoever applies the branch sees the Secrets", id=ErrorId.CONFIG_CONTRADICTION)
        if not key:
            hint = "name a file, such as `secrets: {restart_key: restart-key.secret.yaml}`; `gitctl secret restart-key` makes it"
            yield Problem(at, "the key for the hash is not named", hint, id=ErrorId.CONFIG_CONTRADICTION)
