"""The resolvers: each VPC has its own, which honours the VPC's DNS attributes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.packets import Eni, Packets, becomes, tcp
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.web import Site

pytestmark = pytest.mark.region


@pytest.fixture
def nets(region: TestRegion) -> Iterator[tuple[Packets, Packets]]:
    """Two VPCs."""
    both = Packets.build(region, "10.51"), Packets.build(region, "10.52")
    yield both
    for net in both:
        net.clear()


def looked_up(net: Packets, eni: Eni, name: str) -> str:
    """The address that a name stands for, asked for from an interface; empty: no answer."""
    answer = net.probe(eni, name, 9)
    assert "address" in answer, answer
    return str(answer["address"])


def dns(net: Packets, attribute: str, value: bool) -> None:
    """ModifyVpcAttribute: `EnableDnsSupport` or `EnableDnsHostnames`."""
    net.ec2.modify_vpc_attribute(VpcId=net.vpc, **{attribute: {"Value": value}})


def private_name(net: Packets, eni: Eni) -> str:
    (found,) = net.ec2.describe_network_interfaces(NetworkInterfaceIds=[eni.eni_id])[
        "NetworkInterfaces"
    ]
    return str(found["PrivateDnsName"])


def test_private_names_are_their_vpcs_alone(nets: tuple[Packets, Packets]) -> None:
    net, other = nets
    subnet = net.subnet()
    client, server = net.eni(subnet), net.eni(subnet)
    stranger = other.eni(other.subnet())
    name = private_name(net, server)
    becomes(lambda: looked_up(net, client, name) == server.address, "the name is known")
    assert looked_up(other, stranger, name) == ""
    assert "no such host" in other.probe(stranger, name)["words"]


def test_without_dns_support_nothing_is_answered(nets: tuple[Packets, Packets]) -> None:
    net, other = nets
    client, stranger = net.eni(net.subnet()), other.eni(other.subnet())
    own, others = private_name(net, client), private_name(other, stranger)
    becomes(lambda: looked_up(net, client, own) == client.address, "the name is known")
    dns(net, "EnableDnsSupport", False)
    becomes(lambda: looked_up(net, client, own) == "", "the resolver is silent")
    assert "refused" in net.probe(client, own)["words"]
    assert looked_up(other, stranger, others) == stranger.address
    dns(net, "EnableDnsSupport", True)
    becomes(lambda: looked_up(net, client, own) == client.address, "the name is known again")


def test_private_dns_of_an_endpoint_needs_hostnames_and_stays_in_its_vpc(
    nets: tuple[Packets, Packets], region: TestRegion
) -> None:
    net, other = nets
    subnet = net.subnet()
    client, stranger = net.eni(subnet), other.eni(other.subnet())
    service = f"secretsmanager.{region.record.region}.amazonaws.com"
    public = looked_up(other, stranger, service)
    assert public.startswith("198.18.0.")
    dns(net, "EnableDnsHostnames", True)
    endpoint = net.ec2.create_vpc_endpoint(
        VpcId=net.vpc,
        ServiceName=f"com.amazonaws.{region.record.region}.secretsmanager",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[net.group(tcp(443))],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]
    inside = net.ec2.describe_network_interfaces(
        NetworkInterfaceIds=endpoint["NetworkInterfaceIds"]
    )["NetworkInterfaces"][0]["PrivateIpAddress"]
    becomes(lambda: looked_up(net, client, service) == inside, "the endpoint has taken it over")
    assert looked_up(other, stranger, service) == public
    dns(net, "EnableDnsHostnames", False)
    becomes(lambda: looked_up(net, client, service) == public, "private DNS is off")
    dns(net, "EnableDnsHostnames", True)
    becomes(lambda: looked_up(net, client, service) == inside, "private DNS is on")
    net.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    becomes(lambda: looked_up(net, client, service) == public, "the endpoint is gone")


def test_a_load_balancers_name_is_public(
    scenario: Scenario, nets: tuple[Packets, Packets], region: TestRegion
) -> None:
    site = Site.build(scenario)
    site.url()
    found = region.client("elbv2").describe_load_balancers(LoadBalancerArns=[site.balancer])
    name = found["LoadBalancers"][0]["DNSName"]
    addresses = {one["Association"]["PublicIp"] for one in site.interfaces()}
    net, _ = nets
    stranger = net.eni(net.subnet())
    becomes(lambda: looked_up(net, stranger, name) in addresses, "another VPC knows the name")
    site.delete()
    becomes(lambda: looked_up(net, stranger, name) == "", "the name is gone")
