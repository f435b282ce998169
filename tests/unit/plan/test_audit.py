"""Rows and findings of an audit: objects and facts in, findings out, no clock."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.plan.making import ref

from gitctl.model.audit import Audit, AuditedSecret, AuditFinding, AuditRule, FileReader, ValueFact
from gitctl.model.manifest import Manifest, ObjectRef, Origin
from gitctl.model.policy import Acceptance, MaxAge, SecretPolicy
from gitctl.model.secretmade import Keeping
from gitctl.plan.audit import AuditedApp, Facts, Used, account
from gitctl.plan.audit_findings import findings, with_equal

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILE = "apps/prod/secret.yaml"
ADA = FileReader("age1ada", "Ada")


def fact(key: str, *, days: int, file: str = FILE) -> ValueFact:
    return ValueFact(file, key, 3, NOW - timedelta(days=days), "Ada <ada@host>", "c0ffee11" + "0" * 32)


KNOWN = {"gitctl-1": fact("stringData.password", days=400), "gitctl-2": fact("stringData.user", days=2)}


def manifest(text: str, file: str = FILE, **body: Any) -> Manifest:
    one = ref(text)
    api = f"{one.group}/v1" if one.group else "v1"
    metadata = {"name": one.name, **({"namespace": one.namespace} if one.namespace else {})}
    return Manifest(one, api, {"apiVersion": api, "kind": one.kind, "metadata": metadata, **body}, Origin(file))


def secret(name: str = "db", **data: str) -> Manifest:
    return manifest(f"Secret shop/{name}", data=data or {"password": "gitctl-1", "user": "gitctl-2"})


def web(*sources: dict[str, Any], namespace: str = "shop", optional: bool = False) -> Manifest:
    """A Deployment whose container reads `sources` (secretKeyRef)."""
    env = [
        {"name": f"V{n}", "valueFrom": {"secretKeyRef": source | ({"optional": True} if optional else {})}}
        for n, source in enumerate(sources)
    ]
    return manifest(f"apps/Deployment {namespace}/web", spec={"template": {"spec": {"containers": [{"name": "c", "env": env}]}}})


def used(*apps: tuple[str, list[Manifest]], reader: FileReader = ADA) -> Used:
    facts = Facts(lambda text: (KNOWN[text],) if text in KNOWN else (), {FILE: (reader,)})
    return account([AuditedApp(name, tuple(manifests)) for name, manifests in apps], facts)


def rules(found: tuple[AuditFinding, ...]) -> list[tuple[str, str]]:
    return [(one.secret, one.rule.value) for one in found if not one.accepted]


PASSWORD = {"name": "db", "key": "password"}


def test_a_row_says_who_reads_and_uses_a_secret_and_how_old_it_is() -> None:
    row = used(("web", [web(PASSWORD)]), ("data", [secret()])).secrets["shop", "db"]
    assert (row.name, row.app, row.keeping, row.keys) == ("shop/db", "data", Keeping.ENCRYPTED, ("password", "user"))
    assert row.oldest == KNOWN["gitctl-1"]
    assert row.readers == (ADA,)
    assert [(one.app, str(one)) for one in row.consumers] == [("web", "Deployment/web (env password)")]


def test_age_is_judged_by_the_first_pattern_that_matches() -> None:
    row = used(("web", [web(PASSWORD), secret()]))
    for limits, old in (
        ((MaxAge("apps/**", 90 * 86400.0),), True),
        ((MaxAge("apps/prod/*", 500 * 86400.0), MaxAge("apps/**", 90 * 86400.0)), False),
        ((MaxAge("apps/prod/**"), MaxAge("**", 86400.0)), False),
        ((MaxAge("apps/*", 86400.0),), False),
        ((), False),
    ):
        found = findings(row, SecretPolicy(limits), now=NOW)
        assert rules(found) == ([("shop/db", "too-old")] if old else [])
    (one,) = findings(row, SecretPolicy((MaxAge("**/secret.yaml", 90 * 86400.0),)), now=NOW)
    assert one.message == "stringData.password: not changed for 400 days, limit 90 days"
    assert "c0ffee11 by Ada" in one.hint


def test_an_age_that_is_not_known_is_no_finding() -> None:
    facts = Facts(lambda text: (ValueFact(FILE, text),))
    row = account([AuditedApp("web", (web(PASSWORD), secret()))], facts)
    assert rules(findings(row, SecretPolicy((MaxAge("**", 1.0),)), now=NOW)) == []


def test_missing_secrets_and_keys() -> None:
    gone, lacking = {"name": "gone", "key": "a"}, {"name": "db", "key": "pasword"}
    found = findings(used(("web", [web(PASSWORD, gone, lacking), secret()])), SecretPolicy(), now=NOW)
    assert rules(found) == [("shop/gone", "missing"), ("shop/db", "key-missing")]
    assert "it has password, user" in found[1].hint
    optional = used(("web", [web(gone, lacking, optional=True), secret()]))
    assert rules(findings(optional, SecretPolicy(), now=NOW)) == []


def test_a_secret_of_another_namespace_is_another_secret() -> None:
    found = findings(used(("web", [web(PASSWORD, namespace="other"), secret()])), SecretPolicy(), now=NOW)
    assert rules(found) == [("other/db", "missing"), ("shop/db", "unused")]


def test_what_the_cluster_has_is_not_missing() -> None:
    found = findings(used(("web", [web({"name": "hand", "key": "a"})])), SecretPolicy(), now=NOW, there={("shop", "hand")})
    assert rules(found) == []


def test_unused_secrets_and_those_that_something_uses_in_its_own_way() -> None:
    role = manifest("rbac.authorization.k8s.io/ClusterRole reader", rules=[{"resources": ["secrets"], "resourceNames": ["db"]}])
    backup = manifest("example.com/Backup shop/b", spec={"credentials": "db"})
    assert rules(findings(used(("a", [secret()])), SecretPolicy(), now=NOW)) == [("shop/db", "unused")]
    for other in (role, backup, web(PASSWORD)):
        assert rules(findings(used(("a", [secret()]), ("b", [other])), SecretPolicy(), now=NOW)) == [], other.ref
    token = manifest("Secret shop/t", type="kubernetes.io/service-account-token")
    assert rules(findings(used(("a", [token])), SecretPolicy(), now=NOW)) == []


def test_what_controllers_make_counts_as_there() -> None:
    certificate = manifest("cert-manager.io/Certificate shop/c", spec={"secretName": "tls"})
    external = manifest("external-secrets.io/ExternalSecret shop/x", spec={"data": [{"secretKey": "a"}]})
    ingress = manifest("networking.k8s.io/Ingress shop/i", spec={"tls": [{"secretName": "tls"}]})
    both = used(("web", [certificate, external, ingress, web({"name": "x", "key": "a"})]))
    assert rules(findings(both, SecretPolicy(), now=NOW)) == []
    alone = used(("web", [certificate, external, web({"name": "x", "key": "b"})]))
    assert rules(findings(alone, SecretPolicy(), now=NOW)) == [("shop/x", "key-missing"), ("shop/tls", "unused")]
    assert both.secrets["shop", "x"].keeping is Keeping.STORE


def test_nothing_is_missing_or_unused_where_an_app_could_not_be_rendered() -> None:
    assert rules(findings(used(("web", [web({"name": "gone", "key": "a"}), secret()])), SecretPolicy(), now=NOW, whole=False)) == []


def test_a_reader_without_a_name_where_others_have_one() -> None:
    stranger = FileReader("age1stranger", unnamed=True)
    found = findings(used(("web", [web(PASSWORD), secret()]), reader=stranger), SecretPolicy(), now=NOW)
    assert rules(found) == [("shop/db", "unknown-reader")]


def test_accepted_findings_keep_their_reason() -> None:
    policy = SecretPolicy(accept=(Acceptance("unused", "shop/*", "read by the API"), Acceptance("missing", "other/*", "no")))
    (found,) = findings(used(("a", [secret()])), policy, now=NOW)
    assert (found.rule, found.accepted) == (AuditRule.UNUSED, "read by the API")


def test_other_objects_with_encrypted_values_are_told_and_not_called_unused() -> None:
    row = used(("a", [manifest("ConfigMap shop/conf", data={"url": "gitctl-1"})]))
    assert [(one.name, one.values) for one in row.others] == [("ConfigMap shop/conf", (KNOWN["gitctl-1"],))]
    assert rules(findings(row, SecretPolicy((MaxAge("**", 1.0),)), now=NOW)) == [("ConfigMap shop/conf", "too-old")]


def test_values_that_two_environments_share() -> None:
    one, other, alone = (ValueFact(FILE, key, same=same) for key, same in (("a", "x"), ("b", "x"), ("c", "y")))
    rows = {"dev": (one, alone), "prod": (other, ValueFact(FILE, "d"), ValueFact(FILE, "e")), "": (one,)}
    audits = [Audit(place, (AuditedSecret("shop/db", "web", Keeping.ENCRYPTED, values=values),)) for place, values in rows.items()]
    dev, prod, files = with_equal(audits, SecretPolicy(accept=(Acceptance("equal", "**", "a demo"),)))
    assert [(f.rule, f.message, f.accepted) for f in dev.findings] == [(AuditRule.EQUAL, "a equals a value of shop/db in prod", "a demo")]
    assert [f.message for f in prod.findings] == ["b equals a value of shop/db in dev"]
    assert files.findings == ()


def test_plain_text_and_references_to_stores() -> None:
    made = used(("a", [secret("plain", a="YWJj"), secret("far", a=b64encode(b"ref+vault://x#/a").decode())])).secrets
    assert {name: row.keeping for (_, name), row in made.items()} == {"plain": Keeping.PLAIN, "far": Keeping.STORE}


def test_an_object_that_names_itself_does_not_use_itself() -> None:
    sealed = Manifest(
        ObjectRef("bitnami.com", "SealedSecret", "shop", "db"),
        "bitnami.com/v1alpha1",
        {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": "db"}, "spec": {"encryptedData": {"a": "db"}}},
        Origin(FILE),
    )
    assert rules(findings(used(("a", [sealed])), SecretPolicy(), now=NOW)) == [("shop/db", "unused")]
