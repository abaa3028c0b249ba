"""Master passwords: a given one is in force at once; a rotation changes server and secret together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.database import Cluster
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "passwords", "10.76.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    cluster = Cluster.create(
        place, "pwd-db", ManageMasterUserPassword=True, MasterUserPassword=None
    )
    cluster.wait_available()
    yield cluster
    cluster.delete()


def secret(cluster: Cluster, stage: str = "AWSCURRENT") -> str:
    manager = cluster.scenario.region.client("secretsmanager")
    arn = cluster.describe()["MasterUserSecret"]["SecretArn"]
    text = manager.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
    return str(json.loads(text)["password"])


def status(cluster: Cluster) -> str:
    return str(cluster.describe()["MasterUserSecret"]["SecretStatus"])


def rotate(cluster: Cluster, **more: Any) -> None:
    manager = cluster.scenario.region.client("secretsmanager")
    arn = cluster.describe()["MasterUserSecret"]["SecretArn"]
    manager.rotate_secret(SecretId=arn, **more)


def test_rotated_the_new_one_holds_and_the_old_one_does_not(cluster: Cluster) -> None:
    old = secret(cluster)
    assert cluster.ask("select 1", password=old) == ["1"]
    rotate(cluster)
    eventually(lambda: status(cluster) == "active" and secret(cluster) != old, "it is rotated", 20)
    new = secret(cluster)
    assert secret(cluster, "AWSPREVIOUS") == old
    assert cluster.ask("select 1", password=new) == ["1"]
    assert "password authentication failed" in cluster.refusal("select 1", password=old)
    log = cluster.scenario.region.log
    assert old not in log
    assert new not in log


def test_while_the_server_is_away_the_secret_stays_what_the_server_knows(cluster: Cluster) -> None:
    rds = cluster.scenario.region.client("rds")
    rds.stop_db_cluster(DBClusterIdentifier="pwd-db")
    eventually(lambda: cluster.describe()["Status"] == "stopped", "it is stopped", 20)
    old = secret(cluster)
    rotate(cluster)
    assert status(cluster) == "rotating"
    assert secret(cluster) == old
    rds.start_db_cluster(DBClusterIdentifier="pwd-db")
    cluster.wait_available()
    eventually(lambda: status(cluster) == "active", "it is rotated", 20)
    assert secret(cluster) != old
    assert cluster.ask("select 1", password=secret(cluster)) == ["1"]


def test_its_schedule_is_shown_and_others_need_a_function(cluster: Cluster) -> None:
    described = cluster.scenario.region.client("secretsmanager").describe_secret(
        SecretId=cluster.describe()["MasterUserSecret"]["SecretArn"]
    )
    assert described["OwningService"] == "rds"
    assert described["RotationRules"]["AutomaticallyAfterDays"] == 7
    manager = cluster.scenario.region.client("secretsmanager")
    name = manager.create_secret(Name="pwd-own", SecretString="x")["ARN"]
    with pytest.raises(manager.exceptions.ClientError, match="No Lambda rotation function"):
        manager.rotate_secret(SecretId=name)
    manager.delete_secret(SecretId="pwd-own", ForceDeleteWithoutRecovery=True)


@pytest.fixture
def given(place: Scenario) -> Iterator[Cluster]:
    """A cluster whose password is in the request."""
    cluster = Cluster.create(place, "given-db")
    cluster.wait_available()
    yield cluster
    cluster.delete()


def test_a_changed_password_is_in_force_without_a_maintenance_window(given: Cluster) -> None:
    assert given.ask("select 1") == ["1"]
    given.scenario.region.client("rds").modify_db_cluster(
        DBClusterIdentifier=given.name, MasterUserPassword="second-Passw0rd", ApplyImmediately=False
    )
    assert not given.describe().get("PendingModifiedValues")
    given.wait_available()
    assert given.ask("select 1", password="second-Passw0rd") == ["1"]
    assert "password authentication failed" in given.refusal("select 1")


@pytest.fixture
def hurried(tmp_path: Path, needs_namespaces: None) -> Iterator[Cluster]:
    """A cluster of a region where an hour takes a second."""
    workspace = support.prepare(tmp_path, time_scale=3600)
    region = TestRegion(workspace, support.start(workspace))
    cluster = Cluster.create(
        Scenario.build(region, "hurried", "10.78.0.0/16"),
        "rot-db",
        ManageMasterUserPassword=True,
        MasterUserPassword=None,
    )
    cluster.wait_available()
    yield cluster
    launcher.stop(workspace)


def test_rotated_by_its_schedule_the_server_and_the_secret_change_together(
    hurried: Cluster,
) -> None:
    old = secret(hurried)
    assert hurried.ask("select 1", password=old) == ["1"]
    rotate(hurried, RotationRules={"ScheduleExpression": "rate(6 hours)"}, RotateImmediately=False)
    eventually(lambda: secret(hurried) != old, "its time has come", 30)
    rotate(hurried, RotationRules={"AutomaticallyAfterDays": 1000}, RotateImmediately=False)
    eventually(lambda: status(hurried) == "active", "the last one is over", 20)
    assert hurried.ask("select 1", password=secret(hurried)) == ["1"]
    before = secret(hurried, "AWSPREVIOUS")
    assert "password authentication failed" in hurried.refusal("select 1", password=before)
    told = hurried.scenario.region.client("rds").describe_events(
        SourceType="db-cluster", SourceIdentifier="rot-db"
    )["Events"]
    assert "Reset master credentials" in [one["Message"] for one in told]
