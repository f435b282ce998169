"""gitctl's verdict is the API server's: one server-side dry run with strict fields, beside our own check."""

from __future__ import annotations

import gzip
import importlib.util
import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.fixtures.commands import Runner
from tests.fixtures.verdicts import BAD, GOOD, KNOWN_DIFFERENCES
from tests.fixtures.widget import definition, widget

from gitctl import sandbox
from gitctl.model.finding import Rule, Severity
from gitctl.schemas.book import SchemaBook, served
from gitctl.schemas.shipped import named

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).parents[2]


def named_apart(objects: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects under names of their own, by which the answers are told apart."""
    apart = []
    for name, body in objects.items():
        old = body["metadata"]["name"]
        keep = body["kind"] == "CustomResourceDefinition" or old.lower() != old
        apart.append(body if keep else {**body, "metadata": {**body["metadata"], "name": name}})
    return apart


def accepted(kubectl: Runner, namespace: str, objects: Mapping[str, dict[str, Any]], folder: Path) -> set[str]:
    """Names of those that the API server takes."""
    file = folder / "objects.json"
    file.write_text("\n".join(json.dumps(o) for o in named_apart(objects)))
    argv = ("apply", "-n", namespace, "--server-side", "--dry-run=server", "--validate=strict", "--field-manager=gitctl", "-o", "name")
    done = kubectl(*argv, "-f", file, code=None)
    return {line.split("/", 1)[1] for line in done.stdout.splitlines() if "/" in line}


@pytest.fixture
def book(kubectl: Runner, namespace: str, tmp_path: Path) -> SchemaBook:
    """The shipped schemas, and the widget, which the API server knows too: a new kind is taken untyped for a moment."""
    kubectl("apply", "-f", "-", stdin=json.dumps(definition()))
    kubectl("wait", "--for=condition=established", "crd/widgets.widgets.test", "--timeout=60s")
    probe = {"good": widget(), "bad": widget(tags=["a", "a"]), "worse": widget(nam="x")}
    end = time.monotonic() + 60
    while accepted(kubectl, namespace, probe, tmp_path) != {"good"}:
        assert time.monotonic() < end, "the API server did not learn the types of the widget"
    shipped = named("1.37")
    made = SchemaBook(served(shipped, (1, 37), "shipped"), shipped)
    made.define([definition()])
    return made


def test_verdicts_are_those_of_the_api_server(book: SchemaBook, kubectl: Runner, namespace: str, tmp_path: Path) -> None:
    def wrong(body: dict[str, Any]) -> list[str]:
        found = book.check(body, opaque=lambda _: False)
        return [p.message for p in found if p.severity is Severity.ERROR]

    taken = accepted(kubectl, namespace, GOOD, tmp_path)
    names = {o["metadata"]["name"]: key for key, o in zip(GOOD, named_apart(GOOD), strict=True)}
    assert {key for name, key in names.items() if name not in taken} == set()
    assert {key: found for key, body in GOOD.items() if (found := wrong(body))} == {}
    assert accepted(kubectl, namespace, BAD, tmp_path) == set()
    assert {key for key, body in BAD.items() if not wrong(body)} == set()
    # Not the reason of our choice of words, but of what is promised: these are known not to be found.
    assert accepted(kubectl, namespace, KNOWN_DIFFERENCES, tmp_path) == set()
    assert {key for key, body in KNOWN_DIFFERENCES.items() if wrong(body)} == set()


LIVE = (
    "apiservices clusterroles clusterrolebindings roles rolebindings flowschemas prioritylevelconfigurations nodes services endpoints "
    "endpointslices leases events namespaces serviceaccounts configmaps clustertrustbundles ipaddresses servicecidrs priorityclasses"
)


def test_what_the_api_server_holds_is_good(kubectl: Runner) -> None:
    shipped = named("1.37")
    book = SchemaBook(served(shipped, (1, 37), "shipped"), shipped)
    items = json.loads(kubectl("get", LIVE.replace(" ", ","), "-A", "-o", "json", "--show-managed-fields").stdout)["items"]
    assert len(items) > 100
    # Lists with an item twice may have been created, and cannot be applied.
    found = [(o["kind"], o["metadata"]["name"], p) for o in items for p in book.check(o, opaque=lambda _: False)]
    assert [f for f in found if f[2].severity is Severity.ERROR and f[2].rule is not Rule.DUPLICATE] == []


def dumper() -> ModuleType:
    """The program that writes the shipped schemas."""
    spec = importlib.util.spec_from_file_location("dump_schemas", ROOT / "tools" / "dump_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shipped_schemas_are_those_of_the_api_server(control_plane: sandbox.ControlPlane) -> None:
    tool = dumper()
    version, document = tool.dump(control_plane)
    shipped = tool.FOLDER / f"{version}.json.gz"
    assert json.loads(gzip.decompress(shipped.read_bytes())) == document, "stale: run tools/dump_schemas.py"
