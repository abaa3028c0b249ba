"""EC2: the resources whose ids are in the call, and the kind of resource that it makes.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import Resource

_KINDS = {
    "acl": "network-acl",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""Prefixes of ids → the kind in an ARN."""
_MADE = {
    "AllocateAddress": "elastic-ip",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateNetworkAcl": "network-acl",
    "CreateNetworkInterface": "network-interface",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
    "CreateVpcPeeringConnection": "vpc-peering-connection",
}
_ROUTES = frozenset({"CreateRoute", "ReplaceRoute", "DeleteRoute"})
"""For these only the route table is a resource, not the route's target."""
_ID = re.compile(r"([a-z]+)-[0-9a-f]+")
_PARAMETER = re.compile(r"[A-Za-z]+(\.\d+)?")


def checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a call. Empty: any resource of EC2, or none."""
    if call.name.startswith(("Describe", "Get", "Search")):
        return []
    found = [_known(call, store, kind, name) for kind, name in dict.fromkeys(_ids(call))]
    if made := made_by(call):
        found.append(Check(call.action, made))
    return found


def made_by(call: Call) -> Resource | None:
    """Return the resource that a call makes, whose id is not known yet."""
    kind = _MADE.get(call.name)
    return Resource(call.arn(f"{kind}/*")) if kind else None


def _ids(call: Call) -> Iterator[tuple[str, str]]:
    for name, value in call.params.items():
        match = _ID.fullmatch(str(value))
        kind = _KINDS.get(match[1]) if match else None
        if kind is None or not _PARAMETER.fullmatch(name):
            continue
        if call.name not in _ROUTES or kind == "route-table":
            yield kind, str(value)


def _known(call: Call, store: Store, kind: str, name: str) -> Check:
    context = {
        f"{prefix}:resourcetag/{key.lower()}": (str(value),)
        for key, value in store.backend("ec2").tags.get(name, {}).items()
        for prefix in ("aws", "ec2")
    }
    return Check(call.action, Resource(call.arn(f"{kind}/{name}")), context)
