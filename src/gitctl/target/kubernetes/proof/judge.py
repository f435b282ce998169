"""PURE: what a certificate says about an object as it is now."""

from __future__ import annotations

from gitctl.model.certificate import Certificate, Standing
from gitctl.model.manifest import Json
from gitctl.target.kubernetes.proof.mint import Scene, as_sent, desired_hash, sealed_values, sole_version, whole_hash
from gitctl.target.kubernetes.proof.owned import has_empty_list, is_shared
from gitctl.target.kubernetes.proof.still import version_hash
from gitctl.target.kubernetes.proof.veil import is_veiled

GUARDED_SECONDS = 24 * 3600
"""What a webhook does may change without any sign in the cluster: where one may see the object, a certificate ages."""


def judge(certificate: Certificate | None, sent: Json, live: Json | None, scene: Scene | None) -> Standing:
    """The standing of an object that was LISTed as `live` and of which Git wants `sent`. `scene` is None where the rules are unknown."""
    if live is None:
        return Standing.MISSING
    if live.get("metadata", {}).get("deletionTimestamp"):
        return Standing.DELETING
    if certificate is None or scene is None or not certificate.final or not _about(certificate, live):
        return Standing.UNPROVEN
    if certificate.desired != desired_hash(sent, scene.seal):
        return Standing.CHANGED
    if not _same_rules(certificate, scene):
        return Standing.UNPROVEN
    if certificate.version:
        return Standing.IN_SYNC if certificate.version == version_hash(live, scene.seal) else Standing.UNPROVEN
    return _by_content(certificate, sent, live, scene) if sole_version(live) else Standing.UNPROVEN


def _about(certificate: Certificate, live: Json) -> bool:
    return bool(certificate.uid) and certificate.uid == live["metadata"].get("uid") and certificate.api_version == live.get("apiVersion")


def _same_rules(certificate: Certificate, scene: Scene) -> bool:
    if certificate.epoch != scene.epoch.digest or scene.epoch.guarded != bool(certificate.whole):
        return False
    if not scene.epoch.guarded:
        return True
    age = scene.now - certificate.minted
    return certificate.identity == scene.identity and bool(scene.identity) and 0 <= age <= GUARDED_SECONDS


def _by_content(certificate: Certificate, sent: Json, live: Json, scene: Scene) -> Standing:
    found = sealed_values(live, scene.seal)
    if found is None:
        return Standing.OWNERSHIP
    fields, values = found
    if fields != certificate.fields:
        return Standing.OWNERSHIP
    if values != certificate.values or (is_veiled(live) and not as_sent(sent, live)):
        return Standing.DRIFTED
    if is_shared(live) and not as_sent(sent, live):
        return Standing.OWNERSHIP  # where the server put another value than was sent, an apply takes the field from all others
    if has_empty_list(sent):
        return Standing.UNPROVEN
    if scene.epoch.guarded and whole_hash(live, scene.seal) != certificate.whole:
        return Standing.UNPROVEN
    return Standing.IN_SYNC
