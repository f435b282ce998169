"""libyaml's findings in our own words: its own could quote the file, and say little to somebody who does not know its grammar."""

from __future__ import annotations

_WORDS = {
    "found character that cannot start any token": "a character that cannot start a value here",
    "could not find expected ':'": "a key without a colon",
    "did not find expected key": "wrong indentation, or a missing quote or colon",
    "did not find expected '-' indicator": "a list item without its dash, or wrong indentation",
    "did not find expected ',' or '}'": "a flow mapping without its comma or closing brace",
    "did not find expected ',' or ']'": "a flow list without its comma or closing bracket",
    "did not find expected node content": "a value is missing",
    "did not find expected <document start>": "text after the end of the document",
    "mapping values are not allowed in this context": "a second colon in one line, or wrong indentation",
    "block sequence entries are not allowed in this context": "a list item is not allowed here",
    "mapping keys are not allowed in this context": "a key is not allowed here",
    "found unexpected end of stream": "the text ends inside of a quoted string",
    "found undefined tag handle": "unknown tag",
    "found unknown escape character": "an unknown escape after the backslash",
    "found invalid Unicode character escape code": "an escape that is no Unicode character",
    "did not find expected hexdecimal number": "an escape without its hexadecimal digits",
    "found a tab character that violates indentation": "a tab in the indentation",
    "found a tab character where an indentation space is expected": "a tab in the indentation",
    "found incompatible YAML document": "a YAML version other than 1.1 and 1.2",
}


def explain(problem: str | None, character: str) -> str:
    """What is wrong, for libyaml's message and the character at its place."""
    if character == "\t":
        return "a tab where YAML takes only spaces"
    return _WORDS.get(problem or "", "not valid YAML")
