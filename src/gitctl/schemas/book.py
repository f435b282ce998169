"""SchemaBook: every schema that a run can use, and the check of one object against the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gitctl.errors import did_you_mean
from gitctl.model.finding import Problem, Rule, Severity
from gitctl.model.manifest import Json
from gitctl.schemas.cel import rule_problems
from gitctl.schemas.check import CompiledSchema
from gitctl.schemas.convert import json_schema, without_null
from gitctl.schemas.definitions import defined
from gitctl.schemas.lifecycle import Minor, judge
from gitctl.schemas.openapi import BUILT_IN, ApiDocument, KindId
from gitctl.schemas.structure import Node, duplicates, nodes, tree_of

Opaque = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Published:
    """What an API server serves. `document` gives the kinds of an API version (empty for one that it does not serve); `versions` are
    the API versions; `complete`: a kind that is not there cannot be applied. `source` is for people, `minor` its Kubernetes version."""

    document: Callable[[str], ApiDocument]
    versions: frozenset[str]
    minor: Minor
    source: str
    complete: bool = False


class SchemaBook:
    """Implements `workflow.validate.Schemas`."""

    def __init__(self, published: Published, metadata: ApiDocument) -> None:
        """`metadata` is a document of Kubernetes' own kinds: for ObjectMeta, and for suggestions."""
        self._published = published
        self._metadata = metadata
        self._first = ApiDocument()
        self._last = ApiDocument()
        self._pages: dict[KindId, _Page | None] = {}

    @property
    def source(self) -> str:
        """Where the schemas come from, for people."""
        return self._published.source

    def define(self, definitions: Iterable[Json], *, last: bool = False) -> None:
        """Know the kinds of CustomResourceDefinitions from now on. They win over what the API server has, with `last` it wins."""
        more = defined(definitions, self._metadata)
        if last:
            self._last = _joined(self._last, more)
        else:
            self._first = _joined(self._first, more)
        self._pages.clear()

    def knows(self, api_version: str, kind: str) -> bool:
        """Is there a schema of this kind?"""
        return self._page((api_version, kind)) is not None

    def check(self, body: Json, *, opaque: Opaque, partial: bool = False) -> tuple[Problem, ...]:
        """What is wrong with an object that has `apiVersion` and `kind`. See `CompiledSchema.problems`."""
        kind = str(body["apiVersion"]), str(body["kind"])
        life = judge(*kind, self._published.minor)
        page = self._page(kind)
        if life is not None and life.rule is Rule.REMOVED_API and kind not in self._first.kinds:
            return (life,)
        if page is None:
            return (self._unknown(kind),)
        return (*([life] if life else ()), *page.problems(body, opaque=opaque, partial=partial))

    def _page(self, kind: KindId) -> _Page | None:
        if kind not in self._pages:
            document = next((d for d in (self._first, self._published.document(kind[0]), self._last) if kind in d.kinds), None)
            self._pages[kind] = _Page(document, kind) if document else None
        return self._pages[kind]

    def _unknown(self, kind: KindId) -> Problem:
        api_version, name = kind
        group = api_version.rpartition("/")[0]
        groups = {v.rpartition("/")[0] for v in self._published.versions}
        if group in groups and (self._published.complete or _is_built_in(group)):
            return self._not_served(api_version, name)
        if self._published.complete:
            return Problem(Rule.UNKNOWN_KIND, f"{api_version} {name} is not served, and no definition of it was found", ("apiVersion",))
        message = f"{api_version} {name} was not checked: no schema of it was found"
        hint = "put its CustomResourceDefinition into the repository, or name a cluster that has it with --context"
        near = did_you_mean(group, groups)
        return Problem(Rule.NO_SCHEMA, message, ("apiVersion",), near if near.startswith("did") else hint, Severity.WARNING)

    def _not_served(self, api_version: str, name: str) -> Problem:
        here = [k for k in self._published.document(api_version).kinds if k[0] == api_version]
        others = sorted(v for v in self._candidates(api_version, name) if (v, name) in self._published.document(v).kinds)
        if others:
            return Problem(Rule.UNKNOWN_KIND, f"{api_version} has no {name}", ("apiVersion",), f"use {' or '.join(others)}")
        hint = did_you_mean(name, [k for _, k in here], what="there is")
        return Problem(Rule.UNKNOWN_KIND, f"{api_version} has no {name}", ("kind",), hint)

    def _candidates(self, api_version: str, name: str) -> Iterable[str]:
        """API versions that may have the kind: those of the same group, and those that have it in Kubernetes itself."""
        group = api_version.rpartition("/")[0]
        built_in = {version for version, kind in self._metadata.kinds if kind == name}
        return (v for v in self._published.versions if v.rpartition("/")[0] == group or v in built_in)


def _joined(one: ApiDocument, more: ApiDocument) -> ApiDocument:
    return ApiDocument({**one.components, **more.components}, {**one.kinds, **more.kinds})


def _is_built_in(group: str) -> bool:
    return "." not in group or group.endswith(".k8s.io")


class _Page:
    """One kind: what is needed is made when it is needed."""

    def __init__(self, document: ApiDocument, kind: KindId) -> None:
        self._document = document
        self._kind = kind
        self._name = document.kinds[kind]
        self._native = self._name.startswith(BUILT_IN)

    @cached_property
    def _compiled(self) -> CompiledSchema | None:
        """None where the definition's schema is none: the definition is a manifest too, and what is wrong with it is said there."""
        try:
            return CompiledSchema(json_schema(self._document.components, self._name, self._kind))
        except (ValueError, TypeError, AttributeError):
            return None

    @cached_property
    def _tree(self) -> Node:
        return tree_of(self._document.components, self._name)

    @cached_property
    def _ruled(self) -> bool:
        """Rules are for custom resources."""
        return not self._native and any(node.rules for node in nodes(self._tree))

    def problems(self, body: Json, *, opaque: Opaque, partial: bool) -> list[Problem]:
        """Schema first, then lists, then rules: rules of an object that breaks its schema are not evaluated, as by the API server."""
        if self._compiled is None:
            message = f"{' '.join(self._kind)} was not checked: the schema in its definition is none"
            return [Problem(Rule.NO_SCHEMA, message, ("apiVersion",), severity=Severity.WARNING)]
        clean = without_null(body) if self._native or partial else {**body, "metadata": without_null(body.get("metadata"))}
        found = self._compiled.problems(clean, opaque=opaque, partial=partial)
        found += duplicates(self._tree, clean)
        if not found and not partial and self._ruled:
            found += rule_problems(self._tree, clean, opaque=opaque)
        return found


def served(document: ApiDocument, minor: Minor, source: str) -> Published:
    """A document that has everything, as an API server's kinds."""
    by_version: Mapping[str, ApiDocument] = dict.fromkeys({v for v, _ in document.kinds}, document)
    empty = ApiDocument()
    return Published(lambda version: by_version.get(version, empty), frozenset(by_version), minor, source)
