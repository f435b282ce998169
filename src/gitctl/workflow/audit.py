"""`secret audit`: render without keys, ask Git how old encrypted values are, and judge. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from gitctl.errors import GitctlError
from gitctl.model.app import App
from gitctl.model.audit import Audit, AuditedSecret, AuditFinding, ValueFact
from gitctl.model.blamed import Blamed, encrypted_anew
from gitctl.model.manifest import Manifest, RenderResult
from gitctl.model.policy import SecretPolicy
from gitctl.model.readset import is_read
from gitctl.model.secretmade import Keeping, sealed_texts
from gitctl.plan.audit import AuditedApp, Facts, Used, account, shown
from gitctl.plan.audit_findings import accepted, file_findings, findings, with_equal
from gitctl.protocols import Ledger, Target, Tree
from gitctl.workflow.audit_live import Look, look

Blames = Callable[[str], Mapping[int, Blamed]]
"""A file → its lines (from 1) with the commits that last changed them; {} where that cannot be told."""

_ENOUGH = 64
"""Signs of a sealed text by which its line is found, where a file folds it."""


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """One environment on one cluster: its title, and all its apps. `target` is the cluster, None where none is asked."""

    title: str
    apps: tuple[App, ...]
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class AuditGround:
    """What an audit works on."""

    tree: Tree
    files: Mapping[str, bytes]
    ledger: Ledger
    blame: Blames
    render: Callable[[App, Tree], RenderResult]
    policy: SecretPolicy
    now: datetime


@dataclass(frozen=True, slots=True)
class AuditRun:
    """The audits of all places, and why apps could not be rendered."""

    audits: tuple[Audit, ...]
    errors: tuple[GitctlError, ...]


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A place with what its apps render to, and what these renders read."""

    place: AuditPlace
    apps: tuple[AuditedApp, ...]
    read: tuple[str, ...]
    errors: tuple[GitctlError, ...]


class Inventory:
    """The encrypted values of a repository by what stands for them in renders; each file is blamed once, when it is asked for."""

    def __init__(self, ground: AuditGround) -> None:
        self._ground = ground
        self._lines: dict[str, Mapping[int, Blamed]] = {}
        self._by_token = {v.token: (path, v.key, v.line, v.same) for path in ground.ledger.files for v in ground.ledger.values(path)}
        self._by_text: dict[str, tuple[str, str, int]] = {}
        self._encrypted = {path: {v.line for v in ground.ledger.values(path)} for path in ground.ledger.files}
        self.seen: set[str] = set()

    @cached_property
    def facts(self) -> Facts:
        """For the pure part."""
        return Facts(self.of_text, {path: self._ground.ledger.readers(path) for path in self._ground.ledger.files})

    def learn_sealed(self, manifest: Manifest) -> None:
        """Know the sealed texts of a SealedSecret by the lines that have them."""
        path, texts = manifest.origin.path, sealed_texts(manifest.body)
        lines = self._ground.files.get(path, b"").decode("utf-8", "replace").split("\n") if texts else []
        for key, text in texts.items():
            line = next((n for n, one in enumerate(lines, 1) if text[:_ENOUGH] in one), 0)
            self._by_text[text] = (path, key, line)
            self._encrypted.setdefault(path, set()).add(line)

    def of_text(self, text: str) -> tuple[ValueFact, ...]:
        """The encrypted values that a rendered text was made of."""
        sealed = (self._fact(*self._by_text[text]),) if text in self._by_text else ()
        tokens = sorted(self._ground.ledger.tokens(text))
        self.seen |= set(tokens)
        return (*sealed, *(self._fact(*self._by_token[token]) for token in tokens if token in self._by_token))

    def of_file(self, path: str) -> tuple[ValueFact, ...]:
        """The values of a file that no render has."""
        values = self._ground.ledger.values(path)
        return tuple(self._fact(path, value.key, value.line) for value in values if value.token not in self.seen)

    def _fact(self, path: str, key: str, line: int, same: str = "") -> ValueFact:
        if path not in self._lines:
            self._lines[path] = self._ground.blame(path)
        by = self._lines[path].get(line)
        if by is None:
            return ValueFact(path, key, line, same=same)
        anew = encrypted_anew(self._lines[path], self._encrypted[path], by)
        return ValueFact(path, key, line, by.committed_at, by.author, by.sha, anew, same)


def audit(places: Sequence[AuditPlace], ground: AuditGround, *, names: Collection[str] = (), whole: bool = False) -> AuditRun:
    """Audit the apps with these names (default: all). With `whole`, which is for all apps of all environments, also files that reach no
    object are told. Errors of apps are values."""
    inventory = Inventory(ground)
    rendered = [_rendered(place, ground) for place in places]
    audits = [_judged(one, inventory, ground, names) for one in rendered]
    errors = {str(error): error for one in rendered for error in one.errors}
    if whole and not errors:
        rest = _files(inventory, ground, [place for one in rendered for place in one.read])
        audits += [rest] if rest.secrets else []
    return AuditRun(with_equal(audits, ground.policy), tuple(errors.values()))


def _rendered(place: AuditPlace, ground: AuditGround) -> _Rendered:
    apps: list[AuditedApp] = []
    errors: list[GitctlError] = []
    read: dict[str, None] = {}
    for app in place.apps:
        try:
            result = ground.render(app, ground.tree)
        except GitctlError as error:
            errors.append(error)
            continue
        read |= dict.fromkeys(result.read_set)
        apps.append(AuditedApp(app.name, result.manifests))
    return _Rendered(place, tuple(apps), tuple(read), tuple(errors))


def _judged(rendered: _Rendered, inventory: Inventory, ground: AuditGround, names: Collection[str]) -> Audit:
    for app in rendered.apps:
        for manifest in app.manifests:
            inventory.learn_sealed(manifest)
    used = account(rendered.apps, inventory.facts)
    seen = _look(rendered.place, used)
    found = findings(used, ground.policy, now=ground.now, there=seen.there, whole=not rendered.errors)
    found += accepted(seen.findings, ground.policy)
    rows = tuple(sorted((*used.secrets.values(), *used.others), key=lambda row: row.name))
    notes = ("what is missing or unused is not judged: not every app could be rendered",) if rendered.errors else ()
    done = Audit(rendered.place.title, rows, found, (*notes, *(f"not looked at: {one}" for one in seen.notes)))
    return _narrowed(done, used, names) if names else done


def _look(place: AuditPlace, used: Used) -> Look:
    if place.target is None:
        return Look(frozenset(), (), ())
    return look([app for app in place.apps if app.target is None], place.target, {namespace for namespace, _ in used.dangling})


def _narrowed(done: Audit, used: Used, names: Collection[str]) -> Audit:
    """What concerns some apps: what they have, and what they use."""
    rows = tuple(row for row in done.secrets if row.app in names or any(c.app in names for c in row.consumers))
    missed = {shown(key) for key, consumers in used.dangling.items() if any(c.app in names for c in consumers)}
    kept = missed | {row.name for row in rows}
    return replace(done, secrets=rows, findings=tuple(one for one in done.findings if one.secret in kept))


def _files(inventory: Inventory, ground: AuditGround, read: Sequence[str]) -> Audit:
    """The encrypted files with values that no object has. `read` are the places that renders read."""
    rows = []
    for path in ground.ledger.files:
        values = inventory.of_file(path)
        if values:
            keys, readers = tuple(v.key for v in values), ground.ledger.readers(path)
            rows.append(AuditedSecret(path, "", Keeping.ENCRYPTED, None, path, keys, values, readers, unread=not is_read(path, read)))
    return Audit("", tuple(rows), file_findings(rows, ground.policy, now=ground.now))


def unaccepted(audits: Iterable[Audit]) -> tuple[AuditFinding, ...]:
    """The findings that somebody must do something about."""
    return tuple(one for audit in audits for one in audit.findings if not one.accepted)
