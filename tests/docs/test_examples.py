"""Every command of README.md and docs/*.md is run, on a copy of examples/shop, and prints what the page says."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.docs.examples import Example, examples, first_missing, not_run
from tests.fixtures import warm
from tests.servers.moto import Moto

from gitctl import sandbox

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "moving").glob("*.md")), SHOP / "README.md"]
RUNNABLE = [page for page in PAGES if examples(page)]

# Blocks that cannot run in a test, by page: another one is a decision, not an accident.
NOT_RUN = {
    "README.md": 2,
    "docs/adoption.md": 1,
    "docs/agent.md": 4,
    "docs/branch-target.md": 1,
    "docs/ci.md": 1,
    "docs/drift.md": 1,
    "docs/getting-started.md": 1,
    "docs/sandbox.md": 1,
    "docs/sealed-secrets.md": 1,
    "docs/secret-keys.md": 1,
    "docs/secrets.md": 1,
}
NOT_RUN |= {"docs/moving/flux.md": 7, "docs/moving/argocd.md": 6, "docs/moving/kluctl.md": 3}  # tools that a test machine does not have

# Programs that are not everywhere; AWS is moto's server, and the key of the page one of its own.
NEEDS = {"secret-keys.md": ("gpg", "ssh-keygen", "moto_server")}
AWS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/shop"


@dataclass(frozen=True, slots=True)
class Shell:
    """A reader who types the page's commands one after the other: the folder and exported variables stay."""

    folder: Path
    state: Path
    suffix: str
    context: str
    key: str = ""

    def run(self, example: Example) -> None:
        """Run one command; fail when it ends or prints otherwise than the page says."""
        command = re.sub(r"\bshop-(dev|prod)", rf"shop{self.suffix}-\1", example.command).replace("gitctl-demo", self.context)
        command = command.replace(AWS_KEY, self.key)
        script = f'. "{self.state}"\n{command}\ncode=$?\n{{ export -p; printf "cd %q\\n" "$PWD"; }} > "{self.state}"\nexit $code\n'
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=150
        )
        output = (
            done.stdout.replace(f"shop{self.suffix}", "shop")
            .replace(self.context, "gitctl-demo")
            .replace(str(self.folder), "/home/ada/shop")
        )
        shown = f"line {example.line}: $ {example.command}\n{output}"
        assert done.returncode == example.code, f"exit {done.returncode}, not {example.code}: {shown}"
        missing = first_missing(example.expected, output)
        assert missing is None, f"not printed: {missing!r}\n{shown}"


@pytest.fixture
def shell(tmp_path: Path, control_plane: sandbox.ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The shop as a repository with one commit, under a name and in namespaces of its own; gitctl and its tools on PATH."""
    suffix = secrets.token_hex(3)
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder)
    project = folder / "gitctl.yaml"
    text = project.read_text().replace("gitctl-demo", control_plane.context).replace("name: shop\n", f"name: shop{suffix}\n")
    project.write_text(text.replace('"shop-{env}', f'"shop{suffix}-{{env}}'))
    key = shutil.copy(SHOP / "demo-key.txt", tmp_path / "age.key")
    monkeypatch.setenv("PATH", f"{warm.program(tmp_path / 'bin').parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key))
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    state = tmp_path / "shell-state"
    state.write_text("")
    for command in ("git init --quiet --initial-branch=main", "git add --all", "git commit --quiet --message 'the shop'"):
        subprocess.run(["bash", "-c", command], cwd=folder, check=True)
    return Shell(folder, state, suffix, control_plane.context)


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.stem)
def test_the_examples_of_a_page(page: Path, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = [name for name in NEEDS.get(page.name, ()) if not shutil.which(name)]
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    with ExitStack() as stack:
        if "moto_server" in NEEDS.get(page.name, ()):
            aws = stack.enter_context(Moto(Path(shutil.which("moto_server") or "")))
            shell = replace(shell, key=aws.call("kms", "CreateKey")["KeyMetadata"]["Arn"])
            for name, value in aws.environment.items():
                monkeypatch.setenv(name, value)
        for example in examples(page):
            shell.run(example)


def test_blocks_that_are_not_run_are_counted_and_say_why() -> None:
    reasons = {str(page.relative_to(ROOT)): not_run(page.read_text(encoding="utf-8")) for page in PAGES}
    assert {name: len(found) for name, found in reasons.items() if found} == NOT_RUN
    assert all(reason for found in reasons.values() for reason in found)


def test_most_pages_show_commands() -> None:
    assert {"README.md", "getting-started.md", "drift.md", "rollback.md", "secrets.md"} <= {page.name for page in RUNNABLE}


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "docs").glob("*/*.md"))], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", t)]
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize(
    ("expected", "output", "missing"),
    [
        (("a 12345678 b",), "x\na   deadbeef b\n", None),
        (("b", "a"), "a\nb\n", "a"),
        (("begin…",), "beginning of it\n", None),
        (("in 12s",), "in 3m\n", None),
        (("2 objects",), "3 objects\n", "2 objects"),
    ],
    ids=["a commit and widths differ", "order counts", "a beginning", "a duration differs", "a count does not"],
)
def test_what_a_page_shows_is_compared(expected: tuple[str, ...], output: str, missing: str | None) -> None:
    assert first_missing(expected, output) == missing
