"""What a pass writes back of a cluster, and what it must not write over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.region.services.rds.controller.members import InstanceView
from drydock.region.services.rds.controller.records import Records
from drydock.region.services.rds.controller.view import DatabaseView
from tests.support.served import Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "region.log") as found:
        yield found


def test_a_failover_that_was_asked_for_during_a_pass_is_not_ended_by_it(served: Served) -> None:
    rds = served.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        MasterUsername="postgres",
        MasterUserPassword="x" * 12,
    )
    for name in ("db-0", "db-1"):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBClusterIdentifier="db",
            Engine="aurora-postgresql",
            DBInstanceClass="db.t4g.medium",
        )
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        cluster = backend.clusters["db"]
        cluster.status = "available"
        for name in ("db-0", "db-1"):
            backend.databases[name].status = "available"
    records = Records(served.store)

    def writer() -> list[str]:
        members = rds.describe_db_clusters()["DBClusters"][0]["DBClusterMembers"]
        return [one["DBInstanceIdentifier"] for one in members if one["IsClusterWriter"]]

    def look(name: str) -> tuple[DatabaseView, InstanceView]:
        view = records.read(str(cluster.db_cluster_arn))
        assert view is not None
        return view, next(one for one in view.instances if one.identifier == name)

    view, old = look("db-0")
    records.set_writer(view, old)
    assert writer() == ["db-0"]
    view, old = look("db-0")
    rds.failover_db_cluster(DBClusterIdentifier="db", TargetDBInstanceIdentifier="db-1")
    records.set_writer(view, old)
    assert cluster.failover_target == "db-1"
    view, new = look("db-1")
    records.set_writer(view, new)
    assert writer() == ["db-1"]
    assert not cluster.failover_target
