"""What changed in Secrets between two revisions: per key, without values, with who wrote it. No cluster is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.fixtures.commands import GitRepo, Result, Runner
from tests.fixtures.secrets import AgeKey

from gitctl.secrets import rules
from gitctl.secrets.files import SopsFiles

PROJECT = {
    "apiVersion": "gitctl.dev/v1",
    "kind": "Project",
    "name": "shop",
    "environments": {"dev": {}, "prod": {}},
    "apps": {name: {"path": f"apps/{name}"} for name in ("db", "web")},
}
KUSTOMIZATION = "secretGenerator:\n- {name: web, envs: [prod.env]}\ngeneratorOptions: {disableNameSuffixHash: true}\n"
SEALED: dict[str, Any] = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": "sealed"}}


def secret(values: Mapping[str, str]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": dict(values)})


def sealed(repo: GitRepo, path: str, text: str) -> None:
    """Write an encrypted file."""
    file = repo.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(SopsFiles().seal(file, text.encode(), readers=()))


def test_each_key_with_its_commit_and_equal_values(
    git_repo: Callable[..., GitRepo], gitctl: Runner, age_key: AgeKey, tmp_path: Path
) -> None:
    repo = git_repo({"gitctl.yaml": json.dumps(PROJECT), "apps/web/kustomization.yaml": KUSTOMIZATION})
    rules.create(repo.path, (age_key.recipient,))
    here: dict[str, Any] = {"cwd": repo.path}
    sealed(repo, "apps/db/secret.yaml", secret({"password": "correct-horse", "user": "shop-user"}))
    sealed(repo, "apps/web/prod.env", "PASSWORD=battery-staple\nUSER=shop-user\n")
    repo.write("apps/db/sealed.yaml", json.dumps(SEALED | {"spec": {"encryptedData": {"key": "b25l"}}}, indent=1))
    repo.commit("the first")
    gitctl("secret", "edit", "apps/db/secret.yaml", env={"EDITOR": "sed -i s/correct-horse/battery-staple/"}, **here).expect()
    repo.commit("rotate the password")
    repo.write("apps/db/sealed.yaml", json.dumps(SEALED | {"spec": {"encryptedData": {"key": "dHdv"}}}, indent=1))
    repo.commit("seal anew")
    gitctl("secret", "edit", "apps/web/prod.env", env={"EDITOR": "sed -i s/shop-user/new/"}, **here).expect()
    repo.commit("another user")

    def diff(*args: str) -> Result:
        return gitctl("diff", "-e", "dev", "--from", "HEAD~3", "--to", "HEAD", *args, **here).expect(1)

    text = diff().stdout
    changed = r"data\.password: \*\*\* \(13 bytes\) ~\w{8} → \*\*\* \(14 bytes\) ~(\w{8})\n"
    wrote = r" +changed in Git by Ada Author \d{4}-\d\d-\d\d \(\w{8} rotate the password\)\n"
    found = re.search(changed + wrote + r"      same: user \*\*\* \(9 bytes\) ~\w{8}\n", text)
    assert found, text
    assert re.search(r"data\.USER: .* → \*\*\* \(3 bytes\) ~\w{8}\n +changed in Git by .* another user\)\n", text)
    assert re.search(r"encryptedData\.key: sealed ~\w{8} → sealed ~\w{8}\n +changed in Git by .* seal anew\)\n", text)
    equal = "equal values: db (dev) Secret db data.password = web (dev) Secret web data.PASSWORD"
    assert f"{equal}\n" in text
    body = diff("-o", "json").json()
    fields = {f["path"]: f for app in body["apps"] for change in app["changes"] for f in change["fields"]}
    assert (fields["data.password"]["oldBytes"], fields["data.password"]["newBytes"]) == (13, 14)
    assert (fields["data.password"]["writtenBy"]["subject"], fields["data.password"]["writtenBy"]["file"]) == (
        "rotate the password",
        "apps/db/secret.yaml",
    )
    (group,) = body["equalValues"]
    assert (group["tag"], len(group["keys"])) == (fields["data.password"]["newTag"], 2)
    # Another run has another key; the report for a pull request says the same.
    assert group["tag"] != found[1]
    markdown = diff("-o", "markdown", "--with-env", "prod").stdout
    assert f"- `{equal} = db (prod) Secret db data.password = web (prod) Secret web data.PASSWORD`" in markdown
    assert "changed in Git by Ada Author" in markdown

    for shown in (text, markdown, json.dumps(body)):
        assert not [value for value in ("correct-horse", "battery-staple", "shop-user") if value in shown]
