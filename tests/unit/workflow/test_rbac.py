"""Accounts: for apps that go to a cluster, and no others."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gitctl.errors import ErrorId, InputError
from gitctl.model.app import App, BranchTarget
from gitctl.workflow.rbac import RbacRequest, accounts_for


def test_an_app_in_a_branch_needs_no_account() -> None:
    app = App(project="shop", env="dev", name="site", path="site", target=BranchTarget("rendered/dev", "site"))
    with pytest.raises(InputError, match="no app of the selection") as caught:
        accounts_for([app], cast(Any, None), RbacRequest("shop", "dev", "gitctl-system"))
    assert caught.value.id is ErrorId.NO_CLUSTER_APP
