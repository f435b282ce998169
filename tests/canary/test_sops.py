"""No command for files that sops encrypted leaks a value: where Git shows and merges them, where readers come and go, in programs that
get secrets, where a key or a file is wrong, and when a run is killed.

The last test switches defences off and sees the leak.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.canary.defences import merges_on_disk, named, no_masks_in_diffs, nobody_stands_by
from tests.canary.search import Search
from tests.canary.world import World, build
from tests.fixtures import warm
from tests.fixtures.aws import NO_KMS, of_a_key_service
from tests.fixtures.commands import Result
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId

FILE = "plain/secret.yaml"
CONFLICTS = "conflicts"
FORMS = (("-vvv",), ("-o", "json", "-v", "--log-format", "json"))
# A file in memory that a program waits on: it says that it runs, and ends when the file is gone.
WAITS = ("sh", "-c", 'touch "$2"; while [ -e "$1" ]; do sleep 0.02; done', "sh", "{}")


@dataclass(slots=True)
class Scene:
    """A world whose Git calls our drivers; every second command speaks JSON."""

    world: World
    stranger: AgeKey
    number: int = 0

    def gitctl(self, *args: str, code: int = 0, env: dict[str, str] | None = None, form: tuple[str, ...] | None = None) -> Result:
        """A command that ends so and leaks nothing."""
        self.number += 1
        verb = 3 if "recipients" in args else 2 if args[0] == "secret" else 1
        words = (*args[:verb], *(FORMS[self.number % 2] if form is None else form), *args[verb:])
        return self.world.passes(*self.world.gitctl(*words, env=env), code=code)

    def git(self, *args: str, code: int = 0, env: dict[str, str] | None = None) -> str:
        """A command of Git, with our drivers, that ends so and leaks nothing; what it printed."""
        done = self.world.passes(*self.world.run("git", *args, env=env), code=code)
        return done.stdout + done.stderr

    def edit(self, word: str) -> None:
        """Another value of two keys, committed; the canary stays in them."""
        self.gitctl("secret", "edit", FILE, env={"EDITOR": f"sed -i -e s/Kanarie/{word}Kanarie/"})
        self.git("commit", "--quiet", "--all", "--message", word)

    @property
    def as_stranger(self) -> dict[str, str]:
        """Whose key opens nothing here."""
        return {"SOPS_AGE_KEY_FILE": str(self.stranger.file), "XDG_CONFIG_HOME": str(self.stranger.file.parent)}


@pytest.fixture
def scene(tmp_path: Path, isolated: Path, runtime_folder: Path, age_key: AgeKey, stranger: AgeKey) -> Scene:
    """A fresh repository full of secrets, and `gitctl` on its PATH."""
    world = build(tmp_path, isolated, runtime_folder, age_key)
    warm.program(tmp_path / "bin")
    return Scene(world, stranger)


def test_the_life_of_an_encrypted_file(scene: Scene) -> None:
    scene.gitctl("secret", "git-setup")
    scene.git("add", "--all")
    scene.git("commit", "--quiet", "--message", "set up")
    readers_come(scene)
    git_shows(scene)
    git_merges(scene)
    programs_get_it(scene)
    assert f"{FILE}: stringData" in scene.gitctl("secret", "recipients", "remove", "Sam", form=("-vvv",)).stdout
    what_lies_open(scene)


def readers_come(scene: Scene) -> None:
    scene.gitctl("secret", "rules")
    scene.gitctl("secret", "recipients", "add", scene.stranger.recipient, "--name", "Sam")
    for form in FORMS:
        assert "Sam" in scene.gitctl("secret", "recipients", "list", form=form).stdout
    scene.gitctl("secret", "rotate", "--recipients", FILE, "kust/tls.key")
    scene.git("commit", "--quiet", "--all", "--message", "rotated")


def git_shows(scene: Scene) -> None:
    scene.edit("a")
    for args in (("diff", "HEAD~1"), ("log", "-p"), ("show",)):
        assert "*** (" in scene.git(*args)
    # Without a key the sizes of ciphertexts are shown.
    assert "stored" in scene.git("diff", "HEAD~1", env={"XDG_CONFIG_HOME": "/nowhere"})


def git_merges(scene: Scene) -> None:
    scene.git("checkout", "--quiet", "-b", "theirs")
    scene.edit("t")
    scene.git("checkout", "--quiet", "main")
    scene.edit("o")
    scene.git("merge", "theirs", code=1, env=scene.as_stranger)
    scene.git("merge", "--abort")
    assert "in conflict: stringData.user" in scene.git("merge", "theirs", code=1)
    for form in FORMS:
        scene.gitctl("secret", CONFLICTS, FILE, form=form, code=1)
    scene.gitctl("secret", CONFLICTS, FILE, "--theirs", "all")
    scene.git("commit", "--quiet", "--all", "--no-edit")
    assert "*** (" in scene.git("show", "--first-parent", "HEAD~1")


def programs_get_it(scene: Scene) -> None:
    world = scene.world
    is_there = ("--", "sh", "-c", f'test "${{#password}}" -gt {len(world.core)}')
    result, seen = world.gitctl("secret", "exec-env", "-vvv", FILE, *is_there)
    # It is in the environment of that program, as asked for, and nowhere else.
    world.passes(result, [leak for leak in seen if not leak.startswith("environ of a process")], code=0)
    scene.gitctl("secret", "exec-file", "-vvv", FILE, "--", "sh", "-c", 'test "$(wc -c < "$1")" -gt 99', "sh", "{}", form=())


def what_lies_open(scene: Scene) -> None:
    """The user's plain file may hold the value, and Git then does; nothing else."""
    world = scene.world
    world.repo.commit("by mistake", {"leak.yaml": world.secret})
    rows = (("--history", "HEAD"), ("--history", "HEAD", "--write-baseline", "known.json"), ("--baseline", "known.json"), ())
    for number, (args, code) in enumerate(zip(rows, (1, 0, 0, 1), strict=True)):
        result, seen = world.gitctl("secret", "scan", *FORMS[number % 2], *args)
        assert result.code == code, result.stderr
        found = [*world.search.text("stdout", result.stdout), *world.search.text("stderr", result.stderr), *seen]
        found += [*world.search.files(world.tmp), *world.search.files(world.home, without={world.key.file})]
        found += [*world.search.text("tools", world.trace.read_bytes()), *world.search.files(world.repo.path, without=plain_files(world))]
        assert found == []
    assert (world.repo.path / "known.json").exists()


def plain_files(world: World) -> set[Path]:
    """The file that lies open; what Git makes of it is compressed."""
    return {world.repo.path / "leak.yaml"}


# ── wrong keys, broken files ──────────────────────────────────────────────────────────────────────────────────────────

USES: tuple[tuple[str, ...], ...] = (
    ("secret", "decrypt", FILE),
    ("secret", "view", FILE),
    ("secret", "edit", FILE),
    ("secret", "rotate", FILE),
    ("secret", "recipients", "add", "STRANGER"),
    ("secret", "exec-env", FILE, "--", "touch", "ran"),
    ("secret", "exec-file", FILE, "--", "touch", "ran", "{}"),
    ("render", "-e", "dev", "plain"),
)


WRONG = {
    "a stranger's key": ErrorId.WRONG_KEY,
    "a broken MAC": ErrorId.SECRET_TAMPERED,
    "a silent key service": ErrorId.KEY_SERVICE_UNREACHABLE,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_one_clear_error_and_nothing_changed(wrong: str, scene: Scene) -> None:
    repo, is_key, id_ = scene.world.repo, wrong == "a stranger's key", WRONG[wrong]
    if not is_key:
        file = repo.path / FILE
        sealed = file.read_text()
        file.write_text(sealed.replace("name: db", "name: dc") if id_ is ErrorId.SECRET_TAMPERED else of_a_key_service(sealed))
        repo.commit("by hand")
    before = state_of(scene)
    env = (scene.as_stranger if is_key else NO_KMS) | {"EDITOR": "touch ran"}
    for args in USES:
        words = tuple(scene.stranger.recipient if word == "STRANGER" else word for word in args)
        told = scene.gitctl(*words, code=id_.exit_code, env=env, form=())
        told.error(id_)
        # One error, or one for each file.
        assert (told.stdout, told.stderr.count("see: gitctl explain ")) == ("", 1), told.stderr
        assert "Traceback" not in told.stderr
        if is_key:
            scene.gitctl(*words, code=3, env=env, form=FORMS["exec" not in words[1]])
        assert state_of(scene) == before


def state_of(scene: Scene) -> tuple[str, str]:
    """Branches, and what is not committed."""
    return scene.world.repo.git("for-each-ref"), scene.world.repo.git("status", "--porcelain")


# ── ended from outside ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_a_file_in_memory_is_gone_when_gitctl_is(number: signal.Signals, scene: Scene) -> None:
    world, code = scene.world, ended(scene, number)
    assert code in (-number, 143)
    until(lambda: not any(world.runtime.iterdir()))
    assert world.leaks(plain=False) == []


def ended(scene: Scene, number: signal.Signals, first: str = "") -> int:
    """The exit code of `exec-file` that got a signal while its program ran."""
    world = scene.world
    started = world.tmp / "started"
    args = ("secret", "exec-file", FILE, "--", *WAITS, str(started))
    running = warm.Running(args, cwd=world.repo.path, env={**os.environ, **world.env}, first=first)
    until(started.exists)
    assert any(world.runtime.iterdir()), "else nothing is proved"
    running.kill(number)
    return running.wait(20)[0]


def until(happened: Callable[[], bool]) -> None:
    """It happens soon."""
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


def test_without_the_defences_it_leaks(scene: Scene) -> None:
    scene.gitctl("secret", "git-setup")
    scene.git("add", "--all")
    scene.git("commit", "--quiet", "--message", "set up")
    scene.git("checkout", "--quiet", "-b", "theirs")
    scene.edit("t")
    with pytest.raises(AssertionError, match="leaks"):
        scene.git("diff", "HEAD~1", env={"WARM_FIRST": named(no_masks_in_diffs)})
    scene.git("checkout", "--quiet", "main")
    scene.edit("o")
    with pytest.raises(AssertionError, match="leaks"):
        scene.git("merge", "theirs", code=1, env={"WARM_FIRST": named(merges_on_disk)})
    (scene.world.repo.path / ".git" / "merged").unlink()
    ended(scene, signal.SIGKILL, named(nobody_stands_by))
    assert any("is left" in leak for leak in scene.world.leaks(plain=False))
    scene = replace(scene, world=replace(scene.world, search=Search(("stringData",))))
    with pytest.raises(AssertionError, match="leaks"):
        scene.gitctl("secret", "rules")
