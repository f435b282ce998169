"""A decrypted file as environment variables: its keys are names."""

from __future__ import annotations

from typing import Any

from gitctl.errors import ErrorId, InputError
from gitctl.secrets import leaves
from gitctl.secrets.pysops import Kind


def variables(plain: bytes, *, kind: Kind, where: str) -> dict[str, str]:
    """Of a Kubernetes Secret `stringData` and the decoded `data`, of other files the keys at the top.

    Raises InputError for what has no keys, and for values that are no text, number or boolean; it holds no value.
    """
    if kind is Kind.BINARY:
        raise _keyless(where)
    found: dict[str, str] = {}
    for number, document in leaves.documents(plain, kind=kind, where=where):
        pairs = _of_secret(document, number, where) if _is_secret(document) else document
        if not isinstance(pairs, dict):
            raise _keyless(where)
        found |= {str(name): _text(value, str(name), where) for name, value in pairs.items()}
    return found


def _keyless(where: str) -> InputError:
    hint = "`gitctl secret exec-file` hands the whole file over"
    return InputError("has no keys that could be variables", id=ErrorId.SECRET_CONTENT, where=where, hint=hint)


def _is_secret(document: Any) -> bool:
    return isinstance(document, dict) and document.get("kind") == "Secret" and "apiVersion" in document


def _of_secret(document: dict[str, Any], number: int, where: str) -> dict[str, Any]:
    data, text = document.get("data") or {}, document.get("stringData") or {}
    return {name: leaves.decoded(str(value), (number, "data", name), where=where) for name, value in data.items()} | text


def _text(value: Any, name: str, where: str) -> str:
    if "=" in name or "\0" in name or not name:
        raise InputError(f"{name!r} cannot be the name of a variable", id=ErrorId.SECRET_CONTENT, where=where)
    match value:
        case bool():
            return "true" if value else "false"
        case str() if "\0" in value:
            raise InputError(f"{name} holds a zero byte", id=ErrorId.SECRET_CONTENT, where=where, hint="use `gitctl secret exec-file`")
        case str() | int() | float():
            return str(value)
        case None:
            return ""
        case _:
            hint = "use `gitctl secret exec-file`"
            raise InputError(f"{name} is no text, number or boolean", id=ErrorId.SECRET_CONTENT, where=where, hint=hint)
