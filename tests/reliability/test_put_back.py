"""An etcd that is put back from an older copy, on a control plane of this test alone, long version only: cluster and state are old
together, and Git is ahead of both. The next sync ends what the copy was in the middle of, and prunes nothing by mistake."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.figures import Figure
from tests.fixtures.project import config_map
from tests.reliability.kills import Kill
from tests.reliability.own_plane import own_plane, until_ready
from tests.reliability.stage import Json, Stage
from tests.servers.fault_proxy import FaultProxy

from gitctl import sandbox
from gitctl.model.record import RecordResult
from gitctl.sandbox import ControlPlane, Part
from gitctl.sandbox.server import ask

pytestmark = [pytest.mark.cluster, pytest.mark.torture, pytest.mark.xdist_group("sandbox")]

NAME = "put-back"
IN_MID_RUN = 47
"""The first wave of the change is under way: see test_outage."""


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: bool) -> Iterator[ControlPlane]:
    """A control plane of this test alone."""
    with own_plane(NAME, tmp_path, monkeypatch, long=long) as started:
        yield started


def copied(plane: ControlPlane, copy: Path, *, back: bool = False) -> None:
    """Copy what etcd holds, or put the copy back, with etcd and the API server down meanwhile."""
    for part in (Part.API_SERVER, Part.ETCD):
        sandbox.stop_part(NAME, part)
    if back:
        shutil.rmtree(plane.files.etcd_data)
    shutil.copytree(*((copy, plane.files.etcd_data) if back else (plane.files.etcd_data, copy)))
    for part in (Part.ETCD, Part.API_SERVER):
        sandbox.start_part(NAME, part)
    until_ready(plane)


def test_an_etcd_that_is_put_back(plane: ControlPlane, tmp_path: Path, figure: Figure) -> None:
    stage, pair = Stage(plane, tmp_path), Pair(plane, tmp_path)
    stage.first()
    stage.second()
    with FaultProxy(plane, stage.place) as proxy:
        trap = Kill(IN_MID_RUN).arm(proxy)
        assert trap.catch(stage.begin("sync", kubeconfig=proxy.kubeconfig)).wait(120)[0] == -9
    pair.before()
    uids = pair.uids()
    copied(plane, tmp_path / "copy")

    stage.run("sync").expect()
    wanted = stage.picture()
    pair.after()
    copied(plane, tmp_path / "copy", back=True)
    figure("restored etcds", 1)

    assert stage.state().records[-1].result is RecordResult.OPEN, "the copy was made in mid-run"
    status = stage.run("status").expect().stdout
    assert "incomplete" in status
    assert "(open)" in status
    stage.run("diff").expect(1)
    stage.run("sync").expect()
    assert stage.picture() == wanted
    stage.run("drift-check").expect(0)

    # An object had moved to another app, one had been made, another app had been deleted: all of it is undone in the cluster.
    assert pair.uids() == uids
    told = json.loads(pair.run("sync", "one", "-o", "json", code=0))["clusters"][0]["apps"][0]
    assert [o for o in told["outcomes"] if o["result"] == "deleted"] == [], "what another app wants is not pruned"
    pair.run("sync", code=0)
    assert pair.uids() == uids | {"made": pair.uids()["made"]}
    assert pair.owners() == {"stays": "one", "moves": "two", "theirs": "two", "made": "two", "old": "gone"}
    assert "gone" in pair.run("status", code=None), "an app that came back although gitctl.yaml has left it is told"
    for one in (stage, pair.stage):
        one.drop()


class Pair:
    """Apps that an object moves between, beside one that goes."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.stage = Stage(plane, folder)

    def write(self, apps: dict[str, list[Json]]) -> None:
        """Commit these apps with their objects."""
        stage = self.stage
        body = {
            "apiVersion": "gitctl.dev/v1",
            "kind": "Project",
            "name": stage.name,
            "clusters": {"main": {"context": stage.plane.context}},
            "environments": {"dev": {"clusters": ["main"]}},
            "apps": {name: {"path": name, "namespace": stage.name, "wait": "40s"} for name in apps},
        }
        texts = {f"{name}/all.yaml": "---\n".join(json.dumps(o) + "\n" for o in objects) for name, objects in apps.items()}
        stage.repo.commit("change", {"gitctl.yaml": json.dumps(body), **texts})

    def before(self) -> None:
        """What the copy has."""
        self.write({"one": [config_map("stays"), config_map("moves")], "two": [config_map("theirs")], "gone": [config_map("old")]})
        self.run("sync", code=0)

    def after(self) -> None:
        """What came later."""
        self.run("delete", "gone", "--yes", "--prune-limit", "9", code=0)
        self.write({"one": [config_map("stays")], "two": [config_map("theirs"), config_map("moves"), config_map("made")]})
        self.run("sync", code=0)

    def run(self, *args: str, code: int | None) -> str:
        """What gitctl prints."""
        done = self.stage.run(*args)
        return (done if code is None else done.expect(code)).stdout

    def live(self) -> list[Json]:
        """The ConfigMaps of all apps."""
        path = f"/api/v1/namespaces/{self.stage.name}/configmaps?labelSelector=gitctl.dev/app"
        items: list[Json] = ask(self.stage.plane, "GET", path).json()["items"]
        return items

    def uids(self) -> dict[str, str]:
        """Name → uid."""
        return {o["metadata"]["name"]: o["metadata"]["uid"] for o in self.live()}

    def owners(self) -> dict[str, str]:
        """Name → app."""
        return {o["metadata"]["name"]: o["metadata"]["annotations"]["gitctl.dev/owner"].rpartition("/")[2] for o in self.live()}
