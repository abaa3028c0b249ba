"""Delete EC2 resources, by the prefix of their ids. The functions raise what boto3 raises.

https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html lists what has to be deleted first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code

_NO_RULE = frozenset({"InvalidPermission.NotFound", "InvalidSecurityGroupRuleId.NotFound"})


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
    """Delete a group's rules, then the group: two groups may refer to each other."""
    own = _id(name)
    told: Any = clients.ec2.describe_security_groups(GroupIds=[own])["SecurityGroups"][0]
    if told["GroupName"] == "default":
        return  # it goes with its VPC
    rules = clients.ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [own]}]
    )
    for rule in rules["SecurityGroupRules"]:
        _revoke(clients, own, rule)
    clients.ec2.delete_security_group(GroupId=own)


def _rule(clients: Clients, name: str) -> None:
    own = _id(name)
    told = clients.ec2.describe_security_group_rules(SecurityGroupRuleIds=[own])
    for rule in told["SecurityGroupRules"]:
        _revoke(clients, rule["GroupId"], rule)


def _revoke(clients: Clients, group: str, rule: Any) -> None:
    revoke = (
        clients.ec2.revoke_security_group_egress
        if rule["IsEgress"]
        else clients.ec2.revoke_security_group_ingress
    )
    try:
        revoke(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    except ClientError as error:
        # It is gone already.
        if code(error) not in _NO_RULE:
            raise


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
