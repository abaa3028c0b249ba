"""Check whether clients on the host, which share one public address, may reach a listener."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from drydock.region.dataplane.network.security import TCP, admits, crosses
from drydock.region.services.ec2.controller.policy import acl_of, security_group
from drydock.region.services.ec2.controller.routes import reaches_internet, read_public

_CLIENT_PORTS = (32768, 60999)
"""The first and the last ephemeral port of clients on this machine."""


def why_closed(ec2: Any, balancer: Any, client: IPv4Address, port: int) -> str:
    """Return why a public address cannot open a connection; empty if it can.

    Called under the store's lock. A node must have a public address and a route back to the client,
    in a subnet whose ACL lets the client in and the reply out; a security group must let it in too.
    """
    if balancer.scheme != "internet-facing":
        return "the load balancer is internal"
    vpc_id = balancer.vpc_id
    public = read_public(ec2, vpc_id)
    reachable = [
        subnet
        for subnet, eni in balancer.enis.items()
        if eni in ec2.enis
        and IPv4Address(str(ec2.enis[eni].private_ip_address)) in public
        and reaches_internet(ec2, vpc_id, subnet, client)
    ]
    if not reachable:
        return "none of its subnets has a route to an internet gateway"
    if not any(_crosses(ec2, subnet, client, port) for subnet in reachable):
        return (
            f"the network ACL of its subnets does not let {client} in on port {port}, or out again"
        )
    groups = [security_group(ec2, vpc_id, group) for group in balancer.security_groups]
    if not admits(groups, client, TCP, port):
        names = ", ".join(balancer.security_groups) or "none"
        return f"no rule of its security groups ({names}) lets {client} in on port {port}"
    return ""


def _crosses(ec2: Any, subnet: str, client: IPv4Address, port: int) -> bool:
    acl = acl_of(ec2, subnet)
    return crosses(acl.ingress, client, TCP, port) and all(
        crosses(acl.egress, client, TCP, one) for one in _CLIENT_PORTS
    )
