"""Secrets in reports: per key what happens to it, its size, and a tag that tells equality in one run and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace

from gitctl.cli.show.drift import object_json, object_lines
from gitctl.cli.show.equal import equal_json, equal_lines
from gitctl.cli.show.lines import Line, text_of
from gitctl.cli.show.markdown import plans_markdown
from gitctl.cli.show.plan import change_lines
from gitctl.cli.show.tags import tag_of, tagged
from gitctl.cli.show.values import change_json
from gitctl.model.change import Action, Change, Comparison, FieldChange, FieldKind, Plan, Wave
from gitctl.model.culprit import Culprit
from gitctl.model.drift import DriftedField, DriftVerdict, ObjectDrift
from gitctl.model.manifest import Json, Manifest, ObjectRef, Origin
from gitctl.model.revision import Revision
from gitctl.plan.fields import field_changes
from gitctl.plan.secretkeys import secret_keys
from gitctl.redact import Redactor
from gitctl.secrets.placeholder import as_base64, token

REF = ObjectRef("", "Secret", "shop", "db")
BY = Culprit("3f2a1b9c" + "0" * 32, "Ada Lovelace <ada@example.com>", "2026-11-20T10:00:00+00:00", "rotate", "s.yaml", 7)


def secret(**values: str) -> Json:
    """A Secret as the API server has it."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": data}


def change(old: Json | None, new: Json, action: Action = Action.UPDATE, ref: ObjectRef = REF) -> Change:
    """A change as a plan has it."""
    fields = field_changes(old, new, ref=ref) if old and action is Action.UPDATE else ()
    return Change(ref, action, fields, comparison=Comparison(Manifest(ref, "v1", new, Origin("a.yaml")), old, new, new))


def plan(*changes: Change, unchanged: tuple[Comparison, ...] = (), owner: str = "p/dev/web") -> Plan:
    return Plan("web", owner, Revision("r", "", "main"), (Wave("w", changes),), (), unchanged, (), (), "")


def same(new: Json, ref: ObjectRef) -> Comparison:
    return Comparison(Manifest(ref, "v1", new, Origin("a.yaml")), new, new, new)


def text(lines: list[Line]) -> str:
    return text_of(lines, color=False, clean=lambda one: one)


def test_a_tag_is_of_the_bytes_wherever_they_stand() -> None:
    encoded = base64.b64encode(b"correct-horse").decode()
    assert tag_of(encoded, encoded=True) == tag_of("correct-horse", encoded=False)
    assert tag_of("correct-horse", encoded=False) != tag_of("correct-house", encoded=False)
    assert re.fullmatch(r"\*\*\* \(13 bytes\) ~[0-9a-f]{8}", tagged(encoded, encoded=True))


def test_another_run_makes_other_tags_and_no_hash_gives_them() -> None:
    code = "from gitctl.cli.show.tags import tag_of; print(tag_of('admin', encoded=False))"
    tags = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)}
    here = tag_of("admin", encoded=False)
    plain = {hashlib.new(name, b"admin").hexdigest()[:8] for name in ("md5", "sha1", "sha256", "sha512")}
    assert len(tags | {here}) == 3
    assert not plain & (tags | {here})


def test_what_was_not_decrypted_has_no_size_and_a_text_that_only_looks_so_has() -> None:
    covered = as_base64(token("ENC[AES256_GCM,data:x,type:str]", (0, "data", "a")))
    assert re.fullmatch(r"\*\*\* \(not decrypted\) ~[0-9a-f]{8}", tagged(covered, encoded=True))
    assert tagged("gitctl-deadbeef", encoded=False).startswith("*** (15 bytes) ~")


def test_a_diff_tells_of_every_key_and_of_no_value() -> None:
    one = change(secret(password="correct-horse", user="ada", gone="x" * 9), secret(password="battery", user="ada", come="new-key"))
    told = text(change_lines(one))
    assert re.search(r"data\.come: \+ \*\*\* \(7 bytes\) ~\w{8}\n", told)
    assert re.search(r"data\.gone: - \*\*\* \(9 bytes\) ~\w{8}\n", told)
    assert re.search(r"data\.password: \*\*\* \(13 bytes\) ~\w{8} → \*\*\* \(7 bytes\) ~\w{8}\n", told)
    assert re.search(r"^      same: user \*\*\* \(3 bytes\) ~\w{8}$", told, re.MULTILINE)
    body = change_json(one)
    keys = {key["path"]: (key["kind"], key["oldBytes"], key["newBytes"]) for key in body["keys"]}
    assert keys == {
        "data.come": ("added", None, 7),
        "data.gone": ("removed", 9, None),
        "data.password": ("changed", 13, 7),
        "data.user": ("same", 3, 3),
    }
    by_path = {key["path"]: key for key in body["keys"]}
    assert by_path["data.user"]["oldTag"] == by_path["data.user"]["newTag"]
    changed = next(field for field in body["fields"] if field["path"] == "data.password")
    assert (changed["oldTag"], changed["newTag"]) == (by_path["data.password"]["oldTag"], by_path["data.password"]["newTag"])
    assert f"~{changed['newTag']}" in changed["new"]
    for value in ("correct-horse", "battery", "new-key", base64.b64encode(b"battery").decode()):
        assert value not in told + json.dumps(body)


def test_new_and_pruned_secrets_list_their_keys() -> None:
    assert re.search(
        r"      added: a \*\*\* \(1 byte\) ~\w{8}, b \*\*\* ", text(change_lines(change(None, secret(a="x", b="y"), Action.CREATE)))
    )
    assert "      removed: a *** (1 byte) ~" in text(change_lines(Change(REF, Action.PRUNE, live=secret(a="x"))))
    many = secret(**{f"k{n}": "x" for n in range(20)})
    assert text(change_lines(change(None, many, Action.CREATE))).rstrip().endswith(" and 8 more")
    assert len(change_json(change(None, many, Action.CREATE))["keys"]) == 20


def test_who_wrote_a_value_is_named_where_it_is_known() -> None:
    one = change(secret(a="1"), secret(a="2"))
    fields = tuple(replace(field, written_by=BY) for field in one.fields)
    told = text(change_lines(replace(one, fields=fields)))
    assert "        changed in Git by Ada Lovelace 2026-11-20 (3f2a1b9c rotate)\n" in told
    assert change_json(replace(one, fields=fields))["fields"][0]["writtenBy"]["line"] == 7
    anew = tuple(replace(field, written_by=replace(BY, anew=True)) for field in one.fields)
    assert "encrypted the whole file anew: the value may be older" in text(change_lines(replace(one, fields=anew)))
    assert change_json(replace(one, fields=anew))["fields"][0]["writtenBy"]["encryptedAnew"] is True


def test_equal_values_are_told_where_one_of_them_is_new() -> None:
    other = ObjectRef("", "Secret", "shop", "cache")
    first = plan(change(secret(password="one-for-all", user="ada"), secret(password="correct-horse", user="ada")))
    second = plan(unchanged=(same(secret(secret="correct-horse", name="ada", empty=""), other),), owner="p/dev/cache")
    titled = [("web (dev)", first), ("cache (dev)", second)]
    expected = "equal values: web (dev) Secret shop/db data.password = cache (dev) Secret shop/cache data.secret\n"
    assert text(equal_lines(titled)) == expected
    (group,) = equal_json(titled)
    assert [(key["owner"], key["path"]) for key in group["keys"]] == [("p/dev/web", "data.password"), ("p/dev/cache", "data.secret")]
    assert group["tag"] == tag_of("correct-horse", encoded=False)
    assert f"- `{expected.strip()}`" in plans_markdown(titled, redactor=Redactor())


def test_one_object_on_two_clusters_is_no_news_nor_are_values_that_stay() -> None:
    one = plan(change(secret(a="1"), secret(a="2")))
    assert equal_lines([("web (prod → eu)", one), ("web (prod → us)", one)]) == []
    quiet = plan(unchanged=(same(secret(a="x", b="x"), REF),))
    assert equal_lines([("web", quiet)]) == []


def test_values_of_encrypted_files_elsewhere_have_tags_too() -> None:
    field = FieldChange(("spec", "args", 1), FieldKind.CHANGED, "--password=a", "--password=b", sensitive=True)
    told = text(change_lines(Change(ObjectRef("", "Pod", "n", "p"), Action.UPDATE, (field,))))
    assert re.search(r"args\[1\]: \*\*\* \(12 bytes\) ~(\w{8}) → \*\*\* \(12 bytes\) ~(?!\1)\w{8}", told)


def test_text_that_looks_like_base64_is_base64_in_a_secret_alone() -> None:
    settings = ObjectRef("", "ConfigMap", "n", "c")
    bodies = [{"data": {"name": value}} for value in ("shopshop", "shopkeep")]
    (field,) = field_changes(bodies[0], bodies[1], ref=settings, sensitive=[("data", "name")])
    told = text(change_lines(Change(settings, Action.UPDATE, (field,))))
    assert f"*** (8 bytes) ~{tag_of('shopshop', encoded=False)} →" in told
    (field,) = field_changes(bodies[0], bodies[1], ref=REF)
    assert "*** (6 bytes) ~" in text(change_lines(Change(REF, Action.UPDATE, (field,))))


def test_sealed_secrets_are_told_by_ciphertext() -> None:
    ref = ObjectRef("bitnami.com", "SealedSecret", "shop", "db")
    old, new = ({"kind": "SealedSecret", "spec": {"encryptedData": {"same": "AgA=", "new": text}}} for text in ("AgB" * 200, "AgC" * 200))
    one = change(old, new, ref=ref)
    told = text(change_lines(one))
    assert re.search(r"spec\.encryptedData\.new: sealed ~(\w{8}) → sealed ~(?!\1)\w{8}\n      same: same sealed ~\w{8}\n", told)
    keys = change_json(one)["keys"]
    assert [(key["path"], key["kind"], key["newBytes"]) for key in keys] == [
        ("spec.encryptedData.new", "changed", None),
        ("spec.encryptedData.same", "same", None),
    ]
    drifted = ObjectDrift(ref, DriftVerdict.DRIFTED, tuple(DriftedField(f, None, BY) for f in one.fields))
    assert "wanted: changed in Git by Ada Lovelace 2026-11-20" in text(object_lines(drifted))
    assert equal_lines([("web", plan(one, change(None, new, Action.CREATE, ref=ObjectRef("bitnami.com", "SealedSecret", "n", "b"))))]) == []


def test_drift_tells_found_and_wanted_of_every_key() -> None:
    found, wanted = secret(password="by-hand", user="ada"), secret(password="correct-horse", user="ada")
    fields = tuple(DriftedField(f, None, BY) for f in field_changes(found, wanted, ref=REF))
    drifted = ObjectDrift(REF, DriftVerdict.DRIFTED, fields, keys=secret_keys(found, wanted, REF))
    told = text(object_lines(drifted))
    assert re.search(r"password: \*\*\* \(7 bytes\) ~\w{8} → \*\*\* \(13 bytes\) ~\w{8}\n", told)
    assert "found: set by unknown; wanted: changed in Git by Ada Lovelace 2026-11-20 (3f2a1b9c rotate)\n" in told
    assert "      same: user *** (3 bytes) ~" in told
    body = object_json(drifted)
    (field,) = body["fields"]
    assert (field["foundBytes"], field["wantedBytes"], field["wantedTag"]) == (7, 13, tag_of("correct-horse", encoded=False))
    assert [(key["path"], key["kind"]) for key in body["keys"]] == [("data.password", "changed"), ("data.user", "same")]
