"""Exposure: a secret that lies in a file as plain text. The value itself is never part of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ExposureKind(StrEnum):
    """What kind of secret it is."""

    SECRET = "kubernetes-secret"
    GENERATOR = "kustomize-secret"
    PRIVATE_KEY = "private-key"
    LOCKED_KEY = "encrypted-private-key"
    AGE_KEY = "age-key"
    KUBECONFIG = "kubeconfig"
    DOCKER = "docker-auth"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Exposure:
    """A place, from 1 (0: not known), what lies there, and its size in bytes.

    `object` is `Kind/name` of the object that holds it, `key` the path or name of the value, or the service of a token, both "" where
    there is none. `accepted` is the reason that the file gives for it, "" for none; `commit` the one that brought it, where history was
    looked at.
    """

    path: str
    line: int
    column: int
    kind: ExposureKind
    key: str = ""
    object: str = ""
    size: int = 0
    accepted: str = ""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class GeneratorInput:
    """A file that a `secretGenerator` makes a Secret of: `lines` when each of its lines is a value (`envs`), else it is one value."""

    path: str
    lines: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in `files` files. `passed_over` are (file, reason) of those that could not be looked at."""

    files: int
    exposures: tuple[Exposure, ...] = ()
    accepted: tuple[Exposure, ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()
