"""kill -9 at any request to the API server: the next run makes of it what an uninterrupted one makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.figures import Figure
from tests.reliability.kills import Ending, Kill, play_all, uninterrupted
from tests.reliability.stories import DELETE, ROLLBACK, Story

from gitctl.sandbox import ControlPlane

SEED = 4
STEP = 51
"""About every twenty-fifth request, in turn before and after."""
LATE = -15
"""Of a delete: its count of deletions is stored, the app's state still there."""


@pytest.mark.torture
def test_killed_at_any_request_the_next_run_converges(control_plane: ControlPlane, tmp_path: Path, long: bool, figure: Figure) -> None:
    whole = uninterrupted(control_plane, tmp_path)
    points = [Kill(number, after) for number in range(1, whole.requests + 1) for after in (False, True)]
    endings = play_all(control_plane, tmp_path, points if long else points[SEED % STEP :: STEP])
    ended = [one for one in endings if isinstance(one, Ending)]
    figure("kill points", sum(one.code < 0 for one in ended))
    assert [str(one) for one in endings if not isinstance(one, Ending)] == []
    for one in ended:
        assert one.picture == whole.picture, one.kill
    assert sum(one.code < 0 for one in ended) > len(ended) // 2


@pytest.mark.torture
@pytest.mark.parametrize("story", [ROLLBACK, DELETE], ids=lambda story: story.name)
def test_a_rollback_and_a_delete_that_are_killed_are_ended_by_the_next(
    story: Story, control_plane: ControlPlane, tmp_path: Path, long: bool, figure: Figure
) -> None:
    """A rollback makes one commit, not two; a delete counts once in the day's budget."""
    whole = uninterrupted(control_plane, tmp_path, story)
    points = [Kill(number, after) for number in range(1, whole.requests + 1) for after in (False, True)]
    sample = [points[len(points) // 2], points[LATE]]
    endings = play_all(control_plane, tmp_path, points if long else sample, story)
    ended = [one for one in endings if isinstance(one, Ending)]
    figure(f"kill points of a {story.name}", sum(one.code < 0 for one in ended))
    assert [str(one) for one in endings if not isinstance(one, Ending)] == []
    for one in ended:
        assert one.picture == whole.picture, one.kill
    assert sum(one.code < 0 for one in ended) > len(ended) // 2
