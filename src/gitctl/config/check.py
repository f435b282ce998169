"""Everything that is wrong in gitctl.yaml, at once: its shape, and what its names and paths refer to.

The second part looks at parts of the file that may have the wrong shape: the first part has reported those, so here they are skipped.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gitctl.config import moment, placeholder
from gitctl.config.conform import conform
from gitctl.config.cycle import find_cycle
from gitctl.config.listed import reference_problems
from gitctl.config.problem import KeyPath, Problem
from gitctl.config.schema import json_schema
from gitctl.config.secrets import secret_problems
from gitctl.config.tenants import tenancy_problems
from gitctl.errors import ConfigError, ErrorId, did_you_mean

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_APP_TEXTS: tuple[KeyPath, ...] = (
    ("path",),
    ("namespace",),
    ("helm", "release"),
    ("target", "branch"),
    ("target", "folder"),
    ("target", "repo"),
)
# git-check-ref-format(1)
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\]\\]|\.\.|@\{|//|\.lock(?:/|$)|(?:^|/)\.|[./]$|^[-/]|^HEAD$|^refs/")


def check(data: Any, *, folder: str = "") -> tuple[Problem, ...]:
    """All problems of a file's value. `folder` is that of the file inside the repository: paths may not leave the repository."""
    if not isinstance(data, dict):
        return (
            Problem(
                (),
                "the file is empty" if data is None else "the file is not a mapping",
                "`gitctl bootstrap` writes one",
                id=ErrorId.CONFIG_TYPE,
            ),
        )
    apps = _mapping(data.get("apps"))
    found = [*conform(data, json_schema()), *_environments(data), *_twice(("vars_from_env",), data.get("vars_from_env"), "variable")]
    for name, app in apps.items():
        found += _app(("apps", name), app, data)
        found += _paths(("apps", name), app, folder)
        found += _rules(("apps", name), app)
    return (
        *found,
        *_names(apps),
        *_cycles(apps),
        *tenancy_problems(data),
        *reference_problems(data),
        *secret_problems(data),
        *_secret_paths(data, folder),
    )


def _environments(data: Mapping[str, Any]) -> Iterator[Problem]:
    clusters = _keys(data.get("clusters"))
    for name, env in _mapping(data.get("environments")).items():
        yield from _references(("environments", name, "clusters"), env.get("clusters"), clusters, "cluster")


def _app(at: KeyPath, app: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Problem]:
    environments, apps = _keys(data.get("environments")), _keys(data.get("apps"))
    yield from _references((*at, "environments"), app.get("environments"), environments, "environment")
    yield from _references((*at, "depends_on"), app.get("depends_on"), apps, "app")
    yield from _suspended(at, app, environments)
    others = _mapping(data.get("apps"))
    mine = set(_texts(app.get("environments")) or environments)
    for index, other in enumerate(_list(app.get("depends_on"))):
        if isinstance(other, str) and other in others:
            missing = mine & set(environments) - set(_texts(others[other].get("environments")) or environments)
            if missing:
                yield Problem(
                    (*at, "depends_on", index),
                    f"the app {other!r} is not in the environment {min(missing)!r}, this one is",
                    id=ErrorId.CONFIG_REFERENCE,
                )
            if ("target" in app) != ("target" in others[other]):
                yield Problem(
                    (*at, "depends_on", index),
                    f"the app {other!r} goes to a {'branch' if 'target' in others[other] else 'cluster'}, this one does not",
                    "an app can wait for apps with a target of its own kind only",
                    id=ErrorId.CONFIG_CONTRADICTION,
                )


def _suspended(at: KeyPath, app: Mapping[str, Any], environments: Collection[str]) -> Iterator[Problem]:
    for env, one in _mapping(app.get("suspend")).items():
        if env not in environments:
            yield Problem(
                (*at, "suspend", env), f"unknown environment {env!r}", did_you_mean(env, environments), id=ErrorId.CONFIG_REFERENCE
            )
        for key in ("since", "until"):
            if isinstance(one.get(key), str) and re.fullmatch(moment.PATTERN, one[key], re.ASCII):
                yield from _time((*at, "suspend", env, key), one[key])


def _time(at: KeyPath, text: str) -> Iterator[Problem]:
    try:
        moment.parse_time(text)
    except ConfigError as error:
        yield Problem(at, error.message, error.hint, id=ErrorId.CONFIG_VALUE)


def _references(at: KeyPath, names: Any, known: Collection[str], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in enumerate(_list(names)):
        if not isinstance(name, str):
            continue
        if name not in known:
            yield Problem((*at, index), f"unknown {what} {name!r}", did_you_mean(name, known), id=ErrorId.CONFIG_REFERENCE)
        elif name in seen:
            yield Problem((*at, index), f"the {what} {name!r} is named twice", id=ErrorId.CONFIG_CONTRADICTION)
        seen.add(name)


def _twice(at: KeyPath, names: Any, what: str) -> Iterator[Problem]:
    texts = _texts(names)
    for index, name in enumerate(texts):
        if name in texts[:index]:
            yield Problem((*at, index), f"the {what} {name!r} is named twice", id=ErrorId.CONFIG_CONTRADICTION)


def _paths(at: KeyPath, app: Mapping[str, Any], folder: str) -> Iterator[Problem]:
    for key in _APP_TEXTS:
        text = _at(app, key)
        if isinstance(text, str):
            yield from _text(at + key, text, folder)
    for index, text in enumerate(_texts(_at(app, ("helm", "values_files")))):
        inside = posixpath.join(folder, app["path"]) if isinstance(app.get("path"), str) else folder
        yield from _placeholders((*at, "helm", "values_files", index), text)
        yield from _inside((*at, "helm", "values_files", index), text, inside)


def _text(at: KeyPath, text: str, folder: str) -> Iterator[Problem]:
    yield from _placeholders(at, text)
    match at[-1]:
        case "path":
            yield from _inside(at, text, folder)
        case "folder":
            yield from _inside(at, text, "")
        case "branch":
            if _NO_BRANCH.search(placeholder.fill(text, dict.fromkeys(placeholder.NAMES, "x"))):
                yield Problem(at, f"{text!r} is no name of a branch", "such as rendered/{env}", id=ErrorId.CONFIG_VALUE)
        case "namespace" | "release":
            filled = placeholder.fill(text, dict.fromkeys(placeholder.NAMES, "x"))
            if text and not placeholder.problem(text)[1] and not _LABEL.fullmatch(filled):
                yield Problem(at, f"{text!r} is not a name of at most 63 lower-case letters, digits and '-'", id=ErrorId.CONFIG_VALUE)


def _placeholders(at: KeyPath, text: str) -> Iterator[Problem]:
    name, message = placeholder.problem(text)
    if message:
        hint = did_you_mean(name, placeholder.NAMES) if name else "placeholders are {env}, {cluster} and {app}"
        yield Problem(at, f"{message} in {text!r}", hint, id=ErrorId.CONFIG_PLACEHOLDER)


def _inside(at: KeyPath, text: str, folder: str) -> Iterator[Problem]:
    """Placeholders are names without dots and slashes, so they cannot change what `..` means."""
    parts = posixpath.normpath(posixpath.join(folder, text)).split("/")
    if text.startswith(("/", "~")) or parts[0] == "..":
        yield Problem(
            at, f"the path {text!r} leaves the repository", "write it relative to the folder of gitctl.yaml", id=ErrorId.CONFIG_PATH
        )
    elif "\\" in text or not text.isprintable():
        yield Problem(
            at, f"the path {text!r} has characters that a path must not have", "folders are separated by '/'", id=ErrorId.CONFIG_PATH
        )
    elif ".git" in (part.lower() for part in parts):
        yield Problem(at, f"the path {text!r} leads into Git's own files", id=ErrorId.CONFIG_PATH)


def _secret_paths(data: Mapping[str, Any], folder: str) -> Iterator[Problem]:
    at = ("secrets", "restart_key")
    path = _at(data, at)
    if isinstance(path, str) and path:
        yield from _placeholders(at, path)
        yield from _inside(at, path, folder)


def _rules(at: KeyPath, app: Mapping[str, Any]) -> Iterator[Problem]:
    for index, rule in enumerate(_list(app.get("ignore"))):
        if isinstance(rule, dict) and not rule.get("paths") and not rule.get("managers"):
            yield Problem((*at, "ignore", index), "the rule ignores nothing", "give it paths or managers", id=ErrorId.CONFIG_CONTRADICTION)
    for index, rule in enumerate(_list(app.get("health"))):
        if isinstance(rule, dict) and not any(rule.get(key) for key in ("healthy", "failed", "progressing", "ignore")):
            yield Problem(
                (*at, "health", index),
                "the rule decides nothing",
                "give it healthy, failed, progressing or ignore",
                id=ErrorId.CONFIG_CONTRADICTION,
            )
    if "hooks" in app and "hooks" in _mapping(app.get("helm"), of=object):
        yield Problem((*at, "hooks"), "hooks is set twice, here and under helm", id=ErrorId.CONFIG_CONTRADICTION)
    if app.get("target") is not None and app.get("create_namespace") is True:
        yield Problem((*at, "create_namespace"), "a branch has no namespaces to create", id=ErrorId.CONFIG_CONTRADICTION)
    if app.get("target") is not None and app.get("health"):
        problem = "nothing runs in a branch: its objects are healthy by being there"
        yield Problem((*at, "health"), problem, id=ErrorId.CONFIG_CONTRADICTION)


def _names(apps: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """An earlier name belongs to one app, and to none that still exists: else two apps would own one state."""
    owner: dict[str, str] = {}
    for name, app in apps.items():
        for index, old in enumerate(_list(app.get("renamed_from"))):
            at = ("apps", name, "renamed_from", index)
            if old in apps:
                yield Problem(at, f"an app with the name {old!r} still exists", id=ErrorId.CONFIG_CONTRADICTION)
            elif isinstance(old, str) and owner.setdefault(old, name) != name:
                yield Problem(at, f"the app {owner[old]!r} has the earlier name {old!r} too", id=ErrorId.CONFIG_CONTRADICTION)


def _cycles(apps: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    cycle = find_cycle({name: tuple(_texts(app.get("depends_on"))) for name, app in apps.items()})
    if cycle:
        yield Problem(("apps", cycle[0], "depends_on"), f"a dependency cycle: {' → '.join((*cycle, cycle[0]))}", id=ErrorId.CONFIG_CYCLE)


def _mapping(value: Any, *, of: type = dict) -> Mapping[str, Any]:
    """The entries of a mapping that have text as key and a value of the type; nothing when it is no mapping."""
    return {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, of)} if isinstance(value, dict) else {}


def _keys(value: Any) -> list[str]:
    return [key for key in value if isinstance(key, str)] if isinstance(value, dict) else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in _list(value) if isinstance(item, str)]


def _at(value: Any, key: KeyPath) -> Any:
    for step in key:
        value = value.get(step) if isinstance(value, dict) else None
    return value
