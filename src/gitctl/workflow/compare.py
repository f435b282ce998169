"""Compare two revisions of the same apps, with no cluster at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from gitctl.errors import raise_all
from gitctl.model.change import Action, Change, Comparison, Plan, Proof, Wave
from gitctl.model.manifest import Json, Manifest, RenderResult
from gitctl.plan.fields import field_changes
from gitctl.redact import mask_object
from gitctl.workflow.plan import Rendered


def compare_rendered(old: Sequence[Rendered], new: Sequence[Rendered]) -> tuple[Plan, ...]:
    """One plan an app: what the second render adds, changes and takes away. Raises the errors of the renders."""
    raise_all(r.error for r in (*old, *new) if r.error)
    before = {r.app.name: r.result for r in old if r.result}
    after = {r.app.name: r.result for r in new if r.result}
    names = dict.fromkeys((*after, *before))
    return tuple(_plan(name, before.get(name), after.get(name)) for name in names)


def _plan(name: str, old: RenderResult | None, new: RenderResult | None) -> Plan:
    side = new or old
    assert side is not None
    before = {m.ref: m for m in old.manifests} if old else {}
    after = {m.ref: m for m in new.manifests} if new else {}
    changes = tuple(c for ref in after for c in _change(before.get(ref), after[ref]))
    prunes = tuple(Change(ref, Action.PRUNE, live=_veiled(m)) for ref, m in before.items() if ref not in after)
    changed = {c.ref for c in changes}
    return Plan(
        app=name,
        owner=name,
        revision=side.revision,
        waves=(Wave("changes", changes),) if changes else (),
        prunes=prunes,
        unchanged=tuple(_same(after[ref]) for ref in after if ref not in changed),
        failures=(),
        refusals=(),
        digest=_digest(old, new),
        render_digest=side.digest,
    )


def _veiled(old: Manifest) -> Json:
    """No inventory says where secrets are in what goes: they are masked here, before anybody shows them. The data of a Secret stays,
    for its tags; whoever shows it knows it by its kind."""
    in_data = all(path[0] in ("data", "stringData") for path in old.sensitive)
    return old.body if old.ref.kind == "Secret" and in_data else mask_object(old.body, old.sensitive)


def _change(old: Manifest | None, new: Manifest) -> Iterable[Change]:
    comparison = Comparison(new, old.body if old else None, new.body, new.body, proof=Proof.NONE)
    if old is None:
        yield Change(new.ref, Action.CREATE, comparison=comparison)
    elif fields := field_changes(old.body, new.body, ref=new.ref, sensitive=(*old.sensitive, *new.sensitive)):
        yield Change(new.ref, Action.UPDATE, fields=fields, comparison=comparison)


def _same(manifest: Manifest) -> Comparison:
    return Comparison(manifest, manifest.body, manifest.body, manifest.body, proof=Proof.NONE)


def _digest(old: RenderResult | None, new: RenderResult | None) -> str:
    text = "\n".join(r.digest if r else "" for r in (old, new))
    return hashlib.sha256(text.encode()).hexdigest()
