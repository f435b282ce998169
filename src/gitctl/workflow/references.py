"""References to stores become values, for one plan, in memory: what Git says stays the reference, and so do digests and caches."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gitctl.errors import ClusterError, ErrorId, GitctlError, InputError, RenderError
from gitctl.model.app import App
from gitctl.model.drift import Unavailable
from gitctl.model.manifest import Manifest, ObjectRef, Path
from gitctl.model.quantity import counted
from gitctl.model.reference import Reference, literals_in, parse, references_in, shown
from gitctl.plan.tenancy import reference_problems
from gitctl.protocols import Fault, References, Trouble


@dataclass(frozen=True, slots=True)
class Found:
    """A reference in an object, and what became of it: `size` bytes, or a `fault`; neither before a store was asked."""

    ref: ObjectRef
    path: Path
    text: str
    reference: Reference | None = None
    fault: Fault | None = None
    value: bytes | None = None

    def __str__(self) -> str:
        place = f"{self.ref} {'.'.join(map(str, self.path))}: {shown(self.text)}"
        return f"{place}: {self.fault.reason}" if self.fault else place


def found_in(app: App, manifests: Iterable[Manifest]) -> tuple[Found, ...]:
    """The references of an app's objects. Those that cannot be read, or that the rules forbid, have a fault: nobody asks for them."""
    return tuple(_found(app, m.ref, path, text) for m in manifests for path, text in references_in(m))


def _found(app: App, ref: ObjectRef, path: Path, text: str) -> Found:
    try:
        reference = parse(text)
    except InputError as error:
        return Found(ref, path, text, fault=Fault(Trouble.INVALID, error.message, error.hint))
    if app.target:
        return Found(ref, path, text, reference, Fault(Trouble.FORBIDDEN, "nobody behind a branch resolves it", "write an ExternalSecret"))
    for problem, where in reference_problems(app.tenancy, text):
        return Found(ref, path, text, reference, Fault(Trouble.FORBIDDEN, f"{problem} ({where})", "ask the owners of gitctl.yaml"))
    return Found(ref, path, text, reference)


def asked(found: Sequence[Found], stores: References) -> tuple[Found, ...]:
    """The same with what the stores answer."""
    answers = stores.values([one.reference for one in found if one.reference and not one.fault])
    return tuple(_answered(one, answers) for one in found)


def _answered(one: Found, answers: Mapping[Reference, bytes | Fault]) -> Found:
    if one.reference is None or one.fault:
        return one
    answer = answers[one.reference]
    return replace(one, fault=answer) if isinstance(answer, Fault) else replace(one, value=answer)


def ask_ahead(apps: Iterable[tuple[App, Iterable[Manifest]]], stores: References) -> None:
    """Ask for all that these apps refer to, in one go: each of them then finds its values."""
    asked([one for app, manifests in apps for one in found_in(app, manifests)], stores)


def resolved(app: App, manifests: Sequence[Manifest], stores: References) -> tuple[Manifest, ...]:
    """The manifests with values in the place of references. Raises InputError, RenderError, ClusterError: one error with all that have
    none."""
    found = asked(found_in(app, manifests), stores)
    refuse([one for one in found if one.fault], where=app.name)
    return tuple(_with_values(manifests, found))


_UNREACHED = frozenset({Trouble.DENIED, Trouble.UNREACHABLE})


def resolved_as_far(
    app: App, manifests: Sequence[Manifest], stores: References
) -> tuple[tuple[Manifest, ...], Mapping[ObjectRef, Unavailable]]:
    """The manifests whose references all have values, and why others have none: a store that gave no answer before all else."""
    found = asked(found_in(app, manifests), stores)
    lacks = [
        (one.ref, Unavailable(f"{shown(one.text)}: {one.fault.reason}", one.fault.trouble in _UNREACHED)) for one in found if one.fault
    ]
    failed = dict(sorted(lacks, key=lambda lack: lack[1].unreached))
    return tuple(_with_values([m for m in manifests if m.ref not in failed], found)), failed


def literal_notes(manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """What is said of encrypted values that look like references, without a word of them."""
    places = [f"{m.ref} {'.'.join(map(str, path))}" for m in manifests for path in literals_in(m)]
    meant = "begins with ref+ but was encrypted in Git, so it is applied as it stands; a reference to a store is written in plain text"
    return tuple(f"{place} {meant}" for place in places)


def _with_values(manifests: Iterable[Manifest], found: Collection[Found]) -> Iterator[Manifest]:
    by_ref: dict[ObjectRef, list[Found]] = {}
    for one in found:
        by_ref.setdefault(one.ref, []).append(one)
    for manifest in manifests:
        mine = by_ref.get(manifest.ref, [])
        paths = tuple(one.path for one in mine)
        data = {one.path[1]: base64.b64encode(one.value).decode("ascii") for one in mine if one.value is not None}
        body = {**manifest.body, "data": {**manifest.body["data"], **data}} if mine else manifest.body
        yield replace(manifest, body=body, sensitive=(*manifest.sensitive, *paths), stored=paths) if mine else manifest


def refuse(failed: Sequence[Found], *, where: str) -> None:
    """Raise one error with every reference that has no value; nothing for none. The gravest trouble gives it its name."""
    faults = [one.fault for one in failed if one.fault]
    if faults:
        worst = max(faults, key=lambda fault: list(Trouble).index(fault.trouble))
        hint = "; ".join(dict.fromkeys(fault.hint for fault in faults if fault.hint))
        message = f"{counted(len(failed), 'reference')} without a value" if len(failed) > 1 else str(failed[0])
        raise _error(worst.trouble, message, where, hint, sorted(map(str, failed)) if len(failed) > 1 else [])


def _error(trouble: Trouble, message: str, where: str, hint: str, details: list[str]) -> GitctlError:
    match trouble:
        case Trouble.INVALID:
            return InputError(message, id=ErrorId.REFERENCE_INVALID, where=where, hint=hint, details=details)
        case Trouble.UNLISTED | Trouble.FORBIDDEN:
            return InputError(message, id=ErrorId.REFERENCE_UNLISTED, where=where, hint=hint, details=details)
        case Trouble.MISSING | Trouble.NO_KEY:
            return InputError(message, id=ErrorId.REFERENCE_MISSING, where=where, hint=hint, details=details)
        case Trouble.NO_LIBRARY:
            return RenderError(message, id=ErrorId.EXTRA_MISSING, where=where, hint=hint, details=details)
        case Trouble.DENIED:
            return ClusterError(message, id=ErrorId.STORE_DENIED, where=where, hint=hint, details=details)
        case Trouble.UNREACHABLE:
            return ClusterError(message, id=ErrorId.STORE_UNREACHABLE, where=where, hint=hint, details=details)
