"""Validate: manifests in files, and the objects that apps render to, against schemas. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from gitctl.errors import GitctlError, Where
from gitctl.model.app import App
from gitctl.model.finding import Case, Finding, Problem, Rule, Severity
from gitctl.model.manifest import Json, Manifest, ObjectRef, Path
from gitctl.model.reference import is_reference, shown
from gitctl.protocols import Tree, Trouble
from gitctl.workflow.places import FilePlaces, RenderedPlaces
from gitctl.workflow.references import found_in
from gitctl.workflow.tenancy import rule_breaches
from gitctl.workflow.written import Written, definitions, patches, read_file

if TYPE_CHECKING:
    from gitctl.workflow.plan import Rendered

_ENCRYPTED = "ENC[AES256_GCM,"
_DEFINITION = "CustomResourceDefinition"


class Schemas(Protocol):
    """What kinds look like."""

    @property
    def source(self) -> str:
        """Where the schemas come from, for people."""
        ...

    def define(self, definitions: Iterable[Json], *, last: bool = False) -> None:
        """Know the kinds of CustomResourceDefinitions from now on. They win over what the API server has, with `last` it wins."""
        ...

    def knows(self, api_version: str, kind: str) -> bool:
        """Is there a schema of this kind?"""
        ...

    def check(self, body: Json, *, opaque: Callable[[Any], bool], partial: bool = False) -> tuple[Problem, ...]:
        """What is wrong with an object. Values for which `opaque` holds may be anything; a `partial` object lacks nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Validation:
    """Every object that was looked at, and what could not be read or rendered."""

    cases: tuple[Case, ...]
    errors: tuple[GitctlError, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return tuple(f for case in self.cases for f in case.findings)


@dataclass(frozen=True, slots=True)
class Files:
    """Files to validate by their paths in `tree`; `names` are all files of the tree. `shown` gives the path that people see."""

    contents: Mapping[str, bytes]
    tree: Tree | None
    names: Collection[str] = ()
    shown: Callable[[str], str] = str


def validate_files(files: Files, schemas: Schemas) -> Validation:
    """Every manifest of some files. Variables (`${NAME}`) and encrypted values may stand for anything; patches of a kustomization lack
    nothing. A file that cannot be read is an error, and the others are checked all the same."""
    objects: list[Written] = []
    cases: list[Case] = []
    errors: list[GitctlError] = []
    for path, content in files.contents.items():
        try:
            read = read_file(path, content, files.names)
        except GitctlError as error:
            if isinstance(error.where, Where):
                error.where = replace(error.where, path=files.shown(path))
            errors.append(error)
            continue
        objects += read.objects
        if read.other:
            cases.append(Case(files.shown(path), "", Where(files.shown(path)), skipped=read.other))
    _learn(schemas, [o.body for o in objects], files.tree, files.names)
    partial = patches(files.tree, files.names) if files.tree and _may_be_patches(objects, files.names) else frozenset()
    places = FilePlaces(files.contents)
    cases += [_written(o, schemas, places, files.shown, o.file in partial) for o in objects]
    return Validation(tuple(cases), tuple(errors))


def _may_be_patches(objects: Sequence[Written], names: Collection[str]) -> bool:
    return bool(objects) and any(n.rpartition("/")[2].lower().startswith("kustomization") for n in names)


def _learn(schemas: Schemas, bodies: Sequence[Json], tree: Tree | None, names: Collection[str] = ()) -> None:
    """The definitions among the objects, which are what will be applied; and, where a kind is still unknown, those that lie
    elsewhere in the tree."""
    schemas.define(b for b in bodies if b.get("kind") == _DEFINITION)
    if tree is not None and any(not _known(schemas, body) for body in bodies):
        schemas.define(definitions(tree, names or tree.names("")), last=True)


def _known(schemas: Schemas, body: Json) -> bool:
    return not _has_identity(body) or schemas.knows(body["apiVersion"], body["kind"])


def _has_identity(body: Json) -> bool:
    return all(body.get(key) and isinstance(body[key], str) for key in ("apiVersion", "kind"))


def is_open(value: Any) -> bool:
    """A value that only the render knows: a variable, a template's action, what is still encrypted, or what stays in a store."""
    return isinstance(value, str) and ("${" in value or "{{" in value or value.startswith(_ENCRYPTED) or is_reference(value))


def _written(found: Written, schemas: Schemas, places: FilePlaces, shown: Callable[[str], str], partial: bool) -> Case:
    def where(path: Path) -> Where:
        place = places.where(found.file, found.document, (*found.step, *path))
        return replace(place, path=shown(found.file))

    # Places cost a second reading of the file: only where there is something to show.
    start = Where(shown(found.file), found.line)
    if any(is_open(found.body.get(key)) for key in ("apiVersion", "kind")):
        return Case(shown(found.file), found.name, start, skipped="its kind is encrypted, or a variable")
    problems = _problems(found.body, schemas, partial)
    findings = tuple(sorted((finding(p, where(p.path), found.name, found.body) for p in problems), key=_place))
    return Case(shown(found.file), found.name, start, findings)


def _problems(body: Json, schemas: Schemas, partial: bool) -> tuple[Problem, ...]:
    if _has_identity(body):
        return schemas.check(body, opaque=is_open, partial=partial)
    wrong = [key for key in ("apiVersion", "kind") if not (body.get(key) and isinstance(body[key], str))]
    return tuple(Problem(Rule.NO_IDENTITY, f"{key} is missing or no text") for key in wrong)


def validate_apps(rendered: Sequence[tuple[str, Rendered]], tree: Tree, schemas: Schemas, *, opaque: Callable[[Any], bool]) -> Validation:
    """Every object of rendered apps (each with its title). `opaque` values may be anything. An app that cannot be rendered is an error."""
    results = [(title, r.app, r.result) for title, r in rendered if r.result]
    bodies = [m.body for _, _, result in results for m in result.manifests]
    _learn(schemas, bodies, tree)
    cases = []
    for title, app, result in results:
        places = RenderedPlaces(tree, result.read_set)
        rules = _rules(app, result.manifests)
        cases += [_rendered(m, (*rules.get(m.ref, ()), *schemas.check(m.body, opaque=opaque)), places, title) for m in result.manifests]
    return Validation(tuple(cases), tuple(r.error for _, r in rendered if r.error))


def _rules(app: App, manifests: Sequence[Manifest]) -> Mapping[ObjectRef, tuple[Problem, ...]]:
    """Objects that the rules of the app or its team forbid, and references to stores that nobody could follow."""
    found: dict[ObjectRef, tuple[Problem, ...]] = {}
    for breach in rule_breaches(app, manifests):
        if breach.ref:
            hint = f"the rule is in {breach.where}"
            found[breach.ref] = (*found.get(breach.ref, ()), Problem(Rule.TEAM_RULES, breach.problem, hint=hint))
    for one in found_in(app, manifests):
        # What the rules forbid is told above.
        if one.fault and (one.fault.trouble is Trouble.INVALID or app.target):
            problem = Problem(Rule.WRONG_VALUE, f"{shown(one.text)}: {one.fault.reason}", one.path, one.fault.hint)
            found[one.ref] = (*found.get(one.ref, ()), problem)
    return found


def _rendered(manifest: Manifest, problems: Iterable[Problem], places: RenderedPlaces, title: str) -> Case:
    found = (finding(p, places.where(manifest, p.path), str(manifest.ref), manifest.body) for p in problems)
    findings = tuple(sorted(found, key=_place))
    return Case(title, str(manifest.ref), Where(manifest.origin.path, manifest.origin.line), findings)


def _place(found: Finding) -> tuple[str, int, int]:
    return found.where.path, found.where.line, found.where.column


def finding(problem: Problem, where: Where, name: str, body: Json) -> Finding:
    """A problem with its place. Items of lists are named in the path by what names them, as far as they have a name."""
    text = field_text(problem.path, body)
    return Finding(problem.rule, problem.message, where, name, text, problem.hint, problem.severity)


def field_text(path: Path, body: Any) -> str:
    """`spec.containers[web].image`: an item by its name, else by its number."""
    parts: list[str] = []
    step: Any
    for step in path:
        body = body[step] if isinstance(body, dict | list) and _has(body, step) else None
        if isinstance(step, int):
            name = body.get("name") if isinstance(body, dict) else None
            parts.append(f"[{name if isinstance(name, str) else step}]")
        else:
            parts.append(f".{step}" if parts else step)
    return "".join(parts)


def _has(body: Any, step: str | int) -> bool:
    return step in body if isinstance(body, dict) else isinstance(step, int) and step < len(body)


def failed(findings: Iterable[Finding], *, warnings: bool) -> bool:
    """Is there an error, or, with `warnings`, anything at all?"""
    return any(warnings or f.severity is Severity.ERROR for f in findings)
