"""`gitctl secret scan` over history and with a baseline, and what it says about the repositories of examples and documentation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.fixtures.commands import GitRepo, Runner
from tests.fixtures.figures import Figure
from tests.fixtures.sealing import Controller
from tests.fixtures.secrets import AgeKey

from gitctl.errors import ErrorId

MakeRepo = Callable[..., GitRepo]
ROOT = Path(__file__).parents[2]
SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\nstringData:\n  password: kanarienvogel\n"


def test_history_tells_what_commits_brought_once_with_the_commit(gitctl: Runner, git_repo: MakeRepo) -> None:
    repo = git_repo({"README.md": "x\n"})
    start = repo.git("rev-parse", "HEAD")
    generator = "secretGenerator:\n- {name: made, envs: [prod.env]}\n"
    first = repo.commit(files={"a/db.yaml": SECRET.format("db"), "kustomization.yaml": generator, "prod.env": "PASSWORD=kanarienvogel\n"})
    repo.commit(files={"a/db.yaml": "# again\n" + SECRET.format("db")})
    repo.git("rm", "-q", "-r", "a", "prod.env")
    repo.commit("gone")
    repo.git("checkout", "-q", "-b", "side", first)
    aside = repo.commit(files={"b.yaml": SECRET.format("side")})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-edit", "side")
    assert gitctl("secret", "scan", cwd=repo.path).expect(1).stdout.count("\n") == 1
    body = gitctl("secret", "scan", "--history", f"{start}..", "-o", "json", cwd=repo.path).expect(1).json()
    told = [(one["file"], one["commit"], one["key"]) for one in body["findings"]]
    assert told == [
        ("a/db.yaml", first, "stringData.password"),
        ("b.yaml", aside, "stringData.password"),
        ("prod.env", first, "PASSWORD"),
    ]
    text = gitctl("secret", "scan", "--history", "HEAD", "--exclude", "b.yaml", cwd=repo.path).expect(1).stdout
    assert f"a/db.yaml:6:3 in {first[:8]}: plain text in a Secret" in text
    assert "Secret/side" not in text
    assert gitctl("secret", "scan", "--history", "HEAD..HEAD", cwd=repo.path).expect().stdout == ""
    gitctl("secret", "scan", "--history", "nowhere..HEAD", cwd=repo.path).error(ErrorId.REVISION_UNKNOWN)
    gitctl("secret", "scan", "--history", "--output=x", cwd=repo.path).error(ErrorId.REVISION_UNKNOWN)
    gitctl("secret", "scan", "--history", "HEAD", "--staged", cwd=repo.path).error(ErrorId.FLAGS_CONFLICT)


def test_a_baseline_accepts_what_is_known_and_nothing_more(gitctl: Runner, git_repo: MakeRepo) -> None:
    repo = git_repo({"a/old.yaml": SECRET.format("db"), "a/deep/x": "", "b/old.yaml": SECRET.format("db")})
    gitctl("secret", "scan", "--write-baseline", "known.json", cwd=repo.path).expect()
    text = (repo.path / "known.json").read_text()
    assert "kanarienvogel" not in text
    assert len(json.loads(text)["findings"]) == 2
    scan = ("secret", "scan", "--baseline")
    gitctl(*scan, "known.json", cwd=repo.path).expect()
    assert gitctl(*scan, "../../known.json", "..", cwd=repo.path / "a" / "deep").expect().stdout == ""
    repo.write("a/old.yaml", "# a line more\n" + SECRET.format("db"))
    repo.git("add", "--all")
    gitctl(*scan, "known.json", "--staged", cwd=repo.path).expect()
    repo.write("a/old.yaml", SECRET.format("db") + "---\n" + SECRET.format("db"))
    repo.git("add", "--all")
    assert gitctl(*scan, "known.json", "--staged", cwd=repo.path).expect(1).stdout.startswith("a/old.yaml:13:3: ")
    gitctl(*scan, "known.json", "--history", "HEAD", cwd=repo.path).expect()
    repo.git("rm", "-q", "-f", "b/old.yaml")
    assert (
        "1 of the baseline not found any more"
        in gitctl(*scan, "known.json", "b", cwd=repo.path).stderr + gitctl(*scan, "known.json", cwd=repo.path).stderr
    )
    repo.write("known.json", "kind: [x]\n")
    gitctl(*scan, "known.json", cwd=repo.path).error(ErrorId.BASELINE_INVALID)


def test_nothing_is_flagged_that_is_encrypted_sealed_referenced_or_templated(
    gitctl: Runner, git_repo: MakeRepo, age_key: AgeKey, sealer: Controller, figure: Figure
) -> None:
    """The repositories of README and docs, and one file of each way to keep a secret out of plain text. No false positive is allowed."""
    repo = git_repo({"README.md": "x\n"})
    shutil.copytree(ROOT / "examples", repo.path / "examples")
    shutil.copytree(ROOT / "docs", repo.path / "docs")
    (repo.path / "ways").mkdir()
    plain = SECRET.format("db").replace("metadata:\n", "metadata:\n  namespace: shop\n")
    (repo.path / "ways" / "sops.yaml").write_text(plain)
    gitctl("secret", "encrypt", "-q", "ways/sops.yaml", cwd=repo.path).expect()
    gitctl("secret", "seal", "-q", "--cert", sealer.cert, "-w", "ways/sealed.yaml", stdin=plain, cwd=repo.path).expect()
    for name, value in (("ref", "ref+awssecrets://shop/db"), ("variable", "${DB_PASSWORD}"), ("helm", "'{{ .Values.password }}'")):
        repo.write(f"ways/{name}.yaml", plain.replace("kanarienvogel", value))
    repo.git("add", "--all")
    body = gitctl("secret", "scan", "--staged", "-o", "json", cwd=repo.path).json()
    figure("files of examples scanned", body["files"])
    figure("false positives in them", len(body["findings"]))
    assert body["findings"] == []
    assert body["files"] > 100
