"""Readers of an Aurora cluster: real standbys, with endpoints that lead to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drydock.region.host import launcher
from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion, is_alive
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


def _folders(region: TestRegion) -> list[Path]:
    """The folders of databases; a copy that is being made has a name with a dot."""
    return [one for one in region.workspace.databases.iterdir() if not one.name.startswith(".")]


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "readers", "10.71.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    cluster = Cluster.create(place, "two-db")
    cluster.add_instance(1)
    cluster.wait_available()
    cluster.wait_available(number=1)
    yield cluster
    cluster.delete()


def interfaces(place: Scenario) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.region.client("ec2").describe_network_interfaces(
        Filters=[
            {"Name": "description", "Values": ["RDSNetworkInterface"]},
            {"Name": "vpc-id", "Values": [place.vpc]},
        ]
    )["NetworkInterfaces"]
    return found


def test_each_has_an_interface_of_its_own_in_another_zone(
    cluster: Cluster, place: Scenario
) -> None:
    zones = {cluster.instance(number)["AvailabilityZone"] for number in (0, 1)}
    assert len(zones) == 2
    found = interfaces(place)
    assert {one["AvailabilityZone"] for one in found} == zones
    addresses = {one["PrivateIpAddress"] for one in found}
    assert {cluster.server(number)["address"] for number in (0, 1)} == addresses
    assert cluster.writers() == ["two-db-0"]
    assert cluster.describe()["MultiAZ"]


def test_endpoints_lead_to_the_writer_and_to_the_reader(cluster: Cluster) -> None:
    described = cluster.describe()
    query = "select host(inet_server_addr()), pg_is_in_recovery()"
    writer, reader = (cluster.server(number)["address"] for number in (0, 1))
    assert cluster.ask(query, host=described["Endpoint"]) == [f"{writer} False"]
    assert cluster.ask(query, host=described["ReaderEndpoint"]) == [f"{reader} True"]
    own = cluster.instance(1)["Endpoint"]["Address"]
    assert cluster.ask(query, host=own) == [f"{reader} True"]


def test_what_is_written_can_be_read_there_and_not_written(cluster: Cluster) -> None:
    reader = cluster.describe()["ReaderEndpoint"]
    cluster.ask("create table seen (n int)", "insert into seen select generate_series(1, 1000)")

    def arrived() -> bool:
        return cluster.ask("select to_regclass('seen') is not null", host=reader) == ["True"]

    eventually(arrived, "the table is there", 20)
    assert cluster.ask("select count(*) from seen", host=reader) == ["1000"]
    refused = cluster.refusal("insert into seen values (1)", host=reader)
    assert "cannot execute INSERT in a read-only transaction" in refused
    cluster.ask("drop table seen")


def test_what_the_vpc_lets_through_does_not_matter_to_it(cluster: Cluster, place: Scenario) -> None:
    """Below its instances Aurora replicates by itself, whatever their security groups say."""
    rds, ec2 = place.region.client("rds"), place.region.client("ec2")
    shut = ec2.create_security_group(GroupName="shut", Description="x", VpcId=place.vpc)["GroupId"]
    everywhere = ec2.describe_security_groups(GroupIds=[shut])["SecurityGroups"][0]
    ec2.revoke_security_group_egress(GroupId=shut, IpPermissions=everywhere["IpPermissionsEgress"])
    before = [one["Groups"] for one in interfaces(place)]
    for one in interfaces(place):
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=one["NetworkInterfaceId"], Groups=[shut]
        )
    try:
        killed = cluster.kill(1)
        eventually(lambda: not is_alive(killed), "the reader is gone")
        eventually(
            lambda: cluster.server(1).get("pid") not in (None, killed), "it is started again", 20
        )
        cluster.wait_available(number=1)
    finally:
        for one, groups in zip(interfaces(place), before, strict=True):
            ec2.modify_network_interface_attribute(
                NetworkInterfaceId=one["NetworkInterfaceId"],
                Groups=[group["GroupId"] for group in groups],
            )
    assert rds.describe_db_clusters(DBClusterIdentifier=cluster.name)["DBClusters"]
    ec2.delete_security_group(GroupId=shut)


def test_a_reboot_of_the_reader_is_a_restart_of_it_alone(cluster: Cluster) -> None:
    before = [cluster.server(number)["pid"] for number in (0, 1)]
    rds = cluster.scenario.region.client("rds")
    rds.reboot_db_instance(DBInstanceIdentifier="two-db-1")
    eventually(lambda: cluster.server(1).get("pid") not in (None, before[1]), "it restarts", 20)
    cluster.wait_available(number=1)
    after = [cluster.server(number)["pid"] for number in (0, 1)]
    assert after[0] == before[0]
    assert after[1] != before[1]
    reader = cluster.describe()["ReaderEndpoint"]
    assert cluster.ask("select pg_is_in_recovery()", host=reader) == ["True"]


def test_a_reader_goes_alone_and_the_reader_endpoint_is_the_writers(
    place: Scenario, region: TestRegion
) -> None:
    cluster = Cluster.create(place, "shrinking")
    cluster.add_instance(1)
    cluster.wait_available()
    cluster.wait_available(number=1)
    rds, pid = region.client("rds"), int(cluster.server(1)["pid"])
    folders = len(_folders(region))
    count = len(interfaces(place))
    rds.delete_db_instance(DBInstanceIdentifier="shrinking-1", SkipFinalSnapshot=True)
    eventually(lambda: len(cluster.describe()["DBClusterMembers"]) == 1, "the reader is gone", 20)
    assert not is_alive(pid)
    assert len(interfaces(place)) == count - 1
    assert len(_folders(region)) == folders - 1
    described = cluster.describe()
    query = "select pg_is_in_recovery()"
    assert cluster.ask(query, host=described["ReaderEndpoint"]) == ["False"]
    cluster.delete()


def test_the_writer_goes_and_its_reader_takes_over_with_all_that_was_committed(
    place: Scenario, region: TestRegion
) -> None:
    cluster = Cluster.create(place, "heirs")
    cluster.add_instance(1)
    cluster.wait_available()
    cluster.wait_available(number=1)
    cluster.ask("create table kept (n int)", "insert into kept select generate_series(1, 1000)")
    region.client("rds").delete_db_instance(DBInstanceIdentifier="heirs-0", SkipFinalSnapshot=True)
    eventually(lambda: cluster.writers() == ["heirs-1"], "the other is the writer", 30)
    cluster.wait_available(number=1)
    address = cluster.server(1)["address"]
    query = (
        "select count(*) from kept",
        "insert into kept values (0)",
        "select inet_server_addr()",
    )
    assert cluster.ask(*query) == ["1000", address]
    cluster.delete()
    assert not [one for one in region.inspect()["databases"] if one["instance"].startswith("heirs")]


def test_a_failover_makes_the_reader_the_writer_and_the_writer_a_reader(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    cluster.ask("create table told (n int)", "insert into told values (7)")
    rds.failover_db_cluster(
        DBClusterIdentifier=cluster.name, TargetDBInstanceIdentifier=f"{cluster.name}-1"
    )
    assert cluster.describe()["Status"] == "failing-over"
    eventually(lambda: cluster.writers() == ["two-db-1"], "the roles are exchanged", 30)
    cluster.wait_available(number=1)
    cluster.wait_available(number=0)
    eventually(lambda: cluster.server(0)["role"] == "reader", "the old writer follows", 20)
    cluster.wait_available(number=0)
    assert cluster.ask("select n from told", "drop table told") == ["7"]
    query = "select pg_is_in_recovery()"
    reader = cluster.instance(0)["Endpoint"]["Address"]
    assert cluster.ask(query, host=reader) == ["True"]


@takes_minutes
@pytest.mark.parametrize("how", ["stop", "kill", "spoil the copy"])
def test_a_region_that_starts_again_has_writer_and_reader(own_region: TestRegion, how: str) -> None:
    place = Scenario.build(own_region, "again")
    cluster = Cluster.create(place, "again")
    cluster.add_instance(1)
    cluster.wait_available()
    cluster.wait_available(number=1)
    cluster.ask("create table kept (n int)", "insert into kept select generate_series(1, 1000)")
    pids = [int(cluster.server(number)["pid"]) for number in (0, 1)]
    if how == "kill":
        eventually(lambda: not own_region.inspect().get("unsaved"), "nothing is unsaved")
        os.kill(own_region.record.daemon_pid, signal.SIGKILL)
        eventually(lambda: launcher.running(own_region.workspace) is None, "the region is gone")
        eventually(lambda: not any(is_alive(pid) for pid in pids), "the servers went with it")
    if how == "spoil the copy":
        resource = cluster.instance(1)["DbiResourceId"]
        launcher.stop(own_region.workspace)
        data = own_region.workspace.databases / resource / "data"
        (data / "global" / "pg_control").write_bytes(b"x" * 8192)
    own_region.restart()
    eventually(lambda: all(cluster.server(number) for number in (0, 1)), "both run", 30)
    for number in (0, 1):
        cluster.wait_available(number=number)
    assert cluster.writers() == ["again-0"]
    reader = cluster.describe()["ReaderEndpoint"]
    query = ("select pg_is_in_recovery()", "select count(*) from kept")
    assert cluster.ask(*query, host=reader) == ["True", "1000"]
    assert cluster.ask(*query) == ["False", "1000"]
