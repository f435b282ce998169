"""Who can read: recipients in a `.sops.yaml`, their names, one more, one less; all else stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.secrets.roster import Reader, admit, dismiss, identified, readers

ADA = "age1" + "q" * 58
BEA = "age1" + "p" * 58
CAT = "age1" + "z" * 58
PGP = "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4"
CONFIG = Path(".sops.yaml")
TEXT = f"""\
# Our secrets.
# {ADA}: Ada Lovelace
creation_rules:
  # production
  - path_regex: ^prod/
    age:
      - {ADA}
      - {BEA}   # Bea
    pgp: {PGP}
  - age: "{ADA}"   # all else
"""


def test_readers_have_names_and_rules() -> None:
    assert readers(TEXT, config=CONFIG) == (
        Reader(ADA, "Ada Lovelace", ("^prod/", "")),
        Reader(BEA, "Bea", ("^prod/",)),
        Reader(PGP, "", ("^prod/",)),
    )


@pytest.mark.parametrize(("word", "key"), [(ADA, ADA), ("ada lovelace", ADA), ("Bea", BEA), ("Cat", None), ("", None)])
def test_a_reader_is_known_by_key_and_by_name(word: str, key: str | None) -> None:
    assert identified(TEXT, word, config=CONFIG) == key


def test_a_name_that_two_keys_have_is_refused() -> None:
    with raises(ErrorId.RECIPIENT_INVALID, match="2 keys"):
        identified(TEXT.replace("# Bea", "# Ada Lovelace"), "Ada Lovelace", config=CONFIG)


def test_one_more_in_all_rules_and_all_else_stays() -> None:
    text = admit(TEXT, CAT, name="Cat", config=CONFIG)
    assert Reader(CAT, "Cat", ("^prod/", "")) in readers(text, config=CONFIG)
    left = text.replace(f"# {CAT}: Cat\n", "").replace(f"      - {CAT}\n", "").replace(f",{CAT}", "")
    assert left.replace("   #", " #") == TEXT.replace("   #", " #")


def test_one_more_in_one_rule() -> None:
    text = admit(TEXT, CAT, rule="^prod/", config=CONFIG)
    assert [one.rules for one in readers(text, config=CONFIG) if one.recipient == CAT] == [("^prod/",)]
    assert admit(text, CAT, rule="^prod/", config=CONFIG) == text


def test_keys_of_other_services_go_where_sops_looks_for_them() -> None:
    text = admit("creation_rules:\n  - age: " + ADA + "\n", PGP, config=CONFIG)
    assert text == f"creation_rules:\n  - age: {ADA}\n    pgp: {PGP}\n"


def test_one_less() -> None:
    text = dismiss(TEXT, BEA, config=CONFIG)
    assert BEA not in text
    assert "# Our secrets." in text
    assert "# production" in text
    both = admit(TEXT, CAT, config=CONFIG)
    assert ADA not in dismiss(both, ADA, config=CONFIG)
    assert "Ada" not in dismiss(both, ADA, config=CONFIG)


def test_the_last_one_stays() -> None:
    with raises(ErrorId.RECIPIENT_INVALID, match="only recipient of the rule for all files"):
        dismiss(TEXT, ADA, config=CONFIG)


@pytest.mark.parametrize(
    "key", ["age1", "AGE-SECRET-KEY-1" + "Q" * 58, "ada", "ssh-dss AAAA", f"{ADA},{BEA}", f"{ADA}\nx: y", "arn:aws:s3:::x"]
)
def test_what_is_no_public_key_is_refused(key: str) -> None:
    with raises(ErrorId.RECIPIENT_INVALID):
        admit(TEXT, key, config=CONFIG)


def test_a_rule_that_is_not_there() -> None:
    with raises(ErrorId.SOPS_RULE_MISSING, match="no such rule"):
        admit(TEXT, CAT, rule="^dev/", config=CONFIG)


def test_key_groups_are_left_to_people() -> None:
    text = f"creation_rules:\n  - key_groups:\n      - age: [{ADA}]\n      - age: [{BEA}]\n"
    with raises(ErrorId.RECIPIENT_INVALID, match="key_groups"):
        admit(text, CAT, config=CONFIG)
    with raises(ErrorId.RECIPIENT_INVALID, match="key_groups"):
        dismiss(text, ADA, config=CONFIG)
