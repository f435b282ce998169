"""A file brought in line with its rule: who was added can read it, who was taken away cannot read what is written from now on."""

from __future__ import annotations

from pathlib import Path

from gitctl.model.secret import Aligned
from gitctl.secrets import leaves, pysops
from gitctl.secrets.rules import rule_in


def align(path: str, content: bytes, *, config: Path, rules: bytes, where: str) -> Aligned | None:
    """The file for those whom its rule names; None where it is so already, or no rule matches.

    Where somebody went, the data key is a new one: the old one was theirs. Raises InputError family, RenderError (no key), ToolMissing.
    """
    rule = rule_in(rules, path, config=config)
    kind = pysops.kind_of(path, content)
    now = pysops.recipients(content, kind=kind, filename=where)
    if rule is None or set(rule.recipients) == set(now):
        return None
    added = tuple(one for one in rule.recipients if one not in now)
    removed = tuple(one for one in now if one not in rule.recipients)
    content = pysops.updatekeys_by_rule(content, kind=kind, config=rules, path=path, filename=where)
    if removed:
        content = pysops.rotate(content, kind=kind, filename=where)
    else:
        # Only this verifies the MAC: what somebody tampered with is not handed on to a new reader.
        pysops.decrypt(content, kind=kind, filename=where)
    found = leaves.encrypted(leaves.documents(content, kind=kind, where=where))
    known = tuple(leaves.shown(place[1:]) for place, _ in found) if removed else ()
    return Aligned(content, added, removed, known)
