"""No command for Sealed Secrets leaks a value or a private key: in no output, at no verbosity, in no failure, file, Git object or process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.canary.search import Search
from tests.canary.world import World, build
from tests.fixtures.commands import Result, Runner
from tests.fixtures.sealing import Controller, controller
from tests.fixtures.secrets import AgeKey

QUIET: tuple[tuple[str, ...], ...] = (("-vvv",), ("-o", "json", "-v", "--log-format", "json"))


@dataclass(frozen=True, slots=True)
class Scene:
    """A world of secrets, beside a controller's keys, one of which is over."""

    world: World
    sealer: Controller
    successor: Controller
    over: Controller
    gitctl: Runner

    def run(self, *args: str | Path, stdin: str = "") -> tuple[Result, list[str]]:
        """A command, watched, with its input on stdin."""
        with self.world.search.watching(self.world.tmp, self.world.home / "cache") as seen:
            result: Result = self.gitctl(*args, cwd=self.world.repo.path, env=self.world.env, stdin=stdin)
        return result, seen

    def sealed(self, change: Callable[[str], str] = str) -> str:
        """A SealedSecret of the world's Secret."""
        made, _ = self.run("secret", "seal", "--cert", self.sealer.cert, "-n", "shop", stdin=self.world.secret)
        return change(made.expect().stdout)


@pytest.fixture
def scene(tmp_path: Path, isolated: Path, runtime_folder: Path, age_key: AgeKey, gitctl: Runner) -> Scene:
    """A fresh repository full of secrets; private keys are searched for too."""
    world = build(tmp_path, isolated, runtime_folder, age_key)
    files = [controller(tmp_path / "keys" / name, n, since=since, days=days) for name, n, since, days in KEYS]
    needles = [file.key.read_text().splitlines()[5] for file in files[:2]]
    return Scene(replace(world, search=Search((world.core, world.tail, *needles))), *files, gitctl)


KEYS = (("sealer", 0, -1, 99), ("successor", 1, 0, 99), ("over", 0, -3, -1))


def broken(text: str) -> str:
    """The last bytes of each value are others."""
    return "".join(f"{line[:-6]}AAAAA=\n" if ": Ag" in line or ": AQ" in line else line for line in text.splitlines(keepends=True))


def test_sealing_leaks_nothing(scene: Scene) -> None:
    world, cert = scene.world, scene.sealer.cert
    repeated = world.secret.replace("{name: db}", f"{{name: db, annotations: {{a: {world.core}}}}}")
    rows: tuple[tuple[tuple[str | Path, ...], str, int], ...] = (
        (("--cert", cert, "-n", "shop", "-w", "sealed.yaml"), world.secret, 0),
        (("--cert", cert, "-n", "shop", "--merge-into", "sealed.yaml"), world.secret, 0),
        (("--cert", cert, "-n", "shop", "plain/secret.yaml"), "", 0),
        (("--cert", cert, "-n", "shop", "--name", "db", "--raw"), world.value, 0),
        (("--cert", cert, "-n", "shop"), repeated, 3),
        (("--cert", cert, "-n", "shop"), world.secret + f"more: [{world.core}", 3),
        (("--cert", scene.over.cert, "-n", "shop"), world.secret, 3),
    )
    for number, (args, stdin, code) in enumerate(rows):
        result, seen = scene.run("secret", "seal", *args, *QUIET[number % 2], stdin=stdin)
        world.passes(result, seen, code=code)


def test_opening_leaks_nothing_but_what_it_is_for(scene: Scene) -> None:
    world, key, other = scene.world, scene.sealer.backup, scene.successor
    text = scene.sealed()
    (world.repo.path / "sealed.yaml").write_text(text)
    (world.repo.path / "broken.yaml").write_text(broken(text))
    world.repo.commit()
    opened, _ = scene.run("secret", "unseal", "sealed.yaml", "--recovery-private-key", key)
    assert world.search.text("stdout", opened.expect().stdout), "else the rows below would prove nothing"
    rows: tuple[tuple[tuple[str | Path, ...], int], ...] = (
        (("unseal", "sealed.yaml", "--recovery-private-key", other.key), 3),
        (("unseal", "broken.yaml", "--recovery-private-key", key), 3),
        (("unseal", "sealed.yaml", "--recovery-private-key", other.cert), 3),
        (("verify", "--recovery-private-key", key), 1),
        (("reseal", "sealed.yaml", "broken.yaml", "--cert", other.cert, "--recovery-private-key", key), 3),
        (("reseal", "sealed.yaml", "--cert", other.cert, "--recovery-private-key", key), 0),
    )
    for number, (args, code) in enumerate(rows):
        result, seen = scene.run("secret", *args, *QUIET[number % 2])
        world.passes(result, seen, code=code)
