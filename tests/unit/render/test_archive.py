from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from tests.fixtures.errors import raises
from tests.servers.charts import pack

from gitctl.errors import ErrorId, InputError
from gitctl.render.archive import Budget, unpack


def tar_of(*members: tarfile.TarInfo) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return gzip.compress(plain.getvalue())


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, size
    return made


def test_files_lose_their_first_folder() -> None:
    assert unpack(pack({"Chart.yaml": "a", "templates/x.yaml": "b"}), where="x") == {"Chart.yaml": b"a", "templates/x.yaml": b"b"}


def test_folders_and_a_leading_dot_are_fine() -> None:
    archive = tar_of(member("./web", tarfile.DIRTYPE), member("./web/a", size=1))
    assert unpack(archive, where="x") == {"a": b"x"}


HOSTILE = {
    "parent folder": member("web/../../x"),
    "absolute": member("/etc/x"),
    "no folder": member("x"),
    "backslash": member("web\\..\\x"),
    "empty part": member("web//x"),
    "symbolic link": member("web/Chart.lock", tarfile.SYMTYPE, "/etc/passwd"),
    "hard link": member("web/x", tarfile.LNKTYPE, "web/y"),
    "device": member("web/x", tarfile.CHRTYPE),
    "pipe": member("web/x", tarfile.FIFOTYPE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_members_are_refused(name: str) -> None:
    with raises(ErrorId.ARCHIVE_UNSAFE, match="the archive has"):
        unpack(tar_of(member("web/Chart.yaml"), HOSTILE[name]), where="x")


def test_bombs_are_refused() -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024), compresslevel=1)
    with pytest.raises(InputError, match="unpacks to far more"):
        unpack(bomb, where="x")
    with pytest.raises(InputError, match="larger than 20 MiB"):
        unpack(bytes(21 * 1024 * 1024), where="x")
    with pytest.raises(InputError, match="more than 2 files"):
        unpack(pack({"a": "", "b": "", "c": ""}), where="x", budget=Budget(files=2))


@pytest.mark.parametrize(
    "broken", [b"", b"no archive", gzip.compress(b"no tar" * 200), pack({"a": "b" * 5000})[:-20]], ids=["empty", "no gzip", "no tar", "cut"]
)
def test_broken_archives_are_refused(broken: bytes) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        unpack(broken, where="x")
