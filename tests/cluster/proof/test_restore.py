"""An etcd that is put back from a copy: numbers come again with other contents behind them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.proof.kinds import Kind
from tests.cluster.proof.lab import Lab
from tests.cluster.target.bench import configmap

from gitctl import sandbox
from gitctl.model.change import Proof
from gitctl.sandbox import ControlPlane, Part
from gitctl.sandbox.server import create

MERGE = "application/merge-patch+json"
GRANULAR = {"map": {"type": "object", "additionalProperties": {"type": "string"}}}
ATOMIC = {"map": {**GRANULAR["map"], "x-kubernetes-map-type": "atomic"}}

# Whole control planes are started and stopped by one worker.
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("sandbox")]


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlPlane]:
    """A control plane of this test alone."""
    monkeypatch.setenv("GITCTL_STATE_DIR", str(tmp_path / "state"))
    yield sandbox.up("restored")
    sandbox.down("restored", purge=True)


def stop() -> None:
    for part in (Part.API_SERVER, Part.ETCD):
        sandbox.stop_part("restored", part)


def test_numbers_that_come_again_prove_nothing(plane: ControlPlane, tmp_path: Path) -> None:
    create(plane, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    kind = Kind(plane)
    kind.redefine(spec=GRANULAR)
    lab = Lab(plane, "shop", "project/dev/app", tmp_path / "home")
    thing = kind.thing(map={"ours": "1"})
    lab.warm(thing, configmap(a="1"))
    stop()
    shutil.copytree(plane.files.etcd_data, tmp_path / "copy")
    plane = sandbox.up("restored")

    kind.redefine(spec={**GRANULAR, "more": {"type": "string"}})
    lab.send("PATCH", kind.path("shop"), {"spec": {"map": {"theirs": "1"}}}, content=MERGE, query="fieldManager=operator")
    lab.warm(thing, configmap(a="2"))
    generation = definition(lab, kind)["metadata"]["generation"]
    stop()
    shutil.rmtree(plane.files.etcd_data)
    shutil.copytree(tmp_path / "copy", plane.files.etcd_data)
    sandbox.start_part("restored", Part.ETCD)
    sandbox.start_part("restored", Part.API_SERVER)
    served(lab)

    # The same generation as the certificates know, and other rules: one value now, so that an apply drops what is not ours.
    kind.redefine(spec=ATOMIC)
    assert definition(lab, kind)["metadata"]["generation"] == generation
    lab.send("PATCH", kind.path("shop"), {"spec": {"map": {"theirs": "1"}}}, content=MERGE, query="fieldManager=operator")
    kind.wait(lambda: lab.would_change(thing))
    found = lab.look(thing, configmap(a="2"))
    assert [c.proof for c in found] == [Proof.SERVER, Proof.SERVER]
    assert lab.would_change(configmap(a="2"))
    lab.warm(configmap(a="2"))


def definition(lab: Lab, kind: Kind) -> dict[str, dict[str, object]]:
    return lab.send("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{kind.group}")


def served(lab: Lab) -> None:
    """Wait until the API server has caught up with the older data."""
    end = time.monotonic() + 60
    while not lab.client.get("/readyz", accept="*/*").ok:
        assert time.monotonic() < end
        time.sleep(0.1)
