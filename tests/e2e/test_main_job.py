"""`drydock up` with Terraform, from nothing to a live site and back to nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from drydock.aws import clients
from drydock.errors import TerraformMissing
from drydock.stack import find_provider, find_terraform
from tests.support import region
from tests.support.commands import Drydock, fetch
from tests.support.inventory import inventory
from tests.support.minutes import TEST_ALL, takes_minutes

INFRA = Path(__file__).parents[2] / "infra"
# Terraform's provider waits half a minute each for the database cluster, its instance and the load
# balancer, whatever the API says.
pytestmark = [pytest.mark.region, pytest.mark.terraform, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def needs_everything() -> None:
    if reason := region.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    try:
        terraform = find_terraform(os.environ)
    except TerraformMissing as error:
        pytest.skip(str(error))
    if find_provider(terraform, os.environ, INFRA).kind == "registry":
        pytest.skip("no filesystem mirror on this machine has the AWS provider 5.100 or newer")


@pytest.fixture(scope="module")
def drydock(tmp_path_factory: pytest.TempPathFactory, needs_everything: None) -> Iterator[Drydock]:
    folder = tmp_path_factory.mktemp("main")
    drydock = Drydock.prepare(folder)
    skipped = shutil.ignore_patterns("terraform.plan*", ".terraform*")
    shutil.copytree(INFRA, folder / "infra", ignore=skipped)
    yield drydock
    drydock("down")


@pytest.fixture(scope="module")
def interrupted(drydock: Drydock) -> subprocess.CompletedProcess[str]:
    """Ctrl-C while Terraform makes things by the dozen."""
    return drydock.interrupted_at("up", line="aws_lb.this: Creating")


@pytest.fixture(scope="module")
def up(
    interrupted: subprocess.CompletedProcess[str], drydock: Drydock
) -> subprocess.CompletedProcess[str]:
    done = drydock("up", timeout=500)
    assert done.returncode == 0, done.stderr
    return done


@takes_minutes
def test_ctrl_c_in_the_middle_says_where_it_was(
    interrupted: subprocess.CompletedProcess[str],
) -> None:
    assert interrupted.returncode == 130, interrupted.stderr
    assert "It was at `apply`" in interrupted.stderr
    assert "Traceback" not in interrupted.stderr


def test_one_command_leads_to_a_live_site(
    up: subprocess.CompletedProcess[str], drydock: Drydock
) -> None:
    [url] = up.stdout.splitlines()
    made = fetch(f"{url}/api/task/", {"title": "hello", "priority": 1, "complete": False})
    assert made["id"] in {task["id"] for task in fetch(f"{url}/api/task/")}
    timed = dict(re.findall(r"^  (\w+) +([\d.]+) s$", up.stderr, re.MULTILINE))
    assert list(timed) == ["region", "init", "plan", "apply", "migrate", "site", "total"]
    assert [task["status"] for task in drydock.status()["tasks"]] == ["RUNNING", "RUNNING"]


def test_a_second_plan_and_a_second_up_have_nothing_to_do(
    up: subprocess.CompletedProcess[str], drydock: Drydock
) -> None:
    planned = drydock("plan", timeout=120)
    assert planned.returncode == 0, planned.stderr
    assert "No changes." in planned.stdout
    again = drydock("up", timeout=120)
    assert again.returncode == 0, again.stderr
    assert again.stdout == up.stdout
    assert "==> apply" not in again.stderr


def test_update_db_by_the_stacks_own_outputs_keeps_the_data(
    up: subprocess.CompletedProcess[str], drydock: Drydock
) -> None:
    before = fetch(f"{up.stdout.strip()}/api/task/")
    assert drydock("update-db").returncode == 0
    assert fetch(f"{up.stdout.strip()}/api/task/") == before


def test_who_reaches_whom_is_as_declared(
    up: subprocess.CompletedProcess[str], drydock: Drydock
) -> None:
    done = drydock("verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {row["destination"] for row in rows} >= {
        "load balancer",
        "tasks",
        "database",
        "internet",
    }
    assert [row for row in rows if row["declared"] != row["observed"]] == []


def test_quick_leaves_the_same_in_a_region(
    up: subprocess.CompletedProcess[str],
    drydock: Drydock,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    quick = Drydock.prepare(tmp_path_factory.mktemp("quick"))
    try:
        done = quick("up", "--quick")
        assert done.returncode == 0, done.stderr
        found = [
            inventory(clients.local(one.status()["endpoint"], "ap-southeast-2"), "tasklist")
            for one in (drydock, quick)
        ]
        names = [
            {line.split(" = ")[0] for line in one("output").stdout.splitlines()}
            for one in (drydock, quick)
        ]
    finally:
        quick("down")
    terraforms, quicks = found
    assert quicks == terraforms
    # Terraform leaves out an output that is null.
    assert names[1] - {"app_dns_name"} == names[0] - {"app_dns_name"}


@takes_minutes
def test_a_domain_brings_a_certificate_and_port_443_and_a_redirect(
    up: subprocess.CompletedProcess[str], drydock: Drydock
) -> None:
    assert up.returncode == 0
    api = drydock.client("route53")
    zone = api.create_hosted_zone(Name="example.test", CallerReference="main")["HostedZone"]["Id"]
    assert_secured(drydock, "tasklist.example.test")
    if TEST_ALL:
        drydock.env["TF_VAR_dns"] = '{"host_name": "shop"}'
        assert_secured(drydock, "shop.example.test")
    names = {
        one["Name"]: one["Type"]
        for one in api.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    }
    assert sorted(names.values()) == ["A", "CNAME", "SOA"], "the site's alias, one validation's"
    # destroyed with the rest, before the zone that is the user's
    del drydock.env["TF_VAR_domain_name"]
    drydock.env.pop("TF_VAR_dns", None)
    back = drydock("up", timeout=300)
    assert back.returncode == 0, back.stderr
    assert back.stdout == up.stdout
    api.delete_hosted_zone(Id=zone)
    assert drydock.client("acm").list_certificates()["CertificateSummaryList"] == []


def assert_secured(drydock: Drydock, name: str) -> None:
    """One `up`, and the site answers over TLS under its name; a second plan is empty."""
    drydock.env["TF_VAR_domain_name"] = "example.test"
    done = drydock("up", timeout=300)
    assert done.returncode == 0, done.stderr
    plain, secured = (urlsplit(url) for url in done.stdout.split())
    assert (plain.scheme, secured.scheme) == ("http", "https")
    context = ssl.create_default_context(cafile=drydock("region", "ca", "--path").stdout.strip())
    with httpx.Client(verify=context) as client:
        answer = client.get(
            f"https://127.0.0.1:{secured.port or 443}/api/task/",
            headers={"Host": name},
            extensions={"sni_hostname": name},
        )
    assert answer.status_code == 200
    redirect = httpx.get(f"{done.stdout.split()[0]}/", headers={"Host": name})
    assert redirect.headers["location"] == f"https://{name}:{secured.port or 443}/"
    planned = drydock("plan", timeout=120)
    assert planned.returncode == 0, planned.stderr
    assert "No changes." in planned.stdout


def test_destroy_leaves_nothing(up: subprocess.CompletedProcess[str], drydock: Drydock) -> None:
    assert up.returncode == 0
    done = drydock("destroy", "-y", timeout=400)
    assert done.returncode == 0, done.stderr
    assert "nothing is left that carries Application=tasklist" in done.stderr
    api = clients.local(drydock.status()["endpoint"], "ap-southeast-2")
    ours = [{"Name": "tag:Application", "Values": ["tasklist"]}]
    assert api.ec2.describe_vpcs(Filters=ours)["Vpcs"] == []  # type: ignore[arg-type]
    assert api.elbv2.describe_load_balancers()["LoadBalancers"] == []
    assert api.rds.describe_db_clusters()["DBClusters"] == []
    assert api.logs.describe_log_groups()["logGroups"] == []
    assert api.iam.list_roles()["Roles"] == []
    assert api.ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"] == []
    status = drydock.status()
    assert [status[part] for part in ("services", "tasks", "databases", "urls")] == [[], [], [], []]
