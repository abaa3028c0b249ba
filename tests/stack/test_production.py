"""The production profile, rehearsed from nothing to a live site and back to nothing."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from drydock.aws import clients
from drydock.aws.clients import Clients
from drydock.aws.target import Target
from drydock.paths import Workspace
from drydock.region.host import launcher
from drydock.stack import Stack
from drydock.stack.finder import Terraform
from tests.support import region
from tests.support.commands import Drydock, fetch
from tests.support.minutes import with_test_all
from tests.support.waiting import PATIENCE, eventually

log = logging.getLogger(__name__)

INFRA = Path(__file__).parents[2] / "infra"
LOG_GROUP = "module.observability.aws_cloudwatch_log_group.tasks"
CLUSTER = "module.database.aws_rds_cluster.this"
UNPROTECTED = {
    "TF_VAR_protection": json.dumps({"deletion_protection": False, "final_snapshot": False})
}

pytestmark = [
    pytest.mark.region,
    pytest.mark.terraform,
    pytest.mark.timeout(900),
    with_test_all("takes four minutes"),
]


@pytest.fixture(scope="module")
def drydock(
    tmp_path_factory: pytest.TempPathFactory, terraform: Terraform, aws_provider: None
) -> Iterator[Drydock]:
    if reason := region.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    folder = tmp_path_factory.mktemp("production")
    drydock = Drydock.prepare(folder)
    drydock.env["TF_VAR_production"] = "true"
    skipped = shutil.ignore_patterns("terraform.plan*", ".terraform*")
    shutil.copytree(INFRA, folder / "infra", ignore=skipped)
    yield drydock
    drydock("down")


@pytest.fixture(scope="module")
def url(drydock: Drydock) -> str:
    done: subprocess.CompletedProcess[str] = drydock("up", timeout=400)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def api(url: str, drydock: Drydock) -> Clients:
    return clients.local(drydock.status()["endpoint"], "ap-southeast-2")


def answers(url: str) -> bool:
    made = fetch(f"{url}/api/task/", {"title": "hello", "priority": 1, "complete": False})
    return made["id"] in {task["id"] for task in fetch(f"{url}/api/task/")}


def test_the_site_answers(url: str) -> None:
    assert answers(url)


def test_tasks_are_private_and_reach_what_they_need(api: Clients, drydock: Drydock) -> None:
    found = api.ec2.describe_network_interfaces()["NetworkInterfaces"]
    tasks = {task["address"] for task in drydock.status()["tasks"]}
    assert len(tasks) == 2
    ours = [one for one in found if one["PrivateIpAddress"] in tasks]
    assert len({one["AvailabilityZone"] for one in ours}) == 2
    assert [one for one in ours if "Association" in one] == []
    done = drydock("verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row for row in rows if row["declared"] != row["observed"]] == []
    assert {(row["source"], row["destination"]) for row in rows} >= {
        ("internet", "load balancer"),
        ("load balancer", "tasks"),
        ("tasks", "database"),
        ("tasks", "internet"),
        ("database", "internet"),
    }


def test_the_database_has_a_writer_and_a_reader_in_two_zones(
    api: Clients, drydock: Drydock
) -> None:
    instances = api.rds.describe_db_instances()["DBInstances"]
    assert {one["DBInstanceStatus"] for one in instances} == {"available"}
    assert len({one["AvailabilityZone"] for one in instances}) == 2
    [database] = drydock.status()["databases"]
    assert [one["role"] for one in database["servers"]] == ["writer", "reader"]


def test_a_killed_writer_is_followed_and_no_acknowledged_task_is_lost(
    url: str, drydock: Drydock
) -> None:
    with writers(url) as written:
        eventually(lambda: len(written) > 50, "tasks are written", 30)
        writer, reader = servers(drydock)
        killed = time.monotonic()
        os.kill(int(writer["pid"]), signal.SIGKILL)
        # What was sent before the kill may be answered a moment after it.
        late = killed + 0.2
        eventually(lambda: max(list(written.values())) > late, "the site writes again", 5)
        enough = len(written) + 50
        eventually(lambda: len(written) > enough, "and goes on writing")
    gap = min(moment for moment in written.values() if moment > late) - killed
    log.info("%.1f s without a writer, %d tasks acknowledged", gap, len(written))
    assert gap < 5 * PATIENCE
    follows = [reader["instance"], writer["instance"]]
    eventually(lambda: [one["instance"] for one in servers(drydock)] == follows, "it follows", 60)
    assert set(written) <= {task["title"] for task in fetch(f"{url}/api/task/")}


def servers(drydock: Drydock) -> list[dict[str, str]]:
    """The writer and its readers."""
    [database] = drydock.status()["databases"]
    found: list[dict[str, str]] = database["servers"]
    return sorted(found, key=lambda one: one["role"] != "writer")


@contextmanager
def writers(url: str) -> Iterator[dict[str, float]]:
    """Visitors who add tasks, one after the other → the titles that were acknowledged, and when."""
    acknowledged: dict[str, float] = {}
    over = threading.Event()

    def write(visitor: int) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            for number in itertools.count():
                if over.is_set():
                    return
                title = f"{visitor}-{number}"
                with suppress(httpx.TransportError):
                    if client.post(f"{url}/api/task/", json={"title": title}).status_code == 200:
                        acknowledged[title] = time.monotonic()

    threads = [threading.Thread(target=write, args=(visitor,)) for visitor in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_second_plan_is_empty(url: str, drydock: Drydock) -> None:
    planned = drydock("plan", timeout=120)
    assert planned.returncode == 0, planned.stderr
    assert "No changes." in planned.stdout


def test_what_has_a_name_of_its_own_is_destroyed_before_it_is_made_anew(
    url: str, drydock: Drydock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_production", "true")
    stack = _stack(drydock)
    replaced = [f"-replace={one}" for one in (LOG_GROUP, CLUSTER)]
    planned = stack.command("plan", "-input=false", "-out=replaced.plan", *replaced)
    assert planned.code == 0, planned.text
    changes = json.loads(stack.command("show", "-json", "replaced.plan").text)["resource_changes"]
    actions = {one["address"]: one["change"]["actions"] for one in changes}
    assert actions[LOG_GROUP] == actions[CLUSTER] == ["delete", "create"]
    applied = stack.command("apply", "-auto-approve", "-input=false", replaced[0])
    assert applied.code == 0, applied.text
    assert answers(url)


def test_a_protected_stack_is_not_begun_to_be_destroyed(url: str, drydock: Drydock) -> None:
    done = drydock("destroy", "-y", timeout=120)
    assert done.returncode != 0
    assert CLUSTER in done.stderr
    assert "--disable-protection" in done.stderr
    assert answers(url)


def test_unprotected_it_is_destroyed_to_the_last(url: str, drydock: Drydock, api: Clients) -> None:
    assert drydock("plan", env=UNPROTECTED, timeout=200).returncode == 0
    refused = drydock("apply", env=UNPROTECTED, timeout=200)
    assert refused.returncode == 3
    assert f"{CLUSTER}: deletion protection is turned off" in refused.stderr
    done = drydock("apply", "--allow-replace", env=UNPROTECTED, timeout=200)
    assert done.returncode == 0, done.stderr
    assert answers(url)
    done = drydock("destroy", "-y", env=UNPROTECTED, timeout=400)
    assert done.returncode == 0, done.stderr
    left = {
        "vpcs": [one for one in api.ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]],
        "nat gateways": [
            one
            for one in api.ec2.describe_nat_gateways()["NatGateways"]
            if one["State"] != "deleted"
        ],
        "addresses": api.ec2.describe_addresses()["Addresses"],
        "interfaces": api.ec2.describe_network_interfaces()["NetworkInterfaces"],
        "balancers": api.elbv2.describe_load_balancers()["LoadBalancers"],
        "groups": api.elbv2.describe_target_groups()["TargetGroups"],
        "clusters": api.rds.describe_db_clusters()["DBClusters"],
        "instances": api.rds.describe_db_instances()["DBInstances"],
        "snapshots": api.rds.describe_db_cluster_snapshots()["DBClusterSnapshots"],
        "subnet groups": api.rds.describe_db_subnet_groups()["DBSubnetGroups"],
        "secrets": api.secretsmanager.list_secrets()["SecretList"],
        "logs": api.logs.describe_log_groups()["logGroups"],
        "roles": api.iam.list_roles()["Roles"],
        "definitions": api.ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
    }
    assert left == {name: [] for name in left}
    databases = Workspace(drydock.folder).databases
    eventually(lambda: not list(databases.iterdir()), "no data are left", 20)


def _stack(drydock: Drydock) -> Stack:
    record = launcher.require(Workspace(drydock.folder))
    target = Target.local(record.endpoint, region=record.region, region_id=record.id)
    folder = drydock.folder / "infra"
    return Stack(folder, target, Workspace(drydock.folder), on_line=lambda _line: None)
