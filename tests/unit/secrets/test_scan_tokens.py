"""Tokens by their form. They are put together here, so that none lies in the repository."""

from __future__ import annotations

import base64
import json
import random

import pytest

from gitctl.secrets.scan import exposures
from gitctl.secrets.scan.tokens import FORMS

HEX, UPPER = "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
WORD = HEX + "ghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def some(letters: str, length: int) -> str:
    chance = random.Random(f"{letters}{length}")
    return "".join(chance.choice(letters) for _ in range(length))


def jwt(claims: dict[str, object]) -> str:
    parts = ({"alg": "RS256", "kid": some(WORD, 12)}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, some(WORD, 80)])


TOKENS = {
    "AKI" + "A" + some(UPPER, 16): "AWS",
    "gh" + "p_" + some(WORD, 36): "GitHub",
    "github" + "_pat_" + some(WORD, 22) + "_" + some(WORD, 59): "GitHub",
    "gl" + "pat-" + some(WORD, 20): "GitLab",
    "xo" + "xb-" + some("0123456789", 12) + "-" + some(WORD, 30): "Slack",
    "https://hooks.slack" + ".com/services/T" + some(UPPER, 8) + "/B" + some(UPPER, 8) + "/" + some(WORD, 24): "Slack",
    "AI" + "za" + some(WORD, 35): "Google",
    "sk" + "_live_" + some(WORD, 24): "Stripe",
    "np" + "m_" + some(WORD, 36): "npm",
    "dckr" + "_pat_" + some(WORD, 27): "Docker",
    "dop" + "_v1_" + some(HEX, 64): "DigitalOcean",
    "hv" + "s." + some(WORD, 90): "Vault",
    "S" + "G." + some(WORD, 22) + "." + some(WORD, 43): "SendGrid",
    "sk-" + "proj-" + some(WORD, 48): "OpenAI",
    "h" + "f_" + some(WORD, 34): "Hugging Face",
    "da" + "pi" + some(HEX, 32): "Databricks",
    jwt({"sub": "system:serviceaccount:shop:deployer", "iss": "kubernetes"}): "Kubernetes service account",
}


@pytest.mark.parametrize("form", ["{}\n", "key: {}\n", '{{"a": "{}"}}', "export X={} # note\n", "https://user:{}@host/x\n"])
def test_tokens_are_found_wherever_they_stand(form: str) -> None:
    for token, service in TOKENS.items():
        found, trouble = exposures("notes.txt", ("first\n" + form.format(token)).encode())
        told = [(one.kind.value, one.key, one.line) for one in found]
        assert (told, trouble) == ([("token", service, 2)], ""), service
        assert not any(token in str(one) for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "AKI" + "AIOSFODNN7EXAMPLE",
        "gh" + "p_" + "x" * 36,
        "gl" + "pat-" + "your-token-goes-here-1",
        "gh" + "p_short",
        "a" + "gh" + "p_" + some(WORD, 36),
        "${GITHUB_TOKEN}",
        "ref+vault://secret/db#/gh" + "p_token",
        jwt({"sub": "a user", "iss": "https://accounts.example.com", "email": "a@example.com"}),
    ],
    ids=["the example of AWS", "x", "a placeholder", "short", "in a word", "a variable", "a reference", "another JWT"],
)
def test_what_only_looks_like_a_token_is_none(text: str) -> None:
    assert exposures("notes.md", text.encode()) == ((), "")


def test_every_form_has_its_hint_in_each_token_and_a_token_in_binary_is_passed_over() -> None:
    found = {service for token, service in TOKENS.items() for form in FORMS if form.hint in token.encode() and form.service == service}
    assert found == set(TOKENS.values()) - {"Kubernetes service account"}
    token = next(iter(TOKENS))
    assert exposures("a.bin", b"\0" + token.encode()) == ((), "")


def test_a_token_in_a_secret_is_told_once_and_a_reason_accepts_it() -> None:
    token = "gh" + "p_" + some(WORD, 36)
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData:\n  token: {token}\n"
    assert [one.kind.value for one in exposures("a.yaml", secret.encode())[0]] == ["kubernetes-secret"]
    (one,) = exposures("a.sh", f"# gitctl.dev/allow-plaintext: revoked long ago\nX={token}\n".encode())[0]
    assert one.accepted == "revoked long ago"
