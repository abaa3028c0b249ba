"""Decide who can reach whom, by AWS's rules and the EC2 API's data. Pure.

Security groups filter at each interface, network ACLs at each subnet's edge, route tables and gateways
decide between; `filters` and `journey` name the page of each rule. Two more rules are here:

- The VPC's resolver and AWS's link-local services (time, metadata, credentials) are never filtered:
  https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html#security-group-basics
- An interface endpoint with private DNS takes its service's name over in its VPC, which needs both of
  the VPC's DNS attributes: https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from drydock.errors import UsageError
from drydock.reach.journey import Dropped, Journey
from drydock.reach.model import ICMP, SOMEWHERE, TCP, UDP, Endpoint, Interface, Traffic
from drydock.reach.network import Network

DNS_PORT = 53
_LINK_LOCAL = (IPv4Network("169.254.169.0/24"), IPv4Network("169.254.170.0/24"))
_AWS_RESOLVER = IPv4Address("169.254.169.253")


@dataclass(frozen=True)
class Verdict:
    """The result for one connection: whether it succeeds, the steps it took, and the reason."""

    allowed: bool
    hops: tuple[str, ...]
    reason: str
    """The rule, route or entry that is missing or drops it; if it passes, the last rule that matched."""


def reach(
    network: Network,
    source: str,
    destination: str,
    protocol: int,
    port: int,
    *,
    code: int = 0,
    client_ports: tuple[int, int] | None = None,
) -> Verdict:
    """Return whether `source` can connect to `destination`, replies included.

    `source` is an ENI's id or an address on the internet; `destination` an ENI's id, an address, or a
    service's short name ("s3", "ecr.api"), which is looked up as a client in the VPC would. An ENI
    that is named by its id is reached at its private address from an ENI, and at its public one from
    the internet. `protocol` is IANA's number; for ICMP `port` is the type. `client_ports` are the ports
    that replies go to; None: the range of each kind of client (only ACLs depend on them).

    Raises UsageError: an ENI that the network does not have, or neither end in it.
    """
    packet = _packet(protocol, port, code)
    from_address, to_address = _address(source), _address(destination)
    if from_address is None:
        start = network.interface(source)
        if to_address is not None:
            return _to_address(network, start, to_address, packet, client_ports)
        if destination.startswith("eni-") or network.has_interface(destination):
            target = network.interface(destination)
            if target == start:
                return Verdict(True, (source,), "it is the same interface")
            return _travel(
                network,
                packet,
                client_ports,
                lambda journey: journey.to_address(start, target.address, target.interface_id),
            )
        return _to_service(network, start, destination, packet, client_ports)
    end = (
        network.interface_with_public(to_address)
        if to_address is not None
        else network.interface(destination)
    )
    if end is None:
        raise UsageError(f"{source} → {destination}", "neither is in the network", "name an ENI")
    return _travel(
        network, packet, client_ports, lambda journey: journey.from_internet(from_address, end)
    )


def _packet(protocol: int, port: int, code: int) -> Traffic:
    if protocol in (TCP, UDP):
        return Traffic(protocol, port, port)
    return Traffic(ICMP, port, code) if protocol == ICMP else Traffic(protocol)


def _address(text: str) -> IPv4Address | None:
    # Ids and names never begin with a digit.
    return IPv4Address(text) if text[:1].isdigit() else None


def _travel(
    network: Network,
    packet: Traffic,
    client_ports: tuple[int, int] | None,
    go: Callable[[Journey], None],
) -> Verdict:
    journey = Journey(network, packet, client_ports)
    try:
        go(journey)
    except Dropped as end:
        return Verdict(False, tuple(journey.hops), str(end))
    return Verdict(True, tuple(journey.hops), journey.decided)


def _to_address(
    network: Network,
    source: Interface,
    address: IPv4Address,
    packet: Traffic,
    client_ports: tuple[int, int] | None,
) -> Verdict:
    vpc = network.vpc(source.vpc)
    if address == source.address:
        return Verdict(True, (source.interface_id,), "it is the same interface")
    if address in (vpc.resolver, _AWS_RESOLVER):
        if not vpc.dns_support:
            return Verdict(False, (), f"{vpc.vpc_id} has enable_dns_support off")
        if packet.protocol in (TCP, UDP) and packet.first == DNS_PORT:
            return Verdict(True, (str(address),), "the VPC's resolver is never filtered")
        return Verdict(False, (), f"the VPC's resolver answers on port {DNS_PORT} alone")
    if any(address in one for one in _LINK_LOCAL):
        return Verdict(True, (str(address),), "AWS's link-local services are never filtered")
    return _travel(
        network, packet, client_ports, lambda journey: journey.to_address(source, address)
    )


def _to_service(
    network: Network,
    source: Interface,
    service: str,
    packet: Traffic,
    client_ports: tuple[int, int] | None,
) -> Verdict:
    """Check every address of the service's name, since a client may take any of them."""
    vpc = network.vpc(source.vpc)
    if not vpc.dns_support:
        return Verdict(
            False, (), f"{vpc.vpc_id} has enable_dns_support off, so {service} is not found"
        )
    endpoint = _private_endpoint(network, source.vpc, service)
    if endpoint is None:
        addresses = [one[0] for one in network.services.get(service, (SOMEWHERE,))]
    else:
        addresses = [network.interface(one).address for one in endpoint.interfaces]
    verdicts = [
        _to_address(network, source, address, packet, client_ports) for address in addresses
    ]
    if not verdicts:
        return Verdict(False, (), f"{service} has no addresses")
    return next((one for one in verdicts if not one.allowed), verdicts[0])


def _private_endpoint(network: Network, vpc: str, service: str) -> Endpoint | None:
    """Return the interface endpoint to which a service's own name resolves in a VPC."""
    if not network.vpc(vpc).dns_hostnames:
        return None
    for one in network.endpoints:
        if (one.vpc, one.service, one.kind) != (vpc, service, "Interface"):
            continue
        if one.private_dns and one.state == "available":
            return one
    return None
