"""Waves and the order of deletes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.making import compared, live, manifest, ref

from gitctl.errors import ManifestError
from gitctl.model.change import Action, Change
from gitctl.plan.order import in_delete_order, in_waves

KINDS = [
    "Namespace shop",
    "apiextensions.k8s.io/CustomResourceDefinition crontabs.example.com",
    "scheduling.k8s.io/PriorityClass high",
    "ServiceAccount shop/web",
    "rbac.authorization.k8s.io/Role shop/web",
    "rbac.authorization.k8s.io/RoleBinding shop/web",
    "ConfigMap shop/web",
    "Secret shop/web",
    "Service shop/web",
    "apps/Deployment shop/web",
    "batch/Job shop/web",
    "networking.k8s.io/Ingress shop/web",
    "policy/PodDisruptionBudget shop/web",
    "example.com/CronTab shop/web",
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration web",
    "apiregistration.k8s.io/APIService v1.web",
]


def create(text: str, wave: str = "") -> Change:
    annotations = {"annotations": {"gitctl.dev/wave": wave}} if wave else {}
    return Change(ref(text), Action.CREATE, comparison=compared(manifest(text, **annotations)))


def prune(text: str, wave: str = "") -> Change:
    return Change(ref(text), Action.PRUNE, live=live(text, annotations={"gitctl.dev/wave": wave} if wave else {}))


def shape(changes: list[Change]) -> list[tuple[list[str], bool]]:
    return [([c.ref.kind for c in wave.changes], wave.settle) for wave in in_waves(changes)]


def test_kinds_share_few_waves() -> None:
    assert shape([create(k) for k in reversed(KINDS)]) == [
        (["Namespace", "CustomResourceDefinition"], True),
        (["ServiceAccount", "Role", "PriorityClass"], False),
        (["ConfigMap", "Secret", "Service", "RoleBinding"], False),
        (["Deployment", "Job", "Ingress", "PodDisruptionBudget"], False),
        (["CronTab"], True),
        (["ValidatingWebhookConfiguration", "APIService"], False),
    ]


def test_wave_numbers_settle_between_and_are_named() -> None:
    asked = {"ConfigMap a/late": "5", "apps/Deployment a/mid": "", "batch/Job a/early": "-1", "ConfigMap a/mid": ""}
    waves = in_waves([create(*one) for one in asked.items()])
    assert [[c.ref.name for c in w.changes] for w in waves] == [["early"], ["mid"], ["mid"], ["late"]]
    assert [w.settle for w in waves] == [True, False, True, False]
    assert [w.name.partition(":")[0] for w in waves][::3] == ["wave -1", "wave 5"]


def test_definitions_come_first_and_webhooks_last_whatever_the_numbers() -> None:
    changes = [create(KINDS[0], "9"), create(KINDS[14]), create("ConfigMap a/x", "-3"), create("ConfigMap a/y", "7")]
    assert [kinds for kinds, _ in shape(changes)] == [["Namespace"], ["ConfigMap"], ["ConfigMap"], ["ValidatingWebhookConfiguration"]]


def test_a_webhook_that_asks_for_a_wave_gets_it() -> None:
    assert [kinds for kinds, _ in shape([create(KINDS[14], "1"), create("ConfigMap a/y", "7")])][:1] == [["ValidatingWebhookConfiguration"]]


@pytest.mark.parametrize("wave", ["first", "1.5", "1_0", " 1", "0x1"])
def test_a_wave_that_is_no_integer_is_an_error_that_names_the_file(wave: str) -> None:
    with pytest.raises(ManifestError) as caught:
        in_waves([create("ConfigMap shop/web", wave)])
    assert "apps/web/a.yaml:3" in str(caught.value)


@given(st.permutations(KINDS))
def test_the_order_does_not_depend_on_the_input(kinds: list[str]) -> None:
    assert in_waves([create(k) for k in kinds]) == in_waves([create(k) for k in KINDS])


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["", "-2", "1", "3"])), max_size=8, unique_by=lambda t: t[0]))
def test_deletes_go_backwards(chosen: list[tuple[str, str]]) -> None:
    applied = [c.ref for w in in_waves([create(*one) for one in chosen]) for c in w.changes]
    assert [c.ref for c in in_delete_order([prune(*one) for one in chosen])] == applied[::-1]


def test_a_live_annotation_that_is_no_integer_does_not_stop_deletes() -> None:
    assert [c.ref.name for c in in_delete_order([prune("ConfigMap a/x", "oops"), prune("ConfigMap a/y", "1")])] == ["y", "x"]
