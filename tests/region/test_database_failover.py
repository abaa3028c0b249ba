"""Failover of an Aurora cluster: what was acknowledged is there, names follow, events tell of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

WRITER = """
import os, sys, time, psycopg
number, failed = 0, 0.0
connection = None
end = time.monotonic() + 60
while time.monotonic() < end:
    try:
        if connection is None or connection.closed:
            connection = psycopg.connect(
                host=os.environ["HOST"], user="postgres", password=os.environ["WORD"],
                dbname="app", connect_timeout=2, autocommit=True)
        number += 1
        connection.execute("insert into acknowledged values (%s)", (number,))
    except psycopg.Error as error:
        failed = failed or time.monotonic()
        connection = None
        time.sleep(0.02)
        continue
    if failed:
        print("without a writer", round(time.monotonic() - failed, 2), flush=True)
        failed = 0.0
    print(number, flush=True)
    time.sleep(0.005)
"""

NAMES = """
import os, socket, time
last, end = "", time.monotonic() + 120
while time.monotonic() < end:
    try:
        found = socket.gethostbyname(os.environ["HOST"])
    except OSError:
        found = "nowhere"
    if found != last:
        print(found, flush=True)
    last = found
    time.sleep(0.02)
"""


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "failover", "10.72.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    cluster = Cluster.create(place, "fo-db")
    for number, tier in ((1, 5), (2, 0)):
        cluster.add_instance(number, PromotionTier=tier)
    for number in range(3):
        cluster.wait_available(number=number)
    yield cluster
    cluster.delete()


def events(cluster: Cluster, **about: Any) -> list[str]:
    about = about or {"SourceType": "db-cluster", "SourceIdentifier": cluster.name}
    found = cluster.scenario.region.client("rds").describe_events(**about)["Events"]
    return [one["Message"] for one in found]


def settled(cluster: Cluster, writer: int) -> bool:
    return cluster.writers() == [f"{cluster.name}-{writer}"] and all(
        cluster.instance(number)["DBInstanceStatus"] == "available" for number in range(3)
    )


@takes_minutes
def test_a_killed_writer_is_followed_by_the_reader_of_the_lowest_tier(cluster: Cluster) -> None:
    cluster.ask("create table acknowledged (n int primary key)")
    place = cluster.scenario
    environment = {"HOST": cluster.describe()["Endpoint"], "WORD": cluster.password}
    arn = place.run(
        place.define(
            "psql:1",
            [WRITER],
            environment=[{"name": key, "value": value} for key, value in environment.items()],
        )
    )
    place.wait_for_output(arn, 20)
    cluster.kill(0)

    def without() -> float:
        lines = [one for one in place.output(arn) if one.startswith("without")]
        return float(lines[0].split()[-1]) if lines else 0.0

    # how long it takes is for benchmarks/database.py to say
    assert eventually(without, "it is written again", 20)
    eventually(lambda: settled(cluster, 2), "the old writer follows the reader of tier 0", 30)
    place.stop(arn)
    place.wait(arn, "STOPPED")
    acknowledged = {int(one) for one in place.output(arn) if one.isdecimal()}
    there = {int(one) for one in cluster.ask("select n from acknowledged")}
    assert acknowledged
    assert not acknowledged - there
    assert cluster.server(0)["role"] == "reader"
    told = [one for one in events(cluster) if "failover" in one]
    assert told == [
        f"Started {'same' if same_zone(cluster) else 'cross'} AZ failover to DB instance: fo-db-2",
        "Completed failover to DB instance: fo-db-2",
    ]
    cluster.ask("drop table acknowledged")


def same_zone(cluster: Cluster) -> bool:
    zones = [cluster.instance(number)["AvailabilityZone"] for number in (0, 2)]
    return bool(zones[0] == zones[1])


def test_a_failover_that_was_asked_for_goes_to_its_target(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    with pytest.raises(rds.exceptions.ClientError, match="already the writer"):
        rds.failover_db_cluster(
            DBClusterIdentifier=cluster.name, TargetDBInstanceIdentifier=cluster.writers()[0]
        )
    place = cluster.scenario
    names = place.run(
        place.define(
            "psql:1",
            [NAMES],
            environment=[{"name": "HOST", "value": cluster.describe()["Endpoint"]}],
        )
    )
    before = place.wait_for_output(names, 1)[0]
    rds.failover_db_cluster(
        DBClusterIdentifier=cluster.name, TargetDBInstanceIdentifier=f"{cluster.name}-1"
    )
    eventually(lambda: cluster.writers() == [f"{cluster.name}-1"], "the target is the writer", 30)
    target = cluster.server(1)["address"]
    assert target != before
    # the goal is 2 s, which the tests' patience makes longer
    eventually(lambda: place.output(names)[-1] == target, "the endpoint has followed", 2)
    place.stop(names)
    eventually(lambda: settled(cluster, 1), "all of them serve", 30)
    assert events(cluster)[-1] == "Completed failover to DB instance: fo-db-1"
    assert cluster.ask("select pg_is_in_recovery()") == ["False"]


def test_the_reader_endpoint_spreads_connections(cluster: Cluster) -> None:
    place = cluster.scenario
    host = cluster.describe()["ReaderEndpoint"]
    script = (
        f"import socket\nprint(*sorted({{socket.gethostbyname({host!r}) for _ in range(40)}}))\n"
    )
    arn = place.run(place.define("psql:1", [script]))
    place.wait(arn, "STOPPED")
    writer = int(cluster.writers()[0][-1])
    readers = {cluster.server(number)["address"] for number in range(3) if number != writer}
    assert set(place.output(arn)[0].split()) == readers


def test_a_custom_endpoint_leads_to_its_members_alone(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    made = rds.create_db_cluster_endpoint(
        DBClusterIdentifier=cluster.name,
        DBClusterEndpointIdentifier="fo-some",
        EndpointType="ANY",
        StaticMembers=[f"{cluster.name}-0"],
    )
    assert made["Endpoint"].startswith("fo-some.cluster-custom-")
    address = cluster.server(0)["address"]
    assert cluster.ask("select host(inet_server_addr())", host=made["Endpoint"]) == [address]
    kinds = [
        one["EndpointType"]
        for one in rds.describe_db_cluster_endpoints(DBClusterIdentifier=cluster.name)[
            "DBClusterEndpoints"
        ]
    ]
    assert kinds == ["WRITER", "READER", "CUSTOM"]
    rds.delete_db_cluster_endpoint(DBClusterEndpointIdentifier="fo-some")
    found = rds.describe_db_cluster_endpoints(
        DBClusterIdentifier=cluster.name,
        Filters=[{"Name": "db-cluster-endpoint-type", "Values": ["custom"]}],
    )
    assert found["DBClusterEndpoints"] == []


def test_stopped_it_has_no_server_and_started_it_has_its_data(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    cluster.ask("create table kept (n int)", "insert into kept values (7)")
    rds.stop_db_cluster(DBClusterIdentifier=cluster.name)
    eventually(lambda: cluster.describe()["Status"] == "stopped", "it is stopped", 30)
    assert {cluster.instance(number)["DBInstanceStatus"] for number in range(3)} == {"stopped"}
    assert not any(cluster.server(number).get("pid") for number in range(3))
    with pytest.raises(rds.exceptions.ClientError, match="expected it to be one of available"):
        rds.stop_db_cluster(DBClusterIdentifier=cluster.name)
    rds.start_db_cluster(DBClusterIdentifier=cluster.name)
    cluster.wait_available(number=1)
    assert cluster.ask("select n from kept", "drop table kept") == ["7"]
    assert events(cluster)[-2:] == ["DB cluster stopped.", "DB cluster started."]
    eventually(lambda: settled(cluster, 1), "readers too", 30)


@takes_minutes
def test_killed_all_at_once_nothing_acknowledged_is_lost(own_region: TestRegion) -> None:
    place = Scenario.build(own_region, "all")
    cluster = Cluster.create(place, "all-db")
    cluster.wait_available()
    cluster.ask("create table acknowledged (n int primary key)")
    environment = {"HOST": cluster.describe()["Endpoint"], "WORD": cluster.password}
    arn = place.run(
        place.define(
            "psql:1",
            [WRITER],
            environment=[{"name": key, "value": value} for key, value in environment.items()],
        )
    )
    place.wait_for_output(arn, 20)
    eventually(lambda: not own_region.inspect().get("unsaved"), "nothing is unsaved", 30)
    acknowledged = {int(one) for one in place.output(arn) if one.isdecimal()}
    for pid in (int(cluster.server()["pid"]), own_region.record.daemon_pid, own_region.record.pid):
        os.kill(pid, signal.SIGKILL)
    own_region.restart()
    cluster.wait_available()
    there = {int(one) for one in cluster.ask("select n from acknowledged")}
    assert acknowledged
    assert not acknowledged - there
