"""A region with an `[account]`: what stood before the stack is there, works, and stays."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from drydock.errors import RegionStartFailed
from drydock.region.host import launcher
from tests.support import region as support
from tests.support.dns import Client
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.tls import handshake
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region

VPC = "vpc-0a0b0c0d0e0f0a0b0"
PUBLIC = ["subnet-0a0b0c0d0e0f0a0b1", "subnet-0a0b0c0d0e0f0a0b2"]
PRIVATE = "subnet-0a0b0c0d0e0f0a0b3"
ZONE = "Z0ACCOUNTZONE"
ARN = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a0b0c0d-1234-1234-1234-123456789012"
SECRET = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:app/db-AbCdEf"
ACCOUNT = f"""
[[account.vpcs]]
id = "{VPC}"
cidr = "10.90.0.0/16"
name = "of-old"
nat = true
dns_hostnames = true
subnets = [
  {{id = "{PUBLIC[0]}", cidr = "10.90.0.0/24", zone = "ap-southeast-2a", public = true}},
  {{id = "{PUBLIC[1]}", cidr = "10.90.1.0/24", zone = "ap-southeast-2b", public = true}},
  {{id = "{PRIVATE}", cidr = "10.90.2.0/24", zone = "ap-southeast-2a"}},
]
[[account.hosted_zones]]
id = "{ZONE}"
name = "shop.test"
records = [{{name = "db.shop.test", type = "A", values = ["10.90.2.77"]}}]
[[account.hosted_zones]]
name = "internal.test"
vpcs = ["{VPC}"]
records = [{{name = "old.internal.test", type = "A", values = ["10.90.2.78"]}}]
[[account.certificates]]
arn = "{ARN}"
domain_names = ["shop.test", "*.shop.test"]
[[account.secrets]]
arn = "{SECRET}"
generated_keys = ["password"]
[[account.repositories]]
name = "team/app"
images = ["1.0"]
"""
MORE = """
[[account.buckets]]
name = "artifacts-of-old"
"""
FIXED = [
    {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "hello"},
    }
]


def declare(folder: Path, text: str) -> None:
    file = folder / "drydock.toml"
    file.write_text(file.read_text() + text)


@pytest.fixture
def region(tmp_path: Path, needs_namespaces: None) -> Iterator[TestRegion]:
    workspace = support.prepare(tmp_path)
    declare(tmp_path, ACCOUNT)
    record = support.start(workspace)
    yield TestRegion(workspace, record)
    launcher.stop(workspace)


def inventory(region: TestRegion) -> dict[str, Any]:
    """What the account has, as the API tells it; ids that the file does not give included."""
    ec2, route53 = region.client("ec2"), region.client("route53")
    secret = region.client("secretsmanager").get_secret_value(SecretId=SECRET)
    zones = route53.list_hosted_zones()["HostedZones"]
    return {
        "vpcs": {one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]},
        "subnets": {one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]},
        "tables": {one["RouteTableId"] for one in ec2.describe_route_tables()["RouteTables"]},
        "gateways": {
            one["InternetGatewayId"] for one in ec2.describe_internet_gateways()["InternetGateways"]
        },
        "nats": {one["NatGatewayId"] for one in ec2.describe_nat_gateways()["NatGateways"]},
        "addresses": {one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]},
        "zones": {one["Id"]: one["ResourceRecordSetCount"] for one in zones},
        "certificate": region.client("acm").get_certificate(CertificateArn=ARN)["Certificate"],
        "secret": (secret["VersionId"], secret["SecretString"]),
        "images": region.client("ecr").list_images(repositoryName="team/app")["imageIds"],
        "buckets": [one["Name"] for one in region.client("s3").list_buckets()["Buckets"]],
    }


def run_in_private_subnet(there: Scenario, command: str) -> list[str]:
    """Run a task without a public address to its end → what it wrote."""
    definition = there.define("shell:1", [command])
    network = {"subnets": [PRIVATE], "securityGroups": [there.group], "assignPublicIp": "DISABLED"}
    task = there.region.client("ecs").run_task(
        cluster=there.cluster,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )["tasks"][0]["taskArn"]
    stopped = there.wait(task, "STOPPED")
    assert stopped["stopCode"] == "EssentialContainerExited", stopped
    return there.output(task)


def port_of(site: Site) -> int:
    return int(httpx.URL(site.url(443)).port or 443)


def get(site: Site) -> str:
    """What a client gets that trusts the region's authority alone and asks for a name of the zone."""
    context = ssl.create_default_context(
        cafile=str(site.scenario.region.workspace.authority_certificate)
    )
    with httpx.Client(verify=context) as client:
        return client.get(
            f"https://127.0.0.1:{port_of(site)}/",
            headers={"Host": "www.shop.test"},
            extensions={"sni_hostname": "www.shop.test"},
        ).text


def test_what_stood_before_works_and_stays(region: TestRegion) -> None:
    there = Scenario.within(region, "old", VPC, PUBLIC)

    # a task in the private subnet leaves through the NAT gateway (for its image and its log), and
    # asks its VPC's resolver for names of both zones
    names = "getent hosts db.shop.test old.internal.test | cut -d' ' -f1"
    assert run_in_private_subnet(there, names) == ["10.90.2.77", "10.90.2.78"]
    dns = Client(region.record.dns)
    assert dns.ask("db.shop.test").values() == ["10.90.2.77"]
    assert dns.ask("old.internal.test").values() == []

    site = Site.build(there)
    elb = region.client("elbv2")
    elb.create_listener(
        LoadBalancerArn=site.balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": ARN}],
        DefaultActions=FIXED,
    )
    assert get(site) == "hello"
    before, serial = inventory(region), handshake(port_of(site), "www.shop.test").serial

    # one more entry; and what was changed through the API meanwhile is not undone
    region.client("ec2").create_tags(Resources=[VPC], Tags=[{"Key": "Name", "Value": "changed"}])
    declare(region.workspace.root, MORE)
    region.restart()
    assert inventory(region) == {**before, "buckets": ["artifacts-of-old"]}
    (vpc,) = region.client("ec2").describe_vpcs(VpcIds=[VPC])["Vpcs"]
    assert vpc["Tags"] == [{"Key": "Name", "Value": "changed"}]
    eventually(lambda: site.url(443), "the listener is open again")
    assert get(site) == "hello"
    assert handshake(port_of(site), "www.shop.test").serial == serial
    assert run_in_private_subnet(there, "echo again") == ["again"]


def test_a_region_does_not_start_on_a_contradiction(region: TestRegion) -> None:
    before = inventory(region)
    launcher.stop(region.workspace)
    file = region.workspace.root / "drydock.toml"
    right = file.read_text()
    file.write_text(right.replace("shop.test", "store.test"))
    with pytest.raises(RegionStartFailed) as caught:
        support.start(region.workspace)
    assert ZONE in str(caught.value)
    assert "shop.test" in str(caught.value)
    file.write_text(right)
    region.record = support.start(region.workspace)
    assert inventory(region) == before
