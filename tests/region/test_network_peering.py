"""Two VPCs that are peered reach each other as routes and groups say, and not otherwise."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.support.region import TestRegion
from tests.support.waiting import eventually

pytestmark = pytest.mark.region


def probe(region: TestRegion, source: str, address: str, port: int = 80) -> bool:
    request = urllib.request.Request(
        f"{region.record.endpoint}/_drydock/probe",
        data=json.dumps({"source": source, "address": address, "port": port}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bool(json.load(answer)["reachable"])
    except urllib.error.HTTPError as error:
        if "not attached" not in error.read().decode():
            raise
        return False  # its namespace is still being made


class Site:
    """A VPC with one subnet, one interface, and a group that lets nothing in."""

    def __init__(self, region: TestRegion, cidr: str) -> None:
        self.ec2: Any = region.client("ec2")
        self.cidr = cidr
        self.vpc = self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
        self.group = self.ec2.create_security_group(
            GroupName=f"g-{self.vpc}", Description="g", VpcId=self.vpc
        )["GroupId"]
        eni = self.ec2.create_network_interface(SubnetId=self.subnet, Groups=[self.group])
        self.eni = eni["NetworkInterface"]["NetworkInterfaceId"]
        self.address = eni["NetworkInterface"]["PrivateIpAddress"]
        only_this = [{"Name": "vpc-id", "Values": [self.vpc]}]
        self.table = self.ec2.describe_route_tables(Filters=only_this)["RouteTables"][0][
            "RouteTableId"
        ]

    def route(self, destination: str, peering: str) -> None:
        self.ec2.create_route(
            RouteTableId=self.table,
            DestinationCidrBlock=destination,
            VpcPeeringConnectionId=peering,
        )

    def admit(self, **source: Any) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **source}
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[rule])


def test_peering_needs_acceptance_routes_on_both_sides_and_a_rule(region: TestRegion) -> None:
    one, other = Site(region, "10.61.0.0/24"), Site(region, "10.62.0.0/24")
    eventually(
        lambda: probe(region, one.eni, one.address), "its own address answers, so it is there", 10
    )
    eventually(lambda: probe(region, other.eni, other.address), "the other too", 10)

    def reaches() -> bool:
        return probe(region, one.eni, other.address)

    other.admit(IpRanges=[{"CidrIp": one.cidr}])
    assert not reaches()
    peering = one.ec2.create_vpc_peering_connection(VpcId=one.vpc, PeerVpcId=other.vpc)[
        "VpcPeeringConnection"
    ]["VpcPeeringConnectionId"]
    one.route(other.cidr, peering)
    other.route(one.cidr, peering)
    assert not reaches()  # nobody has accepted it
    one.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    eventually(reaches, "packets pass the peering")
    assert not probe(region, one.eni, other.address, 81)
    assert not probe(region, other.eni, one.address)

    one.admit(UserIdGroupPairs=[{"GroupId": other.group}])
    eventually(lambda: probe(region, other.eni, one.address), "a group of the peer is referenced")

    one.ec2.delete_route(RouteTableId=one.table, DestinationCidrBlock=other.cidr)
    eventually(lambda: not reaches(), "without a route nothing passes")
    one.route(other.cidr, peering)
    eventually(reaches, "with the route again")
    one.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    eventually(lambda: not reaches(), "a deleted peering passes nothing")
