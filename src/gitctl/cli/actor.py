"""Who runs this: named in records and locks."""

from __future__ import annotations

import getpass
import os
import socket


def actor() -> str:
    """`user@host`, with the CI job where there is one."""
    job = os.environ.get("GITHUB_RUN_ID") or os.environ.get("CI_JOB_ID") or os.environ.get("BUILD_TAG") or ""
    person = os.environ.get("GITHUB_ACTOR") or os.environ.get("GITLAB_USER_LOGIN") or _user()
    return f"{person}@{socket.gethostname()}" + (f" (job {job})" if job else "")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
