"""Bootstrap's last step: the accounts of an environment and, with --agent, gitctl in the cluster: files in Git, then applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitctl.cli.session import Session
from gitctl.errors import Forbidden, GitctlError
from gitctl.workflow.agent import KEY_SECRET, SSH_KEY, TOKEN_KEY, Agent, agent_objects
from gitctl.workflow.bootstrap.files import FileState, ScaffoldFile, compared
from gitctl.workflow.bootstrap.wanted import ACCOUNTS

if TYPE_CHECKING:
    from gitctl.cli.open import Stage
    from gitctl.cli.show.report import Ran
    from gitctl.plan.accounts import Office
    from gitctl.workflow.plan import Planned
    from gitctl.workflow.sync import AppRun


@dataclass(frozen=True, slots=True)
class Added:
    """The files, the commit that wrote them ("" for none), what was applied, and what is left for somebody to do."""

    files: tuple[ScaffoldFile, ...] = ()
    commit: str = ""
    runs: tuple[tuple[Stage, tuple[AppRun, ...]], ...] = ()
    left_to_do: tuple[str, ...] = ()


def add_accounts(session: Session, root: Path, first: Ran, agent: Agent | None, secret: str, *, yes: bool) -> Added:
    """After the first sync (`first`; empty without a cluster): the accounts that the environment's apps need, and the agent.

    They are written, and applied where there is a cluster and the user agrees. What goes wrong then is a run with an error: the
    first sync is told all the same. Raises SourceError without a cluster.
    """
    if any(run.error or run.declined for _, runs in first for run in runs):
        return Added()
    if first:
        try:
            return _add(session, root, agent, secret, yes=yes)
        except GitctlError as error:
            return Added(runs=((first[0][0], (_failed(error),)),))
    if agent is None:
        return Added()
    files, commit = _write(root, agent.office, _agent_file(agent))
    made = f"gitctl rbac -e {agent.office.env} --context CONTEXT > {_file(agent.office, 'accounts')}"
    return Added(files, commit, left_to_do=(made, *_by_hand(agent.office, agent)))


def _add(session: Session, root: Path, agent: Agent | None, secret: str, *, yes: bool) -> Added:
    from gitctl.cli.open import open_stages
    from gitctl.cli.rbac import one_cluster, request_of
    from gitctl.cli.show.rbac import accounts_yaml
    from gitctl.workflow.rbac import accounts_for

    stage = one_cluster(open_stages(session, None))
    made = accounts_for(stage.apps, stage.parts, request_of(stage))
    agent = replace(agent, office=made.office, context=stage.at.context) if agent and stage.at else agent
    texts = {_file(made.office, "accounts"): accounts_yaml(made)}
    files, commit = _write(root, made.office, texts | _agent_file(agent))
    for note in (*made.notes, *_outdated(files, made.office)):
        session.warn(note)
    runs = _apply(session, agent, secret, made.office, yes=yes)
    done = not any(run.error or run.declined for run in runs)
    if not session.interactive:
        runs = tuple(run for run in runs if not run.declined)  # nobody was asked
    if any(isinstance(run.error, Forbidden) for run in runs):
        session.warn(f"this account may not make accounts in {stage.where}: an administrator has to")
    return Added(files, commit, ((stage, runs),), () if done else _by_hand(made.office, agent))


def _failed(error: GitctlError) -> AppRun:
    from gitctl.model.app import App
    from gitctl.workflow.sync import AppRun

    return AppRun(App(project="", env="", name="accounts", path=ACCOUNTS), error=error)


def _outdated(files: tuple[ScaffoldFile, ...], office: Office) -> list[str]:
    path = _file(office, "accounts")
    differs = any(file.path == path and file.state is FileState.KEPT for file in files)
    return [f"{path} is not what the apps need now; `gitctl rbac -e {office.env} > {path}` writes that"] if differs else []


def _apply(session: Session, agent: Agent | None, secret: str, office: Office, *, yes: bool) -> tuple[AppRun, ...]:
    from gitctl.cli.ask import confirm_plan
    from gitctl.cli.open import open_stages
    from gitctl.model.agent import Credential
    from gitctl.workflow.install import Installation, install

    (stage,) = open_stages(session, None)  # anew: the files are in the newest commit
    wanted = Installation(
        office=office,
        accounts=_file(office, "accounts"),
        agent=_file(office, "agent") if agent else "",
        credential=agent.credential if agent else Credential.NONE,
        secret=secret,
    )
    ask = confirm_plan(session, replace(stage, protected=True), yes=yes)
    with session.graceful():
        return install(wanted, stage.parts, confirm=ask if yes or session.interactive else _nobody_to_ask)


def _nobody_to_ask(_planned: Planned) -> bool:
    """Rights are given with consent only; what is there already goes through unasked."""
    return False


def _agent_file(agent: Agent | None) -> dict[str, str]:
    from gitctl.documents import dump_all

    return {_file(agent.office, "agent"): dump_all(agent_objects(agent))} if agent else {}


def _write(root: Path, office: Office, texts: Mapping[str, str]) -> tuple[tuple[ScaffoldFile, ...], str]:
    """Commit what is not there yet. What is there otherwise is kept. Raises SourceError."""
    from gitctl.model.app import SourceSpec
    from gitctl.paths import cache_folder
    from gitctl.source.create import tip
    from gitctl.source.open import open_publisher

    found = {path: (root / path).read_bytes() if (root / path).is_file() else None for path in texts}
    files = tuple(compared(path, text.encode(), found[path]) for path, text in texts.items())
    new = {f.path: f.content for f in files if f.state is FileState.NEW}
    if not new:
        return files, ""
    publisher = open_publisher(root, SourceSpec(), cache=cache_folder())
    return files, publisher.commit(new, f"accounts of {office.env}\n", parent=tip(root)).sha


def _by_hand(office: Office, agent: Agent | None) -> tuple[str, ...]:
    """What an administrator runs in the repository."""
    commands = [f"kubectl apply --server-side -f {ACCOUNTS}/{office.env}"]
    if agent and agent.credential.value != "none":
        key = SSH_KEY if agent.credential.value == "ssh" else TOKEN_KEY
        commands.append(f"kubectl -n {office.namespace} create secret generic {KEY_SECRET} --from-file={key}=FILE")
    return tuple(commands)


def _file(office: Office, name: str) -> str:
    """`kubectl apply -f FOLDER` goes by the alphabet: accounts, then the agent."""
    return f"{ACCOUNTS}/{office.env}/{name}.yaml"
