"""Change values in a YAML file that people wrote: comments, order and quotes stay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import StringIO
from itertools import pairwise
from typing import Any, Final

from gitctl.documents.write import style
from gitctl.errors import ErrorId, ManifestError

Path = tuple[str | int, ...]


class _Removed:
    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = _Removed()
"""As a new value: take the key or list item away."""

_INDENTED_LIST = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*\1 +- ", re.MULTILINE)


_HEAD = re.compile(r"\A(?:[ \t]*(?:#[^\n]*)?\n)*---[ \t]*(?:#[^\n]*)?\n")
"""Comments and the mark that come before the document: ruamel would lose the comments."""


def edit(text: str, changes: Mapping[Path, Any]) -> str:
    """The text with each path set to its new value (missing parents are made), or taken away where it is REMOVED.

    Only for files with one document. Raises ManifestError when a path runs through a scalar, or a list index is not there.
    """
    head = found.group() if (found := _HEAD.match(text)) else ""
    body = text.removeprefix(head)
    writer = _writer(body)
    try:
        root = writer.load(body)
    except Exception:
        # ruamel's messages quote the file
        raise ManifestError("the file cannot be edited: it is not one valid YAML document", id=ErrorId.YAML_EDIT) from None
    root = {} if root is None else root
    for path, value in changes.items():
        _change(root, path, value if value is REMOVED else _styled(value))
    out = StringIO()
    writer.dump(root, out)
    return head + out.getvalue()


def _writer(text: str) -> Any:
    from ruamel.yaml import YAML

    writer = YAML()
    writer.preserve_quotes = True
    writer.width = 2**30
    writer.explicit_start = text.startswith("---")
    if _INDENTED_LIST.search(text):
        writer.indent(mapping=2, sequence=4, offset=2)
    return writer


def _styled(value: Any) -> Any:
    """The value with texts quoted where ruamel, which follows another YAML than kubectl, would write them plain."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if isinstance(value, Mapping):
        return {_styled(key): _styled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_styled(item) for item in value]
    if not isinstance(value, str):
        return value
    match style(value):
        case '"':
            return DoubleQuotedScalarString(value)
        case "|":
            return LiteralScalarString(value)
        case _:
            return value


def _change(root: Any, path: Path, value: Any) -> None:
    if not path:
        raise ManifestError("the whole document cannot be replaced by an edit", id=ErrorId.YAML_EDIT)
    parent = root
    for step, following in pairwise(path):
        parent = _child(parent, step, following)
    try:
        if value is REMOVED:
            del parent[path[-1]]
        elif isinstance(parent, list) and path[-1] == len(parent):
            parent.append(value)
        else:
            parent[path[-1]] = value
    except (KeyError, IndexError, TypeError):
        if value is not REMOVED or not isinstance(parent, dict):
            raise ManifestError(f"{_text(path)} cannot be changed: the path is not there", id=ErrorId.YAML_EDIT) from None


def _child(parent: Any, step: str | int, following: str | int) -> Any:
    if isinstance(parent, dict) and parent.get(step) is None:
        parent[step] = [] if following == 0 else {}
    try:
        return parent[step]
    except (KeyError, IndexError, TypeError):
        raise ManifestError(f"{step} cannot be changed: the path is not there", id=ErrorId.YAML_EDIT) from None


def _text(path: Path) -> str:
    return ".".join(str(step) for step in path)
