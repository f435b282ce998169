"""Warnings: what will be applied, but hardly does what its author thinks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitctl.model.manifest import Json, ObjectRef
from gitctl.render.normal import decoded, server_fields

_STORED = 1_400_000
_HASHED_NAME = re.compile(r"-[bcdfghkmt2456789]{10}$")
"""kustomize's suffix: such an object gets a new name with every change of its content."""
_SOPS = "ENC[AES256_GCM,"
_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")


def advice(ref: ObjectRef, body: Json, size: int) -> Iterator[str]:
    """What to say about an object. `size` is the length of its canonical JSON in bytes."""
    if fields := server_fields(body):
        yield f"{ref}: metadata.{', metadata.'.join(fields)} left out: only the server sets them"
    if body.get("immutable") is True and body.get("kind") in ("Secret", "ConfigMap") and not _HASHED_NAME.search(ref.name):
        yield f"{ref}: immutable: a change of its data can only be applied under a new name"
    for hook in _hooks(body):
        yield f"{ref}: {hook} means nothing to gitctl: applied as an ordinary object"
    if any(_is_placeholder(bundle) for bundle in _bundles(body)):
        yield f"{ref}: the CA bundle is a placeholder: leave the field out, else it overwrites the one that is injected in the cluster"
    if _has_ciphertext(body):
        yield f"{ref}: holds text that sops encrypted and nothing opened"
    if size > _STORED:
        yield f"{ref}: {size / 1024 / 1024:.1f} MiB: the cluster's store takes objects up to about 1.5 MiB"


def _has_ciphertext(body: Json) -> bool:
    """A whole encrypted file that became data of a ConfigMap or Secret."""
    data, written = body.get("data"), body.get("stringData")
    values = (*(data.values() if isinstance(data, dict) else ()), *(written.values() if isinstance(written, dict) else ()))
    return any(isinstance(v, str) and (_SOPS in v or _SOPS.encode() in (decoded(v) or b"")) for v in values)


def _hooks(body: Json) -> Iterator[str]:
    annotations = body["metadata"].get("annotations")
    if isinstance(annotations, dict):
        yield from (hook for hook in _HOOKS if hook in annotations)


def _bundles(body: Json) -> Iterator[Any]:
    """The caBundle fields of webhook configurations, CRD conversions and APIServices."""
    spec = body.get("spec")
    match body.get("kind"):
        case "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration":
            webhooks = body.get("webhooks")
            yield from (_get(w, "clientConfig", "caBundle") for w in (webhooks if isinstance(webhooks, list) else ()))
        case "CustomResourceDefinition":
            yield _get(spec, "conversion", "webhook", "clientConfig", "caBundle")
        case "APIService":
            yield _get(spec, "caBundle")


def _get(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _is_placeholder(bundle: Any) -> bool:
    """Not a certificate in PEM."""
    return isinstance(bundle, str) and b"-----BEGIN" not in (decoded(bundle) or b"")
