"""Aurora PostgreSQL: available when it answers, with its data for as long as it exists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.database import Cluster
from tests.support.region import TestRegion, is_alive
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "data", "10.70.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    cluster = Cluster.create(place, "main-db")
    cluster.wait_available()
    yield cluster
    cluster.delete()


def names(region: TestRegion) -> list[str]:
    """The identifiers of all instances."""
    instances = region.client("rds").describe_db_instances()["DBInstances"]
    return [one["DBInstanceIdentifier"] for one in instances]


def test_available_means_that_it_answers(place: Scenario) -> None:
    cluster = Cluster.create(place, "fresh", EngineVersion="15.10")
    seen = []
    while (status := cluster.instance()["DBInstanceStatus"]) != "available":
        seen.append(status)
    assert set(seen) == {"creating"}
    assert cluster.ask("select current_user, current_database()") == ["postgres app"]
    assert cluster.ask("show server_version_num")[0].startswith("15")
    assert cluster.server()["pid"]
    cluster.delete()


def test_endpoint_names_lead_to_the_instance(cluster: Cluster) -> None:
    described, instance = cluster.describe(), cluster.instance()
    address = cluster.server()["address"]
    for host in (
        described["Endpoint"],
        described["ReaderEndpoint"],
        instance["Endpoint"]["Address"],
        address,
    ):
        assert cluster.ask("select host(inet_server_addr())", host=host) == [address]


def test_a_wrong_password_and_a_missing_database_are_refused(cluster: Cluster) -> None:
    assert "password authentication failed" in cluster.refusal("select 1", password="no")
    assert 'database "nope" does not exist' in cluster.refusal("select 1", database="nope")


def test_a_killed_server_comes_back_with_what_was_committed(cluster: Cluster) -> None:
    cluster.ask("create table kept (n int)", "insert into kept select generate_series(1, 1000)")
    killed = cluster.kill()
    server = eventually(
        lambda: (one := cluster.server()).get("pid") not in (None, killed) and one, "a new server"
    )
    assert server
    eventually(lambda: cluster.instance()["DBInstanceStatus"] == "available", "it is available")
    assert cluster.ask("select count(*) from kept", "drop table kept") == ["1000"]
    assert not is_alive(killed)


def test_another_password_holds_from_then_on(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    old, new = cluster.password, "second-Passw0rd"
    rds.modify_db_cluster(
        DBClusterIdentifier=cluster.name, MasterUserPassword=new, ApplyImmediately=True
    )
    eventually(lambda: cluster.describe()["Status"] == "available", "the change is applied")
    cluster.password = new
    assert cluster.ask("select 1") == ["1"]
    assert "password authentication failed" in cluster.refusal("select 1", password=old)
    log = cluster.scenario.region.log
    assert old not in log
    assert new not in log


def test_a_reboot_is_a_restart(cluster: Cluster) -> None:
    before = cluster.server()["pid"]
    cluster.scenario.region.client("rds").reboot_db_instance(
        DBInstanceIdentifier=f"{cluster.name}-0"
    )
    eventually(
        lambda: (
            cluster.server().get("pid") not in (None, before)
            and cluster.instance()["DBInstanceStatus"] == "available"
        ),
        "it is available again",
    )
    assert cluster.ask("select 1") == ["1"]


def test_a_managed_password_is_in_its_secret(place: Scenario, region: TestRegion) -> None:
    rds = region.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="managed", DBSubnetGroupDescription="x", SubnetIds=place.subnets
    )
    rds.create_db_instance(
        DBInstanceIdentifier="managed",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="boss",
        ManageMasterUserPassword=True,
        DBName="shop",
        DBSubnetGroupName="managed",
        VpcSecurityGroupIds=[place.group],
    )
    instance = eventually(
        lambda: (
            (one := rds.describe_db_instances(DBInstanceIdentifier="managed")["DBInstances"][0])[
                "DBInstanceStatus"
            ]
            == "available"
            and one
        ),
        "the instance is available",
        40,
    )
    assert instance
    secret = instance["MasterUserSecret"]["SecretArn"]
    definition = place.define(
        "psql:1",
        [
            "import os, psycopg\n"
            f"c = psycopg.connect(host={instance['Endpoint']['Address']!r}, user='boss', "
            "password=os.environ['WORD'], dbname='shop')\n"
            "print(*c.execute('select current_user, current_database()').fetchone()); c.close()"
        ],
        secrets=[{"name": "WORD", "valueFrom": f"{secret}:password::"}],
    )
    arn = place.run(definition)
    place.wait(arn, "STOPPED", 30)
    assert place.output(arn) == ["boss shop"]
    rds.delete_db_instance(DBInstanceIdentifier="managed", SkipFinalSnapshot=True)
    eventually(
        lambda: (
            "managed"
            not in [
                one["DBInstanceIdentifier"] for one in rds.describe_db_instances()["DBInstances"]
            ]
        ),
        "it is gone",
    )


def test_without_a_subnet_group_it_stands_in_the_default_vpc(region: TestRegion) -> None:
    rds, ec2 = region.client("rds"), region.client("ec2")
    rds.create_db_instance(
        DBInstanceIdentifier="plain",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="postgres",
        MasterUserPassword="x" * 12,
    )

    def status() -> str:
        found = rds.describe_db_instances(DBInstanceIdentifier="plain")["DBInstances"][0]
        return str(found["DBInstanceStatus"])

    eventually(lambda: status() == "available", "the instance is available", 40)
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
    interfaces = ec2.describe_network_interfaces(
        Filters=[{"Name": "vpc-id", "Values": [default["VpcId"]]}]
    )["NetworkInterfaces"]
    assert [one["Description"] for one in interfaces] == ["RDSNetworkInterface"]
    rds.delete_db_instance(DBInstanceIdentifier="plain", SkipFinalSnapshot=True)
    eventually(lambda: "plain" not in names(region), "it is gone")


def test_deletion_takes_process_interface_and_files(place: Scenario, region: TestRegion) -> None:
    cluster = Cluster.create(place, "doomed")
    cluster.wait_available()
    described = cluster.describe()
    pid = int(cluster.server()["pid"])
    folder = region.workspace.databases / described["DbClusterResourceId"]
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0
    description = {"Name": "description", "Values": ["RDSNetworkInterface"]}
    vpc = {"Name": "vpc-id", "Values": [place.vpc]}
    ec2 = region.client("ec2")

    def interfaces() -> int:
        return len(ec2.describe_network_interfaces(Filters=[description, vpc])["NetworkInterfaces"])

    before = interfaces()
    cluster.delete()
    assert interfaces() == before - 1
    assert not folder.exists()
    assert not is_alive(pid)


def test_a_version_that_rds_has_not_is_refused(place: Scenario, region: TestRegion) -> None:
    rds = region.client("rds")
    with pytest.raises(rds.exceptions.ClientError, match=r"Cannot find version 9\.5"):
        rds.create_db_cluster(
            DBClusterIdentifier="ancient",
            Engine="aurora-postgresql",
            EngineVersion="9.5",
            MasterUsername="postgres",
            MasterUserPassword="x" * 12,
        )
