"""How EC2's resources are deleted, by the prefix of their ids. Raises what boto3 raises.

https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html says what has to go before what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drydock.ops.clients import Clients


def _id(name: str) -> str:
    return name.rpartition("/")[2]


def _gateway(clients: Clients, name: str) -> None:
    own = _id(name)
    told = clients.ec2.describe_internet_gateways(InternetGatewayIds=[own])["InternetGateways"]
    for attached in told[0].get("Attachments", ()):
        clients.ec2.detach_internet_gateway(InternetGatewayId=own, VpcId=attached["VpcId"])
    clients.ec2.delete_internet_gateway(InternetGatewayId=own)


def _route_table(clients: Clients, name: str) -> None:
    own = _id(name)
    told = clients.ec2.describe_route_tables(RouteTableIds=[own])["RouteTables"][0]
    for one in told.get("Associations", ()):
        if one.get("Main"):
            return  # it goes with its VPC
        clients.ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
    clients.ec2.delete_route_table(RouteTableId=own)


def _security_group(clients: Clients, name: str) -> None:
    """Its rules first: two groups may name each other."""
    own = _id(name)
    told: Any = clients.ec2.describe_security_groups(GroupIds=[own])["SecurityGroups"][0]
    if told["GroupName"] == "default":
        return  # it goes with its VPC
    if told.get("IpPermissions"):
        clients.ec2.revoke_security_group_ingress(GroupId=own, IpPermissions=told["IpPermissions"])
    if told.get("IpPermissionsEgress"):
        clients.ec2.revoke_security_group_egress(
            GroupId=own, IpPermissions=told["IpPermissionsEgress"]
        )
    clients.ec2.delete_security_group(GroupId=own)


def _rule(clients: Clients, name: str) -> None:
    own = _id(name)
    told = clients.ec2.describe_security_group_rules(SecurityGroupRuleIds=[own])
    rule = told["SecurityGroupRules"][0]
    if rule["IsEgress"]:
        clients.ec2.revoke_security_group_egress(
            GroupId=rule["GroupId"], SecurityGroupRuleIds=[own]
        )
    else:
        clients.ec2.revoke_security_group_ingress(
            GroupId=rule["GroupId"], SecurityGroupRuleIds=[own]
        )


def _address(clients: Clients, name: str) -> None:
    clients.ec2.release_address(AllocationId=_id(name))


def _nat(clients: Clients, name: str) -> None:
    clients.ec2.delete_nat_gateway(NatGatewayId=_id(name))


def _acl(clients: Clients, name: str) -> None:
    told = clients.ec2.describe_network_acls(NetworkAclIds=[_id(name)])["NetworkAcls"]
    if told and not told[0].get("IsDefault"):
        clients.ec2.delete_network_acl(NetworkAclId=_id(name))


def _interface(clients: Clients, name: str) -> None:
    clients.ec2.delete_network_interface(NetworkInterfaceId=_id(name))


def _subnet(clients: Clients, name: str) -> None:
    clients.ec2.delete_subnet(SubnetId=_id(name))


def _volume(clients: Clients, name: str) -> None:
    clients.ec2.delete_volume(VolumeId=_id(name))


def _vpc(clients: Clients, name: str) -> None:
    clients.ec2.delete_vpc(VpcId=_id(name))


def _endpoint(clients: Clients, name: str) -> None:
    clients.ec2.delete_vpc_endpoints(VpcEndpointIds=[_id(name)])


def _flow_log(clients: Clients, name: str) -> None:
    clients.ec2.delete_flow_logs(FlowLogIds=[_id(name)])


WAYS: Mapping[str, Callable[[Clients, str], None]] = {
    "acl": _acl,
    "eipalloc": _address,
    "eni": _interface,
    "fl": _flow_log,
    "igw": _gateway,
    "nat": _nat,
    "rtb": _route_table,
    "sg": _security_group,
    "sgr": _rule,
    "subnet": _subnet,
    "vol": _volume,
    "vpc": _vpc,
    "vpce": _endpoint,
}
