"""A VPC for tests with packets: groups, interfaces without tasks, and probes between them."""

from __future__ import annotations

import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from tests.support.region import TestRegion

IN_FORCE = 10.0
"""Seconds within which a change of the API decides about packets on a machine however busy.

How long it takes on an idle one is for benchmarks/network.py to say."""
DROPPED = 0.25
"""Seconds after which a packet counts as dropped: an answer takes less than a millisecond."""
ANSWERED = 3.0
"""Seconds for an answer that is expected: a busy machine may take its time."""
ATTACHED = 10.0
ANYWHERE = "0.0.0.0/0"

_numbers = itertools.count(1)


def rule(protocol: str, ports: int | tuple[int, int], *peers: str) -> dict[str, Any]:
    """Return one entry of IpPermissions. A peer is a CIDR block, a group or a prefix list."""
    first, last = (ports, ports) if isinstance(ports, int) else ports
    return {
        "IpProtocol": protocol,
        **({} if protocol == "-1" else {"FromPort": first, "ToPort": last}),
        "IpRanges": [{"CidrIp": one} for one in peers if one[0].isdigit() and ":" not in one],
        "Ipv6Ranges": [{"CidrIpv6": one} for one in peers if ":" in one],
        "UserIdGroupPairs": [{"GroupId": one} for one in peers if one.startswith("sg-")],
        "PrefixListIds": [{"PrefixListId": one} for one in peers if one.startswith("pl-")],
    }


def tcp(ports: int | tuple[int, int], *peers: str) -> dict[str, Any]:
    return rule("tcp", ports, *(peers or (ANYWHERE,)))


def everything(*peers: str) -> dict[str, Any]:
    return rule("-1", -1, *(peers or (ANYWHERE,)))


Way: TypeAlias = "tuple[Eni | str, Eni | str, int] | tuple[Eni | str, Eni | str, int, str]"
"""Source, target, port, and the protocol if it is not TCP."""


@dataclass(frozen=True)
class Eni:
    """A network interface."""

    eni_id: str
    address: str


@dataclass(frozen=True)
class Entry:
    """An entry of a network ACL. For ICMP `ports` are type and code."""

    number: int
    protocol: str = "-1"
    ports: tuple[int, int] = (-1, -1)
    network: str = ANYWHERE
    allow: bool = True


ALL = Entry(100)


@dataclass
class Packets:
    """One VPC. `clear` deletes the resources that it created."""

    region: TestRegion
    vpc: str
    network: str
    """The first two numbers of its address range."""
    _enis: list[str] = field(default_factory=list)
    _subnets: itertools.count[int] = field(default_factory=lambda: itertools.count(0))

    @classmethod
    def build(cls, region: TestRegion, network: str = "10.40") -> Packets:
        ec2 = region.client("ec2")
        vpc = ec2.create_vpc(CidrBlock=f"{network}.0.0/16")["Vpc"]["VpcId"]
        return cls(region, vpc, network)

    @cached_property
    def ec2(self) -> Any:
        return self.region.client("ec2")

    # -- what it is made of

    def subnet(self, zone: str = "a") -> str:
        """Create a subnet with the next free /24."""
        made: str = self.ec2.create_subnet(
            VpcId=self.vpc,
            CidrBlock=f"{self.network}.{next(self._subnets)}.0/24",
            AvailabilityZone=f"{self.region.record.region}{zone}",
        )["Subnet"]["SubnetId"]
        return made

    def group(self, *ingress: dict[str, Any], egress: list[dict[str, Any]] | None = None) -> str:
        """Create a security group; without `egress` it has AWS's default rule that allows everything."""
        ec2 = self.ec2
        name = f"packets-{next(_numbers)}"
        made: str = ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)[
            "GroupId"
        ]
        if ingress:
            ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=list(ingress))
        if egress is not None:
            ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[everything()])
            if egress:
                ec2.authorize_security_group_egress(GroupId=made, IpPermissions=egress)
        return made

    def open(self) -> str:
        """Create a group that lets everything in and out."""
        return self.group(everything())

    def eni(self, subnet: str, *groups: str, public: bool = False) -> Eni:
        """Create an attached interface. Without groups it has the VPC's default group."""
        more = {"Groups": list(groups)} if groups else {}
        made = self.ec2.create_network_interface(SubnetId=subnet, **more)["NetworkInterface"]
        eni = Eni(made["NetworkInterfaceId"], made["PrivateIpAddress"])
        self._enis.append(eni.eni_id)
        if public:
            self.elastic(eni)
        deadline = time.monotonic() + ATTACHED
        while (words := self._ask(eni.eni_id, eni.address, 9, "tcp", DROPPED).get("cause")) and (
            time.monotonic() < deadline
        ):
            time.sleep(0.01)
        assert not words, words
        return eni

    def elastic(self, eni: Eni) -> str:
        """AllocateAddress and AssociateAddress; return the public address."""
        ec2 = self.ec2
        made = ec2.allocate_address(Domain="vpc")
        ec2.associate_address(AllocationId=made["AllocationId"], NetworkInterfaceId=eni.eni_id)
        found: str = made["PublicIp"]
        return found

    def allow(self, group: str, *rules: dict[str, Any]) -> None:
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(rules))

    def revoke(self, group: str, *rules: dict[str, Any]) -> None:
        self.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=list(rules))

    def wear(self, eni: Eni, *groups: str) -> None:
        """ModifyNetworkInterfaceAttribute: set exactly these groups."""
        self.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=eni.eni_id, Groups=list(groups)
        )

    def acl(self, subnet: str, *, ingress: Sequence[Entry], egress: Sequence[Entry]) -> str:
        """Create a network ACL with these entries, replacing the subnet's present one."""
        ec2 = self.ec2
        made: str = ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
        for entries, outwards in ((ingress, False), (egress, True)):
            for entry in entries:
                self.acl_entry(made, entry, egress=outwards)
        (present,) = ec2.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
        )["NetworkAcls"]
        for one in present["Associations"]:
            if one["SubnetId"] == subnet:
                ec2.replace_network_acl_association(
                    AssociationId=one["NetworkAclAssociationId"], NetworkAclId=made
                )
        return made

    def acl_entry(self, acl: str, entry: Entry, *, egress: bool = False) -> None:
        """CreateNetworkAclEntry."""
        more: dict[str, Any] = {}
        if entry.protocol in ("6", "17"):
            more["PortRange"] = {"From": entry.ports[0], "To": entry.ports[1]}
        if entry.protocol == "1":
            more["IcmpTypeCode"] = {"Type": entry.ports[0], "Code": entry.ports[1]}
        self.ec2.create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=entry.number,
            Protocol=entry.protocol,
            RuleAction="allow" if entry.allow else "deny",
            Egress=egress,
            CidrBlock=entry.network,
            **more,
        )

    def internet_gateway(self) -> str:
        """CreateInternetGateway, attached to the VPC."""
        ec2 = self.ec2
        made: str = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=self.vpc)
        return made

    def table(self, *subnets: str) -> str:
        """Create a route table associated with the subnets."""
        ec2 = self.ec2
        made: str = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            ec2.associate_route_table(RouteTableId=made, SubnetId=subnet)
        return made

    @property
    def main_table(self) -> str:
        found: str = self.ec2.describe_route_tables(
            Filters=[
                {"Name": "vpc-id", "Values": [self.vpc]},
                {"Name": "association.main", "Values": ["true"]},
            ]
        )["RouteTables"][0]["RouteTableId"]
        return found

    def route(self, table: str, destination: str, **target: str) -> None:
        """CreateRoute."""
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=destination, **target)

    def public_subnet(self, gateway: str, zone: str = "a") -> str:
        """Create a subnet whose default route is an internet gateway."""
        made = self.subnet(zone)
        self.route(self.table(made), ANYWHERE, GatewayId=gateway)
        return made

    def nat(self, subnet: str) -> tuple[str, str]:
        """Create a NAT gateway in a subnet; return its id and public address."""
        ec2 = self.ec2
        address = ec2.allocate_address(Domain="vpc")
        made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])
        return made["NatGateway"]["NatGatewayId"], address["PublicIp"]

    def clear(self) -> None:
        """Delete the interfaces, so that the controllers' later passes have less to look at."""
        ec2 = self.ec2
        for eni in self._enis:
            for address in ec2.describe_addresses(
                Filters=[{"Name": "network-interface-id", "Values": [eni]}]
            )["Addresses"]:
                ec2.disassociate_address(AssociationId=address["AssociationId"])
            ec2.delete_network_interface(NetworkInterfaceId=eni)
        self._enis.clear()

    # -- packets

    def passes(
        self,
        source: Eni | str,
        target: Eni | str,
        port: int = 80,
        protocol: str = "tcp",
        timeout: float = ANSWERED,
    ) -> bool:
        """Return whether an answer comes. `source` may be "internet", `target` an address or a name."""
        answer = self.probe(source, target, port, protocol, timeout)
        assert "reachable" in answer, answer
        return bool(answer["reachable"])

    def drops(
        self,
        source: Eni | str,
        target: Eni | str,
        port: int = 80,
        protocol: str = "tcp",
        timeout: float = DROPPED,
    ) -> bool:
        """Return whether no answer comes, with a shorter timeout than `passes`."""
        return not self.passes(source, target, port, protocol, timeout)

    def each(self, *ways: Way, timeout: float = 2.0) -> list[bool]:
        """Call `passes` for each (source, target, port, protocol) concurrently."""
        with ThreadPoolExecutor(7) as pool:
            return list(pool.map(lambda way: self.passes_by(way, timeout), ways))

    def passes_by(self, way: Way, timeout: float = ANSWERED) -> bool:
        """Call `passes` for (source, target, port) or (source, target, port, protocol)."""
        protocol = way[3] if len(way) == 4 else "tcp"
        return self.passes(way[0], way[1], way[2], protocol, timeout)

    def probe(
        self,
        source: Eni | str,
        target: Eni | str,
        port: int = 80,
        protocol: str = "tcp",
        timeout: float = DROPPED,
    ) -> dict[str, Any]:
        """Return the region's answer: {"reachable", "words"}."""
        return self._ask(
            source.eni_id if isinstance(source, Eni) else source,
            target.address if isinstance(target, Eni) else target,
            port,
            protocol,
            timeout,
        )

    def soon(
        self,
        source: Eni | str,
        target: Eni | str,
        port: int = 80,
        protocol: str = "tcp",
        *,
        passes: bool = True,
    ) -> None:
        """Assert that packets pass (or do not, with `passes=False`) within `IN_FORCE` seconds."""
        what = f"{protocol} {source} → {target}:{port} passes: {passes}"
        becomes(lambda: self.passes(source, target, port, protocol, DROPPED) == passes, what)

    def _ask(
        self, source: str, address: str, port: int, protocol: str, timeout: float
    ) -> dict[str, Any]:
        body = {
            "source": source,
            "address": address,
            "port": port,
            "protocol": protocol,
            "timeout": timeout,
        }
        request = urllib.request.Request(
            self.region.record.endpoint + "/_drydock/probe",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                found = json.load(error)
        return found


def becomes(look: Callable[[], bool], what: str, seconds: float = IN_FORCE) -> None:
    """Assert that `look` is true in a call that begins at most `seconds` from now.

    The duration of that call does not count.
    """
    deadline = time.monotonic() + seconds
    while True:
        begun = time.monotonic()
        if look():
            return
        assert begun < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)
