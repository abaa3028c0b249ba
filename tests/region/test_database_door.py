"""`drydock db`: from the host, as the master user, by a password that nobody else may read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.database import Cluster
from tests.support.region import TestRegion
from tests.support.scenario import Scenario

pytestmark = pytest.mark.region

DRYDOCK = Path(sys.executable).parent / "drydock"


@pytest.fixture(scope="module")
def cluster(region: TestRegion) -> Iterator[Cluster]:
    place = Scenario.build(region, "door", "10.78.0.0/16")
    cluster = Cluster.create(place, "door-db")
    cluster.add_instance(1)
    cluster.wait_available()
    cluster.wait_available(number=1)
    yield cluster
    cluster.delete()


def db(cluster: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(DRYDOCK), "db", *words],
        cwd=cluster.scenario.region.workspace.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("PG")},
    )


def test_psql_is_the_master_user_at_the_writer(cluster: Cluster) -> None:
    done = db(cluster, "door-db", "--", "-AtXc", "select current_user, pg_is_in_recovery()")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "postgres|f"
    done = db(cluster, "--reader", "door-db", "--", "-AtXc", "select pg_is_in_recovery()")
    assert done.stdout.strip() == "t", done.stderr


def test_the_dsn_leads_there_and_has_no_password_in_it(cluster: Cluster) -> None:
    dsn = db(cluster, "--dsn", "door-db").stdout.strip()
    assert cluster.password not in dsn
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select current_database()").fetchone() == ("app",)
    file = Path(dsn.partition("passfile=")[2])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert cluster.password in file.read_text()


def test_a_name_that_is_not_there_is_told_with_those_that_are(cluster: Cluster) -> None:
    done = db(cluster, "nowhere", "--dsn")
    assert done.returncode != 0
    assert "door-db" in done.stderr
