"""Route tables and gateways decide about real packets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.packets import ANYWHERE, Packets, everything, tcp
from tests.support.placed import placed
from tests.support.region import TestRegion
from tests.support.scenario import Scenario

pytestmark = pytest.mark.region

SERVICES = "198.18.0.0/24"
STS = "198.18.0.1"
"""One of AWS's public addresses, somewhere on the internet."""
FETCH = """
import json, sys, time, urllib.request
answer = json.load(urllib.request.urlopen(sys.argv[1], timeout=5))
print(answer["client"], flush=True)
"""


@pytest.fixture
def net(region: TestRegion) -> Iterator[Packets]:
    made = Packets.build(region, "10.54")
    yield made
    made.clear()


def service(region: TestRegion, name: str) -> str:
    return f"{name}.{region.record.region}.amazonaws.com"


def test_without_a_route_nothing_leaves_the_vpc(net: Packets) -> None:
    gateway = net.internet_gateway()
    client = net.eni(net.subnet(), net.open(), public=True)
    assert net.drops(client, STS, 443)
    assert net.passes(client, net.eni(net.subnet("b"), net.open()))
    assert net.drops(client, f"{net.network}.200.1")
    net.route(net.main_table, ANYWHERE, GatewayId=gateway)
    net.soon(client, STS, 443)
    net.ec2.delete_route(RouteTableId=net.main_table, DestinationCidrBlock=ANYWHERE)
    net.soon(client, STS, 443, passes=False)


def test_a_subnets_own_table_counts_else_the_main_one(net: Packets) -> None:
    gateway, group = net.internet_gateway(), net.open()
    near, far = net.subnet(), net.subnet("b")
    first, second = net.eni(near, group, public=True), net.eni(far, group, public=True)
    net.route(net.main_table, ANYWHERE, GatewayId=gateway)
    net.soon(first, STS, 443)
    assert net.passes(second, STS, 443)
    own = net.table()
    made = net.ec2.associate_route_table(RouteTableId=own, SubnetId=near)
    net.soon(first, STS, 443, passes=False)
    assert net.passes(second, STS, 443)
    net.ec2.disassociate_route_table(AssociationId=made["AssociationId"])
    net.soon(first, STS, 443)
    (main,) = [
        one["RouteTableAssociationId"]
        for one in net.ec2.describe_route_tables(RouteTableIds=[net.main_table])["RouteTables"][0][
            "Associations"
        ]
        if one["Main"]
    ]
    net.ec2.replace_route_table_association(AssociationId=main, RouteTableId=own)
    net.soon(first, STS, 443, passes=False)
    net.soon(second, STS, 443, passes=False)


def test_the_longest_prefix_wins(net: Packets) -> None:
    gateway, group = net.internet_gateway(), net.open()
    public = net.public_subnet(gateway)
    subnet = net.subnet()
    client = net.eni(subnet, group, public=True)
    table = net.table(subnet)
    nat, _ = net.nat(public)
    net.route(table, ANYWHERE, GatewayId=gateway)
    net.route(table, SERVICES, NatGatewayId=nat)
    net.soon(client, STS, 443)
    net.ec2.delete_nat_gateway(NatGatewayId=nat)
    net.soon(client, STS, 443, passes=False)  # the longer route is a blackhole now
    # … and stays one while the kernel sweeps up, though the shorter one would do
    assert all(net.drops(client, STS, 443, timeout=0.05) for _ in range(10))
    net.route(table, f"{STS}/32", GatewayId=gateway)
    net.soon(client, STS, 443)
    assert net.drops(client, "198.18.0.2", 443)
    net.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=SERVICES)
    net.soon(client, "198.18.0.2", 443)


def test_a_changed_route_leads_elsewhere(net: Packets) -> None:
    gateway, group = net.internet_gateway(), net.open()
    public, private = net.public_subnet(gateway), net.subnet()
    nat, _ = net.nat(public)
    client = net.eni(private, group)
    table = net.table(private)
    net.route(table, ANYWHERE, GatewayId=gateway)
    net.soon(client, STS, 443, passes=False)  # it has no public address
    net.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=nat)
    net.soon(client, STS, 443)


def test_an_internet_gateway_passes_public_addresses_alone(net: Packets) -> None:
    gateway, group = net.internet_gateway(), net.open()
    subnet = net.public_subnet(gateway)
    public, private = net.eni(subnet, group), net.eni(subnet, group)
    address = net.elastic(public)
    net.soon("internet", address)
    net.soon(public, STS, 443)
    assert net.passes(public, STS, 443)
    assert net.drops(private, STS, 443)
    assert net.passes(private, public)
    assert net.passes(private, STS, 443) is False
    # nobody outside reaches a private address
    assert net.drops("internet", private)
    assert net.drops("internet", public)


def test_a_detached_gateway_passes_nothing(net: Packets) -> None:
    gateway = net.internet_gateway()
    subnet = net.public_subnet(gateway)
    nat, _ = net.nat(subnet)
    private = net.subnet()
    net.route(net.table(private), ANYWHERE, NatGatewayId=nat)
    client = net.eni(private, net.open())
    net.soon(client, STS, 443)
    net.ec2.delete_nat_gateway(NatGatewayId=nat)
    net.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=net.vpc)
    net.soon(client, STS, 443, passes=False)
    public = net.eni(subnet, net.open(), public=True)
    assert net.drops(public, STS, 443)


def test_two_vpcs_do_not_meet(net: Packets, region: TestRegion) -> None:
    other = Packets.build(region, "10.55")
    twin = Packets.build(region, net.network)
    try:
        own = net.eni(net.subnet(), net.open())
        strangers = [one.eni(one.subnet(), one.open()) for one in (other, twin)]
        assert strangers[1].address == own.address
        neighbour = twin.eni(twin.subnet("b"), twin.open())
        assert twin.passes(strangers[1], neighbour)
        assert net.drops(own, strangers[0])
        assert net.drops(own, neighbour)
        assert other.drops(strangers[0], own)
    finally:
        other.clear()
        twin.clear()


def test_two_vpcs_meet_by_public_addresses(net: Packets, region: TestRegion) -> None:
    other = Packets.build(region, net.network)
    try:
        own = net.eni(net.public_subnet(net.internet_gateway()), net.open())
        source = net.elastic(own)
        group = other.group(tcp(80, f"{source}/32"), tcp(81, f"{own.address}/32"))
        server = other.eni(other.public_subnet(other.internet_gateway()), group)
        target = other.elastic(server)
        net.soon(own, target)
        assert net.drops(own, target, 81)  # outside, nobody has a private address
        assert other.drops("internet", target)
    finally:
        other.clear()


def test_nat_gateways_send_with_their_own_address_zone_by_zone(
    net: Packets, scenario: Scenario, region: TestRegion
) -> None:
    server = scenario.run(scenario.define("web:1", ["outside"]))
    scenario.wait_for_output(server, 1)
    details = {
        one["name"]: one["value"] for one in scenario.task(server)["attachments"][0]["details"]
    }
    (interface,) = net.ec2.describe_network_interfaces(
        NetworkInterfaceIds=[details["networkInterfaceId"]]
    )["NetworkInterfaces"]
    target = interface["Association"]["PublicIp"]
    gateway, group = net.internet_gateway(), net.open()
    nats, tables, subnets = [], [], []
    for zone in "ab":
        nats.append(net.nat(net.public_subnet(gateway, zone)))
        subnets.append(net.subnet(zone))
        tables.append(net.table(subnets[-1]))
        net.route(tables[-1], ANYWHERE, NatGatewayId=nats[-1][0])
    clients = [placed(scenario, net.vpc, subnet, group) for subnet in subnets]
    definition = scenario.define("psql:1", [FETCH, f"http://{target}:3000/"])
    tasks = [one.run(definition) for one in clients]
    seen = [one.wait_for_output(task, 1)[0] for one, task in zip(clients, tasks, strict=True)]
    assert seen == [address for _, address in nats]
    # out only
    assert net.drops("internet", nats[0][1], 443)
    probes = [net.eni(subnet, group) for subnet in subnets]
    assert net.each(*((one, target, 3000) for one in probes)) == [True, True]
    net.ec2.delete_nat_gateway(NatGatewayId=nats[0][0])
    net.soon(probes[0], target, 3000, passes=False)
    assert net.passes(probes[1], target, 3000)
    for one, task in zip(clients, tasks, strict=True):
        one.wait(task, "STOPPED")
    scenario.stop(server)


def test_a_nat_gateway_needs_a_way_out_itself(net: Packets) -> None:
    gateway = net.internet_gateway()
    closed, private = net.subnet(), net.subnet()
    nat, _ = net.nat(closed)
    net.route(net.table(private), ANYWHERE, NatGatewayId=nat)
    client = net.eni(private, net.open())
    assert net.drops(client, STS, 443)
    net.route(net.table(closed), ANYWHERE, GatewayId=gateway)
    net.soon(client, STS, 443)


def test_a_gateway_endpoint_is_a_way_to_s3_alone(net: Packets, region: TestRegion) -> None:
    subnet = net.subnet()
    table = net.table(subnet)
    client = net.eni(subnet, net.open())
    s3, logs = service(region, "s3"), service(region, "logs")
    assert net.drops(client, s3, 443)
    endpoint = net.ec2.create_vpc_endpoint(
        VpcId=net.vpc,
        ServiceName=f"com.amazonaws.{region.record.region}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table],
    )["VpcEndpoint"]["VpcEndpointId"]
    net.soon(client, s3, 443)
    assert net.drops(client, logs, 443)
    assert net.drops(net.eni(net.subnet(), net.open()), s3, 443)  # the main table has no route
    net.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    net.soon(client, s3, 443, passes=False)


def test_an_egress_rule_may_name_s3s_prefix_list(net: Packets, region: TestRegion) -> None:
    subnet = net.public_subnet(net.internet_gateway())
    lists = net.ec2.describe_managed_prefix_lists(
        Filters=[
            {"Name": "prefix-list-name", "Values": [f"com.amazonaws.{region.record.region}.s3"]}
        ]
    )["PrefixLists"]
    client = net.eni(subnet, net.group(egress=[tcp(443, lists[0]["PrefixListId"])]), public=True)
    net.soon(client, service(region, "s3"), 443)
    assert net.drops(client, service(region, "logs"), 443)


def test_an_interface_endpoint_has_groups_of_its_own(net: Packets, region: TestRegion) -> None:
    net.ec2.modify_vpc_attribute(VpcId=net.vpc, EnableDnsHostnames={"Value": True})
    subnet = net.subnet()
    friends, door = net.group(), net.group()
    friend, stranger = net.eni(subnet, friends), net.eni(subnet, net.group())
    kms = service(region, "kms")
    assert net.drops(friend, kms, 443)
    endpoint = net.ec2.create_vpc_endpoint(
        VpcId=net.vpc,
        ServiceName=f"com.amazonaws.{region.record.region}.kms",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[door],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]
    assert net.drops(friend, kms, 443)
    net.allow(door, tcp(443, friends))
    net.soon(friend, kms, 443)
    assert net.drops(stranger, kms, 443)
    assert net.drops(friend, service(region, "logs"), 443)
    net.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    net.soon(friend, kms, 443, passes=False)


CALL = """
import boto3, signal, socket, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
from botocore.config import Config
def call():
    client = boto3.client("secretsmanager", config=Config(connect_timeout=0.4, read_timeout=5, retries={"max_attempts": 0}))
    try:
        value = client.get_secret_value(SecretId="packets")["SecretString"]
    except Exception as error:
        return type(error).__name__
    where = socket.getaddrinfo(client.meta.endpoint_url.split("/")[2].split(":")[0], 443)[0][4][0]
    return where.rsplit(".", 2)[0] + " " + value
said = ""
while True:
    if (found := call()) != said:
        said = found
        print(found, flush=True)
    time.sleep(0.05)
"""


def test_an_sdk_in_a_private_subnet_reaches_its_service_through_the_endpoint(
    net: Packets, scenario: Scenario, region: TestRegion
) -> None:
    region.client("secretsmanager").create_secret(Name="packets", SecretString="open sesame")
    net.ec2.modify_vpc_attribute(VpcId=net.vpc, EnableDnsHostnames={"Value": True})
    gateway = net.internet_gateway()
    private = net.subnet()
    nat, _ = net.nat(net.public_subnet(gateway))
    table = net.table(private)
    net.route(table, ANYWHERE, NatGatewayId=nat)  # it needs its image and its log stream
    place = placed(scenario, net.vpc, private, net.group())
    task = place.run(place.define("psql:1", [CALL]))
    assert place.wait_for_output(task, 1) == ["198.18 open sesame"]
    net.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)
    assert place.wait_for_output(task, 2)[1:] == ["ConnectTimeoutError"]
    door = net.group(everything())
    net.ec2.create_vpc_endpoint(
        VpcId=net.vpc,
        ServiceName=f"com.amazonaws.{region.record.region}.secretsmanager",
        VpcEndpointType="Interface",
        SubnetIds=[private],
        SecurityGroupIds=[door],
        PrivateDnsEnabled=True,
    )
    assert place.wait_for_output(task, 3)[2:] == ["10.54 open sesame"]
    net.revoke(door, everything())
    assert place.wait_for_output(task, 4)[3:] == ["ConnectTimeoutError"]
    place.stop(task)
    place.wait(task, "STOPPED")
