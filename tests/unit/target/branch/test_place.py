from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitctl.model.manifest import ObjectRef
from gitctl.source.objects import check_path
from gitctl.target.branch.place import Place

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=260)
REFS = st.builds(ObjectRef, st.sampled_from(["", "apps", "a-b", "a"]), st.sampled_from(["Role", "B-Role"]), st.just("") | NAMES, NAMES)


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        (ObjectRef("apps", "Deployment", "shop", "web"), "site/shop/deployment.apps_web.yaml"),
        (ObjectRef("", "ConfigMap", "shop", "a.b"), "site/shop/configmap_a.b.yaml"),
        (ObjectRef("", "Namespace", "", "shop"), "site/_cluster/namespace_shop.yaml"),
        (
            ObjectRef("rbac.authorization.k8s.io", "ClusterRole", "", "system:Node"),
            "site/_cluster/clusterrole.rbac.authorization.k8s.io_system%3a%4eode.yaml",
        ),
        (ObjectRef("", "ConfigMap", "..", "../../x"), "site/%2e%2e/configmap_..%2f..%2fx.yaml"),
    ],
)
def test_files_are_called_by_what_is_in_them(ref: ObjectRef, path: str) -> None:
    assert Place("b", "site").path(ref) == path


def test_the_root_of_a_branch_is_a_folder_too() -> None:
    assert Place("b", "").path(ObjectRef("", "ConfigMap", "shop", "a")) == "shop/configmap_a.yaml"
    assert (Place("b", "").below, Place("b", "site").below) == ("/", "site/")


@given(REFS, REFS)
def test_no_two_objects_share_a_file_and_none_leaves_the_folder(one: ObjectRef, other: ObjectRef) -> None:
    paths = [Place("b", "site").path(ref) for ref in (one, other)]
    assert (paths[0].lower() == paths[1].lower()) == (one == other)
    for path in paths:
        check_path(path)
        assert path.startswith("site/")
        assert path.count("/") == 2
        assert len(path.rpartition("/")[2]) <= 210


def test_states_are_kept_by_app_and_place() -> None:
    keys = {Place(b, f).state_ref(o) for b in "ab" for f in "xy" for o in ("shop/dev/site", "shop/dev/page")}
    assert len(keys) == 8
    assert Place("a", "x").state_ref("shop/dev/site").startswith("refs/gitctl/state/shop-dev-site-")
