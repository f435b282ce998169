"""What kubectl takes a scalar for.

kubectl reads YAML with sigs.k8s.io/yaml (a fork of go-yaml v2), turns it into JSON, and reads that again. The rules are neither
YAML 1.1 nor 1.2; `tests/unit/documents/test_kubectl.py` compares them with kubectl itself.
"""

from __future__ import annotations

import base64
import re
import struct
from decimal import Decimal
from typing import Final

Scalar = None | bool | int | float | str

_YES = ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE")
_NO = ("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE")
_INFINITE = (".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF")
_WORDS: Final[dict[str, Scalar]] = (
    dict.fromkeys(_YES, True)
    | dict.fromkeys(_NO, False)
    | dict.fromkeys(("~", "null", "Null", "NULL"), None)
    | dict.fromkeys(_INFINITE, float("inf"))
    | dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf"))
    | dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan"))
)
_STARTS = frozenset("0123456789+-.~yYnNtTfFoO")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIMESTAMP = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].+)?")
_TAG = "tag:yaml.org,2002:"
_INT64 = range(-(2**63), 2**63)
_UINT64_END = 2**64
_FLOAT32_MAX = 3.4028235677973366e38


class Unquoted(str):
    """A text that was written without quotes, where that is asked for: with a variable filled in it may be a number."""

    __slots__ = ()


class Mistaken(ValueError):
    """The scalar does not fit its tag; the message names the trouble without the scalar's text."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar; an infinite or not-a-number float is left to the caller, who knows whether it is a key."""
    if not text:
        return None
    if text[0] not in _STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text)


def resolve_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag, quoted or not. Raises Mistaken."""
    if tag in ("!", _TAG + "str"):
        return text
    if tag == _TAG + "binary":
        return _binary(text)
    value = resolve(text)
    fits = _FITS.get(tag)
    if fits is None:
        raise Mistaken("unknown tag")
    if tag == _TAG + "timestamp":
        if _TIMESTAMP.fullmatch(text):
            return text
        raise Mistaken("the value does not fit its tag")
    if type(value) not in fits:
        raise Mistaken("the value does not fit its tag")
    return float(value) if tag == _TAG + "float" and isinstance(value, int) else value


_FITS: Final[dict[str, tuple[type, ...]]] = {
    _TAG + "int": (int,),
    _TAG + "float": (int, float),
    _TAG + "bool": (bool,),
    _TAG + "null": (type(None),),
    _TAG + "timestamp": (str,),
}


def as_json_number(value: int | float) -> int | float:
    """A number as Go's JSON keeps it: int where it has no fraction and fits 64 bits, else float. Raises Mistaken for what JSON lacks."""
    if isinstance(value, int):
        return value if value in _INT64 else float(value)
    if value != value or value in (float("inf"), float("-inf")):
        raise Mistaken("infinity and not-a-number do not exist in JSON")
    if value.is_integer() and abs(value) < 1e21:
        # Go writes the shortest digits that give the same float, padded with zeros, and reads them as an integer.
        whole = int(Decimal(repr(value)))
        return whole if whole in _INT64 else value
    return value


def as_key(value: Scalar) -> str:
    """A mapping key as text, as sigs.k8s.io/yaml spells it: floats by 32-bit precision. Raises Mistaken."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            raise Mistaken("null cannot be a key")
        case int():
            if value in _INT64:
                return str(value)
            raise Mistaken("a number over 63 bits cannot be a key")
        case float():
            return _float32(value)


def _number(text: str) -> Scalar:
    if text[0] == ".":
        return _float(text, text)
    plain = text.replace("_", "")
    found = _INTEGER.fullmatch(plain)
    if found:
        sign, hexadecimal, binary, octal, decimal = found.groups()
        digits, radix = (hexadecimal, 16) if hexadecimal else (binary, 2) if binary else (octal, 8) if octal else (decimal, 10)
        if len(digits) < 80:
            value = int(sign + digits, radix)
            if value in _INT64 or (not sign and value < _UINT64_END):
                return value
    return _float(plain, text)


def _float(plain: str, text: str) -> Scalar:
    if not _FLOAT.fullmatch(plain):
        return text
    value = float(plain)
    return text if value in (float("inf"), float("-inf")) else value


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split("\n")), validate=True).decode("utf-8")
    except UnicodeDecodeError:
        raise Mistaken("binary that is not text would be damaged") from None
    except ValueError:  # binascii.Error is one; text that is not ASCII is another
        raise Mistaken("not base64") from None


def _float32(value: float) -> str:
    """Go's strconv.FormatFloat(value, 'g', -1, 32)."""
    if value != value:
        return ".nan"
    if abs(value) >= _FLOAT32_MAX:
        return ".inf" if value > 0 else "-.inf"
    packed = struct.pack("f", value)
    single = struct.unpack("f", packed)[0]
    text = next(t for n in range(10) if _pack(t := f"{single:.{n}e}") == packed)
    mantissa, _, exponent = text.partition("e")
    power = int(exponent)
    if -4 <= power < 6:
        return f"{Decimal(text):f}"
    return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _pack(text: str) -> bytes:
    value = float(text)
    return struct.pack("f", value) if abs(value) < _FLOAT32_MAX else b""
