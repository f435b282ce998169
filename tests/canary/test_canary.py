"""No command leaks a secret: not in any form of output, at any verbosity, in any failure, nor in a file, a Git object or a process.

A row of the table is a command; add rows for new commands. Every row runs in each of its variants of output and verbosity.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.canary.search import Search
from tests.canary.world import World, build
from tests.fixtures.secrets import AgeKey

from gitctl.cli.forms import FORMS, Output

Flags = tuple[str, ...]

VERBOSITIES: Mapping[Output, Flags] = {
    Output.TEXT: (),
    Output.JSON: ("-v",),
    Output.YAML: ("-vvv",),
    Output.NAME: ("-q",),
    Output.MARKDOWN: ("--log-format", "json"),
    Output.SARIF: ("-v",),
    Output.JUNIT: ("-vvv",),
    Output.GITHUB: (),
}
FEW: tuple[Flags, ...] = ((), ("-o", "json", "-vvv"))
"""For errors, which have two forms, and for commands that say little."""


def nothing(_: World) -> None:
    """The repository is right as it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """A command and how it must end. `shows`: printing the secret is what it is for, on stdout. `plain`: files that the user left in
    plain text stay so. `prepare` comes before each variant; it may not depend on the one before. `every_form`: in all forms of `-o`."""

    name: str
    args: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    prepare: Callable[[World], None] = nothing
    env: Mapping[str, str] = field(default_factory=dict)
    shows: bool = False
    plain: bool = False
    every_form: bool = False

    def variants(self) -> tuple[Flags, ...]:
        """The flags to try the command with: every form of output that it knows, each with another verbosity."""
        if not self.every_form:
            return FEW
        known = next(FORMS[words] for words in (" ".join(self.args[:n]) for n in (2, 1)) if words in FORMS)
        return tuple(("-o", form.value, *VERBOSITIES[form]) for form in Output if form in known)


def without_key(world: World) -> None:
    world.key.file.unlink(missing_ok=True)


def plain_secret(world: World) -> None:
    world.plain("new.yaml", world.secret)


def bad_syntax(world: World) -> None:
    world.plain("new.yaml", world.secret + f"more: [{world.core}")


def bad_base64(world: World) -> None:
    world.plain("new.yaml", world.secret.replace("stringData", "data"))


def bad_dotenv(world: World) -> None:
    world.plain("new.env", f"{world.core}\n")


def sealed_bad_base64(world: World) -> None:
    """sops encrypts anything; gitctl would not have."""
    file = world.repo.path / "plain" / "secret.yaml"
    text = world.secret.replace("stringData", "data").encode()
    argv = ("sops", "encrypt", "--encrypted-regex", "^data$", "--filename-override", str(file))
    file.write_bytes(subprocess.run(argv, input=text, cwd=world.repo.path, capture_output=True, check=True).stdout)
    world.repo.commit()


def tampered(world: World) -> None:
    file = world.seal("plain/secret.yaml", world.secret)
    file.write_text(file.read_text().replace("name: db", "name: dc"))
    world.repo.commit()


def added_in_plain(world: World) -> None:
    """sops quotes such a value in its error."""
    file = world.seal("plain/secret.yaml", world.secret)
    world.plain("plain/secret.yaml", file.read_text().replace("stringData:", f"stringData:\n    more: {world.core}"))


def quoting_template(world: World) -> None:
    world.repo.commit(files={"chart/templates/fail.yaml": '{{ fail (printf "bad password %s" .Values.password) }}'})


def decoding_template(world: World) -> None:
    world.repo.commit(files={"chart/templates/cut.yaml": "kind: ConfigMap\ndata: {a: {{ .Values.password | trunc 20 }}}"})


def changed(world: World) -> None:
    world.seal("plain/secret.yaml", world.secret.replace("user: ", f"user: {time.monotonic_ns()}"))
    world.repo.commit()


READER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.test/web:1", envFrom: [{secretRef: {name: db}}]}]}
"""


def no_restart_key(world: World) -> None:
    (world.repo.path / "restart.yaml").unlink(missing_ok=True)


def restarting(world: World) -> None:
    """A workload with a hash of the Secret on it, by a key that has the secret's own text in it: it must not be shown either."""
    world.seal("restart.yaml", f"data: {{restart-key: {world.core}{world.core}}}\n")
    config = (world.repo.path / "gitctl.yaml").read_text().partition("secrets:")[0]
    config = config.replace("plain: {path: plain, n", "plain: {path: plain, restart_on_secret_change: true, n")
    world.repo.commit(files={"gitctl.yaml": config + "secrets: {restart_key: restart.yaml}\n", "plain/web.yaml": READER})


EDIT = ("secret", "edit", "plain/secret.yaml")
ROWS = (
    Row("encrypt", ("secret", "encrypt", "new.yaml"), prepare=plain_secret),
    Row("encrypt bad syntax", ("secret", "encrypt", "new.yaml"), (3,), bad_syntax, plain=True),
    Row("encrypt bad base64", ("secret", "encrypt", "new.yaml"), (3,), bad_base64, plain=True),
    Row("encrypt bad dotenv", ("secret", "encrypt", "new.env"), (3,), bad_dotenv, plain=True),
    Row("decrypt", ("secret", "decrypt", "plain/secret.yaml"), shows=True),
    Row("decrypt without a key", ("secret", "decrypt", "plain/secret.yaml"), (5,), without_key),
    Row("decrypt tampered", ("secret", "decrypt", "plain/secret.yaml"), (3,), tampered),
    Row("decrypt a value added in plain", ("secret", "decrypt", "plain/secret.yaml"), (3,), added_in_plain, plain=True),
    Row("view", ("secret", "view", "plain/secret.yaml"), every_form=True),
    Row("view dotenv", ("secret", "view", "kust/prod.env")),
    Row("view binary", ("secret", "view", "kust/tls.key")),
    Row("view in full", ("secret", "view", "--dangerous-show-secrets", "plain/secret.yaml"), shows=True),
    Row("view tampered", ("secret", "view", "plain/secret.yaml"), (3,), tampered),
    Row("view a value added in plain", ("secret", "view", "plain/secret.yaml"), (3,), added_in_plain, plain=True),
    Row("status", ("secret", "status"), every_form=True),
    Row("status of a value added in plain", ("secret", "status"), prepare=added_in_plain, plain=True),
    Row("rotate", ("secret", "rotate", "plain/secret.yaml", "kust/tls.key")),
    Row("rotate without a key", ("secret", "rotate", "plain/secret.yaml"), (5,), without_key),
    Row("edit", EDIT, env={"EDITOR": "sed -i -e s/user/who/"}),
    Row("edit to bad syntax", EDIT, (3,), env={"EDITOR": "sed -i -e s/stringData:/stringData/"}),
    Row("edit with a failing editor", EDIT, (3,), env={"EDITOR": "false"}),
    Row("render", ("render", "-e", "dev"), every_form=True),
    Row("render in full", ("render", "-e", "dev", "--dangerous-show-secrets"), shows=True),
    Row("render without a key", ("render", "-e", "dev"), (5,), without_key),
    Row("render tampered", ("render", "-e", "dev", "plain"), (3,), tampered),
    Row("render sealed bad base64", ("render", "-e", "dev", "plain"), (3,), sealed_bad_base64),
    Row("render a value added in plain", ("render", "./plain"), (3,), added_in_plain, plain=True),
    Row("render a chart that quotes a secret in its error", ("render", "-e", "dev", "web"), (5,), quoting_template),
    Row("render a chart that cuts a secret", ("render", "-e", "dev", "web"), (5,), decoding_template),
    Row("render with hashes of secrets", ("render", "-e", "dev", "plain"), prepare=restarting),
    Row("restart-key", ("secret", "restart-key", "restart.yaml"), prepare=no_restart_key),
    Row("audit", ("secret", "audit", "--equal"), (1,)),
    Row("sync into a branch, one app of three", ("sync", "-e", "branch"), (7,)),
    Row("sync into a branch again", ("sync", "-e", "branch", "sealed"), prepare=changed),
    Row("unlock", ("unlock", "-e", "branch", "sealed")),
    Row("diff of revisions", ("diff", "-e", "dev", "--from", "HEAD~1", "--to", "HEAD"), (1,), changed, every_form=True),
)


@pytest.fixture
def world(tmp_path: Path, isolated: Path, runtime_folder: Path, age_key: AgeKey) -> World:
    """A fresh repository full of secrets."""
    return build(tmp_path, isolated, runtime_folder, age_key)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_leak(row: Row, world: World) -> None:
    for variant in row.variants():
        row.prepare(world)
        result, seen = world.gitctl(*row.args, *variant, env=row.env)
        assert result.code in row.codes, f"{' '.join(result.args)}: exit {result.code}\n{result.stderr}"
        shown = "" if row.shows else result.stdout
        found = [*world.search.text("stdout", shown), *world.search.text("stderr", result.stderr), *seen, *world.leaks(plain=row.plain)]
        assert found == [], f"{' '.join(result.args)} leaks"


def test_what_is_for_showing_shows(world: World) -> None:
    """Else the rows above would prove nothing."""
    for args in (("secret", "decrypt", "plain/secret.yaml"), ("render", "-e", "dev", "--dangerous-show-secrets")):
        result, _ = world.gitctl(*args)
        assert world.search.text("stdout", result.stdout), result.stderr


# ── the search itself ─────────────────────────────────────────────────────────────────────────────────────────────────

NEEDLE = "Kanarie0123456789abcdef"
SEARCH = Search((NEEDLE,))


@pytest.mark.parametrize(
    "text",
    [NEEDLE, f"x{NEEDLE}y", NEEDLE.upper(), NEEDLE.encode().hex()]
    + [base64.b64encode(before + NEEDLE.encode() + b"zz").decode() for before in (b"", b"a", b"ab", b"abc")],
)
def test_the_search_finds_a_needle_in_any_form(text: str) -> None:
    assert SEARCH.text("here", text) != []
    assert SEARCH.text("here", text.replace(text[4:12], "")) == []


def test_the_search_finds_a_needle_in_files_names_and_git_objects(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff" + NEEDLE.encode())
    (tmp_path / f"b-{NEEDLE}").touch()
    assert {leak.rpartition(":")[0] for leak in SEARCH.files(tmp_path)} == {
        f"{tmp_path}/a",
        f"the name of {tmp_path}/b-{NEEDLE}",
    }
    assert not any(leak.startswith(f"{tmp_path}/a") for leak in SEARCH.files(tmp_path, without=[tmp_path / "a"]))
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert SEARCH.git_objects(tmp_path) == []
    subprocess.run(["git", "hash-object", "-w", "--stdin"], cwd=tmp_path, input=NEEDLE, text=True, check=True, capture_output=True)
    assert SEARCH.git_objects(tmp_path) != []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this machine")
@pytest.mark.parametrize(("args", "env"), [((NEEDLE,), {}), ((), {"X": NEEDLE})], ids=["argument", "environment"])
def test_the_watch_sees_other_processes(args: tuple[str, ...], env: dict[str, str], tmp_path: Path) -> None:
    with SEARCH.watching(tmp_path) as found:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)", *args], env={**os.environ, **env}, check=True)
    assert found != []


def test_the_watch_sees_files_that_go_again(tmp_path: Path) -> None:
    with SEARCH.watching(tmp_path) as found:
        (tmp_path / "brief").write_text(NEEDLE)
        time.sleep(0.3)
        (tmp_path / "brief").unlink()
    assert found != []
