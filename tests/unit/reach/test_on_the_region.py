"""What the local region's own API shows of the interfaces that services make for themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from drydock.reach import collect, facts, tiers
from tests.support.served import REGION, Served, serving

from .networks import tcp

CLIENT = IPv4Address("203.0.113.10")


@dataclass
class Clients:
    ec2: Any
    ecs: Any
    elbv2: Any
    rds: Any


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "region.log") as one:
        yield one


@pytest.fixture
def aws(served: Served) -> Clients:
    return Clients(*(served.client(name) for name in ("ec2", "ecs", "elbv2", "rds")))


def test_a_load_balancers_nodes_are_told_by_their_description(served: Served, aws: Clients) -> None:
    _, target = served.balancer("web")
    served.balancer("other")
    served.cluster("shop")
    served.task_definition("app")
    aws.ecs.create_service(
        cluster="shop",
        serviceName="app",
        taskDefinition="app",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=served.network,
        loadBalancers=[{"targetGroupArn": target, "containerName": "app", "containerPort": 3000}],
    )
    found = facts.gather(aws)
    network, all_tiers = tiers.arrange(collect.network(aws.ec2, found.vpcs), found, CLIENT)
    [balancer], [tasks] = all_tiers.balancers, all_tiers.tasks
    nodes = [network.interface(one) for one in balancer.interfaces]
    assert {one.subnet for one in nodes} == set(served.subnets)
    assert all("app/web/" in one.description and not one.planned for one in nodes)
    assert all(one.service == "elb" and one.public for one in nodes)
    # No task runs: the service's subnets get stand-ins, in the VPC's default group.
    waiting = [network.interface(one) for one in tasks.interfaces]
    assert {one.subnet for one in waiting} == set(served.subnets[:2])
    [default] = [one.group_id for one in network.groups if one.name == "default"]
    assert all(one.planned and one.public and one.groups == (default,) for one in waiting)
    assert "no ingress rule" in tcp(network, str(CLIENT), tasks.interfaces[0], 3000).reason


def test_gateways_and_endpoints_have_their_interfaces(served: Served, aws: Clients) -> None:
    vpc = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    door, tasks = (
        aws.ec2.create_security_group(GroupName=one, Description=one, VpcId=vpc)["GroupId"]
        for one in ("door", "tasks")
    )
    rule: Any = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "UserIdGroupPairs": [{"GroupId": tasks}],
    }
    aws.ec2.authorize_security_group_ingress(GroupId=door, IpPermissions=[rule])
    logs = aws.ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.logs",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[door],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]
    [inside] = logs["NetworkInterfaceIds"]
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = aws.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    eni = aws.ec2.create_network_interface(SubnetId=subnet, Groups=[tasks])
    source = eni["NetworkInterface"]["NetworkInterfaceId"]
    network = collect.network(aws.ec2, [vpc])
    assert network.interface(inside).service == "vpce"
    assert tcp(network, source, "logs", 443).hops[-1].startswith(inside)
    assert not tcp(network, source, "logs", 80).allowed
    [gateway] = network.nat_gateways
    assert gateway.gateway_id == nat["NatGatewayId"]
    its = network.interface_at(vpc, gateway.address)
    assert its is not None
    assert (its.service, its.groups) == ("nat", None)
    aws.ec2.revoke_security_group_ingress(GroupId=door, IpPermissions=[rule])
    network = collect.network(aws.ec2, [vpc])
    assert f"{door} (door) has no ingress rule" in tcp(network, source, "logs", 443).reason
