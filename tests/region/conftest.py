"""One region for the tests that only need one; those that stop it or kill it start their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.region import TestRegion
from tests.support.scenario import Scenario


@pytest.fixture(scope="session")
def needs_namespaces() -> None:
    if reason := support.why_not():
        pytest.skip(f"no region on this machine: {reason}")


@pytest.fixture(scope="session")
def region(
    tmp_path_factory: pytest.TempPathFactory, needs_namespaces: None
) -> Iterator[TestRegion]:
    """A region that runs for the whole session; tests use names of their own in it."""
    workspace = support.prepare(tmp_path_factory.mktemp("region"))
    record = support.start(workspace)
    yield TestRegion(workspace, record)
    launcher.stop(workspace)


@pytest.fixture
def own_region(tmp_path: Path, needs_namespaces: None) -> Iterator[TestRegion]:
    """A region for one test, which may stop, kill or restart it."""
    workspace = support.prepare(tmp_path)
    record = support.start(workspace)
    yield TestRegion(workspace, record)
    launcher.stop(workspace)


@pytest.fixture(scope="session")
def scenario(region: TestRegion) -> Scenario:
    """A VPC with two subnets, a cluster and a log group in the session's region."""
    return Scenario.build(region, "shared")
