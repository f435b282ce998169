"""References: values that stay in a store. Their syntax, which is that of vals, and where they stand in an object.

`ref+SCHEME://PATH[?OPTION=VALUE&…][#KEY]`, as the whole of a value of a Secret; `secretref+` means the same. KEY leads into a JSON
document: `#password`, `#/db/password`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gitctl.errors import ErrorId, InputError
from gitctl.model.manifest import Manifest, Path


class StoreKind(StrEnum):
    """Where a value stays; the names are the schemes of references."""

    AWS_SECRETS = "awssecrets"
    AWS_SSM = "awsssm"
    VAULT = "vault"
    FILE = "file"
    ENV = "env"


_OPTIONS: Mapping[StoreKind, Mapping[str, re.Pattern[str]]] = {
    StoreKind.AWS_SECRETS: {
        "region": re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}"),
        "version_id": re.compile(r"[A-Za-z0-9-]{1,64}"),
        "version_stage": re.compile(r"[A-Za-z0-9/_+=.@-]{1,256}"),
    },
    StoreKind.AWS_SSM: {"region": re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}"), "version": re.compile(r"\d{1,9}")},
    StoreKind.VAULT: {"address": re.compile(r"https?://[^\s/?#@]+/?"), "version": re.compile(r"\d{1,9}")},
    StoreKind.FILE: {},
    StoreKind.ENV: {},
}
_PATHS: Mapping[StoreKind, re.Pattern[str]] = {
    # Secrets Manager and Parameter Store: letters, digits and these signs; a colon in an ARN.
    StoreKind.AWS_SECRETS: re.compile(r"[A-Za-z0-9/_+=.@:-]{1,2048}"),
    StoreKind.AWS_SSM: re.compile(r"/?[A-Za-z0-9/_.-]{1,2048}"),
    StoreKind.VAULT: re.compile(r"[^\s/%\\][^\s%\\]{0,2047}/[^\s%\\]+"),
    StoreKind.FILE: re.compile(r"[^\s\\][^\\]{0,4095}"),
    StoreKind.ENV: re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}"),
}
_LIKE = re.compile(r"\s*(?:secret)?ref\+[a-z0-9]+://[^\r\n]*\s*")
_SHOWN = 160


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """What a store is asked for: references that differ in their keys alone share one. `options` are sorted."""

    kind: StoreKind
    path: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        query = "&".join(f"{key}={value}" for key, value in self.options)
        return self.pattern + (f"?{query}" if query else "")

    @property
    def pattern(self) -> str:
        """What rules of gitctl.yaml are compared with: store and path."""
        return f"ref+{self.kind}://{self.path}"

    def option(self, name: str) -> str:
        """The value of an option, "" without one."""
        return dict(self.options).get(name, "")


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """A reference. `keys` lead into the document that the store has; () is all that it has."""

    source: Source
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.source) + (f"#/{'/'.join(self.keys)}" if self.keys else "")


@dataclass(frozen=True, slots=True)
class ListedSources:
    """What gitctl.yaml lets references of any app read: names of variables, and files (relative to the repository's root, or absolute)."""

    env: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def is_reference(text: str) -> bool:
    """Is the whole of a value a reference, well formed or not? Blanks and line ends around it do not count."""
    return "ref+" in text[:64] and _LIKE.fullmatch(text) is not None


def parse(text: str) -> Reference:
    """The reference that a text is. Raises InputError with what is wrong with it."""
    scheme, _, rest = text.strip().removeprefix("secret").removeprefix("ref+").partition("://")
    kind = next((one for one in StoreKind if one == scheme), None)
    if kind is None:
        raise _wrong(f"gitctl knows no store {scheme!r}", hint=f"known are {', '.join(StoreKind)}; an ExternalSecret is applied as it is")
    place, mark, fragment = rest.partition("#")
    path, _, query = place.partition("?")
    _check_path(kind, path)
    keys = tuple(fragment.removeprefix("/").split("/")) if mark else ()
    if "?" in fragment:
        raise _wrong("options stand behind the key", hint="write them before #: ?address=…#KEY")
    if "" in keys:
        raise _wrong("a key in it is empty", hint="write #key or #/key/in/json")
    if kind is StoreKind.VAULT and not keys:
        raise _wrong("a secret of Vault has keys, and none is named", hint="add #KEY")
    if kind is StoreKind.ENV and keys:
        raise _wrong("a variable of the environment has no keys", hint="leave #… out")
    return Reference(Source(kind, path, _options(kind, query)), keys)


def _check_path(kind: StoreKind, path: str) -> None:
    if not _PATHS[kind].fullmatch(path):
        raise _wrong(f"{path[:_SHOWN]!r} is no name that {kind} knows", hint=_FORMS[kind])
    if any(part in ("", ".", "..") for part in path.removeprefix("/").split("/")):
        raise _wrong("its path has empty parts, '.' or '..'", hint="write the name in full")


_FORMS: Mapping[StoreKind, str] = {
    StoreKind.AWS_SECRETS: "write ref+awssecrets://NAME#KEY",
    StoreKind.AWS_SSM: "write ref+awsssm://PATH",
    StoreKind.VAULT: "write ref+vault://MOUNT/PATH#KEY",
    StoreKind.FILE: "write ref+file://PATH",
    StoreKind.ENV: "write ref+env://NAME",
}


def _options(kind: StoreKind, query: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        form = _OPTIONS[kind].get(name)
        if form is None:
            raise _wrong(f"{kind} has no option {name!r}", hint=f"it knows {', '.join(_OPTIONS[kind]) or 'none'}")
        if name in found or not form.fullmatch(value):
            raise _wrong(f"the value of {name!r} cannot be that", hint="look it up in docs/secrets.md")
        found[name] = value
    return tuple(sorted(found.items()))


def _wrong(problem: str, *, hint: str) -> InputError:
    return InputError(problem, id=ErrorId.REFERENCE_INVALID, hint=hint)


def references_in(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    """Where a Secret in normal form refers to a store: the paths, and the texts. What was encrypted in Git is a value, whatever it says."""
    yield from ((path, text) for path, text in _like_references(manifest) if path not in manifest.sensitive)


def literals_in(manifest: Manifest) -> Iterator[Path]:
    """Where a Secret in normal form has what looks like a reference and was encrypted in Git: it is applied as that text."""
    yield from (path for path, _ in _like_references(manifest) if path in manifest.sensitive and path not in manifest.stored)


def _like_references(manifest: Manifest) -> Iterator[tuple[Path, str]]:
    values = manifest.body.get("data")
    if (manifest.ref.group, manifest.ref.kind) != ("", "Secret") or not isinstance(values, dict):
        return
    for key, value in values.items():
        text = _decoded(value)
        if is_reference(text):
            yield ("data", key), text.strip()


def shown(text: str) -> str:
    """A reference as messages have it."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _decoded(value: object) -> str:
    """The text that base64 stands for, "" for anything else."""
    try:
        return base64.b64decode(value, validate=True).decode() if isinstance(value, str) else ""
    except (binascii.Error, ValueError):
        return ""
