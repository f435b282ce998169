"""The flags of `bootstrap --agent`: each mistake is told before anything is written, and credentials are hidden from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitctl.cli.agent import AgentFlags, agent_of
from gitctl.cli.flags import Flags
from gitctl.cli.session import Session
from gitctl.errors import GitctlError, InputError, UsageError
from gitctl.model.agent import AgentKind, Credential
from gitctl.workflow.agent import Agent

IMAGE = "registry.example.test/gitctl:1"
HTTPS = "https://git.example.test/shop.git"
SSH = "git@git.example.test:shop.git"


def asked(root: Path, **flags: object) -> tuple[Agent | None, str]:
    """What these flags ask for."""
    return agent_of(Session(Flags()), AgentFlags(**flags), root, project="shop", env="dev")  # type: ignore[arg-type]


def test_nothing_is_asked_for_without_agent(tmp_path: Path) -> None:
    assert asked(tmp_path) == (None, "")
    with pytest.raises(UsageError, match="are for an agent"):
        asked(tmp_path, image=IMAGE)


def test_a_token_is_taken_without_its_newline_and_hidden(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("glpat-abcdefghijklmnop\n")
    session = Session(Flags())
    flags = AgentFlags(AgentKind.CRONJOB, IMAGE, HTTPS, deploy_token=tmp_path / "token")
    agent, secret = agent_of(session, flags, tmp_path, project="shop", env="dev")
    assert agent is not None
    assert (secret, agent.credential, agent.office.namespace) == ("glpat-abcdefghijklmnop", Credential.TOKEN, "gitctl-shop-dev")
    assert "abcdefghijklmnop" not in session.redactor.clean(f"it is {secret}")


@pytest.mark.parametrize(
    ("flags", "error", "said"),
    [
        ({}, UsageError, "needs --image"),
        ({"image": IMAGE}, UsageError, "needs the address of the repository"),
        ({"image": IMAGE, "url": "/srv/shop.git"}, UsageError, "a path, which no pod can reach"),
        ({"image": IMAGE, "url": "https://ada:secret@git.example.test/shop.git"}, UsageError, "has a password in it"),
        ({"image": IMAGE, "url": SSH}, UsageError, "needs --deploy-key and --known-hosts"),
        ({"image": IMAGE, "url": SSH, "deploy_key": Path("key")}, UsageError, "needs --deploy-key and --known-hosts"),
        ({"image": IMAGE, "url": HTTPS, "deploy_key": Path("key")}, UsageError, "--deploy-key is for ssh"),
        ({"image": IMAGE, "url": HTTPS, "deploy_key": Path("a"), "deploy_token": Path("b")}, UsageError, "not both"),
        ({"image": IMAGE, "url": HTTPS, "deploy_token": Path("/dev/null")}, InputError, "is empty"),
    ],
)
def test_mistakes(flags: dict[str, object], error: type[GitctlError], said: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=said) as caught:
        asked(tmp_path, kind=AgentKind.DEPLOYMENT, **flags)
    assert caught.value.hint
    assert "ada:secret" not in str(caught.value)


def test_a_public_repository_needs_no_credential(tmp_path: Path) -> None:
    agent, secret = asked(tmp_path, kind=AgentKind.DEPLOYMENT, image=IMAGE, url=HTTPS)
    assert agent is not None
    assert (agent.credential, agent.context, secret) == (Credential.NONE, "in-cluster", "")
