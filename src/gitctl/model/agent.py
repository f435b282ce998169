"""Agent: how gitctl runs inside of a cluster, and how it gets at the repository."""

from __future__ import annotations

from enum import StrEnum


class AgentKind(StrEnum):
    """On a schedule, or going on."""

    CRONJOB = "cronjob"
    DEPLOYMENT = "deployment"


class Credential(StrEnum):
    """What the repository asks for."""

    NONE = "none"
    SSH = "ssh"
    TOKEN = "token"
