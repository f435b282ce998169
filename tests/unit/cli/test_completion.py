"""Completion scripts: fresh in completions/, and answered by gitctl in each shell's protocol."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.commands import GitRepo

from gitctl.cli.commands import verbs_of
from gitctl.cli.completion import Shell, script
from gitctl.cli.kubectl import answer as kubectl_answer
from gitctl.cli.remember import keep, remembered

ROOT = Path(__file__).parents[3]
COMPLETIONS = ROOT / "completions"


@pytest.fixture
def gitctl_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`gitctl` means this tree."""
    program = tmp_path / "gitctl"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/src" exec "{sys.executable}" -m gitctl "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def answer(environment: dict[str, str]) -> str:
    """What gitctl prints when a completion script asks it."""
    done = subprocess.run(["gitctl"], env=os.environ | environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("shell", Shell)
def test_the_file_is_fresh(shell: Shell) -> None:
    assert (COMPLETIONS / f"gitctl.{shell}").read_text() == script(shell), "stale: run `make completions`"


def test_there_is_a_file_for_every_shell_and_no_other() -> None:
    assert {path.name for path in COMPLETIONS.iterdir()} == {f"gitctl.{shell}" for shell in Shell}


@pytest.mark.parametrize("shell", Shell)
def test_the_shell_accepts_the_script(shell: Shell) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([program, "-n", str(COMPLETIONS / f"gitctl.{shell}")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("gitctl_on_path")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["gitctl", "comp"], {"completion"}),
        (["gitctl", "completion", ""], {"bash", "zsh", "fish"}),
        (["gitctl", "version", "--out"], {"--output"}),
        (["gitctl", "validate", "--kubernetes-version", ""], {"1.37"}),
        (["gitctl", "-o", "js"], {"json"}),
        (["gitctl", "completion", "power"], set()),
    ],
    ids=["a verb", "an argument", "a common flag", "a version", "a flag's value", "nothing"],
)
def test_bash_offers(words: list[str], offered: set[str]) -> None:
    quoted = " ".join(f"'{word}'" for word in words)
    program = f"""
        . "{COMPLETIONS}/gitctl.bash"
        COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMPREPLY=()
        _gitctl_completion
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, check=True)
    assert (set(done.stdout.split()), done.stderr) == (offered, "")


@pytest.mark.usefixtures("gitctl_on_path")
def test_zsh_is_told_the_candidates_and_their_help() -> None:
    text = answer({"_GITCTL_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "gitctl comp"})
    assert '"completion":"Print the completion script' in text


@pytest.mark.usefixtures("gitctl_on_path")
def test_fish_is_told_the_candidates_and_their_help() -> None:
    ask = {"_GITCTL_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_ARGS": "gitctl comp"}
    assert answer(ask).startswith("completion\tPrint the completion script")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git_repo: Callable[..., GitRepo]) -> GitRepo:
    """The current folder: a repository with two apps, two environments, a branch, a tag, and a kubeconfig beside it."""
    apps = "apps:\n  web: {path: web}\n  database: {path: database}\n"
    project = f"apiVersion: gitctl.dev/v1\nkind: Project\nname: shop\nenvironments: {{dev: {{}}, prod: {{}}}}\n{apps}"
    repo = git_repo({"gitctl.yaml": project, "web/a.yaml": "# nothing\n"})
    repo.git("branch", "feature/x")
    repo.git("tag", "v1.2")
    config = tmp_path / "kubeconfig"
    config.write_text("contexts:\n- {name: kind-dev, context: {}}\n- {name: prod-eu, context: {}}\n")
    monkeypatch.setenv("KUBECONFIG", str(config))
    monkeypatch.chdir(repo.path)
    return repo


def offered(*words: str) -> set[str]:
    """What gitctl answers to bash for `gitctl WORDS`, the last of them unfinished."""
    return set(
        answer({"_GITCTL_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(("gitctl", *words)), "COMP_CWORD": str(len(words))}).split()
    )


@pytest.mark.usefixtures("gitctl_on_path", "shop")
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["diff", ""], {"web", "database"}),
        (["sync", "web", ""], {"database"}),
        (["rollback", "d"], {"database"}),
        (["status", "-e", ""], {"dev", "prod"}),
        (["-e", "p"], {"prod"}),
        (["diff", "--context", ""], {"kind-dev", "prod-eu"}),
        (["diff", "--revision", "fea"], {"feature/x"}),
        (["diff", "--from", "v"], {"v1.2"}),
        (["sandbox", "restart", "kube-c"], {"kube-controller-manager"}),
        (["-C", "/", "diff", ""], set()),
    ],
    ids=["apps", "apps left", "one app", "environments", "before the verb", "contexts", "branches", "tags", "parts", "no project"],
)
def test_names_are_offered(words: list[str], names: set[str]) -> None:
    assert offered(*words) == names


@pytest.mark.usefixtures("gitctl_on_path")
def test_a_broken_project_file_offers_nothing_and_says_nothing(shop: GitRepo) -> None:
    shop.write("gitctl.yaml", "apps: {web: [")
    done = subprocess.run(
        ["gitctl"],
        env=os.environ | {"_GITCTL_COMPLETE": "complete_bash", "COMP_WORDS": "gitctl diff ", "COMP_CWORD": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.usefixtures("gitctl_on_path")
def test_sandboxes_are_offered(isolated: Path) -> None:
    for name in ("one", "two"):
        folder = isolated / "state" / "sandbox" / name
        folder.mkdir(parents=True)
        (folder / "ports.json").write_text("{}")
    assert offered("sandbox", "down", "--name", "") == {"one", "two"}


@pytest.mark.usefixtures("gitctl_on_path")
def test_records_that_were_seen_are_offered_with_what_they_were(shop: GitRepo) -> None:
    keep(shop.path / "gitctl.yaml", "dev", "web", "one", {1: "aaaa1111 succeeded", 2: "bbbb2222 failed"})
    keep(shop.path / "gitctl.yaml", "dev", "web", "two", {3: "cccc3333 succeeded"})
    keep(shop.path / "gitctl.yaml", "prod", "web", "one", {9: "other"})
    assert offered("rollback", "web", "-e", "dev", "--to", "") >= {"1", "2", "3", "HEAD", "v1.2"}
    assert "9" not in offered("rollback", "web", "-e", "dev", "--to", "")
    assert offered("rollback", "web", "-e", "prod", "--to", "9") == {"9"}
    assert "9" not in offered("rollback", "web", "--to", ""), "which environment is not known"
    text = answer(
        {
            "_GITCTL_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_ARGS": "gitctl rollback web -e dev --to 2",
        }
    )
    assert text.strip() == "2\tbbbb2222 failed"


def test_only_the_newest_records_are_kept_by_this_user_alone(shop: GitRepo, isolated: Path) -> None:
    project = shop.path / "gitctl.yaml"
    keep(project, "dev", "web", "one", dict.fromkeys(range(60), "old"))
    keep(project, "dev", "web", "one", {59: "new"})
    found = remembered(project, "dev", "web")
    assert (len(found), found[0], found[-1]) == (50, ("59", "new"), ("10", "old"))
    (file,) = [path for path in (isolated / "cache" / "records").rglob("*") if path.is_file()]
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize(
    ("words", "verbs"),
    [
        ("gitctl diff ", ("diff",)),
        ("gitctl -e drift-check rollback --to ", ("rollback",)),
        ("gitctl diff web status ", ("diff", "status")),
        ("gitctl -C sandbox ", None),
        ("gitctl sta", ("status",)),
        ("gitctl ", None),
        ("gitctl -e dev ", None),
        ("gitctl 'sync' ", ("sync",)),
    ],
)
def test_only_the_verbs_that_are_meant_are_imported(words: str, verbs: tuple[str, ...] | None) -> None:
    assert verbs_of(words) == verbs


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["diff", ""], ["web", "database", ":4"]),
        (["sync", "-e", "p"], ["prod", ":4"]),
        (["comp"], ["completion\tPrint the completion script of a shell.", ":4"]),
        (["diff", "--kubeconfig", ""], [":0"]),
    ],
    ids=["apps", "environments", "verbs", "files"],
)
def test_kubectl_is_answered_as_cobra_would(words: list[str], lines: list[str]) -> None:
    assert kubectl_answer(words[:-1], words[-1]) == lines


@pytest.mark.usefixtures("gitctl_on_path", "shop")
def test_the_real_kubectl_completes_the_plugin(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    for name, module in (("kubectl-gitctl", "gitctl.cli.app"), ("kubectl_complete-gitctl", "gitctl.cli.kubectl")):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/src" exec "{sys.executable}" -c "from {module} import main; main()" "$@"\n')
        program.chmod(0o755)
    asked = subprocess.run([kubectl, "__complete", "gitctl", "sync", "web", ""], capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines() == ["database", ":4"]
    run = subprocess.run([kubectl, "gitctl", "version"], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("gitctl ")
