from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.render.trees import config_map, render_files

from gitctl.errors import ExitCode, RenderError, ToolMissing, exit_code_of
from gitctl.render.private import room
from gitctl.render.tool import Tool, checked_version, run_tool

CHART = {"app/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n"}
KUSTOMIZATION = {"app/kustomization.yaml": "resources: [a.yaml]\n", "app/a.yaml": config_map("a")}
FAKE = Tool("fake", ("version",), (2, 0, 0), (3, 0, 0), "apt install fake")


def program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only program on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(("files", "name"), [(CHART, "helm"), (KUSTOMIZATION, "kustomize")])
def test_a_missing_tool_says_how_to_install_it(files: dict[str, str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=f"{name} is not on PATH") as missing:
        render_files(tmp_path / "tree", files)
    assert exit_code_of(missing.value) is ExitCode.RENDER
    assert "install it: brew install" in missing.value.hint


@pytest.mark.parametrize(
    ("files", "name", "version"), [(CHART, "helm", "v2.17.0"), (KUSTOMIZATION, "kustomize", "v4.5.7"), (CHART, "helm", "v5.0.0")]
)
def test_a_tool_of_another_version_is_refused(
    files: dict[str, str], name: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "programs", name, f"echo {version}", monkeypatch)
    with pytest.raises(ToolMissing, match=rf"{name} {version[1:]} is not of the versions that gitctl works with \(>="):
        render_files(tmp_path / "tree", files)


@pytest.mark.parametrize("script", ["exit 1", "echo no number", "echo v2.1.0; exit 3"])
def test_a_tool_that_does_not_tell_its_version(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "fake", script, monkeypatch)
    with pytest.raises(ToolMissing, match="does not tell its version"):
        checked_version(FAKE)


def test_a_version_may_be_short_and_is_asked_again_after_an_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "fake", "echo fake version v2.3", monkeypatch)
    assert checked_version(FAKE) == "2.3.0"
    program(tmp_path, "fake", "echo fake version v2.3.4-rc", monkeypatch)
    assert checked_version(FAKE) == "2.3.4"


def failure(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RenderError:
    program(folder, "fake", script, monkeypatch)
    with room({"app/x": b""}) as place, pytest.raises(RenderError) as failed:
        run_tool(FAKE, (), place)
    return failed.value


def test_messages_are_shortened_cleaned_and_without_private_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = r"printf 'Error: in %s/app/x.yaml\n\n' $PWD >&2; printf 'password https://ada:c4n4ry@h/ \033[31m\n' >&2; i=0; while [ $i -lt 40 ]; do echo $i >&2; i=$((i+1)); done; exit 1"
    error = failure(script, tmp_path, monkeypatch)
    assert error.message == "fake: in app/x.yaml"
    assert error.details[0] == r"password https://h/ \x1b[31m"
    assert error.details[-1] == "(22 more lines)"
    assert "c4n4ry" not in str(error.details)


def test_a_silent_failure_has_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert failure("exit 3", tmp_path, monkeypatch).message == "fake: fake ended with code 3 and said nothing"


def test_tools_get_an_empty_home_no_cluster_and_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOPS_AGE_KEY", "HELM_NAMESPACE", "KUBERNETES_SERVICE_HOST", "AWS_SECRET_ACCESS_KEY", "GITCTL_GIT_TOKEN"):
        monkeypatch.setenv(name, "c4n4ry")
    monkeypatch.setenv("KUBECONFIG", "c4n4ry")
    program(tmp_path, "fake", 'export -p; for f in "$HOME"/* "$HOME"/.[a-z]*; do [ -e "$f" ] && echo "found $f"; done; true', monkeypatch)
    with room({}) as place:
        shown = run_tool(FAKE, (), place).decode()
    assert "c4n4ry" not in shown
    assert "found" not in shown
    assert "KUBECONFIG='/dev/null'" in shown
    assert f"HOME='{place.home}'" in shown
    assert not place.home.exists()


def test_rooms_are_private_and_take_no_path_that_leaves_them(tmp_path: Path) -> None:
    from gitctl.errors import InputError

    with room({"a/b": b"x"}) as place:
        assert (place.work / "a" / "b").read_bytes() == b"x"
        assert place.work.parent.stat().st_mode & 0o077 == 0
    for path in ("../x", "/etc/x", "a/../../x"):
        with pytest.raises(InputError, match="out of the repository"), room({path: b""}):
            pass
