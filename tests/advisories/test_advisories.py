"""The museum: inputs of published attacks on tools like this one. Each is refused or inert, and nothing outside is touched.

Each case that can is run a second time with its defence taken out (defences.py): then it must fail, else it would prove nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.advisories import defences, setups
from tests.advisories.case import HERE, Case, museum
from tests.advisories.world import PROJECT, World, kubeconfig, servers, write
from tests.fixtures.commands import GitRepo, Result, Runner
from tests.fixtures.figures import Figure

ROOT = HERE.parents[1]
MUSEUM = museum()
CASES = [case for advisory in MUSEUM for case in advisory.cases]
# What each case watches: files, processes, secrets in what is printed and kept, requests to the attacker, requests to the cluster.
CANARIES = 5
SWITCHED = [case for case in CASES if case.without]
README = (HERE / "README.md").read_text()
IDS = (HERE / "ids.txt").read_text().split("\n")

MakeRepo = Callable[..., GitRepo]


@pytest.fixture
def world(tmp_path: Path, git_repo: MakeRepo, isolated: Path) -> Iterator[World]:
    """A repository beside a folder with secrets."""
    outside = tmp_path / "outside"
    made = World(git_repo(), outside, isolated)
    write(outside, {"bait": f"#!/bin/sh\ntouch '{outside}/touched'\n"}, mode=0o755)
    with servers(made), made.stack:
        yield made


def prepare(case: Case, world: World) -> None:
    """Everything that the case wants, committed."""
    write(world.outside, {"kubeconfig": kubeconfig(world)})
    world.env = {"KUBECONFIG": str(world.outside / "kubeconfig")}
    write(world.outside, filled(world, case.outside))
    write(world.repo.path, filled(world, {"gitctl.yaml": PROJECT, **case.files}))
    write(world.repo.path, filled(world, case.scripts), mode=0o755)
    for name, target in filled(world, case.links).items():
        link = world.repo.path / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    world.repo.commit("hostile")
    if case.setup:
        getattr(setups, case.setup)(world)
    world.env |= filled(world, case.env)
    world.before = world.snapshot()
    world.came.clear()
    world.asked.clear()


def filled(world: World, texts: object) -> dict[str, str]:
    return {world.fill(str(name)): world.fill(text) if isinstance(text, str) else text for name, text in dict(texts).items()}  # type: ignore[call-overload]


def run(case: Case, world: World, gitctl: Runner, *, off: str = "") -> Result:
    arguments = tuple(world.fill(word) for word in case.run)
    return gitctl(*arguments, cwd=world.repo.path, env=world.env, first=f"tests.advisories.defences:{off}" if off else "", timeout=60)


def faults(case: Case, world: World, result: Result) -> list[str]:
    """Everything in which the outcome is not what it must be."""
    told = " ".join(re.findall(r"^  see: gitctl explain (.+)$", result.stderr, re.MULTILINE)).split()
    said = result.stdout + result.stderr
    return [
        *([f"exit {result.code}, not {case.exit}"] if result.code != case.exit else []),
        *([f"told {told}, not {case.error}"] if case.error and case.error not in told else []),
        *(f"does not show {text!r}" for text in case.shows if world.fill(text) not in said),
        *(f"shows {text!r}" for text in case.hides if world.fill(text) in said),
        *(["a traceback"] if "Traceback" in said else []),
        *world.touched(result),
    ]


@pytest.mark.torture
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_published_attack(case: Case, world: World, gitctl: Runner, figure: Figure, long: bool) -> None:
    """First as it is; then, in the same place, without the defence."""
    prepare(case, world)
    twice = case.without and (long or case is first_of(case.advisory))
    if twice:
        shutil.copytree(world.repo.path, world.kept, symlinks=True)
    result = run(case, world, gitctl)
    assert faults(case, world, result) == [], f"{result.stdout}\n{result.stderr}"
    figure("advisory cases", 1)
    figure("canaries", CANARIES)
    if twice:
        world.restore()
        unguarded = run(case, world, gitctl, off=case.without)
        assert faults(case, world, unguarded) != [], f"the case cannot fail\n{unguarded.stdout}\n{unguarded.stderr}"
        figure("defences switched off", 1)


def first_of(advisory: str) -> Case:
    """The case whose defence is switched off in every run; the others in the long one."""
    return next(case for case in SWITCHED if case.advisory == advisory)


# ── the museum itself ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_published_id_has_a_case_or_a_reason() -> None:
    shown = {one for advisory in MUSEUM for one in advisory.ids}
    reasoned = set(re.findall(r"^\| `([^`]+)` \| no \|", README, re.MULTILINE))
    assert shown & reasoned == set()
    assert {line for line in IDS if line and not line.startswith("#")} == shown | reasoned


def test_every_folder_stands_in_the_table_with_its_ids() -> None:
    rows = dict(re.findall(r"^\| \[([^\]]+)\]\(\1/case\.yaml\) \| ([^|]*?) \|", README, re.MULTILINE))
    assert rows == {advisory.id: ", ".join(advisory.ids[1:]) or "-" for advisory in MUSEUM}


def test_every_case_can_fail_or_says_why_that_is_not_shown() -> None:
    assert [str(case) for case in CASES if bool(case.without) == bool(case.why)] == []


def test_no_defence_and_no_setup_is_left_over() -> None:
    assert {case.without for case in SWITCHED} == {name for name in vars(defences) if name.startswith("no_")}
    assert {case.setup for case in CASES if case.setup} == set(setups.__all__)


def test_what_the_threat_model_links_to_is_there() -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", (ROOT / "SECURITY.md").read_text())
    assert len(targets) > 15
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.torture
def test_the_figure_of_advisories(figure: Figure) -> None:
    figure("advisories", len([line for line in IDS if line and not line.startswith("#")]))


def test_the_bait_works(world: World) -> None:
    """Else every case about programs would prove nothing."""
    world.before = world.snapshot()
    os.spawnv(os.P_WAIT, shutil.which("sh") or "sh", ["sh", str(world.bait)])
    assert world.touched(Result((), 0, "", "")) == ["outside/touched changed"]
