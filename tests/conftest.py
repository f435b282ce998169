"""Fixtures for all tests. They are explained where they are written, in tests/fixtures/.

isolated (always), gitctl, git_repo · control_plane, namespace, new_namespace, kubeconfig, kubectl, fault_proxy
age_key, stranger, runtime_folder · aws · sealer, successor · branch_project · figure, long
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from tests.fixtures.aws import aws  # noqa: F401
from tests.fixtures.branch import branch_project  # noqa: F401
from tests.fixtures.cluster import (  # noqa: F401
    control_plane,
    fault_proxy,
    kubeconfig,
    kubectl,
    namespace,
    new_namespace,
    stop_orphans,
    stop_run,
)
from tests.fixtures.commands import git_repo, gitctl  # noqa: F401
from tests.fixtures.figures import figure, long  # noqa: F401
from tests.fixtures.isolation import OUTSIDE, isolate_process, isolated  # noqa: F401
from tests.fixtures.project import project  # noqa: F401
from tests.fixtures.sealing import sealer, successor  # noqa: F401
from tests.fixtures.secrets import age_key, runtime_folder, stranger  # noqa: F401

# Two busy cores make any time limit of an example a matter of luck. The examples are the same in every run, so that a red run means
# the change that it tests; `--hypothesis-profile=explore` looks for new ones.
settings.register_profile("gitctl", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("gitctl")


@pytest.hookimpl(trylast=True)  # after the plugin that makes temporary folders
def pytest_configure(config: pytest.Config) -> None:
    """Take the user's environment away before a test module is imported."""
    home = Path(config._tmp_path_factory.getbasetemp()) / "nobody"  # type: ignore[attr-defined]
    config.stash[OUTSIDE] = isolate_process(home)
    if not hasattr(config, "workerinput"):
        stop_orphans(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that outlives the workers stops the control plane."""
    if not hasattr(config, "workerinput"):
        stop_run(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the control plane is marked, so that `-m 'not cluster'` leaves it out."""
    for item in items:
        if "control_plane" in getattr(item, "fixturenames", ()):
            item.add_marker("cluster")
