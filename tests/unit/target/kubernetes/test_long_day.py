"""A day's worth of events in memory that does not grow: the real follower and client, in a process of their own, before a local server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.figures import Figure
from tests.servers.long_day import OBJECTS, LongDay

CHILD = """
import json, resource, sys
from gitctl.model.manifest import ObjectRef
from gitctl.parallel import Bell
from gitctl.target.kubernetes.access import Login
from gitctl.target.kubernetes.client import Client
from gitctl.target.kubernetes.follow.follower import Follower
from gitctl.target.kubernetes.labelled import Wanted
from gitctl.target.kubernetes.resource import Resource

kind = Resource("", "v1", "ConfigMap", "configmaps", namespaced=True)
refs = [ObjectRef("", "ConfigMap", "n", name) for name in [f"c{n}" for n in range(int(sys.argv[2]))] + ["marker"]]
bell = Bell()
follower = Follower(Client(Login(sys.argv[1], "day"), timeout=30), lambda asked: ([Wanted(r, kind) for r, _ in asked], []), bell.ring)
follower.track({"p/dev/web": [(ref, "v1") for ref in refs]})
seen, news, peaks = 0, 0, []
while len(peaks) < 2:
    bell.wait(60)
    for stir in follower.take():
        news += not stir.first
        if stir.ref.name == "marker" and not stir.first:
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
follower.close()
print(json.dumps({"peaks": peaks, "news": news}))
"""

GROWTH_KIB = 4096
"""What allocators take now and then; the events of the sample alone are more than twice as much."""


@pytest.mark.torture
def test_a_days_worth_of_events_needs_no_more_memory_than_the_first_tenth(tmp_path: Path, long: bool, figure: Figure) -> None:
    events = 100_000 if long else 5_000
    with LongDay(tmp_path, events) as day:
        argv = [sys.executable, "-c", CHILD, str(day.kubeconfig), str(OBJECTS)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    first, last = told["peaks"]
    assert last - first < GROWTH_KIB, told
    assert 2 <= told["news"] <= events / 25, "what is of no concern is no news"
    figure("watch events", events)
