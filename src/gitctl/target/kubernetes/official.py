"""The door to the official client: its reader of kubeconfigs and its in-cluster credentials.

`import kubernetes.config` runs the package's `__init__`, which imports models, watches, streams and pydantic: 0.70 s CPU for a reader
that needs none of them. So the parent packages stand empty while the two modules that we use are imported (0.08 s). What the reader
needs for OpenID Connect alone is left out as well; a kubeconfig with an `auth-provider` gets the whole package.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from gitctl.errors import ToolMissing
from gitctl.parallel import mutex

_MUTEX = mutex()  # the stand-ins are seen by all threads
_OPENID_ONLY = {"requests_oauthlib": ("OAuth2Session",), "oauthlib": (), "oauthlib.oauth2": ()}


@dataclass(frozen=True, slots=True)
class Official:
    """The official client's modules: `kube_config`, `incluster_config`, and the class of its settings."""

    kube_config: Any
    incluster_config: Any
    configuration: Any


def whole() -> Official:
    """The modules by an ordinary import. Raises ToolMissing when the package is not installed."""
    try:
        config = import_module("kubernetes.config")
        client = import_module("kubernetes.client")
    except ImportError as missing:
        raise ToolMissing("the kubernetes package cannot be imported", hint="pip install 'kubernetes>=37'") from missing
    return Official(config.kube_config, config.incluster_config, client.Configuration)


def light() -> Official:
    """The same modules without the rest of the package; by an ordinary import where a new release does not allow this."""
    with _MUTEX:
        return _light()


@cache
def _light() -> Official:
    if "kubernetes" in sys.modules or find_spec("kubernetes") is None:
        return whole()
    try:
        with _stand_ins():
            configuration = import_module("kubernetes.client.configuration").Configuration
            sys.modules["kubernetes.client"].Configuration = configuration  # type: ignore[attr-defined]
            kube_config = import_module("kubernetes.config.kube_config")
            incluster_config = import_module("kubernetes.config.incluster_config")
    except (ImportError, AttributeError):
        return whole()
    return Official(kube_config, incluster_config, configuration)


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Empty parents while the block runs; afterwards `import kubernetes` gives everybody else the real package."""
    before = dict(sys.modules)
    spec = find_spec("kubernetes")
    roots = list(spec.submodule_search_locations or ()) if spec else []
    for name in ("kubernetes", "kubernetes.client", "kubernetes.config"):
        below = name.split(".")[1:]
        _stand_in(name, ("ApiClient",) if below == ["client"] else (), ["/".join((root, *below)) for root in roots])
    for name, attributes in _OPENID_ONLY.items():
        if name not in before:
            _stand_in(name, attributes, [])
    try:
        yield
    finally:
        ours = [n for n in sys.modules if n not in before and n.partition(".")[0] in {"kubernetes", "requests_oauthlib", "oauthlib"}]
        for name in ours:
            del sys.modules[name]


def _stand_in(name: str, attributes: tuple[str, ...], path: list[str]) -> None:
    module = ModuleType(name)
    module.__path__ = path
    for attribute in attributes:
        setattr(module, attribute, None)
    sys.modules[name] = module
