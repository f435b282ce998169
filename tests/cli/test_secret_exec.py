"""Programs that get secrets for as long as they run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.fixtures.commands import Runner
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {TOKEN: a2FuYXJpZW52b2dlbA==}\nstringData: {USER_NAME: bob}\n"
TELL = "import os, sys; print(*(os.environ.get(name, '-') for name in sys.argv[1:]))"


@pytest.fixture
def folder(tmp_path: Path, gitctl: Runner, age_key: AgeKey) -> Path:
    """Encrypted files of several kinds."""
    files = {"s.yaml": SECRET, "a.env": "A=1\nB=two words\n", "v.json": '{"N": 5, "ON": true, "M": {"x": 1}}', "k.txt": "kanarienvogel\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    gitctl("-q", "secret", "encrypt", *files).expect()
    return tmp_path


@pytest.mark.parametrize(
    ("file", "names", "told"),
    [
        ("s.yaml", ("TOKEN", "USER_NAME"), "kanarienvogel bob"),
        ("a.env", ("A", "B", "LANG_NOT_SET"), "1 two words -"),
    ],
)
def test_values_are_variables(gitctl: Runner, folder: Path, file: str, names: tuple[str, ...], told: str) -> None:
    assert gitctl("secret", "exec-env", file, "--", sys.executable, "-c", TELL, *names).expect().stdout == told + "\n"


def test_the_exit_code_and_the_flags_are_the_programs(gitctl: Runner, folder: Path) -> None:
    gitctl("secret", "exec-env", "a.env", "sh", "-c", "exit 42").expect(42)
    assert gitctl("secret", "exec-env", "a.env", "echo", "-o", "json", "-q").expect().stdout == "-o json -q\n"


def test_pristine_hides_the_rest(gitctl: Runner, folder: Path) -> None:
    told = gitctl("secret", "exec-env", "--pristine", "a.env", "--", sys.executable, "-c", TELL, "A", "MINE", env={"MINE": "x"})
    assert told.expect().stdout == "1 -\n"


def test_what_is_no_variable_is_refused_without_its_value(gitctl: Runner, folder: Path) -> None:
    assert "M is no text" in gitctl("secret", "exec-env", "v.json", "--", "true").error(ErrorId.SECRET_CONTENT).stderr
    found = gitctl("secret", "exec-env", "k.txt", "--", "true").error(ErrorId.SECRET_CONTENT)
    assert "kanarienvogel" not in found.stdout + found.stderr


def test_a_file_in_memory_that_is_gone_afterwards(gitctl: Runner, folder: Path, runtime_folder: Path) -> None:
    tell = "import os, sys; p = sys.argv[1]; print(p, oct(os.stat(p).st_mode & 0o777), open(p).read(), end='')"
    path, mode, text = gitctl("secret", "exec-file", "k.txt", "--", sys.executable, "-c", tell, "{}").expect().stdout.split()
    assert path.startswith(str(runtime_folder))
    assert (mode, text) == ("0o600", "kanarienvogel")
    assert list(runtime_folder.iterdir()) == []


def test_a_file_without_a_place_for_it(gitctl: Runner, folder: Path) -> None:
    gitctl("secret", "exec-file", "k.txt", "--", "true").error(ErrorId.ARGUMENT_INVALID)


def test_no_key_runs_nothing(gitctl: Runner, folder: Path, age_key: AgeKey, tmp_path: Path) -> None:
    age_key.file.unlink()
    gitctl("secret", "exec-env", "a.env", "--", "touch", "ran").error(ErrorId.NO_USABLE_KEY)
    gitctl("secret", "exec-file", "k.txt", "--", "touch", "ran", "{}").error(ErrorId.NO_USABLE_KEY)
    assert not (tmp_path / "ran").exists()


def test_a_missing_program(gitctl: Runner, folder: Path) -> None:
    gitctl("secret", "exec-env", "a.env", "--", "no-such-program-here").error(ErrorId.TOOL_MISSING)
