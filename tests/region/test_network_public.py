"""Public addresses, the default VPC, and who gets in from this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.packets import ALL, Entry, Packets, becomes, tcp
from tests.support.placed import placed
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.web import Site

pytestmark = pytest.mark.region

SERVICE = "198.18.0.1"
CLIENT = "203.0.113.10"
"""What clients on this machine stand for."""


@pytest.fixture
def net(region: TestRegion) -> Iterator[Packets]:
    made = Packets.build(region, "10.56")
    yield made
    made.clear()


def test_an_elastic_address_leads_to_its_interface_subject_to_the_group(net: Packets) -> None:
    group = net.group()
    server = net.eni(net.public_subnet(net.internet_gateway()), group)
    address = net.elastic(server)
    assert net.drops("internet", address)
    net.allow(group, tcp(80, f"{CLIENT}/32"), tcp(81, "198.51.100.0/24"))
    net.soon("internet", address)
    assert net.drops("internet", address, 81)  # the internet's address is another one
    net.revoke(group, tcp(80, f"{CLIENT}/32"))
    net.soon("internet", address, passes=False)


def test_an_elastic_address_comes_moves_and_goes(net: Packets) -> None:
    subnet = net.public_subnet(net.internet_gateway())
    first, second = net.eni(subnet, net.group(tcp(80))), net.eni(subnet, net.group(tcp(81)))
    assert net.drops(first, SERVICE, 443)
    address = net.elastic(first)
    net.soon("internet", address, 80)
    net.soon(first, SERVICE, 443)
    (seen,) = net.ec2.describe_addresses(PublicIps=[address])["Addresses"]
    net.ec2.associate_address(
        AllocationId=seen["AllocationId"],
        NetworkInterfaceId=second.eni_id,
        AllowReassociation=True,
    )
    net.soon("internet", address, 81)
    assert net.drops("internet", address, 80)
    net.soon(second, SERVICE, 443)
    assert net.drops(first, SERVICE, 443)
    (seen,) = net.ec2.describe_addresses(PublicIps=[address])["Addresses"]
    net.ec2.disassociate_address(AssociationId=seen["AssociationId"])
    net.soon("internet", address, 81, passes=False)
    net.soon(second, SERVICE, 443, passes=False)
    assert net.region.inspect()["problems"] == []


def test_an_elastic_address_moves_to_another_vpc(net: Packets, region: TestRegion) -> None:
    other = Packets.build(region, "10.57")
    try:
        servers = [
            one.eni(one.public_subnet(one.internet_gateway()), one.group(tcp(port)))
            for one, port in ((net, 80), (other, 81))
        ]
        address = net.elastic(servers[0])
        net.soon("internet", address, 80)
        (seen,) = net.ec2.describe_addresses(PublicIps=[address])["Addresses"]
        for n, port in ((1, 81), (0, 80), (1, 81)):
            net.ec2.associate_address(
                AllocationId=seen["AllocationId"],
                NetworkInterfaceId=servers[n].eni_id,
                AllowReassociation=True,
            )
            net.soon("internet", address, port)
        assert net.drops("internet", address, 80)
        assert region.inspect()["problems"] == []
    finally:
        other.clear()


def public_address(region: TestRegion, task: dict[str, Any]) -> str:
    """Of a task; empty: it has none."""
    details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
    (found,) = region.client("ec2").describe_network_interfaces(
        NetworkInterfaceIds=[details["networkInterfaceId"]]
    )["NetworkInterfaces"]
    return str(found.get("Association", {}).get("PublicIp", ""))


def test_assign_public_ip_decides_whether_a_task_is_on_the_internet(
    net: Packets, scenario: Scenario, region: TestRegion
) -> None:
    arns = []
    subnet, group = (
        scenario.subnets[0],
        net.region.client("ec2").create_security_group(
            GroupName="only-3000", Description="only 3000", VpcId=scenario.vpc
        )["GroupId"],
    )
    net.allow(group, tcp(3000))
    public = scenario.run(scenario.define("web:1", ["public"]))
    scenario.wait_for_output(public, 1)
    address = public_address(region, scenario.task(public))
    net.soon("internet", address, 3000)
    arns.append(public)
    # without an address it does not even get its image
    private = placed(scenario, scenario.vpc, subnet, group)
    hidden = private.run(private.define("web:1", ["private"]))
    stopped = private.wait(hidden, "STOPPED")
    assert "i/o timeout" in stopped["stoppedReason"]
    for arn in arns:
        scenario.stop(arn)
        scenario.wait(arn, "STOPPED")
    net.soon("internet", address, 3000, passes=False)


def test_the_default_vpc_has_a_public_subnet_in_each_zone_for_tasks(
    scenario: Scenario, region: TestRegion, net: Packets
) -> None:
    ec2, ecs = region.client("ec2"), region.client("ecs")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    of_it = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=of_it)["Subnets"]
    assert sorted(one["AvailabilityZone"][-1] for one in subnets) == ["a", "b", "c"]
    (group,) = ec2.describe_security_groups(
        Filters=[*of_it, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    network = {
        "awsvpcConfiguration": {
            "subnets": [one["SubnetId"] for one in subnets],
            "assignPublicIp": "ENABLED",
        }
    }
    arn = ecs.run_task(
        cluster=scenario.cluster,
        taskDefinition=scenario.define("web:1", ["default"]),
        launchType="FARGATE",
        networkConfiguration=network,
    )["tasks"][0]["taskArn"]
    scenario.wait_for_output(arn, 1)
    address = public_address(region, scenario.task(arn))
    assert net.drops("internet", address, 3000)  # the default group lets its own in alone
    rule = tcp(3000, f"{CLIENT}/32")
    net.allow(group["GroupId"], rule)
    net.soon("internet", address, 3000)
    net.revoke(group["GroupId"], rule)
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")


# -- in from this machine


def opens(url: str) -> bool:
    """Whether a connection to a URL of this machine is opened; a refusal says no, nothing else does."""
    where = urlsplit(url)
    try:
        with socket.create_connection((where.hostname, where.port or 80), timeout=5):
            return True
    except ConnectionRefusedError:
        return False


@pytest.fixture
def site(scenario: Scenario) -> Iterator[Site]:
    made = Site.build(scenario)
    yield made
    made.delete()


def wear(site: Site, group: str) -> None:
    """SetSecurityGroups."""
    site.scenario.region.client("elbv2").set_security_groups(
        LoadBalancerArn=site.balancer, SecurityGroups=[group]
    )


def new_group(site: Site) -> str:
    made: str = site.scenario.region.client("ec2").create_security_group(
        GroupName=site.name, Description=site.name, VpcId=site.scenario.vpc
    )["GroupId"]
    return made


def test_a_listener_refuses_whom_its_groups_do_not_let_in(site: Site, net: Packets) -> None:
    url = site.url()
    assert opens(url)
    group = new_group(site)
    wear(site, group)
    becomes(lambda: not opens(url), "the listener refuses")
    net.allow(group, tcp(80, "198.51.100.0/24"), tcp(81))
    assert not opens(url)
    net.allow(group, tcp(80, f"{CLIENT}/32"))
    becomes(lambda: opens(url), "the listener is open again")
    net.revoke(group, tcp(80, f"{CLIENT}/32"))
    becomes(lambda: not opens(url), "the listener refuses again")
    nodes = [one["Association"]["PublicIp"] for one in site.interfaces()]
    for one in nodes:
        net.soon("internet", one, passes=False)  # as its nodes do


def test_a_listener_refuses_whom_the_subnets_acl_does_not_let_in(
    net: Packets, scenario: Scenario
) -> None:
    place = Scenario.build(net.region, "acls", "10.58.0.0/16")
    site = Site.build(place)
    url = site.url()
    inner = Packets(net.region, place.vpc, "10.58")
    acls = [inner.acl(one, ingress=[], egress=[ALL]) for one in place.subnets]
    becomes(lambda: not opens(url), "the listener refuses")
    for acl in acls:
        inner.acl_entry(acl, Entry(10, "6", (80, 80), f"{CLIENT}/32"))
    becomes(lambda: opens(url), "the listener is open")
    site.delete()


def test_an_internal_load_balancer_has_no_url(scenario: Scenario, region: TestRegion) -> None:
    elb = region.client("elbv2")
    made = elb.create_load_balancer(
        Name="internal",
        Subnets=scenario.subnets,
        SecurityGroups=[scenario.group],
        Scheme="internal",
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = Site.new_group(scenario)
    elb.create_listener(
        LoadBalancerArn=made,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    inside = Packets(region, scenario.vpc, "10.20")
    client = inside.eni(scenario.subnets[0], scenario.group)
    name = elb.describe_load_balancers(LoadBalancerArns=[made])["LoadBalancers"][0]["DNSName"]
    becomes(lambda: inside.passes(client, name), "it answers inside", 5)
    assert str(inside.probe(client, name)["address"]).startswith("10.20.")
    shown = [one for one in region.inspect()["urls"] if one["arn"] == made]
    assert [one.get("url") for one in shown] in ([], [""], [None])
    inside.clear()
    elb.delete_load_balancer(LoadBalancerArn=made)
    elb.delete_target_group(TargetGroupArn=group)
