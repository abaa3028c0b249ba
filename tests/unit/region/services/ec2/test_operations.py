"""The network as it is asked for: addresses, interfaces, rules, the default VPC."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served


def small_subnet(served: Served, cidr: str = "10.0.0.0/28") -> str:
    ec2 = served.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    answer = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone="ap-southeast-2a")
    return str(answer["Subnet"]["SubnetId"])


def test_the_default_vpc_is_as_awss(served: Served) -> None:
    ec2 = served.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    assert (vpc["IsDefault"], vpc["CidrBlock"]) == (True, "172.31.0.0/16")
    subnets = ec2.describe_subnets()["Subnets"]
    assert {one["AvailabilityZone"][-1] for one in subnets} == {"a", "b", "c"}
    assert all(one["DefaultForAz"] and one["MapPublicIpOnLaunch"] for one in subnets)
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    assert gateway["Attachments"][0]["VpcId"] == vpc["VpcId"]
    (table,) = ec2.describe_route_tables()["RouteTables"]
    routes = {one["DestinationCidrBlock"]: one["GatewayId"] for one in table["Routes"]}
    assert routes["0.0.0.0/0"] == gateway["InternetGatewayId"]


def test_addresses_are_free_ones_of_the_subnet(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    network = IPv4Network("10.0.0.0/28")
    made = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"] for _ in range(11)]
    addresses = {IPv4Address(one["PrivateIpAddress"]) for one in made}
    assert addresses == set(list(network)[4:-1])
    with pytest.raises(ClientError) as caught:
        ec2.create_network_interface(SubnetId=subnet)
    assert caught.value.response["Error"]["Code"] == "InsufficientFreeAddressesInSubnet"
    ec2.delete_network_interface(NetworkInterfaceId=made[3]["NetworkInterfaceId"])
    again = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert again["PrivateIpAddress"] == made[3]["PrivateIpAddress"]
    (seen,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert seen["AvailableIpAddressCount"] == 0


def test_an_address_given_back_waits_its_turn(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    first = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    ec2.delete_network_interface(NetworkInterfaceId=first["NetworkInterfaceId"])
    second = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert first["PrivateIpAddress"] != second["PrivateIpAddress"]


@pytest.mark.parametrize(
    ("address", "code"),
    [("10.0.0.2", "InvalidParameterValue"), ("10.0.1.9", "InvalidParameterValue")],
)
def test_an_address_outside_is_refused(served: Served, address: str, code: str) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    with pytest.raises(ClientError) as caught:
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address)
    assert caught.value.response["Error"]["Code"] == code


def test_a_taken_address_is_refused(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.0.9")
    with pytest.raises(ClientError, match="already in use"):
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.0.9")


def managed(served: Served, subnet: str, **changes: Any) -> Any:
    with served.store.changing("ec2"):
        return served.store.backend("ec2").create_managed_eni(
            subnet,
            **{
                "group_ids": [],
                "description": "RDSNetworkInterface",
                "requester": "rds",
                **changes,
            },
        )


def test_what_a_service_owns_only_the_service_deletes(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    eni = managed(served, subnet)
    (seen,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert seen["Status"] == "in-use"
    assert seen["RequesterManaged"]
    assert seen["Attachment"]["Status"] == "attached"
    with pytest.raises(ClientError, match="currently in use"):
        ec2.delete_network_interface(NetworkInterfaceId=eni.id)
    with pytest.raises(ClientError, match="has dependencies"):
        ec2.delete_subnet(SubnetId=subnet)
    with served.store.changing("ec2"):
        served.store.backend("ec2").delete_managed_eni(eni.id)
        served.store.backend("ec2").delete_managed_eni(eni.id)
    ec2.delete_subnet(SubnetId=subnet)


def test_a_gateway_stays_while_there_are_public_addresses(served: Served) -> None:
    ec2 = served.client("ec2")
    subnet = small_subnet(served)
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=found["VpcId"])
    eni = managed(served, subnet, public_ip=True)
    with pytest.raises(ClientError, match="mapped public address"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=found["VpcId"])
    with served.store.changing("ec2"):
        served.store.backend("ec2").delete_managed_eni(eni.id)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=found["VpcId"])


def test_rules_have_ids_tags_and_descriptions(served: Served) -> None:
    ec2 = served.client("ec2")
    first, second = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=served.vpc)["GroupId"]
        for name in ("lb", "tasks")
    )
    made = ec2.authorize_security_group_ingress(
        GroupId=second,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 3000,
                "ToPort": 3000,
                "UserIdGroupPairs": [{"GroupId": first, "Description": "from the load balancer"}],
            }
        ],
        TagSpecifications=[
            {"ResourceType": "security-group-rule", "Tags": [{"Key": "Name", "Value": "x"}]}
        ],
    )["SecurityGroupRules"][0]
    (seen,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])[
        "SecurityGroupRules"
    ]
    assert seen["ReferencedGroupInfo"]["GroupId"] == first
    assert seen["Description"] == "from the load balancer"
    assert seen["Tags"] == [{"Key": "Name", "Value": "x"}]
    assert (seen["FromPort"], seen["ToPort"], seen["IsEgress"]) == (3000, 3000, False)
    with pytest.raises(ClientError, match="dependent object"):
        ec2.delete_security_group(GroupId=first)
    wanted = {"IpProtocol": "-1", "ReferencedGroupId": first, "Description": "all of it"}
    ec2.modify_security_group_rules(
        GroupId=second,
        SecurityGroupRules=[
            {"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": wanted}
        ],
    )
    (seen,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])[
        "SecurityGroupRules"
    ]
    assert (seen["IpProtocol"], seen["Description"]) == ("-1", "all of it")
    assert seen["ReferencedGroupInfo"]["GroupId"] == first
    ec2.revoke_security_group_ingress(
        GroupId=second, SecurityGroupRuleIds=[made["SecurityGroupRuleId"]]
    )
    ec2.delete_security_group(GroupId=first)


def test_a_subnet_without_a_zone_is_in_this_region(served: Served) -> None:
    ec2 = served.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]
    assert made["AvailabilityZone"].startswith("ap-southeast-2")
    assert not made["MapPublicIpOnLaunch"]


def test_a_nat_gateway_has_its_interface_and_takes_it_along(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    (eni,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert eni["InterfaceType"] == "nat_gateway"
    assert gateway["NatGatewayId"] in eni["Description"]
    assert IPv4Address(eni["PrivateIpAddress"]) in IPv4Network("10.0.0.0/28")
    (shown,) = gateway["NatGatewayAddresses"]
    assert shown["PrivateIp"] == eni["PrivateIpAddress"]
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnet)


def test_an_interface_endpoint_is_in_its_subnet(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    vpc = found["VpcId"]
    group = ec2.create_security_group(GroupName="e", Description="e", VpcId=vpc)["GroupId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.ap-southeast-2.logs",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=False,
    )["VpcEndpoint"]
    (eni,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert eni["InterfaceType"] == "vpc_endpoint"
    assert [one["GroupId"] for one in eni["Groups"]] == [group]
    assert IPv4Address(eni["PrivateIpAddress"]) in IPv4Network("10.0.0.0/28")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    ec2.delete_subnet(SubnetId=subnet)


def test_a_default_group_lets_its_own_members_in(served: Served) -> None:
    ec2 = served.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
        "SecurityGroups"
    ]
    (rule,) = group["IpPermissions"]
    assert (group["GroupName"], rule["IpProtocol"]) == ("default", "-1")
    assert [one["GroupId"] for one in rule["UserIdGroupPairs"]] == [group["GroupId"]]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    other = ec2.create_security_group(GroupName="other", Description="other", VpcId=vpc)["GroupId"]
    found = ec2.describe_security_groups(GroupIds=[group["GroupId"], other])["SecurityGroups"]
    assert [one["IpPermissions"] for one in found] == [[], []]


@pytest.mark.parametrize(
    ("protocol", "ports"),
    [("banana", (1, 2)), ("256", (1, 2)), ("tcp", (9, 8)), ("udp", (0, 70000)), ("tcp", None)],
)
def test_a_rule_that_makes_no_sense_is_refused(
    served: Served, protocol: str, ports: tuple[int, int] | None
) -> None:
    rule: dict[str, Any] = {"IpProtocol": protocol, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    if ports:
        rule |= {"FromPort": ports[0], "ToPort": ports[1]}
    ec2 = served.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=served.vpc)["GroupId"]
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
    (seen,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert seen["IpPermissions"] == []


def test_a_protocol_by_its_number_needs_no_ports(served: Served) -> None:
    rule: dict[str, Any] = {"IpProtocol": "50", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2 = served.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=served.vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    (seen,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    assert (seen["IpProtocol"], "FromPort" in seen) == ("50", False)
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])


def test_an_elastic_address_that_moves_leaves_the_first_interface(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    first, second = (
        ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        for _ in range(2)
    )
    address = ec2.allocate_address(Domain="vpc")
    for eni in (first, second):
        ec2.associate_address(
            AllocationId=address["AllocationId"], NetworkInterfaceId=eni, AllowReassociation=True
        )
    seen = {
        one["NetworkInterfaceId"]: one.get("Association", {}).get("PublicIp")
        for one in ec2.describe_network_interfaces(NetworkInterfaceIds=[first, second])[
            "NetworkInterfaces"
        ]
    }
    assert seen == {first: None, second: address["PublicIp"]}


def test_entries_for_icmp_keep_type_and_code(served: Served) -> None:
    ec2 = served.client("ec2")
    acl = ec2.create_network_acl(VpcId=served.vpc)["NetworkAcl"]["NetworkAclId"]

    def seen() -> list[Any]:
        (found,) = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
        return [one.get("IcmpTypeCode") for one in found["Entries"] if one["RuleNumber"] < 32767]

    entry: dict[str, Any] = {
        "NetworkAclId": acl,
        "RuleNumber": 10,
        "Protocol": "1",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "10.0.0.0/8",
    }
    ec2.create_network_acl_entry(**entry, IcmpTypeCode={"Type": 8, "Code": -1})
    assert seen() == [{"Type": 8, "Code": -1}]
    ec2.replace_network_acl_entry(**entry, IcmpTypeCode={"Type": 0, "Code": 0})
    assert seen() == [{"Type": 0, "Code": 0}]


def test_private_dns_needs_the_vpcs_dns_attributes(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    wanted: dict[str, Any] = {
        "VpcId": vpc,
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.ap-southeast-2.logs",
        "SubnetIds": [subnet],
    }
    with pytest.raises(ClientError, match="enableDnsHostnames"):
        ec2.create_vpc_endpoint(**wanted, PrivateDnsEnabled=True)
    made = ec2.create_vpc_endpoint(**wanted, PrivateDnsEnabled=False)["VpcEndpoint"]
    change: dict[str, Any] = {"VpcEndpointId": made["VpcEndpointId"], "PrivateDnsEnabled": True}
    with pytest.raises(ClientError, match="enableDnsHostnames"):
        ec2.modify_vpc_endpoint(**change)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.modify_vpc_endpoint(**change)
    (seen,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"]
    assert seen["PrivateDnsEnabled"] is True


def test_what_is_changed_on_an_endpoint_is_changed_on_its_interfaces(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/28")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="e", Description="e", VpcId=vpc)["GroupId"]
    (default,) = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.ap-southeast-2.logs",
        SubnetIds=[subnet],
        PrivateDnsEnabled=False,
    )["VpcEndpoint"]

    def interfaces() -> set[tuple[str, str]]:
        return {
            (one["SubnetId"], one["Groups"][0]["GroupId"])
            for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
        }

    assert interfaces() == {(subnet, default["GroupId"])}
    ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"],
        AddSubnetIds=[other],
        AddSecurityGroupIds=[group],
        RemoveSecurityGroupIds=[default["GroupId"]],
    )
    assert interfaces() == {(subnet, group), (other, group)}
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], RemoveSubnetIds=[subnet])
    assert interfaces() == {(other, group)}


def test_a_gateway_endpoints_route_comes_and_goes_with_its_tables(served: Served) -> None:
    ec2, subnet = served.client("ec2"), small_subnet(served)
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    first, second = (
        ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)
    )
    made = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.ap-southeast-2.s3", RouteTableIds=[first]
    )["VpcEndpoint"]["VpcEndpointId"]

    def routed() -> list[bool]:
        tables = ec2.describe_route_tables(RouteTableIds=[first, second])["RouteTables"]
        by_id = {one["RouteTableId"]: one["Routes"] for one in tables}
        return [any(made in one.values() for one in by_id[key]) for key in (first, second)]

    assert routed() == [True, False]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=made, AddRouteTableIds=[second], RemoveRouteTableIds=[first]
    )
    assert routed() == [False, True]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert routed() == [False, False]


def test_tags_of_a_flow_log_go_with_it(served: Served) -> None:
    ec2 = served.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    served.client("s3").create_bucket(
        Bucket="flows", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"}
    )
    made = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flows",
        TagSpecifications=[
            {"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "flows"}]}
        ],
    )["FlowLogIds"]
    of_it = [{"Name": "resource-id", "Values": made}]
    assert ec2.describe_tags(Filters=of_it)["Tags"]
    ec2.delete_flow_logs(FlowLogIds=made)
    assert ec2.describe_tags(Filters=of_it)["Tags"] == []
