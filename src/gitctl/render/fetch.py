"""Pinned charts: fetched apart from rendering, checked against their digest, kept by it."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from gitctl.errors import ErrorId, InputError, RenderError
from gitctl.limits import Limits
from gitctl.model.app import HelmChart
from gitctl.paths import private_folder
from gitctl.process import Command, find, run
from gitctl.redact import Redactor, strip_url
from gitctl.render.archive import Budget, unpack
from gitctl.render.helm_tool import HELM
from gitctl.render.jail import jailed
from gitctl.render.tool import checked_version

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,100}")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SECONDS = 300.0
# A server that sends without end fills neither memory nor disk.
_PULLING = Limits(memory=1 << 30, file=2 * Budget().packed, output=1 << 20)


def fetch(chart: HelmChart, *, cache: Path | None, say: Callable[[str], None]) -> dict[str, bytes]:
    """The files of a chart (path inside the chart → content), from the cache when its digest is there.

    Raises InputError (bad pin, digest differs, hostile archive), RenderError (not found, not allowed, no answer), ToolMissing.
    """
    digest = _checked(chart)
    name = f"chart {chart.chart} {chart.version}"
    kept = cache / "charts" / f"{digest}.tgz" if cache else None
    archive = _kept(kept, digest)
    if archive is None:
        say(f"fetching {name} from {strip_url(chart.repo)}")
        archive = _pull(chart)
        found = hashlib.sha256(archive).hexdigest()
        if found != digest:
            raise InputError(
                f"{name} has the digest sha256:{found}, not the pinned one",
                id=ErrorId.CHART_DIGEST,
                hint="if you trust the repository, pin the new digest; else somebody changed a published chart",
            )
        if kept:
            _keep(kept, archive)
    return unpack(archive, where=name)


def _checked(chart: HelmChart) -> str:
    digest = _DIGEST.fullmatch(chart.digest)
    if not digest:
        raise InputError(f"chart {chart.chart}: the digest must be sha256: and 64 hexadecimal digits", id=ErrorId.CHART_REFERENCE)
    if not _NAME.fullmatch(chart.chart):
        raise InputError("a chart's name has letters, digits, dots, dashes and underscores only", id=ErrorId.CHART_REFERENCE)
    if not _VERSION.fullmatch(chart.version):
        raise InputError(f"chart {chart.chart}: the version must be exact, such as 1.2.3", id=ErrorId.CHART_REFERENCE)
    try:
        parts = urlsplit(chart.repo)
        host, user = parts.hostname, parts.username or parts.password
    except ValueError:
        host, user, parts = None, None, urlsplit("")
    if not host or parts.scheme not in ("https", "http", "oci"):
        raise InputError(f"chart {chart.chart}: the repository must be an https:// or oci:// URL", id=ErrorId.CHART_REFERENCE)
    if user:
        raise InputError(
            f"chart {chart.chart}: a URL with credentials",
            id=ErrorId.CHART_REFERENCE,
            hint="log in with `helm registry login`; gitctl uses that",
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InputError(
            f"chart {chart.chart}: http:// sends the chart unprotected", id=ErrorId.CHART_REFERENCE, hint="use https:// or oci://"
        )
    return digest[1]


def _kept(path: Path | None, digest: str) -> bytes | None:
    """The archive in the cache; one that no longer has its digest is thrown away."""
    if path is None or not path.is_file():
        return None
    archive = path.read_bytes()
    if hashlib.sha256(archive).hexdigest() == digest:
        return archive
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return None


def _keep(path: Path, archive: bytes) -> None:
    """Best effort: without a cache a chart is fetched again."""
    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=private_folder(path.parent))
        with os.fdopen(handle, "wb") as file:
            file.write(archive)
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            os.unlink(name)


def _pull(chart: HelmChart) -> bytes:
    """`helm pull` with the user's registry login, and with plug-ins, caches and repositories of its own."""
    checked_version(HELM)
    with tempfile.TemporaryDirectory(prefix="gitctl-") as top:
        folder = Path(top)
        for name in ("out", "home"):
            (folder / name).mkdir(mode=0o700)
        argv = (find(HELM.name) or HELM.name, "pull", *_source(chart), f"--destination={folder / 'out'}")
        call = jailed(argv, _PULLING, online=True)
        command = Command(call, env=_variables(folder), timeout=_SECONDS, most_output=_PULLING.output, name=HELM.name)
        done = run(command)
        if done.code:
            message, *more = [line.removeprefix("Error: ") for line in Redactor().clean(done.stderr).splitlines() if line] or ["no answer"]
            raise RenderError(
                f"chart {chart.chart} {chart.version} cannot be fetched: {message}",
                id=ErrorId.CHART_UNREACHABLE,
                details=more[:10],
                hint="for a private registry: `helm registry login`",
            )
        archives = list((folder / "out").glob("*.tgz"))
        if len(archives) != 1 or archives[0].stat().st_size > Budget().packed:
            raise InputError(f"chart {chart.chart} {chart.version}: not one archive of a fitting size", id=ErrorId.ARCHIVE_UNSAFE)
        return archives[0].read_bytes()


def _source(chart: HelmChart) -> tuple[str, ...]:
    parts = urlsplit(chart.repo)
    if parts.scheme == "oci":
        plain = ("--plain-http",) if parts.hostname in _LOOPBACK else ()
        return (f"{chart.repo.rstrip('/')}/{chart.chart}", f"--version={chart.version}", *plain)
    return (chart.chart, f"--repo={chart.repo}", f"--version={chart.version}")


def _variables(folder: Path) -> dict[str, str]:
    """Home stays the user's: the login lies there, and may need a credential helper."""
    home = str(folder / "home")
    return {
        "HELM_CACHE_HOME": home,
        "HELM_DATA_HOME": home,
        "HELM_PLUGINS": home,
        "HELM_REPOSITORY_CACHE": home,
        "HELM_REPOSITORY_CONFIG": os.path.join(home, "repositories.yaml"),
        "KUBECONFIG": os.devnull,
    }
