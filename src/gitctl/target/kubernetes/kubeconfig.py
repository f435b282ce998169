"""Kubeconfig files: which ones, which context, and what the official reader makes of them."""

from __future__ import annotations

import os
import shutil
from typing import Any

from gitctl.errors import ConfigError, ErrorId, Unauthenticated, did_you_mean
from gitctl.target.kubernetes.official import Official

_DEFAULT_FILE = "~/.kube/config"


def locate(named: str) -> str:
    """The files that exist, joined as in KUBECONFIG; "" when there are none. Raises ConfigError for a named file that is missing."""
    named = named or os.environ.get("KUBECONFIG", "")
    paths = [os.path.expanduser(p) for p in (named or _DEFAULT_FILE).split(os.pathsep) if p]
    present = [p for p in paths if os.path.exists(p)]
    if named and not present:
        raise ConfigError(f"kubeconfig {named} does not exist", id=ErrorId.KUBECONFIG_MISSING, hint="check --kubeconfig or KUBECONFIG")
    return os.pathsep.join(present)


class Kubeconfig:
    """The merged files and the chosen context."""

    def __init__(self, official: Official, files: str, context: str) -> None:
        """Raises ConfigError for files that cannot be read, and for a context that is not in them."""
        self._official = official
        self._merged = _merged(official, files)
        self.context = context or self._merged.config.value.get("current-context") or ""
        self._settings = _chosen(self._items("contexts"), self.context, files)

    @property
    def namespace(self) -> str:
        """The context's own namespace, "" for none."""
        return str(self._settings.get("namespace") or "")

    @property
    def user(self) -> dict[str, Any]:
        """The context's user as written; holds credentials."""
        return self._named("user")

    @property
    def cluster(self) -> dict[str, Any]:
        """The context's cluster as written."""
        return self._named("cluster")

    def fill(self, configuration: Any, *, keys: str) -> None:
        """Let the official reader fill `configuration`; key files that it must write go to the folder `keys`.

        Raises Unauthenticated when a credential plug-in fails, and whatever the reader raises.
        """
        loader = self._official.kube_config.KubeConfigLoader(
            config_dict=self._merged.config,
            active_context=self.context,
            config_base_path=None,
            config_persister=self._merged.save_changes,
            temp_file_path=keys,
        )
        if "exec" in self.user:
            load = loader._load_from_exec_plugin
            loader._load_from_exec_plugin = lambda: self._run_plugin(load)
        loader.load_and_set(configuration)

    def _run_plugin(self, load: Any) -> Any:
        """Run the credential plug-in. The reader logs what a failed one printed and goes on without credentials: here that is an error."""
        module = self._official.kube_config
        logging, module.logging = module.logging, _Silent()
        try:
            loaded = load()
        finally:
            module.logging = logging
        if not loaded:
            raise _plugin_failed(self.user["exec"])
        return loaded

    def _named(self, what: str) -> dict[str, Any]:
        name = self._settings.get(what, "")
        found = next((one.get(what) for one in self._items(f"{what}s") if one["name"] == name), None)
        return found if isinstance(found, dict) else {}

    def _items(self, section: str) -> list[dict[str, Any]]:
        nodes = self._merged.config.value.get(section) or []
        values = [getattr(node, "value", node) for node in nodes]
        return [v for v in values if isinstance(v, dict) and "name" in v]


class _Silent:
    """Stands for the reader's logger."""

    def error(self, *_: object) -> None:
        """Say nothing: the text may hold what the plug-in printed."""


def _merged(official: Official, files: str) -> Any:
    if not files:
        raise ConfigError(
            "there is no kubeconfig",
            id=ErrorId.KUBECONFIG_MISSING,
            hint="set KUBECONFIG or --kubeconfig; `gitctl sandbox up` starts a cluster to try",
        )
    try:
        merged = official.kube_config.KubeConfigMerger(files)
    except Exception as error:
        # A YAML error quotes the line, which may be a token.
        raise ConfigError(
            f"kubeconfig {files} cannot be read ({type(error).__name__})",
            id=ErrorId.KUBECONFIG_UNREADABLE,
            hint="`kubectl config view` shows why",
        ) from None
    if merged.config is None or not isinstance(merged.config.value, dict):
        raise ConfigError(f"kubeconfig {files} is empty", id=ErrorId.KUBECONFIG_UNREADABLE)
    return merged


def _chosen(contexts: list[dict[str, Any]], name: str, files: str) -> dict[str, Any]:
    names = [str(c["name"]) for c in contexts]
    if not name:
        raise ConfigError(
            f"kubeconfig {files} has no current context",
            id=ErrorId.CONTEXT_NEEDED,
            hint=did_you_mean("", names, what="pass --context; there are"),
        )
    found = [c.get("context") or {} for c in contexts if c["name"] == name]
    if not found:
        hint = did_you_mean(name, names, what="the contexts there are")
        raise ConfigError(
            f"context {name!r} is not in {files}", id=ErrorId.CONTEXT_UNKNOWN, hint=hint or "`kubectl config get-contexts` lists them"
        )
    if not isinstance(found[0], dict):
        raise ConfigError(
            f"context {name!r} in {files} is no mapping", id=ErrorId.KUBECONFIG_UNREADABLE, hint="`kubectl config view` shows it"
        )
    return found[0]


def _plugin_failed(plugin: dict[str, Any]) -> Unauthenticated:
    command = str(plugin.get("command", ""))
    missing = shutil.which(command) is None
    advice = str(plugin.get("installHint") or "").strip().splitlines()
    return Unauthenticated(
        f"the credential plug-in {os.path.basename(command)} {'is not on PATH' if missing else 'failed'}",
        id=ErrorId.CREDENTIAL_PLUGIN,
        hint=advice[0] if missing and advice else "run it by hand, or log in again",
    )
