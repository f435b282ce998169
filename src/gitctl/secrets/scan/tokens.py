"""Tokens of services by their form, in any text: those with a prefix of their own, and tokens of Kubernetes service accounts.

A table of our own: what is looked for has fixed prefixes that the services publish, and a hit costs a search for a few bytes. Detector
libraries look for entropy and passwords too, which is what false positives come from, and take a hundred times as long.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from gitctl.model.exposure import Exposure, ExposureKind
from gitctl.secrets.scan.place import Places


class Form(NamedTuple):
    """A token's form: bytes that are in every one, and the pattern; `body` is the part of it that is random."""

    service: str
    hint: bytes
    pattern: re.Pattern[bytes]


def _form(service: str, hint: str, body: str) -> Form:
    return Form(service, hint.encode(), re.compile(rf"(?<![A-Za-z0-9_]){body}(?![A-Za-z0-9_])".encode()))


FORMS = (
    _form("AWS", "AKIA", "AKIA(?P<body>[A-Z2-7]{16})"),
    _form("AWS", "ASIA", "ASIA(?P<body>[A-Z2-7]{16})"),
    *(_form("GitHub", f"gh{kind}_", f"gh{kind}_(?P<body>[A-Za-z0-9]{{36,251}})") for kind in "pousr"),
    _form("GitHub", "github_pat_", "github_pat_(?P<body>[A-Za-z0-9]{22}_[A-Za-z0-9]{59})"),
    _form("GitLab", "gl", "gl(?:pat|ptt|dt|rt|cbt|soat|ffct|ft|agent|imt)-(?P<body>[A-Za-z0-9_-]{20,})"),
    _form("Slack", "xox", "xox[abeoprs]-(?P<body>[0-9]{8,}-[A-Za-z0-9-]{20,})"),
    _form("Slack", "xapp-", "xapp-[0-9]-(?P<body>[A-Z0-9]+-[0-9]+-[a-f0-9]{32,})"),
    _form("Slack", "hooks.slack.com/", r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/(?P<body>[A-Za-z0-9]{20,})"),
    _form("Google", "AIza", "AIza(?P<body>[A-Za-z0-9_-]{35})"),
    _form("Google", "GOCSPX-", "GOCSPX-(?P<body>[A-Za-z0-9_-]{28})"),
    _form("Stripe", "k_live_", "[sr]k_live_(?P<body>[A-Za-z0-9]{20,})"),
    _form("Stripe", "whsec_", "whsec_(?P<body>[A-Za-z0-9+/=]{32,})"),
    _form("npm", "npm_", "npm_(?P<body>[A-Za-z0-9]{36})"),
    _form("PyPI", "pypi-AgEI", "pypi-AgEI(?P<body>[A-Za-z0-9_-]{60,})"),
    _form("RubyGems", "rubygems_", "rubygems_(?P<body>[a-f0-9]{48})"),
    _form("Docker", "dckr_", "dckr_(?:pat|oat)_(?P<body>[A-Za-z0-9_-]{27,})"),
    _form("DigitalOcean", "_v1_", "do[opr]_v1_(?P<body>[a-f0-9]{64})"),
    _form("Vault", "hv", r"hv[sbr]\.(?P<body>[A-Za-z0-9_-]{24,})"),
    _form("Terraform Cloud", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.(?P<body>[A-Za-z0-9_=-]{60,})"),
    _form("SendGrid", "SG.", r"SG\.(?P<body>[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"),
    _form("OpenAI", "sk-", "sk-(?:proj|svcacct|admin)-(?P<body>[A-Za-z0-9_-]{40,})"),
    _form("Anthropic", "sk-ant-", "sk-ant-[a-z]+[0-9]{2}-(?P<body>[A-Za-z0-9_-]{80,})"),
    _form("Hugging Face", "hf_", "hf_(?P<body>[A-Za-z0-9]{34,})"),
    _form("Grafana", "glsa_", "glsa_(?P<body>[A-Za-z0-9]{32}_[a-f0-9]{8})"),
    _form("Grafana", "glc_", "glc_(?P<body>eyJ[A-Za-z0-9+/=]{40,})"),
    _form("Shopify", "shp", "shp(?:at|ca|pa|ss)_(?P<body>[A-Fa-f0-9]{32})"),
    _form("Atlassian", "ATATT3", "ATATT3(?P<body>[A-Za-z0-9_=-]{150,})"),
    _form("Azure storage", "AccountKey=", "AccountKey=(?P<body>[A-Za-z0-9+/]{86}==)"),
    _form("Databricks", "dapi", "dapi(?P<body>[a-f0-9]{32})"),
    _form("Tailscale", "tskey-", "tskey-(?:auth|client|api)-(?P<body>[A-Za-z0-9]+-[A-Za-z0-9]{20,})"),
    _form("Pulumi", "pul-", "pul-(?P<body>[a-f0-9]{40})"),
    _form("New Relic", "NRAK-", "NRAK-(?P<body>[A-Z0-9]{27})"),
)
"""By the services' own documentation."""

_JWT = re.compile(rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.(?P<claims>eyJ[A-Za-z0-9_-]{20,})\.[A-Za-z0-9_-]{40,}")
_ACCOUNT = b"system:serviceaccount:"
_EXAMPLE = re.compile(rb"example|xxxx|dummy|fake|placeholder|changeme|redacted|your[-_]?|0123456|1234567|abcdefg", re.IGNORECASE)
_FEWEST = 8
"""Different characters in what is random: any real token has more."""


def tokens(path: str, content: bytes) -> Iterator[Exposure]:
    """Every token in a text. What is plainly an example is none."""
    places = Places(content)
    for service, hint, pattern in FORMS:
        if hint in content:
            for found in pattern.finditer(content):
                if _is_random(found["body"]):
                    yield _exposure(path, places, found, service)
    if b"eyJ" in content:
        for found in _JWT.finditer(content):
            if _ACCOUNT in _decoded(found["claims"]):
                yield _exposure(path, places, found, "Kubernetes service account")


def _exposure(path: str, places: Places, found: re.Match[bytes], service: str) -> Exposure:
    line, column = places.of(found.start())
    return Exposure(path, line, column, ExposureKind.TOKEN, service, size=len(found.group()))


def _is_random(body: bytes) -> bool:
    return len(set(body)) >= _FEWEST and not _EXAMPLE.search(body)


def _decoded(claims: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4))
    except (binascii.Error, ValueError):
        return b""
