"""Watching: wait until something about an app's objects changes, by the target's watch where that is cheap, else for a while."""

from __future__ import annotations

from collections.abc import Sequence

from gitctl.errors import ClusterError
from gitctl.model.manifest import Json, ObjectRef
from gitctl.parallel import Deadline, ticking
from gitctl.protocols import Target

MOST_WATCHED = 500
"""With more objects than this a watch costs the API server more than a look now and then."""
CALM = 2.0
"""Seconds that a change is given to be followed by others, which are then seen by the same look."""
_TICK = 0.25

Seen = dict[ObjectRef, str]


def await_change(target: Target, refs: Sequence[ObjectRef], seen: Seen, *, seconds: float) -> None:
    """Return once an object is not as in `seen` any more (which is brought up to date), at the latest after `seconds`.

    A target that is out of reach is waited for like one in which nothing changes.
    """
    end = Deadline(seconds)
    if refs and len(refs) <= MOST_WATCHED:
        try:
            for news in ticking(target.watch([(ref, "") for ref in refs], seconds=max(1.0, end.left())), every=_TICK):
                if news is not None and _is_new(seen, *news):
                    end.sleep(CALM)
                    return
                if not end.left():
                    return
        except ClusterError:
            pass
    end.sleep(end.left())


def _is_new(seen: Seen, ref: ObjectRef, live: Json | None) -> bool:
    """Has the object changed since it was seen? What was never seen is only taken note of."""
    version = str(live["metadata"].get("resourceVersion", "")) if live else ""
    before = seen.get(ref)
    seen[ref] = version
    return before is not None and before != version
