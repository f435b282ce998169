"""Labels and annotations that gitctl writes on objects or obeys on them."""

from __future__ import annotations

import re
from typing import Any

from gitctl.model.manifest import Json

OWNER_LABEL = "gitctl.dev/app"
"""The only label that gitctl adds: for selecting. The annotation decides."""
OWNER_ANNOTATION = "gitctl.dev/owner"
"""The owner id in full."""
WAVE = "gitctl.dev/wave"
"""An integer: objects of a lower wave are applied, and settle, first."""
PRUNE = "gitctl.dev/prune"
"""`disabled`: the live object is left when it goes from Git."""
PROTECT = "gitctl.dev/protect"
"""`true`: deleting the live object needs the exact plan digest."""
REPLACE = "gitctl.dev/replace"
"""`allowed`: the object may be deleted and created anew when a field cannot be changed in place."""
SECRETS = "gitctl.dev/secrets"
"""On pod templates: a keyed hash of the Secrets that the pods use, so that they are made anew when one changes."""
COPIES = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "objectset.rio.cattle.io/applied",
        "kapp.k14s.io/original",
        "banzaicloud.com/last-applied",
    }
)
"""Annotations that hold a copy of the whole object, values of a Secret included."""

_LONGEST = 63
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9./-]*[A-Za-z0-9])?")


def owner_label(owner: str) -> str:
    """The owner id as a label value: `shop/prod/web` → `shop_prod_web`; cut and with a hash where it is too long or has other signs."""
    text = owner.replace("/", "_")
    if len(text) <= _LONGEST and _PLAIN.fullmatch(owner):
        return text
    import hashlib

    digest = hashlib.sha256(owner.encode()).hexdigest()[:16]
    return f"{re.sub('[^A-Za-z0-9.-]', '-', owner).strip('.-')[:46] or 'app'}-{digest}"


def annotation(body: Json, name: str) -> str:
    """An annotation's value, "" when the object does not have it."""
    return _text(body, "annotations", name)


def label(body: Json, name: str) -> str:
    """A label's value, "" when the object does not have it."""
    return _text(body, "labels", name)


def _text(body: Json, group: str, name: str) -> str:
    metadata = body.get("metadata")
    values: Any = metadata.get(group) if isinstance(metadata, dict) else None
    value = values.get(name) if isinstance(values, dict) else None
    return value if isinstance(value, str) else ""


def uid(body: Json) -> str:
    """The object's uid, "" for one that no server made."""
    metadata = body.get("metadata")
    value = metadata.get("uid") if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""


_KEEP = {PRUNE: "disabled", "helm.sh/resource-policy": "keep", "kustomize.toolkit.fluxcd.io/prune": "disabled"}
_ARGO_OPTIONS = "argocd.argoproj.io/sync-options"
_ARGO_KEEP = ("Prune=false", "Delete=false")


def kept_by(live: Json) -> str:
    """The mark on a live object that asks to keep it (`helm.sh/resource-policy: keep`), ours or another tool's; "" for none."""
    for mark, value in _KEEP.items():
        if annotation(live, mark).lower() == value:
            return f"{mark}: {value}"
    options = {option.strip() for option in annotation(live, _ARGO_OPTIONS).split(",")}
    return next((f"{_ARGO_OPTIONS}: {option}" for option in _ARGO_KEEP if option in options), "")


def is_protected(live: Json) -> bool:
    """Does the live object ask that nothing but the exact plan digest permits its deletion?"""
    return annotation(live, PROTECT).lower() not in ("", "false", "disabled")
