"""Aurora Serverless v2 that pauses: no server while nobody is there, and the first client is served."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.database import Cluster
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion, is_alive
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

MANY = """
import sys, threading, time, psycopg
host, word = sys.argv[1:]
took, wrong = [], []
def ask(number):
    begun = time.monotonic()
    try:
        with psycopg.connect(host=host, user="postgres", password=word, dbname="app",
                             connect_timeout=20) as connection:
            found = connection.execute("select count(*) from kept").fetchone()
            assert found == (3,), found
    except Exception as error:
        wrong.append(repr(error))
    took.append(time.monotonic() - begun)
threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
for n, thread in enumerate(threads):
    thread.start()
    time.sleep(0.03)
for thread in threads:
    thread.join()
print(len(wrong), round(max(took), 2), *wrong[:2])
"""


@pytest.fixture(scope="module")
def place(region: TestRegion) -> Scenario:
    return Scenario.build(region, "pausing", "10.74.0.0/16")


@pytest.fixture(scope="module")
def cluster(place: Scenario) -> Iterator[Cluster]:
    """It pauses after 300 s, which are 10 in the tests' region."""
    cluster = Cluster.create(
        place,
        "zero-db",
        instance_class="db.serverless",
        ServerlessV2ScalingConfiguration={"MinCapacity": 0, "MaxCapacity": 2},
    )
    cluster.add_instance(1, DBInstanceClass="db.serverless")
    cluster.wait_available()
    cluster.wait_available(number=1)
    cluster.ask("create table kept (n int)", "insert into kept select generate_series(1, 3)")
    yield cluster
    cluster.delete()


def servers(cluster: Cluster) -> list[int]:
    found = [cluster.server(number).get("pid") for number in (0, 1)]
    return [int(pid) for pid in found if pid]


def test_idle_it_has_no_server_and_is_available_all_the_same(cluster: Cluster) -> None:
    before = servers(cluster)
    assert len(before) == 2
    eventually(lambda: not servers(cluster), "it is paused", 40)
    eventually(lambda: not any(is_alive(pid) for pid in before), "its processes are gone")
    assert cluster.describe()["Status"] == "available"
    assert cluster.instance()["DBInstanceStatus"] == "available"


def test_every_one_of_the_first_clients_is_served(cluster: Cluster) -> None:
    eventually(lambda: not servers(cluster), "it is paused", 40)
    place = cluster.scenario
    arn = place.run(
        place.define("psql:1", [MANY, cluster.describe()["Endpoint"], cluster.password])
    )
    place.wait(arn, "STOPPED", 30)
    wrong, took, *words = place.output(arn)[0].split()
    assert wrong == "0", words
    assert float(took) < 20
    eventually(lambda: len(servers(cluster)) == 2, "its reader too", 20)


@takes_minutes
def test_a_client_that_stays_keeps_it_awake(cluster: Cluster) -> None:
    place = cluster.scenario
    script = (
        "import sys, time, psycopg\n"
        "c = psycopg.connect(host=sys.argv[1], user='postgres', password=sys.argv[2], dbname='app')\n"
        "print('in', flush=True)\n"
        "time.sleep(16)\n"
        "print(c.execute('select count(*) from kept').fetchone()[0], flush=True)\n"
    )
    eventually(lambda: not servers(cluster), "it is paused", 40)
    before = told(cluster)
    arn = place.run(
        place.define("psql:1", [script, cluster.describe()["Endpoint"], cluster.password])
    )
    place.wait_for_output(arn, 1)
    held = time.monotonic()
    while time.monotonic() - held < 13:
        assert servers(cluster)
        time.sleep(0.5)
    place.wait(arn, "STOPPED", 30)
    assert place.output(arn)[-1] == "3"
    assert "The DB cluster is paused." in before
    assert told(cluster).count("The DB cluster is resumed.") == 1 + before.count(
        "The DB cluster is resumed."
    )


def told(cluster: Cluster) -> list[str]:
    """The cluster's events."""
    rds = cluster.scenario.region.client("rds")
    found = rds.describe_events(SourceType="db-cluster", SourceIdentifier=cluster.name)["Events"]
    return [one["Message"] for one in found]


@takes_minutes
def test_with_another_minimum_it_comes_back_and_stays(cluster: Cluster) -> None:
    eventually(lambda: not servers(cluster), "it is paused", 40)
    cluster.scenario.region.client("rds").modify_db_cluster(
        DBClusterIdentifier=cluster.name,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 2},
    )
    eventually(lambda: len(servers(cluster)) == 2, "it is back", 20)
    pids = servers(cluster)
    time.sleep(12)
    assert servers(cluster) == pids
    assert cluster.ask("select count(*) from kept") == ["3"]
