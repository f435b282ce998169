"""Hashes of Secrets on pod templates: when a Secret of the app changes, the pods that use it are made anew by their controller.

The hash is HMAC-SHA256, its key an encrypted file of the project: without it nobody can try out what a value might be. Its message is
the environment, the workload and the plaintext of what its containers read, so that the same Secret gives another hash in another place,
and the same hash however often it is encrypted anew. Where nothing is decrypted there is no hash.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitctl.documents import canonical, load_all
from gitctl.errors import ErrorId, GitctlError, InputError
from gitctl.model.app import App
from gitctl.model.manifest import Json, Manifest
from gitctl.model.marks import SECRETS
from gitctl.model.secretuse import SecretUse, pod_spec, pod_uses
from gitctl.protocols import Tree, Vault
from gitctl.render.digest import digest_of
from gitctl.render.gather import read_file
from gitctl.render.generated import masked

KEY = "restart-key"
"""The key's name below `data` of its file."""
KINDS = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet")})
"""Pods of Jobs are made anew anyway, and no other kind's are made anew by a change of its template alone."""
_SHORTEST = 32
_DIGITS = 32

WITHOUT = "no hashes of Secrets on pod templates: nothing is decrypted here"

Secrets = Mapping[tuple[str, str], Manifest]


@dataclass(frozen=True, slots=True)
class _Key:
    """The key (None where nothing is decrypted), and a hash of its file as Git has it."""

    plain: bytes | None
    file: str


def with_hashes(app: App, manifests: Sequence[Manifest], tree: Tree, vault: Vault) -> tuple[tuple[Manifest, ...], tuple[str, ...]]:
    """The manifests with a hash on each template whose containers use Secrets of the same app; and what is to be said about it.

    Raises InputError for a key file that is not there, not encrypted, or has no key; what the vault raises where it cannot be opened.
    """
    if not app.restart_key:
        return tuple(manifests), ()
    key = _key(app.restart_key, tree, vault)
    secrets = {(m.ref.namespace, m.ref.name): m for m in manifests if (m.ref.group, m.ref.kind) == ("", "Secret")}
    done = tuple(_stamped(app, manifest, secrets, key) for manifest in manifests)
    left_out = key.plain is None and any(new is not old for new, old in zip(done, manifests, strict=True))
    return done, (WITHOUT,) if left_out else ()


def _stamped(app: App, manifest: Manifest, secrets: Secrets, key: _Key) -> Manifest:
    ref = manifest.ref
    uses = _used(manifest, secrets) if (ref.group, ref.kind) in KINDS else ()
    if not uses:
        return manifest
    parts = sorted({secrets[ref.namespace, use.name].digest for use in uses})
    digest = digest_of("\0".join((manifest.digest, key.file, *parts)).encode())
    if key.plain is None:
        return replace(manifest, digest=digest)
    read = _content(app, uses, ref.namespace, secrets)
    message = canonical({"place": [app.project, app.env, ref.kind, ref.namespace, ref.name], "secrets": read})
    value = hmac.new(key.plain, message, hashlib.sha256).hexdigest()[:_DIGITS]
    return replace(manifest, body=_annotated(manifest.body, value), digest=digest)


def _used(manifest: Manifest, secrets: Secrets) -> tuple[SecretUse, ...]:
    namespace = manifest.ref.namespace
    return tuple(u for u in pod_uses(pod_spec(manifest.body), namespace) if u.read_by_pods and (namespace, u.name) in secrets)


def _content(app: App, uses: Sequence[SecretUse], namespace: str, secrets: Secrets) -> dict[str, dict[str, str]]:
    """Secret → key → base64 of its value, of what is used alone. Generated values differ with every render: they do not count."""
    found: dict[str, dict[str, str]] = {}
    for use in uses:
        secret = secrets[namespace, use.name]
        values = masked(secret.body, secret.ref, app.generated).get("data") or {}
        found.setdefault(use.name, {}).update({key: text for key, text in values.items() if not use.keys or key in use.keys})
    return found


def _annotated(body: Json, value: str) -> Json:
    spec = body["spec"]
    template = spec["template"]
    metadata = template.get("metadata") or {}
    annotations = {**(metadata.get("annotations") or {}), SECRETS: value}
    return {**body, "spec": {**spec, "template": {**template, "metadata": {**metadata, "annotations": annotations}}}}


def _key(path: str, tree: Tree, vault: Vault) -> _Key:
    content = _content_of(path, tree)
    covered = vault.cover(path, content)
    if covered is None:
        raise _unusable("the key for hashes of Secrets is in plain text", path)
    placeholder = _text(covered, path)
    opened = vault.uncover({"data": {KEY: placeholder}})[0]["data"][KEY]
    if opened == placeholder:
        return _Key(None, digest_of(content))
    if len(str(opened)) < _SHORTEST:
        raise _unusable("the key for hashes of Secrets is too short", path)
    return _Key(str(opened).encode(), digest_of(content))


def _content_of(path: str, tree: Tree) -> bytes:
    try:
        return read_file(tree, path)
    except InputError:
        raise _unusable("the key for hashes of Secrets is not there", path) from None


def _text(covered: bytes, path: str) -> str:
    try:
        values = [document.value for document in load_all(covered, where=path)]
    except GitctlError:
        values = []
    found: Any = values[0].get("data") if len(values) == 1 and isinstance(values[0], dict) else None
    text = found.get(KEY) if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise _unusable(f"no data.{KEY} in the file with the key for hashes of Secrets", path)
    return text


def _unusable(message: str, path: str) -> InputError:
    hint = "`gitctl secret restart-key` makes one; secrets.restart_key in gitctl.yaml names it"
    return InputError(message, id=ErrorId.RESTART_KEY_UNUSABLE, where=path, hint=hint)
