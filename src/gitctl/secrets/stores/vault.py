"""HashiCorp Vault and OpenBao: their key/value engines, versions 1 and 2, by the HTTP API. Experimental.

https://developer.hashicorp.com/vault/api-docs/secret/kv. Which version a mount has is asked as the vault program asks it
(sys/internal/ui/mounts); a server too old to know that is tried. Nothing but these engines is read: elsewhere a GET gives away the token
itself (auth/token/lookup-self), or makes credentials.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitctl.model.reference import Source, StoreKind
from gitctl.protocols import Fault, Trouble
from gitctl.redact import Redactor
from gitctl.secrets.stores.vault_http import Answer, VaultHttp

LISTED = "GITCTL_VAULT_ADDRESSES"
_SYSTEM = frozenset({"sys", "auth", "identity", "cubbyhole"})
_TOKEN_FILE = ".vault-token"


class VaultStore:
    """Implements `protocols.Store`. `environment` has VAULT_*, and in GITCTL_VAULT_ADDRESSES what a reference may name beside VAULT_ADDR:
    the token goes there, so no commit may have a say in it."""

    kind = StoreKind.VAULT

    def __init__(self, environment: Mapping[str, str], redactor: Redactor) -> None:
        self._own = environment.get("VAULT_ADDR", "").rstrip("/")
        listed = environment.get(LISTED, "").replace(",", " ").split()
        self._addresses = frozenset(address.rstrip("/") for address in (*listed, self._own))
        self._environment = environment
        self._redactor = redactor

    def read(self, source: Source) -> bytes | Fault:
        """See Store: the secret as a JSON object."""
        address = source.option("address").rstrip("/") or self._own
        if not address:
            return Fault(Trouble.UNREACHABLE, "where Vault is is not known", hint="set VAULT_ADDR")
        if address not in self._addresses:
            hint = f"set VAULT_ADDR, or list it in the variable {LISTED}: no commit can"
            return Fault(Trouble.UNLISTED, "this run is not told to send its token to that address", hint=hint)
        token = _token(self._environment)
        if not token:
            return Fault(Trouble.DENIED, "there is no token for Vault", hint="vault login, or VAULT_TOKEN")
        self._redactor.learn(token)
        headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
        if namespace := self._environment.get("VAULT_NAMESPACE", ""):
            headers["X-Vault-Namespace"] = namespace
        http = VaultHttp(address, headers, self._environment.get("VAULT_CACERT", ""))
        return _read(http, source)


def _token(environment: Mapping[str, str]) -> str:
    """As the vault program has it: the variable, else the file of the last login; "" for none."""
    token = environment.get("VAULT_TOKEN", "")
    home = environment.get("HOME", "")
    try:
        return (token or (Path(home) / _TOKEN_FILE).read_text() if home else token).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _read(http: VaultHttp, source: Source) -> bytes | Fault:
    mount = _mount(http, source.path)
    if isinstance(mount, Fault):
        return mount
    name, version = mount
    rest = source.path[len(name) :]
    query = f"?version={source.option('version')}" if source.option("version") else ""
    if version != 1:
        answer = http.get(f"{name}data/{rest}{query}")
        second = _value(answer, ("data", "data"))
        if version == 2 or query or not (isinstance(second, Fault) and second.trouble in (Trouble.MISSING, Trouble.DENIED)):
            return second
        first = _value(http.get(f"{name}{rest}"), ("data",))
        return second if isinstance(first, Fault) else first
    if query:
        return Fault(Trouble.MISSING, "the engine keeps no versions", hint="leave ?version= out")
    return _value(http.get(f"{name}{rest}"), ("data",))


def _mount(http: VaultHttp, path: str) -> tuple[str, int] | Fault:
    """The mount's name with a slash at its end, and its version; 0 where the server does not know the question."""
    first = path.partition("/")[0]
    answer = http.get(f"sys/internal/ui/mounts/{path}") if first not in _SYSTEM else Answer(403, {})
    if isinstance(answer, Fault):
        return answer
    if answer.status == 404:
        return f"{first}/", 0
    found = _value(answer, ("data",))
    if isinstance(found, Fault):
        return found
    data = answer.body["data"]
    name, options = str(data.get("path", "")), data.get("options")
    if data.get("type") not in ("kv", "generic") or not (name.endswith("/") and path.startswith(name)):
        return Fault(Trouble.MISSING, "there is no key/value engine at that path")
    return name, 2 if isinstance(options, dict) and str(options.get("version")) == "2" else 1


def _value(answer: Answer | Fault, keys: tuple[str, ...]) -> bytes | Fault:
    if isinstance(answer, Fault):
        return answer
    if answer.status >= 500 or answer.status == 429:
        return _unwell(answer)
    if answer.status == 404:
        return Fault(Trouble.MISSING, "there is no such secret, or this version of it was deleted")
    if answer.status != 200:
        return Fault(Trouble.DENIED, f"Vault answers {answer.status}", hint="see what the token may do: vault token lookup")
    value: Any = answer.body
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        return Fault(Trouble.MISSING, "there is no such secret")
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _unwell(answer: Answer) -> Fault:
    what = "Vault is sealed, or in maintenance" if answer.status == 503 else f"Vault answers {answer.status}"
    return Fault(Trouble.UNREACHABLE, what, hint="vault status")
