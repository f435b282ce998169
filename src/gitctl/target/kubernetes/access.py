"""Access: which server, and how to prove who we are: kubeconfig, context, credential plug-ins, or a pod's own service account."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from gitctl.errors import ErrorId, GitctlError, Refused, Unauthenticated, UsageError
from gitctl.parallel import mutex
from gitctl.target.kubernetes.endpoint import endpoint_of
from gitctl.target.kubernetes.kubeconfig import Kubeconfig, locate
from gitctl.target.kubernetes.official import light, whole
from gitctl.target.kubernetes.trust import check_address, check_server, check_user

IN_CLUSTER = "in-cluster"
_RECHECK_SECONDS = 10.0
_READING = mutex()
"""The official reader writes inline keys to files that all its callers share: a second one would lose them when the first is done."""


@dataclass(frozen=True, slots=True)
class Login:
    """What the user asks for.

    `kubeconfig` are files as KUBECONFIG lists them ("" for the usual places), `context` is "" for the current one;
    `impersonate` and `groups` are `--as` and `--as-group`. Without `own` the files come with the repository; `insecure` allows a server
    whose certificate is not checked; `pinned`: the cluster's uid is checked before all else.
    """

    kubeconfig: str = ""
    context: str = ""
    impersonate: str = ""
    groups: tuple[str, ...] = ()
    own: bool = True
    insecure: bool = False
    pinned: bool = False


class Access:
    """The endpoint and the credentials for it. Read once; credentials are renewed when they expire or are not accepted."""

    def __init__(self, login: Login) -> None:
        """Raises ConfigError (no kubeconfig, unknown context, one that may not be trusted), Refused (a server whose certificate is not
        checked), Unauthenticated (a credential plug-in failed)."""
        self._login = login
        self._mutex = mutex()
        self._checked = time.monotonic()
        self.generation = 0
        self._load(login.context)

    def headers(self) -> list[tuple[str, str]]:
        """The headers that say who we are; a token about to expire is renewed first."""
        with self._mutex:
            renew = self._settings.refresh_api_key_hook
            if renew and time.monotonic() - self._checked > _RECHECK_SECONDS:
                self._checked = time.monotonic()
                self._guarded(partial(renew, self._settings))
            token = self._settings.api_key.get("BearerToken")
        return ([("Authorization", token)] if token else []) + self._impersonation

    def renew(self, generation: int) -> None:
        """Get new credentials, unless another thread has done so since `generation` was current.

        Raises Refused when the context means another server by now: a run never moves to another cluster.
        """
        with self._mutex:
            if generation != self.generation:
                return
            before = self.endpoint
            self._load(before.context)
            if self.endpoint.server != before.server:
                raise Refused(
                    f"context {before.context} now means {self.endpoint.server}, this run began on {before.server}",
                    id=ErrorId.WRONG_CLUSTER,
                )
            self.generation += 1

    def _load(self, context: str) -> None:
        files = locate(self._login.kubeconfig)
        if not files and os.environ.get("KUBERNETES_SERVICE_HOST"):
            _require_own(self._login)
            self._load_pod()
        else:
            self._load_kubeconfig(files, context)

    def _load_pod(self) -> None:
        official = light()
        settings = official.configuration()
        self._guarded(partial(official.incluster_config.load_incluster_config, client_configuration=settings))
        namespace = Path(official.incluster_config.SERVICE_TOKEN_FILENAME).with_name("namespace")
        self.endpoint = endpoint_of(settings, IN_CLUSTER, namespace.read_text().strip() if namespace.exists() else "")
        self._impersonation = _impersonation(self._login, {})
        self._settings = settings

    def _load_kubeconfig(self, files: str, context: str) -> None:
        official = light()
        config = Kubeconfig(official, files, context)
        self._check(config, files)
        if "auth-provider" in config.user:
            official = whole()
            config = Kubeconfig(official, files, context)
        settings = official.configuration()
        with _READING, _private_folder() as keys:
            self._guarded(partial(config.fill, settings, keys=keys))
            self.endpoint = endpoint_of(settings, config.context, config.namespace)
        self._impersonation = _impersonation(self._login, config.user)
        self._settings = settings

    def _check(self, config: Kubeconfig, files: str) -> None:
        """Before anything of it is used."""
        check_address(config.cluster, config.context)
        if not self._login.own:
            check_user(config.user, files)
        if not self._login.insecure:
            check_server(config.cluster, config.context)

    def _guarded(self, work: Callable[[], object]) -> None:
        """Run a piece of the official client. Its messages may quote what a plug-in printed, so none of them is passed on."""
        try:
            work()
        except GitctlError:
            raise
        except Exception as error:
            raise Unauthenticated(
                f"the credentials of context {self._login.context or '(current)'} cannot be read ({type(error).__name__})",
                hint="`kubectl version` with the same context shows what is wrong",
            ) from None


def _require_own(login: Login) -> None:
    """A pod without a kubeconfig reaches its own cluster only. Raises Refused when another may be meant."""
    if login.context not in ("", IN_CLUSTER) and not login.pinned:
        raise Refused(
            f"context {login.context!r} is not known here: the pod has no kubeconfig, and its own cluster may be another one",
            id=ErrorId.WRONG_CLUSTER,
            hint=f"pin the cluster with `uid` in gitctl.yaml, say that it is this one with --context {IN_CLUSTER}, or mount a kubeconfig",
        )


def _impersonation(login: Login, user: dict[str, Any]) -> list[tuple[str, str]]:
    """Impersonation by flags, else by the kubeconfig (`as`, `as-groups`, `as-uid`, `as-user-extra`), which the reader leaves out."""
    if login.groups and not login.impersonate:
        raise UsageError("--as-group needs --as", id=ErrorId.FLAGS_CONFLICT, hint="name the user too: --as USER")
    if login.impersonate:
        return [("Impersonate-User", login.impersonate), *(("Impersonate-Group", g) for g in login.groups)]
    found = [("Impersonate-User", user["as"])] if user.get("as") else []
    found += [("Impersonate-Uid", user["as-uid"])] if user.get("as-uid") else []
    found += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    extra = user.get("as-user-extra") or {}
    return found + [(f"Impersonate-Extra-{key}", value) for key, values in extra.items() for value in values]


def _private_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for key files, in memory where the system has such a place: the ssl module reads keys from files only."""
    memory = "/dev/shm"
    usable = os.path.isdir(memory) and os.access(memory, os.W_OK)
    return tempfile.TemporaryDirectory(prefix="gitctl-", dir=memory if usable else None, ignore_cleanup_errors=True)
