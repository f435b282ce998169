"""The one filter before every sink: terminal, log, error, report, state.

Three layers, so that one gap does not leak: `mask_object` hides by place (Secret data, paths that came from encrypted files),
`Redactor` hides by value (plaintexts it was told, tokens it recognises), `printable` makes hostile text harmless.
Compare first and mask last: two masks being equal says nothing about the values behind them.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from gitctl.model.marks import COPIES

Json = dict[str, Any]
Path = tuple[str | int, ...]

MASK = "***"
SHORTEST = 8
"""Learned values with fewer characters are not searched by value (only hidden by place): `shop`, `admin`, `5432` kept in an
encrypted file would blank out every name that they are part of, and JSON could not be read any more."""

_SHORTEST_LINE = 16
_SHORTEST_INNER = 8
_HARMLESS = frozenset({"true", "false", "null", "none"})

# C0 (less tab and newline), DEL, C1, marks and overrides of text direction, line and paragraph separators, the byte order mark,
# lone surrogates (they cannot be written as UTF-8) and the invisible tag characters.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
# Whatever stands before the colon: a word that runs into a scheme must not save what follows.
_USERINFO = re.compile(r"://(?P<user>[^\s/?#\"'<>]{0,2048})@")
# A password with a bare slash in it: what follows the colon is no port number.
_USERINFO_SLASH = re.compile(r"(://)[^\s/?#@:\"'<>]{0,256}:(?!\d{1,5}(?:[/?#\s]|$))[^\s\"'<>]{0,2048}@")
_QUERY = re.compile(r"(?i)([?&](?:[a-z_-]{0,30}token|api[_-]?key|password|secret|sig(?:nature)?|x-amz-signature)=)[^&\s\"'<>#]+")
# A line end with the indentation after it and the backslash of continued lines; also as JSON writes it.
_LINE_END = re.compile(r"(?:\\?\r?\n|\\r|\\n)[ \t]*")
_NUMBER = re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_TOKENS = (
    re.compile(r"(?i)(\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:[a-z]+\s+)?)[A-Za-z0-9+/=._~-]{4,}"),
    # A word after "bearer" or "basic" is a token when it holds a digit, a sign, or a capital past its first letter.
    re.compile(r"(?i)(\b(?:bearer|basic|token)\s+)(?=[a-z]*(?:[0-9+/=_]|(?-i:[a-zA-Z][A-Z])))[A-Za-z0-9+/=._~-]{8,}"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*"),
    re.compile(r"(?i)()\bage-secret-key-[a-z0-9-]{8,}"),
    re.compile(r"()\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-)[A-Za-z0-9_-]{8,}"),
    re.compile(r"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL),
)
INTERNAL_ANNOTATIONS = frozenset({"gitctl.dev/owner"})
"""Annotations that gitctl adds for itself; they are no part of what the user wrote."""


def printable(text: str) -> str:
    r"""The text with control characters, terminal escapes and overrides of the writing direction as `\x1b`, `\u202e`.

    Newline and tab stay.
    """
    return _UNPRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return "\\r" if code == 0x0D else f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_printable(text: str) -> bool:
    """Would `printable` leave the text as it is?"""
    return _UNPRINTABLE.search(text) is None


def printable_json(text: str) -> str:
    r"""Serialised JSON with the same characters in JSON's own escapes (`\u001b`, surrogate pairs): the value stays the same."""
    return _UNPRINTABLE.sub(_escape_json, text)


def _escape_json(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def strip_url(text: str) -> str:
    """The text with user names and passwords taken out of every URL in it, and tokens out of the query.

    The user of an ssh URL stays when there is no password: it names no secret, and the URL would not work without it.
    """
    text = _USERINFO_SLASH.sub(r"\1", text)
    text = _USERINFO.sub(_bare, text)
    return _QUERY.sub(rf"\1{MASK}", text)


def _bare(match: re.Match[str]) -> str:
    is_ssh = match.string[max(0, match.start() - 3) : match.start()].lower() == "ssh"
    return match.group() if is_ssh and not set(match["user"]) & set(":@") else "://"


class Redactor:
    """Hides the secret values that it was told, wherever they turn up."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._needles: set[str] = set()
        for value in values:
            self.learn(value)

    def learn(self, value: str) -> None:
        """Hide this value from now on, also as base64 (alone or inside longer base64), JSON string, URL part or single long lines."""
        for form in (value, value.strip()):
            if len(form) >= SHORTEST and form.lower() not in _HARMLESS:
                self._needles.update(_forms(form) | _as_number(form))
        if "\n" in value:
            self._needles.update(line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE)

    def clean(self, text: str) -> str:
        """The text fit for any sink: learned values and recognised tokens as `***`, URLs without credentials, printable."""
        return printable(self.hide(text))

    def hide(self, text: str) -> str:
        """`clean` for what is serialised next: the serialiser escapes what is not printable, and readers get the very text back."""
        text = strip_url(self._hide(text))
        for pattern in _TOKENS:
            text = pattern.sub(rf"\1{MASK}", text)
        return text

    def clean_json(self, value: Any) -> Any:
        """A JSON value with secrets hidden in every string of it, keys too. Never clean serialised JSON: a mask may break its syntax.

        Not for a terminal before `printable_json` or `documents.dump` has escaped it.
        """
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide(str(k)): self.clean_json(v) for k, v in value.items()}
        if isinstance(value, int | float) and not isinstance(value, bool):
            return MASK if self._is_learned(value) else value
        return [self.clean_json(v) for v in value] if isinstance(value, list | tuple) else value

    def _is_learned(self, number: float) -> bool:
        """Does a number hold a learned value, in any way in which it could be written?"""
        return bool(self._needles) and any(needle in text for text in _as_number(repr(number)) for needle in self._needles)

    def _hide(self, text: str) -> str:
        """Replace learned values. Overlapping finds become one mask: else the rest of the second would stay readable."""
        out, end = [], 0
        for start, stop in _merged(_spans_over_lines(text, self._needles)):
            out += [text[end:start], MASK]
            end = stop
        return "".join([*out, text[end:]]) if out else text


def _forms(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    standard, safe = (encode(raw).decode("ascii") for encode in (base64.standard_b64encode, base64.urlsafe_b64encode))
    forms = {value, standard, standard.rstrip("="), safe.rstrip("="), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms.add(quote(value, safe="", errors="surrogatepass"))
    return {form for form in forms if len(form) >= SHORTEST} | _inner_base64(raw)


def _as_number(text: str) -> set[str]:
    """The ways in which programs write a number: `12345678`, `12345678.0`, `1.2345678e+07`. Empty for what is none."""
    if not _NUMBER.fullmatch(text):
        return set()
    plain = text.replace("_", "").lstrip("+")
    value = float(plain)
    forms = {text, plain}
    if value not in (float("inf"), float("-inf")):
        # The fewest digits that give the same number, with the exponent as C and Go print it.
        forms |= {repr(value), next(t for n in range(18) if float(t := f"{value:.{n}e}") == value)}
        forms |= {str(int(value))} if value.is_integer() and abs(value) < 1e21 else set()
    return {form for form in forms if len(form) >= SHORTEST}


def _inner_base64(raw: bytes) -> set[str]:
    """What base64 makes of `raw` when other bytes stand around it: the characters that depend on `raw` alone, by alignment."""
    inner = set()
    for shift in range(3):
        text = base64.standard_b64encode(bytes(shift) + raw).decode("ascii").rstrip("=")
        first = (shift * 8 + 5) // 6
        last = (shift + len(raw)) * 8 // 6
        inner.add(text[first:last])
    return {text for text in inner if len(text) >= _SHORTEST_INNER}


def _spans(text: str, needles: Iterable[str]) -> list[tuple[int, int]]:
    found = []
    for needle in needles:
        at = text.find(needle)
        while at >= 0:
            found.append((at, at + len(needle)))
            at = text.find(needle, at + 1)
    return sorted(found)


def _spans_over_lines(text: str, needles: Iterable[str]) -> list[tuple[int, int]]:
    """Spans of needles, also where line ends break them, as they do in long base64 and YAML. What has no line end in it is looked for in
    the text without its line ends, and told in the text as it is."""
    breaks = [found.span() for found in _LINE_END.finditer(text)] if needles else []
    if not breaks:
        return _spans(text, needles)
    kept = "".join(text[start:stop] for start, stop in zip([0, *(b for _, b in breaks)], [*(a for a, _ in breaks), len(text)], strict=True))
    # At each break: its place in the text without line ends, and how much was left out up to and with it.
    places, left_out, total = [], [0], 0
    for start, stop in breaks:
        places.append(start - total)
        total += stop - start
        left_out.append(total)
    several = [needle for needle in needles if _LINE_END.search(needle)]
    found = _spans(kept, set(needles) - set(several))
    mapped = [(a + left_out[bisect_right(places, a)], b + left_out[bisect_left(places, b)]) for a, b in found]
    return sorted([*mapped, *_spans(text, several)])


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def is_secret(body: Json) -> bool:
    """Is this object a core Secret? Decided by kind alone: a wrong apiVersion must not unmask it."""
    return body.get("kind") == "Secret"


def mask_value(value: Any, *, encoded: bool = False) -> str:
    """`*** (12 bytes)`: the size of the value, decoded first when `encoded` says that it is base64. Always made from the value itself."""
    size = len(raw_value(value, encoded=encoded))
    return f"{MASK} ({size} byte{'' if size == 1 else 's'})"


def raw_value(value: Any, *, encoded: bool = False) -> bytes:
    """The bytes of a value, as `mask_value` counts them: of text, of what base64 stands for, or of JSON. A secret: never print it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    try:
        # How sops' binary files are text: a byte that is none is one surrogate.
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    if not encoded:
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error:
        return raw


def mask_object(body: Json, sensitive: Iterable[Path] = (), *, mask: Callable[..., str] = mask_value) -> Json:
    """A copy of an object that may be shown: Secret values and the `sensitive` paths as `*** (12 bytes)`, or as another `mask` has them.

    Annotations that repeat the object, and those that gitctl adds for itself, are left out. A path step is a map key, a list
    index, or a merge key such as `[name=web]` that picks the items whose field has that value.
    """
    shown = _without_annotations(body)
    if is_secret(body):
        for key, encoded in (("data", True), ("stringData", False)):
            if key in shown:
                shown[key] = _masked(shown[key], mask, encoded=encoded)
    for path in _outermost(sensitive):
        if not (is_secret(body) and path[:1] in (("data",), ("stringData",))):
            shown = _masked_at(shown, path, mask)
    return shown


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """The paths without those that lie below another: masking twice would show the size of the first mask."""
    known = set(paths)
    return [path for path in known if not any(path[:n] in known for n in range(len(path)))]


def _without_annotations(body: Json) -> Json:
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(annotations, dict):
        return dict(body)
    kept = {k: v for k, v in annotations.items() if k not in COPIES and k not in INTERNAL_ANNOTATIONS}
    rest = {k: v for k, v in metadata.items() if k != "annotations"}
    return {**body, "metadata": {**rest, "annotations": kept} if kept else rest}


def _masked(value: Any, mask: Callable[..., str], *, encoded: bool = False) -> Any:
    if isinstance(value, dict):
        return {k: _masked(v, mask, encoded=encoded) for k, v in value.items()}
    if isinstance(value, list):
        return [_masked(v, mask, encoded=encoded) for v in value]
    return mask(value, encoded=encoded)


def _masked_at(value: Any, path: Path, mask: Callable[..., str]) -> Any:
    """A copy of `value` with what `path` leads to masked; a path that leads nowhere changes nothing."""
    if not path:
        return _masked(value, mask)
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: _masked_at(v, rest, mask) if k == step else v for k, v in value.items()}
    if isinstance(value, list):
        chosen = [i for i, item in enumerate(value) if _is_item(item, i, step)]
        # A merge key that picks nothing may be one that we misread: then every item is masked there.
        everything = not chosen and isinstance(step, str)
        return [_masked_at(v, rest, mask) if everything or i in chosen else v for i, v in enumerate(value)]
    return value


def _is_item(item: Any, index: int, step: str | int) -> bool:
    if isinstance(step, int):
        return index == step
    if not isinstance(item, dict):
        return False
    wanted = [pair.partition("=") for pair in re.split(r",(?=\w+=)", step.removeprefix("[").removesuffix("]"))]
    return all(str(item.get(key, "")) == text for key, _, text in wanted)
