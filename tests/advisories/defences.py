"""The defences, each taken out by a function: what gitctl would be if somebody had not thought of it.

They run in the command's own process (a fork), before the command. Where one defence stands behind another, all of them go.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NEVER = re.compile(r"(?!)")


def no_links_checked() -> None:
    """Files are opened wherever their names lead."""
    from gitctl.source.tree import CommitTree
    from gitctl.source.worktree import WorkTree

    CommitTree.files = lambda self, folder: _opened(self._git.folder, folder)  # type: ignore[method-assign]
    CommitTree.names = lambda self, folder: tuple(_opened(self._git.folder, folder))  # type: ignore[method-assign]
    WorkTree.files = lambda self, folder: _opened(self.root, folder)  # type: ignore[method-assign]
    WorkTree.names = lambda self, folder: tuple(_opened(self.root, folder))  # type: ignore[method-assign]


def _opened(root: Path, folder: str) -> Mapping[str, bytes]:
    start = os.path.normpath(root / folder)
    if os.path.isfile(start):
        return {folder: Path(start).read_bytes()}
    found: dict[str, bytes] = {}
    for place, folders, names in os.walk(start, followlinks=True):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = os.path.join(place, name)
            found[posixpath.join(folder, os.path.relpath(path, start))] = Path(path).read_bytes()
    return found


def no_path_check_of_values() -> None:
    """Values files may lie anywhere."""
    from gitctl.config import check
    from gitctl.render import helm

    check._inside = lambda *_: iter(())
    helm._values_path = lambda app, name: posixpath.normpath(posixpath.join(app.path, name))
    no_links_checked()


def no_path_check_of_apps() -> None:
    """Apps may lie anywhere."""
    from gitctl.config import check

    check._inside = lambda *_: iter(())
    no_links_checked()


def no_silence_of_the_parser() -> None:
    """Errors quote the file, as those of most parsers do."""
    from gitctl.documents.reader import Reader
    from gitctl.errors import ErrorId, ManifestError

    def broken(self: Any, *_: object) -> None:
        raise ManifestError(f"not YAML: {self._text}", id=ErrorId.YAML_SYNTAX)

    Reader._broken = Reader._fail = broken  # type: ignore[method-assign, assignment]


def no_path_check_of_kustomizations() -> None:
    """Kustomizations may name files anywhere."""
    from gitctl.render import private
    from gitctl.render.kustomization import _Kustomization

    def written(folder: Path, path: str, content: bytes) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    _Kustomization._local = lambda self, entry: posixpath.normpath(posixpath.join(self._folder, entry.text))  # type: ignore[method-assign]
    private._write = written
    no_links_checked()


def no_chance_in_names() -> None:
    """Temporary folders have names that can be foretold, and one that is there is taken."""

    def made(*_: object, **__: object) -> str:
        folder = os.path.join(tempfile.gettempdir(), "gitctl-foretold")
        os.makedirs(folder, exist_ok=True)
        return folder

    tempfile.mkdtemp = made  # type: ignore[assignment]


def no_refusal_of_remote_bases() -> None:
    """Kustomize fetches bases, with the programs of the user."""
    from gitctl.render import kustomization

    whole = kustomization._Kustomization._resource

    def resource(self: Any, entry: Any) -> None:
        if "://" not in entry.text:
            whole(self, entry)

    kustomization.looks_remote = lambda _: False
    kustomization._Kustomization._resource = resource  # type: ignore[method-assign]
    _no_walls()


def _no_walls() -> None:
    """Renderers run as anything else that the user starts."""
    from gitctl.render import tool

    tool.jailed = lambda argv, *_, **__: argv
    tool.environment = lambda _home: dict(os.environ)


def no_check_of_revisions() -> None:
    """Whatever is called a revision goes to git as it is."""
    from gitctl.source import resolve
    from gitctl.source.git import Git

    whole = Git._once
    resolve.check_name = lambda _name: None
    Git._once = lambda self, args, *more: whole(self, tuple(a for a in args if a != "--end-of-options"), *more)  # type: ignore[method-assign]


def no_refusal_of_charts_in_kustomizations() -> None:
    """Kustomize calls helm."""
    from gitctl.render import kustomization

    kustomization._HELM = ()
    _kustomize_with("--enable-helm")


def no_refusal_of_plugins() -> None:
    """Kustomize runs the programs that a repository brings."""
    from gitctl.render.kustomization import _Kustomization

    _Kustomization._refuse_functions = lambda *_: None  # type: ignore[method-assign]
    _kustomize_with("--enable-alpha-plugins", "--enable-exec")


def _kustomize_with(*flags: str) -> None:
    from gitctl.render import kustomize

    whole = kustomize.run_tool
    kustomize.run_tool = lambda tool, arguments, *more: whole(tool, (*arguments, *flags), *more)
    _no_walls()


def no_check_of_helm_options() -> None:
    """Releases are called what they are called."""
    from gitctl.render import helm

    helm._checked = lambda text, *_: text


def no_check_of_chart_references() -> None:
    """So are charts."""
    from gitctl.render import fetch

    fetch._checked = lambda chart: chart.digest.removeprefix("sha256:")


def no_argument_lists() -> None:
    """Programs are started by a shell."""
    from gitctl import process

    whole = subprocess.Popen

    def by_shell(argv: tuple[str, ...], **options: Any) -> Any:
        return whole(" ".join(argv), shell=True, **options)

    process.subprocess = type("subprocess", (), {**vars(subprocess), "Popen": staticmethod(by_shell)})  # type: ignore[assignment]


def _no_setting(name: str) -> None:
    from gitctl.source import git

    git.FLAGS = tuple(part for setting in git._SETTINGS if not setting.startswith(name) for part in ("-c", setting))


def no_monitor_switch() -> None:
    """Git asks the repository's monitor."""
    _no_setting("core.fsmonitor")


def no_hooks_switch() -> None:
    """Git runs the repository's hooks."""
    _no_setting("core.hooksPath")


def no_bare_switch() -> None:
    """Git takes a folder that looks like a repository for one, with its monitor."""
    from gitctl.source import git

    without = ("safe.bareRepository", "core.fsmonitor")
    git.FLAGS = tuple(part for setting in git._SETTINGS if not setting.startswith(without) for part in ("-c", setting))


def no_check_of_paths() -> None:
    """Names in a commit are what they are."""
    from gitctl.source import export, objects

    objects.check_path = export.check_path = lambda _path: None


def no_check_of_urls() -> None:
    """Git gets any address, and may use any protocol."""
    from gitctl.source import git, open
    from gitctl.source.names import Remote

    open.parse_remote = lambda url, **_: Remote(url, "ssh")
    git.ENVIRONMENT = {key: value for key, value in git.ENVIRONMENT.items() if key != "GIT_ALLOW_PROTOCOL"}
    git.FLAGS = (*git.FLAGS, "-c", "protocol.ext.allow=always")


def no_host_for_the_token() -> None:
    """Whoever asks gets the token."""
    from gitctl.source import open

    open.with_trust = lambda remote, *_, **__: remote


def no_check_of_kubeconfigs() -> None:
    """Any kubeconfig is the user's own."""
    from gitctl.target.kubernetes import access

    access.check_user = lambda *_: None


def no_check_of_servers() -> None:
    """Any server will do."""
    from gitctl.target.kubernetes import access

    access.check_server = lambda *_: None


def no_masks() -> None:
    """Values are shown as they are."""
    from gitctl.cli.show import sides, tags
    from gitctl.workflow import compare

    tags.mask_value = lambda value, **_: str(value)
    sides.mask_object = compare.mask_object = lambda body, *_: body


def no_silence_of_manifest_errors() -> None:
    """Faults of objects show the object."""
    from gitctl.render.raw import Raw

    whole = Raw.fault
    Raw.fault = lambda self, message, *more, **options: whole(self, f"{message}: {self.body}", *more, **options)  # type: ignore[method-assign]


def no_stripped_addresses() -> None:
    """Addresses are shown as they are."""
    from gitctl import redact

    redact._USERINFO = redact._USERINFO_SLASH = _NEVER


def no_bare_addresses() -> None:
    """A password stays part of the address."""
    from gitctl.source import names

    names._from_url = lambda url: names.Remote(url, "https", "127.0.0.1")
    no_stripped_addresses()


def no_limit_of_files() -> None:
    """Files of any size."""
    from gitctl.source import objects

    objects.LARGEST_FILE = objects.LARGEST_READ = 1 << 40


def _no_limit(**limits: int) -> None:
    from gitctl.documents.limits import Limits

    Limits.__init__.__defaults__ = tuple({**dict.fromkeys(Limits.__slots__, 1 << 40), **limits}[name] for name in Limits.__slots__)  # type: ignore[misc]


def no_limit_of_depth() -> None:
    """Values of any depth."""
    _no_limit()


def no_limit_of_nodes() -> None:
    """Values of any size."""
    _no_limit()


def no_room_for_many_objects() -> None:
    """A limit that hits the honest."""
    _no_limit(documents=100)


def no_budget_of_archives() -> None:
    """Archives of any size."""
    from gitctl.render.archive import Budget

    Budget.__init__.__defaults__ = (1 << 40,) * 4  # type: ignore[misc]


def no_refusal_of_duplicate_keys() -> None:
    """The last one wins."""
    from gitctl.documents.reader import Reader
    from gitctl.errors import ErrorId

    whole = Reader._fail

    def fail(self: Any, *arguments: Any, **options: Any) -> None:
        if options.get("id") is not ErrorId.YAML_DUPLICATE_KEY:
            whole(self, *arguments, **options)

    Reader._fail = fail  # type: ignore[method-assign, assignment]


def no_check_of_archive_members() -> None:
    """What an archive says is done."""
    from gitctl.render import archive

    archive._inner = lambda member, _where: member.name.partition("/")[2]


def no_silence_of_names() -> None:
    """Templates may ask for hosts."""
    _helm_with("--enable-dns")


def no_walls_around_helm() -> None:
    """Helm sees the user's cluster, and asks it."""
    _helm_with("--dry-run=server")
    _no_walls()


def _helm_with(*flags: str) -> None:
    from gitctl.render import helm

    whole = helm.run_tool
    helm.run_tool = lambda tool, arguments, *more: whole(tool, (*arguments, *flags), *more)


def no_printable_text() -> None:
    """The terminal gets what was written."""
    from gitctl import redact

    redact._UNPRINTABLE = _NEVER


def no_refusal_of_hooks() -> None:
    """Hooks are objects like others."""
    from gitctl.render import run

    run.without_hooks = lambda objects, *_: (list(objects), ())


def no_flat_lists() -> None:
    """A List is an object."""
    from gitctl.render import raw

    raw._flat = lambda one, _value: iter((one,))


def no_refusal_of_generated_names() -> None:
    """Names may be made by the server."""
    from gitctl.render import lint

    lint._metadata = lambda _metadata: iter(())
