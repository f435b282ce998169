"""Remote bases: which are allowed, what is read of them, and where they end. Commits of other repositories are handed in as trees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.fixtures.errors import raises
from tests.unit.render.trees import NoSecrets, app, config_map, write

from gitctl.errors import ErrorId, ExitCode, InputError, SourceError, Where
from gitctl.model.app import App
from gitctl.model.manifest import Json, RenderResult
from gitctl.model.tenancy import RuleList, Subject, Tenancy
from gitctl.protocols import Tree
from gitctl.render.archive import Budget
from gitctl.render.bases.local import with_local_bases
from gitctl.render.bases.reference import mount_of, read_reference
from gitctl.render.bases.tree import MOST_COMMITS, WithBases
from gitctl.render.run import reads_of, render
from gitctl.source.worktree import WorkTree

A, B = "a" * 40, "b" * 40
REPO = "https://git.example.com/org/repo"
ALLOWED = ("https://git.example.com/org/*",)
PLACE = Where("app/kustomization.yaml", 2, 3)


class Others:
    """Other repositories: (url, commit) → files. `asked` is what was fetched."""

    def __init__(self, folder: Path, known: Mapping[tuple[str, str], Mapping[str, str]]) -> None:
        self.asked: list[tuple[str, str]] = []
        self._trees = {key: WorkTree(write(folder / f"other-{number}", files)) for number, (key, files) in enumerate(known.items())}

    def tree(self, url: str, commit: str) -> Tree:
        self.asked.append((url, commit))
        if (url, commit) not in self._trees:
            raise SourceError("no such commit", id=ErrorId.REVISION_UNKNOWN)
        return self._trees[url, commit]


def listed(**options: object) -> App:
    """The app with a list of repositories that it may name."""
    return app(**{"remote_bases": ALLOWED, **options})  # type: ignore[arg-type]


def render_with(folder: Path, files: Mapping[str, str], others: Others, wanted: App | None = None) -> RenderResult:
    return render(wanted or listed(), WorkTree(write(folder / "own", files)), vault=NoSecrets(), bases=others)


FORMS = {
    f"https://git.example.com/org/repo//deploy/base?ref={A}": (REPO, "deploy/base"),
    f"https://git.example.com/org/repo.git//deploy?ref={A}": (f"{REPO}.git", "deploy"),
    f"https://git.example.com/org/repo.git/deploy?version={A}": (f"{REPO}.git", "deploy"),
    f"https://git.example.com/org/repo/deploy/x/?ref={A}": (REPO, "deploy/x"),
    f"https://git.example.com/org/repo?ref={A}": (REPO, ""),
    f"https://Git.Example.com/a/b/c//x?timeout=90s&ref={A}&submodules=false": ("https://git.example.com/a/b/c", "x"),
    f"git::https://git.example.com/org/repo//x?ref={A}": (REPO, "x"),
    f"github.com/org/repo//x?ref={A}": ("https://github.com/org/repo", "x"),
    f"git@git.example.com:org/repo.git//x?ref={A}": ("git@git.example.com:org/repo.git", "x"),
    f"ssh://git@git.example.com:2222/org/repo//x?ref={A}": ("ssh://git@git.example.com:2222/org/repo", "x"),
    f"http://127.0.0.1:8080/repo//x?ref={A}": ("http://127.0.0.1:8080/repo", "x"),
}


@pytest.mark.parametrize("text", FORMS)
def test_forms_that_are_read(text: str) -> None:
    found = read_reference(text)
    assert (found.url, found.folder, found.ref) == (*FORMS[text], A)
    assert found.is_pinned
    assert mount_of(found.path) == found.mount
    assert found.path == "/".join(filter(None, (found.mount, found.folder)))


REFUSED = {
    f"https://user:pass@git.example.com/org/repo//x?ref={A}": "credentials",
    f"ssh://git:pass@git.example.com/org/repo//x?ref={A}": "credentials",
    f"http://git.example.com/org/repo//x?ref={A}": "not protected",
    f"file:///srv/org/repo//x?ref={A}": "form",
    f"ext::sh -c evil//x?ref={A}": "form",
    f"git::file:///srv/repo//x?ref={A}": "form",
    f"gh:org/repo?ref={A}": "form",
    f"--upload-pack=evil@h:org/repo?ref={A}": "form",
    f"https://-oProxyCommand=evil/org/repo?ref={A}": "form",
    f"https://git.example.com/org/../evil/repo//x?ref={A}": "parts",
    f"https://git.example.com/org/%2e%2e/evil//x?ref={A}": "parts",
    f"https://git.example.com/org/repo//x/../../y?ref={A}": "parts",
    f"https://git.example.com/org/repo//x//y?ref={A}": "parts",
    f"https://git.example.com/org/_git/repo/x?ref={A}": "not clear",
    f"https://git.example.com/org/repo//x?ref={A}&submodules=true": "submodules",
    f"https://git.example.com/org/repo//x?ref={A}&depth=9": "not known",
    f"https://git.example.com/org/repo//x?ref={A}&ref={B}": "more than one",
    "https://git.example.com/org/repo//x?ref=main": "not pinned",
    "https://git.example.com/org/repo//x": "not pinned",
    f"https://git.example.com/org/repo//x?ref={A[:39]}": "not pinned",
    f"https://git.example.com/org/repo//x?ref={A.upper()}": "not pinned",
    "https://git.example.com/org/repo//x?ref=--upload-pack=evil": "not pinned",
    "https://git.example.com/org/deploy.yaml": "not pinned",
    f"https://git.example.com.evil.net/org/repo//x?ref={A}": "not among",
    f"https://git.example.com/other/repo//x?ref={A}": "not among",
    f"ssh://git@git.example.com/org/repo//x?ref={A}": "not among",
}


@pytest.mark.parametrize("key", ["resources", "components"])
@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused_is_not_fetched(text: str, key: str, tmp_path: Path) -> None:
    others = Others(tmp_path, {})
    with raises(ErrorId.REMOTE_BASE, match=f"a remote base or file: .*{REFUSED[text]}") as refused:
        render_with(tmp_path, {"app/kustomization.yaml": f'{key}:\n- "{text}"\n'}, others)
    assert (str(refused.value.where), type(refused.value).exit_code) == ("app/kustomization.yaml:2:3", ExitCode.INPUT)
    assert refused.value.hint
    assert others.asked == []


def test_how_to_pin_is_told(tmp_path: Path) -> None:
    with raises(ErrorId.REMOTE_BASE) as refused:
        render_with(tmp_path, {"app/kustomization.yaml": f"resources: ['{REPO}//x?ref=main']\n"}, Others(tmp_path, {}))
    assert refused.value.hint.endswith(f"git ls-remote {REPO} main")


@pytest.mark.parametrize(
    "text",
    [
        f"generators: ['{REPO}//x?ref={A}']\n",
        f"patches: [{{path: '{REPO}//x.yaml?ref={A}'}}]\n",
        f"configMapGenerator: [{{name: a, files: ['x={REPO}//x']}}]\n",
    ],
)
def test_only_bases_may_be_remote(text: str, tmp_path: Path) -> None:
    with raises(ErrorId.REMOTE_BASE, match="a remote base or file"):
        render_with(tmp_path, {"app/kustomization.yaml": text}, Others(tmp_path, {(REPO, A): {"x/kustomization.yaml": ""}}))


OWN = {"app/patch.yaml": config_map("one", "data: {a: patched}\n"), "app/own.yaml": config_map("own")}
BASE = {
    "deploy/kustomization.yaml": "resources: [one.yaml, ../shared]\nnamePrefix: x-\n",
    "deploy/one.yaml": config_map("one", "data: {a: plain}\n"),
    "shared/kustomization.yml": "configMapGenerator: [{name: made, files: [f.txt]}]\n",
    "shared/f.txt": "text\n",
}
PATCH = "patches: [{path: patch.yaml, target: {name: one}}]\n"


def bodies(result: RenderResult) -> list[Json]:
    return sorted((m.body for m in result.manifests), key=str)


def test_an_allowed_base_renders_as_a_local_one(tmp_path: Path) -> None:
    """Also in a folder at the root, and with a base of the base."""
    local = {**{f"vendor/{path}": text for path, text in BASE.items()}, **OWN}
    local["app/kustomization.yaml"] = f"# ours\nresources: [own.yaml, ../vendor/deploy]\n{PATCH}"
    wanted = render_with(tmp_path / "local", local, Others(tmp_path, {}))
    second = {"top/kustomization.yaml": f"resources: ['{REPO}//deploy?ref={A}']\n"}
    known = {(REPO, A): BASE, ("https://git.example.com/org/second", B): second}
    for name in (f"{REPO}//deploy?ref={A}", f"https://git.example.com/org/second//top?ref={B}"):
        others = Others(tmp_path / name[-50:], known)
        files = {**OWN, "app/kustomization.yaml": f"# ours\nresources: [own.yaml, '{name}']\n{PATCH}"}
        remote = render_with(tmp_path / name[-50:], files, others)
        assert bodies(remote) == bodies(wanted)
        assert remote.digest == wanted.digest
        assert remote.read_set == ("app/",)
        assert (REPO, A) in others.asked
        origins = {m.ref.name: m.origin.path for m in remote.manifests}
        assert origins["own"] == "app/own.yaml"
        assert origins["x-one"] == f".remote-bases/git.example.com/org/repo@{A}/deploy/one.yaml"
    root = {"kustomization.yaml": f"resources: ['{REPO}//deploy?ref={A}']\n"}
    assert len(render_with(tmp_path / "root", root, Others(tmp_path / "root", known), listed(path="")).manifests) == 2


def test_what_is_read_of_ours_needs_no_word_of_the_others(tmp_path: Path) -> None:
    tree = WorkTree(write(tmp_path / "own", {"app/kustomization.yaml": f"resources: ['{REPO}//deploy?ref={A}']\n"}))
    assert reads_of(listed(), tree, bases=Others(tmp_path, {(REPO, A): BASE})) == ("app/",)
    with raises(ErrorId.REMOTE_BASE):
        reads_of(listed(), tree)


def test_a_base_of_a_base_obeys_the_same_list(tmp_path: Path) -> None:
    elsewhere = f"https://evil.example.net/org/repo//x?ref={B}"
    others = Others(tmp_path, {(REPO, A): {"deploy/kustomization.yaml": f"resources:\n- {elsewhere}\n"}})
    with raises(ErrorId.REMOTE_BASE, match="evil.example.net/org/repo is not among") as refused:
        render_with(tmp_path, {"app/kustomization.yaml": f"resources: ['{REPO}//deploy?ref={A}']\n"}, others)
    assert str(refused.value.where) == f".remote-bases/git.example.com/org/repo@{A}/deploy/kustomization.yaml:2:3"
    assert others.asked == [(REPO, A)]


@pytest.mark.parametrize(
    "path", ["../../../../../app/own.yaml", "../../../../../../app/own.yaml", "../../../../../../../etc/passwd", f"../../other@{A}/x"]
)
def test_a_base_ends_where_its_repository_ends(path: str, tmp_path: Path) -> None:
    others = Others(tmp_path, {(REPO, A): {"deploy/kustomization.yaml": f"resources:\n- {path}\n"}})
    with raises(ErrorId.PATH_UNSAFE, match="a path out of the repository"):
        render_with(tmp_path, {**OWN, "app/kustomization.yaml": f"resources: ['{REPO}//deploy?ref={A}']\n"}, others)


def test_our_own_files_do_not_pass_for_a_base(tmp_path: Path) -> None:
    mount = f".remote-bases/git.example.com/org/repo@{A}"
    files = {f"{mount}/kustomization.yaml": "resources: []\n", "app/kustomization.yaml": f"resources: [../{mount}]\n"}
    with raises(ErrorId.PATH_UNSAFE):
        render_with(tmp_path, files, Others(tmp_path, {(REPO, A): BASE}))


def test_links_of_a_base(tmp_path: Path) -> None:
    """Inside they are followed, out of it they are refused with their place."""
    others = Others(tmp_path, {(REPO, A): BASE})
    other = tmp_path / "other-0"
    (other / "deploy" / "linked.yaml").symlink_to("../shared/f.yaml")
    write(other, {"shared/f.yaml": config_map("linked"), "deploy/kustomization.yaml": "resources: [linked.yaml]\n"})
    files = {"app/kustomization.yaml": f"resources: ['{REPO}//deploy?ref={A}']\n", "secret.yaml": config_map("secret")}
    assert [m.ref.name for m in render_with(tmp_path, files, others).manifests] == ["linked"]
    (other / "deploy" / "linked.yaml").unlink()
    (other / "deploy" / "linked.yaml").symlink_to("../../own/secret.yaml")
    with raises(ErrorId.LINK_UNSAFE) as refused:
        render_with(tmp_path, files, others)
    assert str(refused.value.where).startswith(f".remote-bases/git.example.com/org/repo@{A}/deploy")


def test_rules_of_a_team_hold(tmp_path: Path) -> None:
    files = {"app/kustomization.yaml": f"resources: ['{REPO}//deploy?ref={A}']\n"}
    for allow, patterns in ((True, ("https://charts.example.com/*",)), (False, ("*/org/repo",))):
        rules = Tenancy("front", lists=(RuleList(Subject.REPOSITORIES, allow, patterns, Where("gitctl.yaml", 9, 3, "teams.front")),))
        others = Others(tmp_path, {(REPO, A): BASE})
        with raises(ErrorId.TEAM_RULES, match="the rules of teams.front forbid the remote base"):
            render_with(tmp_path, files, others, listed(tenancy=rules))
        assert others.asked == []


def test_too_much(tmp_path: Path) -> None:
    many = {(REPO, f"{number:040x}"): {"kustomization.yaml": ""} for number in range(MOST_COMMITS + 1)}
    lines = "".join(f"- {REPO}?ref={commit}\n" for _, commit in many)
    with raises(ErrorId.REPOSITORY_TOO_LARGE, match=f"more than {MOST_COMMITS} remote bases") as refused:
        render_with(tmp_path, {"app/kustomization.yaml": f"resources:\n{lines}"}, Others(tmp_path, many))
    assert str(refused.value.where) == f"app/kustomization.yaml:{MOST_COMMITS + 2}:3"
    for budget, what in ((Budget(files=2), "more than 2 files"), (Budget(unpacked=5), "more than 0 MiB")):
        tree = WithBases(WorkTree(tmp_path), listed(), Others(tmp_path, {(REPO, A): BASE}), budget=budget)
        path = tree.bring(read_reference(f"{REPO}?ref={A}"), PLACE)
        with raises(ErrorId.REPOSITORY_TOO_LARGE, match=what):
            tree.files(path)


def test_too_much_of_all_together(tmp_path: Path) -> None:
    """Many folders, each of a fitting size, are as much as one that is not; what is read again does not count again."""
    files = {f"{name}/{number}": "x" * 100 for name in "abc" for number in range(3)}
    for budget, what in ((Budget(files=8), "more than 8 files"), (Budget(unpacked=899), "more than 0 MiB")):
        tree = WithBases(WorkTree(tmp_path), listed(), Others(tmp_path, {(REPO, A): files, (REPO, B): files}), budget=budget)
        first, second = (tree.bring(read_reference(f"{REPO}?ref={commit}"), PLACE) for commit in (A, B))
        for path in (f"{first}/a", f"{second}/a", f"{second}/a/1", f"{first}/a"):
            assert tree.files(path)
        with raises(ErrorId.REPOSITORY_TOO_LARGE, match=what) as refused:
            tree.files(f"{second}/b")
        assert refused.value.where == f"{second}/b"


def test_what_cannot_be_had_is_told_with_the_line(tmp_path: Path) -> None:
    others = Others(tmp_path, {(REPO, A): BASE})
    for text, id in ((f"{REPO}//deploy?ref={B}", ErrorId.REVISION_UNKNOWN), (f"{REPO}//gone?ref={A}", ErrorId.PATH_NOT_IN_REVISION)):
        with raises(id) as failed:
            render_with(tmp_path, {"app/kustomization.yaml": f"resources:\n- {text}\n"}, others)
        assert str(failed.value.where) == "app/kustomization.yaml:2:3"
    for folder, id in (("shared/f.txt", ErrorId.REMOTE_BASE), ("", ErrorId.KUSTOMIZE_FILE)):
        with raises(id):
            render_with(tmp_path, {"app/kustomization.yaml": f"resources:\n- {REPO}//{folder}?ref={A}\n"}, others)


def test_a_kustomization_without_remote_bases_stays_as_it_is_written() -> None:
    text = b"# comment\nresources: [a.yaml]  # more\n"
    mount = read_reference(f"{REPO}?ref={A}").mount
    files = {"app/kustomization.yaml": text, f"{mount}/kustomization.yaml": b"resources: []\n", "broken/kustomization.yaml": b"[: }"}
    assert with_local_bases(files) == files
    remote = f"resources: [a.yaml, '{REPO}//x?ref={A}', '{REPO}?ref={B}']\n".encode()
    made = with_local_bases({**files, "app/kustomization.yaml": remote})["app/kustomization.yaml"]
    assert re.findall(r"- (.*)", made.decode()) == ["a.yaml", f"../{mount}/x", f"{REPO}?ref={B}"]


def test_without_a_way_to_fetch_none_are_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none are fetched here"):
        WithBases(WorkTree(tmp_path), listed(), None).bring(read_reference(f"{REPO}?ref={A}"), PLACE)
