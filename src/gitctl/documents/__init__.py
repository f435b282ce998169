"""The only door of YAML and JSON text: read as kubectl reads, write so that kubectl reads the same, edit with comments kept."""

from __future__ import annotations

from gitctl.documents.edit import REMOVED, edit
from gitctl.documents.limits import Limits, too_deep
from gitctl.documents.read import Loaded, each_marked, load_all, load_marked, place_of
from gitctl.documents.scalar import Unquoted
from gitctl.documents.write import canonical, dump, dump_all, to_json

__all__ = [
    "REMOVED",
    "Limits",
    "Loaded",
    "Unquoted",
    "canonical",
    "dump",
    "dump_all",
    "each_marked",
    "edit",
    "load_all",
    "load_marked",
    "place_of",
    "to_json",
    "too_deep",
]
