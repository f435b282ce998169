"""Is an object one that a rule is about?"""

from __future__ import annotations

from fnmatch import fnmatchcase

from gitctl.model.app import ObjectSelector
from gitctl.model.manifest import Json, ObjectRef
from gitctl.model.marks import label


def selects(selector: ObjectSelector, ref: ObjectRef, body: Json) -> bool:
    """True when every field of the selector that is not empty fits. Kind, namespace and name are shell patterns."""
    pairs = ((ref.kind, selector.kind), (ref.namespace, selector.namespace), (ref.name, selector.name))
    fits = selector.group in (None, ref.group) and all(fnmatchcase(text, pattern or "*") for text, pattern in pairs)
    return fits and all(label(body, key) == value for key, value in selector.labels)
