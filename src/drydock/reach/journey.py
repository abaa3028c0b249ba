"""Follow one connection through a network: each step lets it pass, or drops it with a reason.

A step checks the request and its reply together, since a connection needs both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from drydock.reach.filters import Filtered, Peer, groups_of, judge_acl, judge_groups, reply_to
from drydock.reach.model import (
    ICMP,
    TCP,
    UDP,
    Direction,
    Endpoint,
    Interface,
    InternetGateway,
    NatGateway,
    Peering,
    Route,
    Subnet,
    Traffic,
)
from drydock.reach.network import Network

LINUX_PORTS = (32768, 60999)
"""Range of client ports on Linux (net.ipv4.ip_local_port_range)."""
ANY_CLIENT_PORTS = (1024, 65535)
"""Range of client ports of internet clients, load balancers and NAT gateways.

https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
"""
LOCAL = "local"
_NEVER_PUBLIC = tuple(
    IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


class Dropped(Exception):  # noqa: N818 - a packet's end, not an error
    """The packet goes no further; the message names the rule, route or gateway that dropped it."""


@dataclass
class Journey:
    """A connection that has not been dropped so far."""

    network: Network
    packet: Traffic
    client_ports: tuple[int, int] | None = None
    """The client's ports, to which replies go. None: the range of each kind of client."""
    hops: list[str] = field(default_factory=list)
    decided: str = ""
    """The last security group rule that let it pass."""

    # -- from an interface

    def to_address(self, source: Interface, address: IPv4Address, wanted: str = "") -> None:
        """Go from an interface to an address, by its routes.

        `wanted` is the id of the interface that must have the address; empty for any.
        """
        subnet = self.network.subnet(source.subnet)
        self.hops.append(f"{source.interface_id} ({source.address})")
        if address in subnet.network:
            self._deliver(source, source.vpc, address, "", wanted)
            return
        table = self.network.table_of(subnet)
        route = table.route_to(address)
        where = f"route table {table.table_id} of subnet {subnet.subnet_id}"
        if route is None:
            self._groups(source, "egress", Peer(address))
            raise Dropped(f"{where} has no route to {address}")
        if route.blackhole:
            self._groups(source, "egress", Peer(address))
            raise Dropped(f"{where}: its route to {route.destination} is a blackhole")
        self.hops.append(f"{table.table_id}: {route.destination} → {route.target}")
        if route.target == LOCAL:
            self._deliver(source, source.vpc, address, LOCAL, wanted)
            return
        self._through(source, address, route, where, wanted)

    def _through(
        self, source: Interface, address: IPv4Address, route: Route, where: str, wanted: str
    ) -> None:
        gateway = self.network.gateways.get(route.target)
        if isinstance(gateway, Peering):
            self._through_peering(source, address, gateway, wanted)
            return
        if wanted:
            raise Dropped(f"{where} leads {address}, a private address, to {route.target}")
        self._groups(source, "egress", Peer(address))
        if isinstance(gateway, InternetGateway):
            self._through_internet_gateway(source, address, gateway)
        elif isinstance(gateway, NatGateway):
            self._through_nat_gateway(source, address, gateway)
        elif isinstance(gateway, Endpoint):
            self._through_gateway_endpoint(source, address, gateway)
        else:
            raise Dropped(
                f"{where} leads {address} to {route.target}, which is gone or of a kind "
                "that is not looked into"
            )

    # -- by private addresses

    def _deliver(
        self, source: Interface, vpc: str, address: IPv4Address, way: str, wanted: str
    ) -> None:
        """Deliver to the interface that has a private address in `vpc`.

        `way` is "" inside the subnet, else the route's target.
        https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
        """
        target = self.network.interface_at(vpc, address)
        peer = Peer(address, groups_of(target) if target is not None else ())
        self._groups(source, "egress", peer)
        if target is None:
            raise Dropped(f"no network interface of {vpc} has the address {address}")
        if wanted not in ("", target.interface_id):
            raise Dropped(
                f"in {vpc} the address {address} is {target.interface_id}'s, not {wanted}'s"
            )
        if way:
            here, there = self._subnet(source), self._subnet(target)
            ports = self._ports_of(source)
            self._crosses(here, "egress", address, ports)
            self._crosses(there, "ingress", source.address, ports)
            self._answers_by(target, source.address, way)
        self._enter(target, Peer(source.address, groups_of(source)))

    def _enter(self, target: Interface, peer: Peer) -> None:
        if target.service == "nat":
            raise Dropped(f"{target.interface_id} is a NAT gateway's, which lets no connection in")
        self._groups(target, "ingress", peer)
        self.hops.append(f"{target.interface_id} ({target.address})")

    def _through_peering(
        self, source: Interface, address: IPv4Address, peering: Peering, wanted: str
    ) -> None:
        """Cross a peering connection: between its two VPCs only, with routes on both sides.

        https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
        """
        other = peering.other(source.vpc)
        if not peering.active or not other:
            self._groups(source, "egress", Peer(address))
            raise Dropped(f"peering connection {peering.peering_id} of {source.vpc} is not active")
        self._deliver(source, other, address, peering.peering_id, wanted)

    def _answers_by(self, target: Interface, address: IPv4Address, way: str) -> None:
        """Check that the reply is routed back the same way."""
        subnet = self._subnet(target)
        table = self.network.table_of(subnet)
        route = table.route_to(address)
        name = f"route table {table.table_id} of subnet {subnet.subnet_id}"
        if route is None:
            raise Dropped(f"{name} has no route back to {address}")
        if route.blackhole:
            raise Dropped(f"{name}: its route back to {address} is a blackhole")
        if route.target != way:
            raise Dropped(f"{name} leads {address} to {route.target}, not back through {way}")

    # -- by public addresses

    def _through_internet_gateway(
        self, source: Interface, address: IPv4Address, gateway: InternetGateway
    ) -> None:
        """Leave by an internet gateway, which needs a public address and translates the private one to it.

        https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
        """
        self._attached(gateway, source.vpc)
        self._crosses(self._subnet(source), "egress", address, self._ports_of(source))
        if source.public is None:
            raise Dropped(
                f"network interface {source.interface_id} has no public address, "
                f"so {gateway.gateway_id} drops it"
            )
        self._on_the_internet(source.public, address)

    def _through_nat_gateway(
        self, source: Interface, address: IPv4Address, gateway: NatGateway
    ) -> None:
        """Leave by a NAT gateway, under its address: connections go out only.

        Its subnet must route to an internet gateway, or to a gateway endpoint of the service.
        https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
        """
        name = f"NAT gateway {gateway.gateway_id}"
        if gateway.state != "available":
            raise Dropped(f"{name} is {gateway.state}")
        if self.packet.protocol not in (TCP, UDP, ICMP):
            raise Dropped(f"{name} drops {self.packet}: it takes tcp, udp and icmp alone")
        here, there = self._subnet(source), self.network.subnet(gateway.subnet)
        ports = self._ports_of(source)
        if here != there:
            self._crosses(here, "egress", address, ports)
            self._crosses(there, "ingress", source.address, ports)
        table = self.network.table_of(there)
        route = table.route_to(address)
        onward = self.network.gateways.get(route.target) if route is not None else None
        if isinstance(onward, Endpoint):
            self.hops.append(f"{gateway.gateway_id} → {onward.endpoint_id}")
            self._crosses(there, "egress", address, self.client_ports or ANY_CLIENT_PORTS)
            self._at_service(onward, gateway.vpc, address)
            return
        if route is None or route.blackhole or not isinstance(onward, InternetGateway):
            raise Dropped(
                f"{name} stands in subnet {there.subnet_id}, whose route table {table.table_id} "
                f"has no route to {address} through an internet gateway"
            )
        self._attached(onward, gateway.vpc)
        self.hops.append(f"{gateway.gateway_id} → {onward.gateway_id}")
        self._crosses(there, "egress", address, self.client_ports or ANY_CLIENT_PORTS)
        if gateway.public is None:
            raise Dropped(f"{name} has no public address, so {onward.gateway_id} drops it")
        self._on_the_internet(gateway.public, address)

    def _through_gateway_endpoint(
        self, source: Interface, address: IPv4Address, endpoint: Endpoint
    ) -> None:
        """Leave by a route to the service's prefix list; no public address is needed.

        https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
        """
        self._crosses(self._subnet(source), "egress", address, self._ports_of(source))
        self._at_service(endpoint, source.vpc, address)

    def _at_service(self, endpoint: Endpoint, vpc: str, address: IPv4Address) -> None:
        if endpoint.state != "available" or endpoint.vpc != vpc:
            raise Dropped(f"VPC endpoint {endpoint.endpoint_id} is {endpoint.state}")
        self.hops.append(f"{endpoint.service} ({address})")

    def _on_the_internet(self, client: IPv4Address, address: IPv4Address) -> None:
        """Reach a public address; if it is an interface's of this network, the packet comes back in."""
        if any(address in network for network in _NEVER_PUBLIC):
            raise Dropped(f"{address} is a private address, which the internet gateway drops")
        self.hops.append(f"the internet, as {client}")
        target = self.network.interface_with_public(address)
        if target is None:
            if any(one.public == address for one in self.network.nat_gateways):
                raise Dropped(f"{address} is a NAT gateway's, which lets no connection in")
            self.hops.append(str(address))
            return
        self.from_internet(client, target)

    def from_internet(self, client: IPv4Address, target: Interface) -> None:
        """Go from a public address to an interface, by its public address."""
        if target.public is None:
            raise Dropped(
                f"network interface {target.interface_id} has no public address, "
                "so nothing on the internet reaches it"
            )
        gateways = [one for one in self.network.internet_gateways if one.vpc == target.vpc]
        if not gateways:
            raise Dropped(f"{target.vpc} has no internet gateway")
        self.hops.append(f"{gateways[0].gateway_id}: {target.public} → {target.address}")
        ports = self.client_ports or ANY_CLIENT_PORTS
        self._answers_by(target, client, gateways[0].gateway_id)
        self._crosses(self._subnet(target), "ingress", client, ports)
        self._enter(target, Peer(client))

    # -- steps

    def _attached(self, gateway: InternetGateway, vpc: str) -> None:
        if gateway.vpc != vpc:
            raise Dropped(f"internet gateway {gateway.gateway_id} is not attached to {vpc}")

    def _crosses(
        self,
        subnet: Subnet,
        way: Direction,
        peer: IPv4Address,
        ports: tuple[int, int],
    ) -> None:
        """Cross the subnet's edge: the request one way, its reply the other."""
        self._passes(judge_acl(self.network, subnet, way, self.packet, peer))
        reply = reply_to(self.packet, ports)
        if reply is not None:
            back: Direction = "ingress" if way == "egress" else "egress"
            self._passes(judge_acl(self.network, subnet, back, reply, peer, reply=True))

    def _groups(self, interface: Interface, way: Direction, peer: Peer) -> None:
        found = judge_groups(self.network, interface, way, self.packet, peer)
        self._passes(found)
        self.decided = found.words
        self.hops.append(found.words)

    def _passes(self, found: Filtered) -> None:
        if not found.allowed:
            raise Dropped(found.words)

    def _subnet(self, interface: Interface) -> Subnet:
        return self.network.subnet(interface.subnet)

    def _ports_of(self, client: Interface) -> tuple[int, int]:
        if self.client_ports is not None:
            return self.client_ports
        return ANY_CLIENT_PORTS if client.service in ("elb", "nat") else LINUX_PORTS
