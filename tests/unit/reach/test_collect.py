"""What is collected of a stack, on moto's answers."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

import boto3
import pytest

from drydock.reach import collect, facts, matrix, tiers
from drydock.reach.network import Network
from tests.support.plain_moto import plain_moto

from .networks import ANYWHERE, tcp

REGION = "ap-southeast-2"
CLIENT = IPv4Address("203.0.113.10")


class Account:
    """Clients of moto, and short ways to make things."""

    def __init__(self) -> None:
        session = boto3.Session("key", "secret", region_name=REGION)
        self.ec2: Any = session.client("ec2")
        self.ecs: Any = session.client("ecs")
        self.elbv2: Any = session.client("elbv2")
        self.rds: Any = session.client("rds")

    def vpc(self, block: str = "10.0.0.0/16") -> str:
        return str(self.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"])

    def subnet(self, vpc: str, block: str, zone: str = "a") -> str:
        made = self.ec2.create_subnet(
            VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}"
        )
        return str(made["Subnet"]["SubnetId"])

    def table(self, vpc: str, *subnets: str, **route: str) -> str:
        key = str(self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=key, SubnetId=subnet)
        if route:
            self.ec2.create_route(RouteTableId=key, DestinationCidrBlock=ANYWHERE, **route)
        return key

    def gateway(self, vpc: str) -> str:
        made = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
        return str(made)

    def group(self, vpc: str, name: str) -> str:
        """Nothing in, nothing out."""
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
        key = str(made["GroupId"])
        self.ec2.revoke_security_group_egress(
            GroupId=key, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
        )
        return key

    def allow(self, direction: str, group: str, port: int | None, **peer: Any) -> None:
        permission: dict[str, Any] = {"IpProtocol": "-1"}
        if port is not None:
            permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        call = getattr(self.ec2, f"authorize_security_group_{direction}")
        call(GroupId=group, IpPermissions=[permission | peer])

    def eni(self, subnet: str, *groups: str, description: str = "") -> str:
        made = self.ec2.create_network_interface(
            SubnetId=subnet, Groups=list(groups), Description=description
        )
        return str(made["NetworkInterface"]["NetworkInterfaceId"])


def cidr(block: str) -> dict[str, Any]:
    return {"IpRanges": [{"CidrIp": block}]}


def member(group: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": group}]}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with plain_moto():
        yield Account()


def test_groups_routes_gateways_and_acls(account: Account) -> None:
    vpc = account.vpc()
    front, back = account.subnet(vpc, "10.0.0.0/24"), account.subnet(vpc, "10.0.1.0/24", "b")
    account.table(vpc, front, GatewayId=account.gateway(vpc))
    address = account.ec2.allocate_address(Domain="vpc")
    nat = account.ec2.create_nat_gateway(SubnetId=front, AllocationId=address["AllocationId"])
    account.table(vpc, back, NatGatewayId=nat["NatGateway"]["NatGatewayId"])
    web, data = account.group(vpc, "web"), account.group(vpc, "data")
    account.allow("egress", web, None, **cidr(ANYWHERE))
    account.allow("ingress", data, 5432, **member(web))
    one, other = account.eni(back, web), account.eni(front, data)
    found = collect.network(account.ec2, [vpc])
    assert {item.vpc_id for item in found.vpcs} == {vpc}
    assert (found.vpc(vpc).dns_support, found.vpc(vpc).dns_hostnames) == (True, False)
    assert tcp(found, one, other, 5432).allowed
    assert "no ingress rule for tcp 22" in tcp(found, one, other, 22).reason
    assert f"security group {data} (data) has no egress rule" in tcp(found, other, one, 22).reason
    away = tcp(found, one, "198.51.100.7", 443)
    assert away.allowed, away
    assert f"the internet, as {address['PublicIp']}" in away.hops
    # moto gives a new network ACL no entries at all: everything is denied.
    strict = account.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    [old] = [
        association["NetworkAclAssociationId"]
        for acl in account.ec2.describe_network_acls()["NetworkAcls"]
        for association in acl["Associations"]
        if association["SubnetId"] == front
    ]
    account.ec2.replace_network_acl_association(AssociationId=old, NetworkAclId=strict)
    account.ec2.create_network_acl_entry(
        NetworkAclId=strict,
        RuleNumber=90,
        Protocol="6",
        RuleAction="deny",
        Egress=False,
        CidrBlock="10.0.1.0/24",
        PortRange={"From": 5432, "To": 5432},
    )
    found = collect.network(account.ec2, [vpc])
    assert tcp(found, one, other, 5432).reason.endswith("by ingress entry 90")


def test_what_is_about_other_vpcs_is_left_out_but_peers_are_not(account: Account) -> None:
    ours, peer, other = account.vpc(), account.vpc("10.1.0.0/16"), account.vpc("10.0.0.0/16")
    here, there = account.subnet(ours, "10.0.0.0/24"), account.subnet(peer, "10.1.0.0/24")
    account.subnet(other, "10.0.0.0/24")
    made = account.ec2.create_vpc_peering_connection(VpcId=ours, PeerVpcId=peer)
    peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    one, two = account.group(ours, "one"), account.group(peer, "two")
    account.allow("egress", one, None, **cidr(ANYWHERE))
    account.allow("ingress", two, 80, **cidr("10.0.0.0/16"))
    first, second = account.eni(here, one), account.eni(there, two)
    for vpc, block in ((ours, "10.1.0.0/16"), (peer, "10.0.0.0/16")):
        [table] = account.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
            "RouteTables"
        ]
        account.ec2.create_route(
            RouteTableId=table["RouteTableId"],
            DestinationCidrBlock=block,
            VpcPeeringConnectionId=peering,
        )
    found = collect.network(account.ec2, [ours])
    assert {item.vpc_id for item in found.vpcs} == {ours, peer}
    assert "is not active" in tcp(found, first, second, 80).reason
    account.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    found = collect.network(account.ec2, [ours])
    assert tcp(found, first, second, 80).allowed
    assert not tcp(found, first, second, 81).allowed


def test_a_gateway_endpoint_and_prefix_lists(account: Account) -> None:
    vpc = account.vpc()
    subnet = account.subnet(vpc, "10.0.0.0/24")
    table = account.table(vpc, subnet)
    tasks = account.group(vpc, "tasks")
    [s3] = [
        one["PrefixListId"]
        for one in account.ec2.describe_managed_prefix_lists()["PrefixLists"]
        if one["PrefixListName"] == f"com.amazonaws.{REGION}.s3"
    ]
    account.allow("egress", tasks, 443, PrefixListIds=[{"PrefixListId": s3}])
    eni = account.eni(subnet, tasks)
    found = collect.network(account.ec2, [vpc])
    assert "no route to" in tcp(found, eni, "s3", 443).reason
    assert "no egress rule" in tcp(found, eni, "logs", 443).reason
    account.ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table],
    )
    found = collect.network(account.ec2, [vpc])
    assert tcp(found, eni, "s3", 443).allowed
    assert f"lets tcp 443 out to {s3}" in tcp(found, eni, "s3", 443).reason
    assert not tcp(found, eni, "s3", 80).allowed


class Stack:
    """The reference stack, as far as the API of moto goes."""

    def __init__(self, account: Account) -> None:
        self.vpc = account.vpc()
        self.front = [
            account.subnet(self.vpc, f"10.0.{index}.0/24", zone) for index, zone in enumerate("ab")
        ]
        self.back = [
            account.subnet(self.vpc, f"10.0.{index + 8}.0/24", zone)
            for index, zone in enumerate("ab")
        ]
        account.table(self.vpc, *self.front, GatewayId=account.gateway(self.vpc))
        self._groups(account)
        self._balancer(account)
        self._service(account)
        self._database(account)

    def _groups(self, account: Account) -> None:
        self.lb, self.task, self.db = (account.group(self.vpc, one) for one in ("lb", "task", "db"))
        account.allow("ingress", self.lb, 80, **cidr(ANYWHERE))
        account.allow("egress", self.lb, 3000, **member(self.task))
        account.allow("ingress", self.task, 3000, **member(self.lb))
        account.allow("egress", self.task, None, **cidr(ANYWHERE))
        account.allow("ingress", self.db, 5432, **member(self.task))

    def _balancer(self, account: Account) -> None:
        made = account.elbv2.create_load_balancer(
            Name="shop", Subnets=self.front, SecurityGroups=[self.lb], Scheme="internet-facing"
        )["LoadBalancers"][0]["LoadBalancerArn"]
        self.target = account.elbv2.create_target_group(
            Name="shop", Protocol="HTTP", Port=3000, VpcId=self.vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        account.elbv2.create_listener(
            LoadBalancerArn=made,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target}],
        )

    def _service(self, account: Account) -> None:
        account.ecs.create_cluster(clusterName="shop")
        account.ecs.register_task_definition(
            family="shop",
            networkMode="awsvpc",
            containerDefinitions=[
                {
                    "name": "app",
                    "image": "shop:1",
                    "memory": 512,
                    "portMappings": [{"containerPort": 3000}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {}},
                }
            ],
        )
        account.ecs.create_service(
            cluster="shop",
            serviceName="app",
            taskDefinition="shop",
            desiredCount=1,
            launchType="FARGATE",
            loadBalancers=[
                {"targetGroupArn": self.target, "containerName": "app", "containerPort": 3000}
            ],
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": self.front,
                    "securityGroups": [self.task],
                    "assignPublicIp": "ENABLED",
                }
            },
        )

    def _database(self, account: Account) -> None:
        account.rds.create_db_subnet_group(
            DBSubnetGroupName="shop", DBSubnetGroupDescription="shop", SubnetIds=self.back
        )
        account.rds.create_db_cluster(
            DBClusterIdentifier="shop",
            Engine="aurora-postgresql",
            MasterUsername="postgres",
            MasterUserPassword="a-long-password",
            DBSubnetGroupName="shop",
            VpcSecurityGroupIds=[self.db],
            Port=5432,
        )


def matrix_of(account: Account) -> tuple[Network, tiers.Tiers, dict[str, matrix.Row]]:
    found = facts.gather(account)
    network, all_tiers = tiers.arrange(collect.network(account.ec2, found.vpcs), found, CLIENT)
    return network, all_tiers, {str(row): row for row in matrix.rows(network, all_tiers, {})}


def test_the_tiers_of_the_reference_stack_before_anything_runs(account: Account) -> None:
    stack = Stack(account)
    network, all_tiers, rows = matrix_of(account)
    [balancer], [tasks], [database] = all_tiers.balancers, all_tiers.tasks, all_tiers.databases
    assert (balancer.name, balancer.ports, balancer.internet_facing) == (
        "load balancer",
        (80,),
        True,
    )
    assert (tasks.ports, tasks.balancers) == ((3000,), ("load balancer",))
    assert tasks.needs == {"internet", "logs"}
    assert database.ports == (5432,)
    places = {network.interface(one).subnet for one in tasks.interfaces}
    assert places == set(stack.front)
    assert {network.interface(one).subnet for one in database.interfaces} <= set(stack.back)
    assert matrix.compare(rows.values(), {}).problems == ()
    assert rows["internet → load balancer 80"].declared == "open"
    assert rows["load balancer → tasks 3000"].declared == "open"
    assert rows["tasks → database 5432"].declared == "open"
    assert rows["internet → tasks 3000"].declared == "closed"


def test_a_rule_that_is_too_wide_and_one_that_is_missing(account: Account) -> None:
    stack = Stack(account)
    account.allow("ingress", stack.db, 5432, **cidr(ANYWHERE))
    account.allow("egress", stack.lb, 5432, **cidr("10.0.0.0/16"))
    account.ec2.revoke_security_group_ingress(
        GroupId=stack.task,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000} | member(stack.lb)],
    )
    _, _, rows = matrix_of(account)
    problems = {
        (one.kind, one.row): one.words for one in matrix.compare(rows.values(), {}).problems
    }
    assert set(problems) == {
        ("missing", "load balancer → tasks 3000"),
        ("too wide", "load balancer → database 5432"),
    }
    missing = problems["missing", "load balancer → tasks 3000"]
    assert f"security group {stack.task} (task) has no ingress rule for tcp 3000" in missing
    wide = problems["too wide", "load balancer → database 5432"]
    assert f"security group {stack.db} (db) lets tcp 5432 in from 0.0.0.0/0" in wide


def test_without_services_there_is_nothing(account: Account) -> None:
    assert facts.gather(account) == facts.Facts()
    assert collect.network(account.ec2, []).vpcs == ()


@pytest.mark.parametrize(
    ("container", "needs"),
    [
        ({"image": "shop:1"}, {"internet"}),
        ({"image": "public.ecr.aws/x/shop:1"}, {"internet"}),
        (
            {"image": "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/shop:1"},
            {"ecr.api", "ecr.dkr", "s3"},
        ),
        (
            {
                "image": "shop:1",
                "secrets": [
                    {"name": "A", "valueFrom": "arn:aws:secretsmanager:ap-southeast-2:1:secret:a"},
                    {"name": "B", "valueFrom": "/shop/b"},
                ],
            },
            {"internet", "secretsmanager", "ssm"},
        ),
        (
            {"image": "shop:1", "repositoryCredentials": {"credentialsParameter": "arn"}},
            {"internet", "secretsmanager"},
        ),
        ({"image": "shop:1", "logConfiguration": {"logDriver": "awslogs"}}, {"internet", "logs"}),
        ({"image": "shop:1", "logConfiguration": {"logDriver": "syslog"}}, {"internet"}),
    ],
)
def test_what_a_task_needs(container: dict[str, Any], needs: set[str]) -> None:
    assert facts.needs_of({"containerDefinitions": [container]}) == needs
