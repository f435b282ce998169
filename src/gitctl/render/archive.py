"""Unpack a chart archive in memory: regular files only, inside of one folder, within budgets."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from dataclasses import dataclass

from gitctl.errors import ErrorId, InputError

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Budget:
    """Most bytes packed, bytes unpacked, unpacked bytes for each packed one, and files."""

    packed: int = 20 * _MEBIBYTE
    unpacked: int = 100 * _MEBIBYTE
    ratio: int = 100
    files: int = 5_000


def unpack(archive: bytes, *, where: str, budget: Budget | None = None) -> dict[str, bytes]:
    """The files of a `.tgz`, without their first folder. Raises InputError for links, devices, paths that leave the folder, and
    archives beyond the budget."""
    budget = budget or Budget()
    try:
        plain = _inflate(archive, where, budget)
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            return _files(tar, where, budget)
    except (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeError, ValueError) as broken:
        raise InputError(f"the archive cannot be read ({type(broken).__name__})", id=ErrorId.ARCHIVE_UNSAFE, where=where) from None


def _inflate(archive: bytes, where: str, budget: Budget) -> bytes:
    if len(archive) > budget.packed:
        raise InputError(f"the archive is larger than {budget.packed // _MEBIBYTE} MiB", id=ErrorId.ARCHIVE_UNSAFE, where=where)
    most = min(budget.unpacked, max(len(archive) * budget.ratio, _MEBIBYTE))
    with gzip.GzipFile(fileobj=io.BytesIO(archive)) as stream:
        plain = stream.read(most + 1)
    if len(plain) > most:
        raise InputError(
            "the archive unpacks to far more than its size",
            id=ErrorId.ARCHIVE_UNSAFE,
            where=where,
            hint="such archives are made to fill the memory",
        )
    return plain


def _files(tar: tarfile.TarFile, where: str, budget: Budget) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for member in tar:
        if member.isdir():
            continue
        path = _inner(member, where)
        content = tar.extractfile(member)
        found[path] = content.read() if content else b""
        if len(found) > budget.files:
            raise InputError(f"the archive has more than {budget.files} files", id=ErrorId.ARCHIVE_UNSAFE, where=where)
    return found


def _inner(member: tarfile.TarInfo, where: str) -> str:
    if not member.isreg():
        raise InputError("the archive has a link or device in it", id=ErrorId.ARCHIVE_UNSAFE, where=where)
    _, _, path = member.name.removeprefix("./").partition("/")
    if not path or member.name.startswith("/") or "\\" in member.name or set(member.name.split("/")) & {"..", ""} or "\0" in member.name:
        raise InputError("the archive has a file outside of its folder", id=ErrorId.ARCHIVE_UNSAFE, where=where)
    return path
