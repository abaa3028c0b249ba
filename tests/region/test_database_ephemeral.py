"""A region that trades durability for speed does so because it was told to, and says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.config import load
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario

pytestmark = pytest.mark.region

SHOW = "select string_agg(setting, ' ' order by name) from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')"


@takes_minutes
def test_databases_wait_for_the_disk_unless_the_region_is_told_otherwise(
    tmp_path: Path, needs_namespaces: None
) -> None:
    workspace = support.prepare(tmp_path)
    region = TestRegion(workspace, launcher.start(workspace, load(tmp_path).asked(ephemeral=True)))
    try:
        assert region.inspect()["ephemeral"] is True
        cluster = Cluster.create(Scenario.build(region, "brief", "10.78.0.0/16"), "brief-db")
        cluster.wait_available()
        assert cluster.ask("create table kept as select 1 as n", SHOW)[-1] == "off off off"
        region.restart()
        assert region.inspect()["ephemeral"] is False
        cluster.wait_available()
        assert cluster.ask("select n from kept", SHOW) == ["1", "on on on"]
    finally:
        launcher.stop(workspace)
