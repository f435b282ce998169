"""PURE: where an app's manifests lie in a branch, and under which refs gitctl remembers the app."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from gitctl.model.manifest import ObjectRef
from gitctl.refs import LOCK_REFS, STATE_REFS

NO_NAMESPACE = "_cluster"
"""The folder of objects without a namespace: no namespace can have this name."""

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A branch, and the folder in it ("" is its root)."""

    branch: str
    folder: str

    def __str__(self) -> str:
        return f"{self.branch}:{self.folder or '.'}"

    @property
    def ref(self) -> str:
        """The branch's full name."""
        return f"refs/heads/{self.branch}"

    @property
    def below(self) -> str:
        """The folder as a prefix of paths, "/" for the whole tree."""
        return f"{self.folder}/"

    def path(self, ref: ObjectRef) -> str:
        """The file of an object: no two objects share one, whatever their names, also where a disk ignores case."""
        folders = (self.folder, _escaped(ref.namespace, "[^a-z0-9-]") if ref.namespace else NO_NAMESPACE)
        return "/".join((*filter(None, folders), file_name(ref)))

    def state_ref(self, owner: str) -> str:
        """The ref of an app's state here."""
        return STATE_REFS + self._key(owner)

    def lock_ref(self, owner: str) -> str:
        """The ref that a run holds while it works on the app."""
        return LOCK_REFS + self._key(owner)

    def _key(self, owner: str) -> str:
        digest = hashlib.sha256("\0".join((owner, self.branch, self.folder)).encode()).hexdigest()[:20]
        return f"{re.sub('[^a-z0-9]+', '-', owner.lower()).strip('-')[:60]}-{digest}"


def file_name(ref: ObjectRef) -> str:
    """`deployment.apps_web.yaml`: kind and group as kubectl names them, `_`, name. Neither kinds nor groups have a `_`."""
    kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
    name = f"{_escaped(kind.lower(), '[^a-z0-9.-]')}_{_escaped(ref.name, '[^a-z0-9.-]')}"
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 21]}_{hashlib.sha256(name.encode()).hexdigest()[:20]}"
    return f"{name}.yaml"


def _escaped(text: str, other: str) -> str:
    """Signs that a path should not have, as `%3a`. Names of roles may hold colons and capitals."""
    return re.sub(other, lambda found: "".join(f"%{byte:02x}" for byte in found.group().encode("utf-8", "surrogateescape")), text)
