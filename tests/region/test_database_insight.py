"""Databases in CloudWatch: metrics of what servers really use, and their logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

STAY = (
    "import sys, time, psycopg\n"
    "all = [psycopg.connect(host=sys.argv[1], user='postgres', password=sys.argv[2], dbname='app')\n"
    "       for _ in range(3)]\n"
    "print('in', flush=True)\n"
    "end = time.monotonic() + 30\n"
    "while time.monotonic() < end:\n"
    "    all[0].execute('select sum(n) from generate_series(1, 300000) n')\n"
)


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "insight", "10.77.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    cluster = Cluster.create(
        place,
        "ins-db",
        instance_class="db.serverless",
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 4},
        EnableCloudwatchLogsExports=["postgresql"],
    )
    cluster.add_instance(1, DBInstanceClass="db.serverless")
    cluster.wait_available()
    cluster.wait_available(number=1)
    yield cluster
    cluster.delete()


def metric(cluster: Cluster, name: str, number: int = 0) -> list[float]:
    found = cluster.scenario.region.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName=name,
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": f"ins-db-{number}"}],
        StartTime=datetime.now(UTC) - timedelta(minutes=10),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    return [float(one["Maximum"]) for one in found]


@takes_minutes
def test_load_shows_in_metrics_and_moves_the_capacity(cluster: Cluster) -> None:
    place = cluster.scenario
    eventually(lambda: metric(cluster, "ServerlessDatabaseCapacity"), "there is a first value")
    arn = place.run(
        place.define("psql:1", [STAY, cluster.describe()["Endpoint"], cluster.password])
    )
    place.wait_for_output(arn, 1)
    eventually(lambda: max(metric(cluster, "DatabaseConnections")) == 3, "three clients", 20)
    eventually(lambda: max(metric(cluster, "ServerlessDatabaseCapacity")) > 0.5, "it grows", 20)
    assert max(metric(cluster, "CPUUtilization")) > 5
    assert 0 < max(metric(cluster, "ACUUtilization")) <= 100
    assert 0 < max(metric(cluster, "FreeableMemory")) < 4 * (2 << 30)
    eventually(lambda: metric(cluster, "AuroraReplicaLag", 1), "the reader's lag", 20)
    assert not metric(cluster, "AuroraReplicaLag", 0)
    place.stop(arn)
    place.wait(arn, "STOPPED")


def test_what_the_server_says_is_in_its_log_group(cluster: Cluster) -> None:
    cluster.refusal("select 1 from nowhere_at_all")
    logs = cluster.scenario.region.client("logs")

    def said() -> list[str]:
        found = logs.get_log_events(
            logGroupName="/aws/rds/cluster/ins-db/postgresql",
            logStreamName="ins-db-0.0",
            startFromHead=True,
        )["events"]
        return [one["message"] for one in found if "nowhere_at_all" in one["message"]]

    told = eventually(said, "the error is told", 20)
    assert len(told) >= 1
    assert 'ERROR:  relation "nowhere_at_all" does not exist' in told[0]
    assert "postgres@app" in told[0]
