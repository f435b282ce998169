"""Stories: what a stage is prepared with, the command that is killed, how a user goes on, and what is compared at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fixtures.commands import Result
from tests.fixtures.project import config_map
from tests.reliability.stage import Json, Stage

from gitctl.errors import ErrorId
from gitctl.model.record import RecordResult, RecordVerb


@dataclass(frozen=True, slots=True)
class Story:
    """`prepare` sets the stage, `command` is what a kill hits; `go_on` is what a user does then, its arguments the stage and the number
    of the kill point; `picture` is what must be as without a kill."""

    name: str
    prepare: Callable[[Stage], None]
    command: tuple[str, ...]
    go_on: Callable[[Stage, int], None]
    picture: Callable[[Stage], Json]


def _changed(stage: Stage) -> None:
    stage.first()
    stage.second()


def _again(stage: Stage, number: int) -> None:
    del number
    _well(stage.run("sync"))


def _well(done: Result) -> None:
    assert done.code == 0, f"{' '.join(done.args)}, the next run, ended with {done.code}\n{done.stdout}\n{done.stderr}"


CHANGE = Story("change", _changed, ("sync",), _again, Stage.picture)


def _released(stage: Stage) -> None:
    """Two revisions in the cluster; the way back creates 2, updates 1, prunes 1."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "old"}}
    stay = [config_map(f"stay-{number}") for number in range(2)]
    stage.write(config_map("change", a="1"), config_map("old"), account, *stay)
    stage.run("sync").expect()
    stage.write(config_map("change", a="2"), config_map("new"), *stay)
    stage.run("sync", "--prune-limit=9").expect()


def _rolled_back(stage: Stage, number: int) -> None:
    """By the same command; where the commit is there already, at every other point by a sync: Git says what runs. A rollback that had
    recorded its end leaves nothing to go back to, and says so."""
    if number % 2 and len(stage.commits()) == 3:
        _well(stage.run("sync", "--prune-limit=9"))
        return
    last = stage.state().records[-1]
    done = stage.run(*ROLLBACK.command)
    if (last.verb, last.result) == (RecordVerb.ROLLBACK, RecordResult.SUCCEEDED):
        done.error(ErrorId.NO_HEALTHY_RECORD)
    else:
        _well(done)


def _back(stage: Stage) -> Json:
    """Who ended it is no part of the picture: a sync is as good. There is one commit of the rollback, and nothing is left to do."""
    commits = stage.commits()
    stage.revisions[commits[0]] = "the way back"
    subjects = [stage.repo.git("log", "-1", "--format=%s", sha) for sha in commits]
    picture = stage.flat_picture()
    picture["records"] = [[one for one in record if one not in ("rollback", "sync")] for record in picture["records"]]
    still = stage.run("diff")
    return {**picture, "commits": subjects, "diff": still.code}


ROLLBACK = Story("rollback", _released, ("rollback", "web", "--prune-limit=9"), _rolled_back, _back)


def _small(stage: Stage) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "account"}}
    stage.write(*(config_map(f"map-{number}") for number in range(3)), account)
    stage.run("sync").expect()


def _deleted(stage: Stage, number: int) -> None:
    del number
    _well(stage.run(*DELETE.command))


def _nothing(stage: Stage) -> Json:
    """No object, no state of the app; the deletions of the day are counted once."""
    state, counted = stage.state(), stage.state(f"{stage.name}/dev/")
    return {
        "live": stage.live_below(),
        "state": [len(state.inventory), len(state.records), bool(state.token)],
        "deletions": sum(number for _, number in counted.pruned_at),
    }


DELETE = Story("delete", _small, ("delete", "web", "--yes", "--prune-limit=9"), _deleted, _nothing)
