"""TLS to a database, and parameter groups as real settings of its server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.database import Cluster
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

SECURE = """
import sys, psycopg
host, mode, bundle, word = sys.argv[1:]
with psycopg.connect(host=host, user="postgres", password=word, dbname="app", sslmode=mode,
                     sslrootcert=bundle, connect_timeout=5) as connection:
    found = connection.execute(
        "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()").fetchone()
print(*found)
"""
GROUP = "settled"


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "settings", "10.73.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    """Of 15: only the system's PostgreSQL speaks TLS."""
    rds = place.region.client("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=GROUP,
        DBParameterGroupFamily="aurora-postgresql15",
        Description="x",
    )
    cluster = Cluster.create(
        place, "set-db", EngineVersion="15.10", DBClusterParameterGroupName=GROUP
    )
    cluster.wait_available()
    yield cluster
    cluster.delete()
    rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName=GROUP)


def secure(cluster: Cluster, mode: str, host: str = "", code: int = 0) -> str:
    if not cluster.server()["version"].startswith("15"):
        pytest.skip("no PostgreSQL 15 with TLS on this machine")
    place = cluster.scenario
    workspace = place.region.workspace  # whose own files a task does not see
    bundle = shutil.copy(workspace.authority_certificate, workspace.root.parent / "rds-ca.pem")
    host = host or cluster.describe()["Endpoint"]
    arn = place.run(place.define("psql:1", [SECURE, host, mode, str(bundle), cluster.password]))
    task = place.wait(arn, "STOPPED", 30)
    output = "\n".join(place.output(arn))
    assert task["containers"][0]["exitCode"] == code, output
    return output


def change(cluster: Cluster, *parameters: tuple[str, str, str]) -> None:
    cluster.scenario.region.client("rds").modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=GROUP,
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
            for name, value, method in parameters
        ],
    )


def group_status(cluster: Cluster) -> str:
    return str(cluster.describe()["DBClusterMembers"][0]["DBClusterParameterGroupStatus"])


def test_every_endpoint_is_in_the_certificate_that_the_region_signed(cluster: Cluster) -> None:
    described = cluster.describe()
    for host in (
        described["Endpoint"],
        described["ReaderEndpoint"],
        cluster.instance()["Endpoint"]["Address"],
    ):
        assert secure(cluster, "verify-full", host).startswith("True TLSv1.")


def test_another_name_is_refused_by_the_client(cluster: Cluster) -> None:
    address = cluster.server()["address"]
    assert "does not match host name" in secure(cluster, "verify-full", address, 1)
    assert secure(cluster, "verify-ca", address).startswith("True")


def test_forced_tls_refuses_clients_without_it(cluster: Cluster) -> None:
    assert secure(cluster, "disable") == "False None"
    change(cluster, ("rds.force_ssl", "1", "immediate"))
    eventually(lambda: cluster.ask("show rds.force_ssl") == ["1"], "it is in force", 20)
    assert "no encryption" in secure(cluster, "disable", code=1)
    assert secure(cluster, "require").startswith("True")
    change(cluster, ("rds.force_ssl", "0", "immediate"))
    eventually(lambda: cluster.ask("show rds.force_ssl") == ["0"], "it is not any more", 20)
    assert secure(cluster, "disable") == "False None"


def test_a_dynamic_parameter_holds_at_once_a_static_one_after_a_reboot(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    assert group_status(cluster) == "in-sync"
    change(cluster, ("log_min_duration_statement", "1234", "immediate"))
    query = "show log_min_duration_statement"
    eventually(lambda: cluster.ask(query) == ["1234ms"], "it holds", 20)
    change(cluster, ("max_connections", "57", "pending-reboot"))
    eventually(lambda: group_status(cluster) == "pending-reboot", "it is pending")
    assert cluster.ask("show max_connections") == ["100"]
    before = cluster.server()["pid"]
    rds.reboot_db_instance(DBInstanceIdentifier="set-db-0")
    eventually(lambda: cluster.server().get("pid") not in (None, before), "another server", 20)
    cluster.wait_available()
    assert cluster.ask("show max_connections") == ["57"]
    eventually(lambda: group_status(cluster) == "in-sync", "nothing is pending")
    rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName=GROUP, ResetAllParameters=True)
    eventually(lambda: cluster.ask(query) == ["-1"], "the dynamic one is reset", 20)
    eventually(lambda: group_status(cluster) == "pending-reboot", "the static one is pending")


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        (("log_statement", "bogus", "immediate"), "Invalid parameter value: bogus"),
        (("work_mem", "7", "immediate"), "allowed values are: 64-2147483647"),
        (("no_such_thing", "1", "immediate"), "Could not find parameter with name: no_such_thing"),
        (("fsync", "0", "immediate"), "cannot be modified"),
        (("max_connections", "50", "immediate"), "cannot use immediate apply method"),
        (("rds.force_ssl", "2", "immediate"), "allowed values are: 0,1"),
    ],
)
def test_what_the_server_would_not_take_is_refused(
    cluster: Cluster, parameter: tuple[str, str, str], words: str
) -> None:
    client = cluster.scenario.region.client("rds")
    with pytest.raises(client.exceptions.ClientError, match=words):
        change(cluster, parameter)


def test_what_the_server_knows_is_listed_with_its_limits(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    pages = rds.get_paginator("describe_db_cluster_parameters").paginate(
        DBClusterParameterGroupName="default.aurora-postgresql15"
    )
    known: dict[str, Any] = {
        one["ParameterName"]: one for page in pages for one in page["Parameters"]
    }
    assert known["max_connections"]["ApplyType"] == "static"
    assert known["work_mem"]["ApplyType"] == "dynamic"
    assert known["work_mem"]["AllowedValues"] == "64-2147483647"
    assert known["rds.force_ssl"]["DataType"] == "boolean"
    assert not known["fsync"]["IsModifiable"]


def test_who_logs_in_by_iam_is_refused_and_the_status_says_why(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    rds.modify_db_cluster(
        DBClusterIdentifier="set-db", EnableIAMDatabaseAuthentication=True, ApplyImmediately=True
    )
    assert cluster.describe()["IAMDatabaseAuthenticationEnabled"]
    cluster.ask("create role token_user login password 'x'", "grant rds_iam to token_user")
    cluster.user = "token_user"
    try:
        assert "pg_hba.conf rejects connection" in cluster.refusal("select 1", password="token")
    finally:
        cluster.user = "postgres"
    eventually(lambda: "logins by IAM are refused" in cluster.server()["note"], "it is told")
    words = "The login of token_user by IAM was refused"

    def told() -> bool:
        found = rds.describe_events(SourceType="db-instance", SourceIdentifier="set-db-0")
        return any(words in one["Message"] for one in found["Events"])

    eventually(told, "an event names it", 20)
    assert words in cluster.scenario.region.log
    cluster.ask("drop role token_user")
