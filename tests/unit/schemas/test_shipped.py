"""Named versions: what is shipped, a folder of the user's, a plug-in; and the life of API versions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from tests.fixtures.errors import raises

from gitctl.errors import ErrorId
from gitctl.model.finding import Rule, Severity
from gitctl.schemas import shipped
from gitctl.schemas.lifecycle import LIFECYCLES, judge, minor_of
from gitctl.schemas.shipped import named, versions

DOCUMENT = {
    "components": {
        "schemas": {
            "io.k8s.api.x.v1.Gadget": {
                "type": "object",
                "properties": {"apiVersion": {"type": "string"}},
                "x-kubernetes-group-version-kind": [{"group": "x", "version": "v1", "kind": "Gadget"}],
            }
        }
    }
}


def test_what_is_shipped_is_small_and_has_every_workload() -> None:
    (path,) = shipped._OWN.glob("*.json.gz")
    assert path.stat().st_size < 400_000
    kinds = named("v1.37.2").kinds
    assert {("apps/v1", "Deployment"), ("v1", "Secret"), ("batch/v1", "CronJob"), ("networking.k8s.io/v1", "Ingress")} <= set(kinds)
    assert not [kind for _, kind in kinds if kind.endswith("List") or kind == "DeleteOptions"]


def test_a_folder_has_more_versions(tmp_path: Path) -> None:
    (tmp_path / "1.36.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "1.35").mkdir()
    (tmp_path / "1.35" / "apis__x__v1_openapi.json.gz").write_bytes(gzip.compress(json.dumps(DOCUMENT).encode()))
    (tmp_path / "README.md").write_text("no schemas")
    assert list(versions(tmp_path)) == ["1.37", "1.36", "1.35"]
    assert all(named(v, tmp_path).kinds == {("x/v1", "Gadget"): "io.k8s.api.x.v1.Gadget"} for v in ("1.36", "1.35.9"))


def test_a_version_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    for version in ("1.30", "latest"):
        with raises(ErrorId.SCHEMAS_MISSING, match=r"no schemas of Kubernetes .*; there are: 1\.37"):
            named(version)
    with raises(ErrorId.FOLDER_MISSING, match="is not a folder"):
        versions(tmp_path / "none")
    (tmp_path / "1.20.json").write_text("[]")
    (tmp_path / "1.21.json.gz").write_text("{}")
    for version, message in (("1.20", "is no OpenAPI document"), ("1.21", "cannot be read")):
        with raises(ErrorId.SCHEMAS_UNREADABLE, match=message):
            named(version, tmp_path)


class Point:
    """An entry point."""

    name, value, dist = "more", "more:FOLDER", None

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def load(self) -> Path:
        """What it names."""
        if self.folder is None:
            raise ImportError("no")
        return self.folder


def test_a_plug_in_has_more_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "1.34.json").write_text(json.dumps(DOCUMENT))
    monkeypatch.setattr(shipped, "entry_points", lambda group: [Point(tmp_path)] if group == "gitctl.schemas" else [])
    assert list(versions()) == ["1.37", "1.34"]
    monkeypatch.setattr(shipped, "entry_points", lambda **_: [Point(None)])
    with raises(ErrorId.PLUGIN_BROKEN, match="the plug-in 'more' does not load: ImportError"):
        versions()


@pytest.mark.parametrize(
    ("api_version", "kind", "version", "rule"),
    [
        ("batch/v1beta1", "CronJob", (1, 20), None),
        ("batch/v1beta1", "CronJob", (1, 21), Rule.DEPRECATED_API),
        ("batch/v1beta1", "CronJob", (1, 24), Rule.DEPRECATED_API),
        ("batch/v1beta1", "CronJob", (1, 25), Rule.REMOVED_API),
        ("v1", "Endpoints", (1, 37), Rule.DEPRECATED_API),
        ("policy/v1beta1", "PodSecurityPolicy", (1, 25), Rule.REMOVED_API),
        ("apps/v1", "Deployment", (1, 99), None),
    ],
)
def test_api_versions_come_and_go(api_version: str, kind: str, version: tuple[int, int], rule: Rule | None) -> None:
    found = judge(api_version, kind, version)
    assert (found.rule if found else None) == rule
    if found:
        assert found.hint in ("use batch/v1", "use discovery.k8s.io/v1 EndpointSlice", "nothing replaces it")
        assert found.severity is (Severity.ERROR if rule is Rule.REMOVED_API else Severity.WARNING)


def test_the_table_agrees_with_what_is_shipped() -> None:
    kinds = named("1.37").kinds
    assert [k for k, life in LIFECYCLES.items() if life.removed and life.removed <= (1, 37) and k in kinds] == []
    replaced = {
        (life.replacement.split()[0], life.replacement.split()[-1] if " " in life.replacement else kind)
        for (_, kind), life in LIFECYCLES.items()
        if life.replacement
    }
    # Reviews and candidates are asked for and never kept in Git; policies of the newest kind are not on by default.
    missing = replaced - set(kinds)
    assert {kind for _, kind in missing if not kind.endswith("Review")} <= {
        "LeaseCandidate",
        "ClusterTrustBundle",
        "PodCertificateRequest",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    }
    assert all(life.removed is None or life.removed > life.deprecated for life in LIFECYCLES.values())


def test_versions_are_read_as_people_write_them() -> None:
    assert [minor_of(t) for t in ("1.37", "v1.37.2", "1.37+", "1.9", "latest", "")] == [(1, 37), (1, 37), (1, 37), (1, 9), None, None]
