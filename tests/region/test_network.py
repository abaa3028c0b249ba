"""Tasks on their network interfaces: addresses, each other, names, the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually
from tests.support.web import Site

pytestmark = pytest.mark.region

LOOK_UP = """
import socket, struct, sys
def ask(name, tcp):
    server = next(line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver"))
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + b"\\0" + struct.pack(">HH", 1, 1)
    if tcp:
        with socket.create_connection((server, 53), 5) as s:
            s.sendall(len(query).to_bytes(2, "big") + query)
            answer = s.makefile("rb").read(2 + 12)[2:]
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5); s.sendto(query, (server, 53)); answer = s.recv(512)
    return answer[3] & 15, struct.unpack(">H", answer[6:8])[0]
for name in sys.argv[1:]:
    print(name, sorted({i[4][0] for i in socket.getaddrinfo(name, 80, socket.AF_INET)}), ask(name, False), ask(name, True))
print("missing", ask("no.such.name", False), ask("no.such.name", True))
"""


def run(scenario: Scenario, image: str, command: list[str], **more: Any) -> list[str]:
    """Run a task to its end → what it printed. It has to succeed."""
    arn = scenario.run(scenario.define(image, command, **more))
    task = scenario.wait(arn, "STOPPED")
    output = scenario.output(arn)
    assert task["containers"][0]["exitCode"] == 0, (output, task["stoppedReason"])
    return output


def test_the_address_that_the_api_shows_is_the_tasks_own(scenario: Scenario) -> None:
    arn = scenario.run(
        scenario.define(
            "shell:1", ["ip -o -4 addr; ip -o link show eth0; ip route; cat /proc/net/dev"]
        )
    )
    task = scenario.wait(arn, "STOPPED")
    output = "\n".join(scenario.output(arn))
    details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
    address = details["privateIPv4Address"]
    assert task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] == address
    assert f"inet {address}/" in output
    assert details["macAddress"] in output
    assert output.count(" inet ") == 2  # eth0 and lo
    assert "default via 10.20." in output
    assert details["subnetId"] in scenario.subnets


def test_the_interface_is_ec2s_for_as_long_as_the_task_runs(
    scenario: Scenario, region: TestRegion
) -> None:
    arn = scenario.run(
        scenario.define("shell:1", ["trap 'exit 0' TERM; while :; do sleep 0.05; done"])
    )
    scenario.wait(arn, "RUNNING")
    namespaces = region.namespaces()
    details = {one["name"]: one["value"] for one in scenario.task(arn)["attachments"][0]["details"]}
    ec2 = region.client("ec2")
    interface = ec2.describe_network_interfaces(
        NetworkInterfaceIds=[details["networkInterfaceId"]]
    )["NetworkInterfaces"][0]
    assert interface["PrivateIpAddress"] == details["privateIPv4Address"]
    assert (interface["Status"], interface["RequesterManaged"]) == ("in-use", True)
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")
    assert len(namespaces - region.namespaces()) == 1
    with pytest.raises(ec2.exceptions.ClientError, match="NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])


def test_two_tasks_reach_each_other_from_subnet_to_subnet(scenario: Scenario) -> None:
    server = scenario.run(scenario.define("web:1", ["other"]))
    scenario.wait_for_output(server, 1)
    address = scenario.address(server)
    program = (
        "import json, sys, urllib.request\n"
        f"answer = json.load(urllib.request.urlopen('http://{address}:3000/hello', timeout=5))\n"
        "print(json.dumps(answer))"
    )
    client = scenario.run(scenario.define("psql:1", [program]))
    scenario.wait(client, "STOPPED")
    answer = json.loads(scenario.output(client)[0])
    assert (answer["name"], answer["client"]) == ("other", scenario.address(client))
    scenario.stop(server)


def test_names_resolve_over_udp_and_tcp(scenario: Scenario, region: TestRegion) -> None:
    site = Site.build(scenario)
    site.url()
    balancer = region.client("elbv2").describe_load_balancers(LoadBalancerArns=[site.balancer])[
        "LoadBalancers"
    ][0]["DNSName"]
    # an internet-facing one's name stands for public addresses, inside its VPC too
    nodes = sorted(one["Association"]["PublicIp"] for one in site.interfaces())
    own = region.client("ec2").describe_network_interfaces(
        NetworkInterfaceIds=[site.interfaces()[0]["NetworkInterfaceId"]]
    )["NetworkInterfaces"][0]
    output = run(scenario, "psql:1", [LOOK_UP, balancer, own["PrivateDnsName"]])
    assert output == [
        f"{balancer} {nodes} (0, 2) (0, 2)",
        f"{own['PrivateDnsName']} {[own['PrivateIpAddress']]} (0, 1) (0, 1)",
        "missing (3, 0) (3, 0)",
    ]
    site.delete()


def test_the_load_balancer_answers_inside_at_its_name(
    scenario: Scenario, region: TestRegion
) -> None:
    site = Site.build(scenario)
    site.url()
    server = scenario.run(scenario.define("web:1", ["inner"]))
    scenario.wait(server, "RUNNING")
    elb = region.client("elbv2")
    elb.register_targets(
        TargetGroupArn=site.group, Targets=[{"Id": scenario.address(server), "Port": 3000}]
    )
    site.wait_healthy(1)
    name = elb.describe_load_balancers(LoadBalancerArns=[site.balancer])["LoadBalancers"][0][
        "DNSName"
    ]
    program = (
        "import json, urllib.request\n"
        f"print(json.load(urllib.request.urlopen('http://{name}/', timeout=5))['name'])"
    )
    assert run(scenario, "psql:1", [program]) == ["inner"]
    scenario.stop(server)
    site.delete()


def test_a_tasks_sdk_reaches_the_api(scenario: Scenario, region: TestRegion) -> None:
    region.client("ssm").put_parameter(Name="/greeting", Type="String", Value="hello from ssm")
    program = (
        "import boto3\n"
        "print(boto3.client('sts').get_caller_identity()['Account'])\n"
        "print(boto3.client('ssm').get_parameter(Name='/greeting')['Parameter']['Value'])\n"
        "boto3.client('s3').create_bucket(Bucket='from-a-task', CreateBucketConfiguration="
        "{'LocationConstraint': 'ap-southeast-2'})"
    )
    assert run(scenario, "psql:1", [program]) == ["123456789012", "hello from ssm"]
    buckets = [one["Name"] for one in region.client("s3").list_buckets()["Buckets"]]
    assert "from-a-task" in buckets


def test_a_task_does_not_reach_the_hosts_loopback_nor_the_regions_own_paths(
    scenario: Scenario, region: TestRegion
) -> None:
    port = int(region.record.endpoint.rpartition(":")[2])
    program = (
        "import os, socket, urllib.error, urllib.request\n"
        "s = socket.socket(); s.settimeout(2)\n"
        f"print(s.connect_ex(('127.0.0.1', {port})) != 0)\n"
        "try:\n"
        "    urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/_drydock/status', timeout=5)\n"
        "except urllib.error.HTTPError as error:\n"
        "    print(error.code)"
    )
    assert run(scenario, "psql:1", [program]) == ["True", "404"]


def test_tasks_may_bind_port_80(scenario: Scenario) -> None:
    program = "import socket; socket.create_server(('0.0.0.0', 80)); print('bound')"
    assert run(scenario, "psql:1", [program]) == ["bound"]


def test_two_vpcs_of_the_same_range_are_strangers(region: TestRegion) -> None:
    one, other = (Scenario.build(region, name, "10.90.0.0/16") for name in ("north", "south"))
    server = one.run(one.define("web:1", ["north"]))
    one.wait_for_output(server, 1)
    address = one.address(server)
    program = (
        "import socket\n"
        "s = socket.socket(); s.settimeout(0.5)\n"
        f"print(s.connect_ex(('{address}', 3000)) == 0)"
    )
    assert run(one, "psql:1", [program]) == ["True"]
    arns = [other.run(other.define("psql:1", [program])) for _ in range(2)]
    for arn in arns:
        other.wait(arn, "STOPPED")
    # the other VPC may have given the same address to a task of its own, which answers nobody
    assert {line for arn in arns for line in other.output(arn)} == {"False"}
    one.stop(server)
    one.wait(server, "STOPPED")


def test_a_deleted_vpc_is_gone_from_the_kernel_too(region: TestRegion) -> None:
    namespaces = region.namespaces()
    place = Scenario.build(region, "passing", "10.91.0.0/16")
    arn = place.run(place.define("shell:1", ["true"]))
    place.wait(arn, "STOPPED")
    ec2 = region.client("ec2")
    for subnet in place.subnets:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_security_group(GroupId=place.group)
    gateway = ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [place.vpc]}]
    )["InternetGateways"][0]["InternetGatewayId"]
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=place.vpc)
    ec2.delete_vpc(VpcId=place.vpc)
    eventually(lambda: region.namespaces() <= namespaces, "no namespace of it is left")
    assert region.inspect()["problems"] == []
